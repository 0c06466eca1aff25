using System.Buffers;
using OpsBro.Metrics;
using OpsBro.Metrics.Exporters;
using OpsBro.Tests.Forwarding;

namespace OpsBro.Tests.Metrics.Exporters;

public class RemoteWriteEncoderTests
{
    static readonly SinkOptions plain = new() { Name = "vm", Kind = SinkKind.RemoteWrite };

    static (Encoded Encoded, byte[] Body) Encode(SinkOptions options, params JournalPoint[] points)
    {
        var output = new ArrayBufferWriter<byte>();
        var encoded = new RemoteWriteEncoder(options).Encode(points, 0, points.Length, output);
        return (encoded, output.WrittenSpan.ToArray());
    }

    static string Labels(SinkOptions options, string name) =>
        string.Join(' ', Assert.Single(WireDecoders.RemoteWrite(Encode(options, new JournalPoint(name, 1, 1)).Body)).Labels.Select(l => $"{l.Key}={l.Value}"));

    [Theory]
    [InlineData("hosts.h1.cpu", "__name__=hosts_h1_cpu")]
    [InlineData("cpustats.cpu_all.%user", "__name__=cpustats_cpu_all__user")]
    [InlineData("9lives:all", "__name__=_9lives:all")]
    [InlineData("größe", "__name__=gr__e")]
    [InlineData("disk.used;path=/var;dc=paris", "__name__=disk_used dc=paris path=/var")]
    [InlineData("a;my-tag=1;my_tag=2", "__name__=a my_tag=1 my_tag_=2")]
    [InlineData("a;9=x;empty=", "_9=x __name__=a")]
    [InlineData("a;__name__=b", "__name__=a __name___=b")]
    [InlineData("a;Z=1;a=2", "Z=1 __name__=a a=2")]
    public void Names_and_tags_become_what_Prometheus_takes(string name, string labels) => Assert.Equal(labels, Labels(plain, name));

    [Theory]
    [InlineData("hosts.h1.cpu", "__name__=hosts.h1.cpu")]
    [InlineData("größe;my-tag=ü", "__name__=größe my-tag=ü")]
    public void Names_are_kept_when_that_is_wished(string name, string labels) => Assert.Equal(labels, Labels(plain with { KeepsNames = true }, name));

    [Fact]
    public void The_sinks_prefix_and_tags_are_added_and_a_series_own_tags_win()
    {
        var options = plain with { Prefix = "opsbro.", Tags = [new("dc", "paris"), new("host", "h1")] };

        Assert.Equal("__name__=opsbro_load dc=paris host=h1", Labels(options, "load"));
        Assert.Equal("__name__=opsbro_load dc=paris host=other", Labels(options, "load;host=other"));
    }

    [Fact]
    public void Samples_of_a_series_stand_together_in_order_of_time_and_the_last_word_for_a_second_counts()
    {
        var (encoded, body) = Encode(
            plain, new("a", 30, 1), new("b", 10, 2), new("a", 10, 3), new("a", 30, 4), new("a", 20, 5), new("a", 10, 6), new("b", 20, 7));

        var series = WireDecoders.RemoteWrite(body);
        Assert.Equal(2, series.Count);
        Assert.Equal([(10_000, 6), (20_000, 5), (30_000, 4)], series[0].Samples);
        Assert.Equal([(10_000, 2), (20_000, 7)], series[1].Samples);
        Assert.Equal(new Encoded(5, 0, 2), encoded);
    }

    [Fact]
    public void A_page_without_a_wanted_point_is_no_request()
    {
        var options = plain with { Filter = new NameFilter(NameFilter.Compile(["b"], Assert.Fail), []) };

        var (encoded, body) = Encode(options, new JournalPoint("a", 1, 1), new JournalPoint("a", 2, 1));

        Assert.Equal(new Encoded(0, 2, 0), encoded);
        Assert.Empty(body);
    }

    public static TheoryData<int> Seeds => [1, 2, 3, 4, 5];

    [Theory, MemberData(nameof(Seeds))]
    public void Whatever_is_written_an_independent_reader_reads_back(int seed)
    {
        var random = new Random(seed);
        var encoder = new RemoteWriteEncoder(plain with { KeepsNames = true, Tags = [new("host", "h1")] });
        for (var round = 0; round < 30; round++)
        {
            var points = RandomPoints.Many(random, random.Next(1, 400));
            var from = random.Next(points.Length);
            var count = random.Next(points.Length - from + 1);
            var output = new ArrayBufferWriter<byte>();

            var encoded = encoder.Encode(points, from, count, output);

            var expected = points.AsSpan(from, count).ToArray().GroupBy(p => (RandomPoints.Key(p.Name, "h1"), p.At * 1000), p => p.Value)
                .Select(g => new ReadSample(g.Key.Item1, g.Key.Item2, g.Last())).ToHashSet();
            var read = count == 0 ? [] : WireDecoders.RemoteWriteSamples(output.WrittenSpan.ToArray());
            Assert.True(expected.SetEquals(read) && read.Count == expected.Count, $"seed {seed}, round {round}");
            Assert.Equal(new Encoded(read.Count, 0, count - read.Count), encoded);
        }
    }

    [Fact]
    public void A_point_of_a_known_series_costs_no_allocation()
    {
        var points = RandomPoints.Regular(500, 20);
        var encoder = new RemoteWriteEncoder(plain);
        var output = new ArrayBufferWriter<byte>(4 * 1024 * 1024);
        for (var i = 0; i < 3; i++)
        {
            output.ResetWrittenCount();
            encoder.Encode(points, 0, points.Length, output);
        }
        var before = GC.GetAllocatedBytesForCurrentThread();

        output.ResetWrittenCount();
        encoder.Encode(points, 0, points.Length, output);

        // the writer of the request, once for 10,000 points
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 2000);
    }
}
