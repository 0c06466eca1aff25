using OpsBro.Collectors;
using OpsBro.Core.Expressions;
using OpsBro.Metrics.Asking;

namespace OpsBro.Tests.Metrics.Asking;

/// <summary>Names, units and labels of collectors' numbers for Prometheus.</summary>
public class PrometheusPageTests
{
    static string Page(string collector, KeyDoc[] keys, Action<DataWriter> write)
    {
        var data = new DataWriter();
        write(data);
        var families = new SortedDictionary<string, PrometheusPage.Family>(StringComparer.Ordinal);
        PrometheusPage.Collect(families, collector, keys, data.Tree);
        var text = new System.Text.StringBuilder();
        foreach (var family in families.Values) family.WriteTo(text);
        return text.ToString();
    }

    [Theory]
    [InlineData("cpu_all.%user", "%", "Time.", 12.5, "opsbro_c_cpu_all_user_ratio 0.125")]
    [InlineData("<mount>.pct_used", "%", "Share.", 50, "opsbro_c_used_ratio{mount=\"x\"} 0.5")]
    [InlineData("<mount>.total", "MB", "Size.", 2, "opsbro_c_total_bytes{mount=\"x\"} 2097152")]
    [InlineData("phys_total", "kB", "Memory.", 2, "opsbro_c_phys_total_bytes 2048")]
    [InlineData("await_ms", "ms", "Mean.", 250, "opsbro_c_await_seconds 0.25")]
    [InlineData("read_bytes/s", "bytes/s", "Read.", 7, "opsbro_c_read_bytes_per_second 7")]
    [InlineData("reads/s", "1/s", "Reads.", 7, "opsbro_c_reads_per_second 7")]
    [InlineData("ctxt", "", "Since boot: switches.", 7, "opsbro_c_ctxt_total 7")]
    [InlineData("total_us", "us", "All waiting since boot.", 2e6, "opsbro_c_seconds_total 2")]
    [InlineData("uptime", "s", "Time since boot.", 7, "opsbro_c_uptime_seconds 7")]
    [InlineData("total", "", "Processes.", 7, "opsbro_c_all 7")]
    [InlineData("count", "", "Connections.", 7, "opsbro_c_number 7")]
    [InlineData("mean_mhz", "MHz", "Mean.", 2, "opsbro_c_mean_hertz 2000000")]
    [InlineData("zones.<zone>.temperature", "°C", "Temperature.", 40, "opsbro_c_zones_celsius{zone=\"x\"} 40")]
    [InlineData("<field>", "kB", "Every field.", 2, "opsbro_c_x_bytes 2048")]
    [InlineData("types.<type>", "", "Units.", 2, "opsbro_c_types{type=\"x\"} 2")]
    public void A_key_has_a_name_in_base_units(string key, string unit, string meaning, double value, string line)
    {
        var page = Page("c", [new KeyDoc(key, unit, meaning)], data =>
        {
            var parts = key.Split('.').Select(part => part.StartsWith('<') ? "x" : part).ToArray();
            foreach (var part in parts[..^1]) data = data.Section(part);
            data.Set(parts[^1], value);
        });

        Assert.EndsWith($"\n{line}\n", page);
        Assert.StartsWith($"# HELP {line.Split(' ', '{')[0]} c: {meaning}\n# TYPE {line.Split(' ', '{')[0]} ", page);
    }

    [Fact]
    public void Text_and_lists_are_left_out_and_labels_are_escaped()
    {
        var page = Page("c", [new KeyDoc("<mount>.used", "", "Used.")], data =>
        {
            data.Section("a\"b\\c\nd").Set("used", 1);
            data.Section("z").Set("used", true);
            data.Set("kind", "text");
            data.Set("list", Value.ListOf([Value.Of(1)]));
        });

        Assert.Equal("# HELP opsbro_c_used c: Used.\n# TYPE opsbro_c_used gauge\n"
            + "opsbro_c_used{mount=\"a\\\"b\\\\c\\nd\"} 1\nopsbro_c_used{mount=\"z\"} 1\n", page);
    }
}
