using System.Globalization;
using System.Text;
using OpsBro.Metrics;
using OpsBro.Metrics.Listeners;

namespace OpsBro.Tests.Metrics;

/// <summary>OTLP metrics, by messages made by Google's encoder, and their JSON form.</summary>
public class OtlpReaderTests
{
    static readonly long now = IntakeStores.Now;
    static readonly ulong nanoseconds = (ulong)now * 1_000_000_000;

    static byte[] Attribute(int field, string key, byte[] value) => Proto.In(field, Proto.Text(1, key), Proto.In(2, value));

    static byte[] Request(params byte[][] metrics) => Proto.In(1,
        Proto.In(1, Attribute(1, "service.name", Proto.Text(1, "shop")), Attribute(1, "host.name", Proto.Text(1, "web1")),
            Attribute(1, "os", Proto.Text(1, "x"))),
        Proto.In(2, Proto.In(1, Proto.Text(1, "a scope")), Proto.Message([.. metrics.Select(m => Proto.In(2, m))])));

    static IntakeResult Take(byte[] message, out MetricStore store) => new OtlpReader(store = IntakeStores.Empty(), store.Source("otlp")).Take(message);

    const string Origin = "host.name=web1;service.name=shop";

    [Fact]
    public void Gauges_and_sums_have_the_tags_of_point_and_resource()
    {
        var result = Take(Request(
            Proto.Message(Proto.Text(1, "queue.length"), Proto.In(5, Proto.In(1,
                Proto.Fixed(3, nanoseconds), Proto.Double(4, 2.5), Attribute(7, "q", Proto.Text(1, "a b")), Attribute(7, "n", Proto.Int(3, 7)),
                Attribute(7, "b", Proto.Int(2, 1)), Attribute(7, "service.name", Proto.Text(1, "twice")), Attribute(7, "list", Proto.In(5, []))))),
            Proto.Message(Proto.Text(1, "requests"), Proto.In(7,
                Proto.In(1, Proto.Fixed(3, nanoseconds), Proto.Fixed(6, unchecked((ulong)-3))), Proto.Int(2, 2), Proto.Int(3, 1))),
            Proto.Message(Proto.Text(1, "ended"), Proto.In(5, Proto.In(1, Proto.Fixed(3, nanoseconds), Proto.Double(4, 2.5), Proto.Int(8, 1))))),
            out var store);

        Assert.Equal((2, 0, 1, ""), (result.Taken, result.Refused, result.Skipped, result.Problem));
        Assert.Equal([$"queue.length;b=true;host.name=web1;n=7;q=a_b;service.name=shop = 2.5", $"requests;{Origin} = -3"], store.All(now));
    }

    static readonly byte[] histograms = Request(
        Proto.Message(Proto.Text(1, "h"), Proto.In(9, Proto.In(1, Proto.Fixed(3, nanoseconds), Proto.Fixed(4, 6), Proto.Double(5, 12.5),
            Proto.PackedFixed(6, 1, 2, 3), Proto.PackedDoubles(7, 0.5, 10), Proto.Double(11, 0.25), Proto.Double(12, 11)))),
        Proto.Message(Proto.Text(1, "e"), Proto.In(10, Proto.In(1, Proto.Fixed(3, nanoseconds), Proto.Fixed(4, 7), Proto.SInt(6, 0), Proto.Fixed(7, 1),
            Proto.In(8, Proto.SInt(1, -1), Proto.PackedVarints(2, 2, 300)), Proto.In(9, Proto.SInt(1, 1), Proto.PackedVarints(2, 1))))),
        Proto.Message(Proto.Text(1, "s"), Proto.In(11, Proto.In(1, Proto.Fixed(3, nanoseconds), Proto.Fixed(4, 9), Proto.Double(5, 90),
            Proto.In(6, Proto.Double(1, 0.5), Proto.Double(2, 10)), Proto.In(6, Proto.Double(1, 0.99), Proto.Double(2, double.NaN))))));

    static readonly string[] histogramNumbers =
    [
        $"e.bucket;{Origin.Replace(";", ";le=+Inf;")} = 7",
        $"e.bucket;{Origin.Replace(";", ";le=-2;")} = 1",
        $"e.bucket;{Origin.Replace(";", ";le=0;")} = 2",
        $"e.bucket;{Origin.Replace(";", ";le=1;")} = 4",
        $"e.bucket;{Origin.Replace(";", ";le=2;")} = 304",
        $"e.count;{Origin} = 7",
        $"h.bucket;{Origin.Replace(";", ";le=+Inf;")} = 6",
        $"h.bucket;{Origin.Replace(";", ";le=0.5;")} = 1",
        $"h.bucket;{Origin.Replace(";", ";le=10;")} = 3",
        $"h.count;{Origin} = 6",
        $"h.max;{Origin} = 11",
        $"h.min;{Origin} = 0.25",
        $"h.sum;{Origin} = 12.5",
        $"s.count;{Origin} = 9",
        $"s.sum;{Origin} = 90",
        $"s;{Origin.Replace(";", ";quantile=0.5;")} = 10",
    ];

    [Fact]
    public void Histograms_and_summaries_become_series()
    {
        var result = Take(histograms, out var store);

        Assert.Equal((16, 0, 1, ""), (result.Taken, result.Refused, result.Skipped, result.Problem));
        Assert.Equal(histogramNumbers, store.All(now).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void The_JSON_form_means_the_same()
    {
        var time = nanoseconds.ToString(CultureInfo.InvariantCulture);
        var json = """
            {"resourceMetrics": [{"resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "shop"}},
              {"key": "host.name", "value": {"stringValue": "web1"}}]}, "schemaUrl": "x", "scopeMetrics": [{"scope": {"name": "y"}, "metrics": [
              {"name": "h", "unit": "s", "histogram": {"aggregationTemporality": 2, "dataPoints": [{"timeUnixNano": "TIME", "count": "6", "sum": 12.5,
                "bucketCounts": ["1", "2", 3], "explicitBounds": [0.5, 10], "min": 0.25, "max": 11}]}},
              {"name": "e", "exponentialHistogram": {"dataPoints": [{"timeUnixNano": "TIME", "count": 7, "scale": 0, "zeroCount": 1,
                "positive": {"offset": -1, "bucketCounts": [2, "300"]}, "negative": {"offset": 1, "bucketCounts": [1]}}]}},
              {"name": "s", "summary": {"dataPoints": [{"timeUnixNano": TIME, "count": 9, "sum": 90, "quantileValues": [
                {"quantile": 0.5, "value": 10}, {"quantile": 0.99, "value": "NaN"}]}]}}]}]}]}
            """.Replace("TIME", time);

        var result = Take(OtlpJson.ToProtobuf(Encoding.UTF8.GetBytes(json)), out var store);

        Assert.Equal((16, 0, 1, ""), (result.Taken, result.Refused, result.Skipped, result.Problem));
        Assert.Equal(histogramNumbers, store.All(now).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("[]", "the body is no JSON object")]
    [InlineData("{", "the body is no JSON")]
    [InlineData("{\"\\ud800\": 5}", "the body has a text that is none")]
    [InlineData("{\"resourceMetrics\": [{\"scopeMetrics\": [{\"metrics\": [{\"name\": \"\\ud800\"}]}]}]}", "the body has a text that is none")]
    [InlineData("{\"resourceMetrics\": [5]}", "resourceMetrics is no JSON object")]
    [InlineData("{\"resourceMetrics\": {\"scopeMetrics\": {\"metrics\": {\"name\": 5}}}}", "name is not a text")]
    [InlineData("{\"resourceMetrics\": {\"scopeMetrics\": {\"metrics\": {\"gauge\": {\"dataPoints\": {\"asInt\": \"x\"}}}}}}", "asInt is not a whole number")]
    [InlineData("{\"resourceMetrics\": {\"scopeMetrics\": {\"metrics\": {\"gauge\": {\"dataPoints\": {\"asDouble\": []}}}}}}", "")]
    public void JSON_of_another_shape_is_told(string json, string reason)
    {
        var said = "";
        try
        {
            OtlpJson.ToProtobuf(Encoding.UTF8.GetBytes(json));
        }
        catch (InvalidDataException e)
        {
            said = e.Message;
        }

        Assert.StartsWith(reason, said);
    }

    [Fact]
    public void What_cannot_be_taken_is_told_and_harms_no_other()
    {
        var point = Proto.Message(Proto.Fixed(3, nanoseconds), Proto.Double(4, 1));
        var result = Take(Request(
            Proto.In(5, Proto.In(1, point)),
            Proto.Message(Proto.Text(1, "h"), Proto.In(9, Proto.In(1, Proto.Fixed(3, nanoseconds), Proto.PackedFixed(6, 1, 2), Proto.PackedDoubles(7, 1, 2)))),
            Proto.Message(Proto.Text(1, "e"), Proto.In(10, Proto.In(1, Proto.Fixed(3, nanoseconds), Proto.SInt(6, 99)))),
            Proto.Message(Proto.Text(1, "good"), Proto.In(5, Proto.In(1, point)))), out var store);

        Assert.Equal((1, 3, "a metric has no name"), (result.Taken, result.Refused, result.Problem));
        Assert.Equal([$"good;{Origin}"], store.Names());
        Assert.NotEmpty(Take(histograms[..^1], out _).Problem);
    }

    [Theory, InlineData(1), InlineData(2)]
    public void Damaged_and_random_bodies_harm_nobody(int seed)
    {
        var random = new Random(seed);
        var store = IntakeStores.Empty();
        var reader = new OtlpReader(store, store.Source("otlp"));
        for (var round = 0; round < 5_000; round++)
        {
            var bytes = (byte[])histograms.Clone();
            for (var i = random.Next(1, 5); i > 0; i--) bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            var result = reader.Take(bytes.AsSpan(0, random.Next(bytes.Length + 1)));
            Assert.InRange(result.Taken, 0, 1000);
        }
    }
}
