using OpsBro.Collectors.Declared.Formats;
using OpsBro.Core.Expressions;

namespace OpsBro.Tests.Collectors;

public class PrometheusTextTests
{
    /// <summary>
    /// The example of prometheus.io/docs/instrumenting/exposition_formats, with one dot more in a label.
    /// </summary>
    const string Example = """
        # HELP http_requests_total The total number of HTTP requests.
        # TYPE http_requests_total counter
        http_requests_total{method="post",code="200"} 1027 1395066363000
        http_requests_total{method="post",code="400"}    3 1395066363000

        # Escaping in label values:
        msdos_file_access_time_seconds{path="C:\\DIR\\FILE.TXT",error="Cannot find file:\n\"FILE.TXT\""} 1.458255915e9

        # Minimalistic line:
        metric_without_timestamp_and_labels 12.47

        # A weird metric from before the epoch:
        something_weird{problem="division by zero"} +Inf -3982045

        # A histogram, which has a pretty complex representation in the text format:
        # HELP http_request_duration_seconds A histogram of the request duration.
        # TYPE http_request_duration_seconds histogram
        http_request_duration_seconds_bucket{le="0.05"} 24054
        http_request_duration_seconds_bucket{le="0.1"} 33444
        http_request_duration_seconds_bucket{le="+Inf"} 144320
        http_request_duration_seconds_sum 53423
        http_request_duration_seconds_count 144320

        # Finally a summary, which has a complex representation, too:
        # HELP rpc_duration_seconds A summary of the RPC duration in seconds.
        # TYPE rpc_duration_seconds summary
        rpc_duration_seconds{quantile="0.01"} 3102
        rpc_duration_seconds{quantile="0.99"} 76656
        rpc_duration_seconds_sum 1.7560473e+07
        rpc_duration_seconds_count 2693

        """;

    [Fact]
    public void The_example_of_the_specification_is_read()
    {
        var tree = PrometheusText.Read(Example);

        Assert.Equal(1027, tree.At("http_requests_total", "200", "post").AsInt);   // code before method: label names sorted
        Assert.Equal(3, tree.At("http_requests_total", "400", "post").AsInt);
        Assert.Equal(12.47, tree.At("metric_without_timestamp_and_labels").AsFloat);
        Assert.Equal(double.PositiveInfinity, tree.At("something_weird", "division by zero").AsFloat);
        Assert.Equal(1.458255915e9, tree.At(
            "msdos_file_access_time_seconds", "Cannot find file:_\"FILE_TXT\"", @"C:\DIR\FILE_TXT").ToDouble());
        Assert.Equal(24054, tree.At("http_request_duration_seconds", "buckets", "0_05").AsInt);
        Assert.Equal(144320, tree.At("http_request_duration_seconds", "buckets", "+Inf").AsInt);
        Assert.Equal(53423, tree.At("http_request_duration_seconds", "sum").AsInt);
        Assert.Equal(144320, tree.At("http_request_duration_seconds", "count").AsInt);
        Assert.Equal(76656, tree.At("rpc_duration_seconds", "quantiles", "0_99").AsInt);
        Assert.Equal(2693, tree.At("rpc_duration_seconds", "count").AsInt);
        Assert.Equal(1.7560473e7, tree.At("rpc_duration_seconds", "sum").AsFloat);
    }

    [Theory]
    [InlineData("x 1\nx{a=\"b\"} 2", "x.value=1 x.b=2")]
    [InlineData("x{a=\"b\"} 2\nx 1", "x.b=2 x.value=1")]
    [InlineData("x{a=\"b\"} 1\nx{a=\"b\",c=\"d\"} 2", "x.b.value=1 x.b.d=2")]
    [InlineData("x{b=\"2\",a=\"1\",} 5", "x.1.2=5")]
    [InlineData("x{a=\"\"} 5", "x=5")]
    [InlineData("x{} 5", "x=5")]
    [InlineData(" \tx { a = \"b\" , c = \"d\" }\t5 ", "x.b.d=5")]
    [InlineData("x NaN\ny 1", "y=1")]
    [InlineData("a:b_1 1\r\n", "a:b_1=1")]
    [InlineData("x 1 # {trace=\"q\"} 0.5", "x=1")]
    [InlineData("# EOF\n", "")]
    [InlineData("# TYPE h histogram\nh_bucket{le=\"1\",p=\"/\"} 3\nh_sum{p=\"/\"} 4\nh_created 5", "h./.buckets.1=3 h./.sum=4 h_created=5")]
    [InlineData("x_sum 1\nx_bucket{le=\"1\"} 2", "x_sum=1 x_bucket.1=2")]
    public void Labels_become_levels(string text, string tree) => Assert.Equal(tree, PrometheusText.Read(text).Flat());

    [Theory]
    [InlineData("x", "line 1, column 2: \"\" is not a number")]
    [InlineData("ok 1\nx{a=\"b\" 1", "line 2, column 9: \"1\" where \"}\" must stand")]
    [InlineData("x{a=\"b} 1", "line 1, column 6: a label value that is never closed")]
    [InlineData("x{a=b} 1", "line 1, column 5: \"b\" where \"\"\" must stand")]
    [InlineData("x{1=\"b\"} 1", "line 1, column 3: \"1\" where a label name or } must stand")]
    [InlineData("x{", "line 1, column 3: the line ends where a label name or } must stand")]
    [InlineData("x one", "line 1, column 3: \"one\" is not a number")]
    [InlineData("x 1 soon", "line 1, column 5: \"soon\" is not a time")]
    [InlineData("x 1 2 3", "line 1, column 7: \"3\" after the end of a sample")]
    [InlineData("<html>", "line 1, column 1: \"<\" where a metric name must stand")]
    public void What_is_no_sample_is_named_with_its_place(string text, string message) =>
        Assert.Equal(message, Assert.Throws<FormatException>(() => PrometheusText.Read(text)).Message);

    [Fact]
    public void Labels_and_values_are_limited()
    {
        var labels = string.Join(',', Enumerable.Range(0, 100).Select(i => $"l{i}=\"v\""));
        var samples = string.Join('\n', Enumerable.Range(0, FormatTree.MaxValues + 1).Select(i => $"m{i} 1"));

        Assert.Contains("more than 28 labels", Assert.Throws<FormatException>(() => PrometheusText.Read($"x{{{labels}}} 1")).Message);
        Assert.Contains("line 20001, column 1: more than", Assert.Throws<FormatException>(() => PrometheusText.Read(samples)).Message);
    }

    [Fact]
    public void Whole_numbers_are_ints_and_others_floats()
    {
        var tree = PrometheusText.Read("a 1\nb 1.0\nc 1e+06\n");

        Assert.Equal(ValueKind.Int, tree.At("a").Kind);
        Assert.Equal(ValueKind.Float, tree.At("b").Kind);
        Assert.Equal(1_000_000, tree.At("c").AsFloat);
    }
}
