using System.Buffers;
using System.Text;
using OpsBro.Metrics;
using OpsBro.Metrics.Exporters;
using OpsBro.Tests.Forwarding;

namespace OpsBro.Tests.Metrics.Exporters;

public class LineEncoderTests
{
    static readonly SinkOptions graphite = new() { Name = "old", Kind = SinkKind.Graphite };
    static readonly SinkOptions influx = new() { Name = "influx", Kind = SinkKind.Influx };

    static string Encode(SinkOptions options, params JournalPoint[] points)
    {
        var output = new ArrayBufferWriter<byte>();
        Encoders.Of(options).Encode(points, 0, points.Length, output);
        return Encoding.UTF8.GetString(output.WrittenSpan);
    }

    [Theory]
    [InlineData("load.1m", 0.5, "load.1m 0.5 7\n")]
    [InlineData("a", 1e300, "a 1E+300 7\n")]
    [InlineData("a", -3, "a -3 7\n")]
    [InlineData("a", 0.1 + 0.2, "a 0.30000000000000004 7\n")]
    [InlineData("a b\tc", 1, "a_b_c 1 7\n")]
    [InlineData("disk;path=/var/my disk;dc=~paris", 1, "disk;dc=_paris;path=/var/my_disk 1 7\n")]
    public void Graphite_gets_plain_lines(string name, double value, string line) => Assert.Equal(line, Encode(graphite, new JournalPoint(name, 7, value)));

    [Theory]
    [InlineData("load.1m", "load.1m value=1 7\n")]
    [InlineData("a b,c=d", "a\\ b\\,c=d value=1 7\n")]
    [InlineData("#a", "_a value=1 7\n")]
    [InlineData("a;k k=v=v,v v", "a,k\\ k=v\\=v\\,v\\ v value=1 7\n")]
    [InlineData("a;path=C:\\dir", "a,path=C:\\dir value=1 7\n")]
    [InlineData("a;path=C:\\", "a,path=C:_ value=1 7\n")]
    [InlineData("a;path=x\\\\,y", "a,path=x__\\,y value=1 7\n")]
    [InlineData("a;t=line\nend", "a,t=line_end value=1 7\n")]
    [InlineData("a;z=1;b=2;empty=", "a,b=2,z=1 value=1 7\n")]
    public void Influx_gets_lines_with_its_escapes(string name, string line) => Assert.Equal(line, Encode(influx, new JournalPoint(name, 7, 1)));

    [Fact]
    public void Prefix_tags_and_field_are_the_sinks()
    {
        KeyValuePair<string, string>[] tags = [new("dc", "pa ris"), new("host", "h1")];

        Assert.Equal("hosts.h1.load;dc=pa_ris;host=h1 1 7\n", Encode(graphite with { Prefix = "hosts.h1.", Tags = tags }, new JournalPoint("load", 7, 1)));
        Assert.Equal("x.load,dc=pa\\ ris,host=own number=1 7\n",
            Encode(influx with { Prefix = "x.", Tags = tags, Field = "number" }, new JournalPoint("load;host=own", 7, 1)));
    }

    public static TheoryData<int> Seeds => [1, 2, 3, 4, 5];

    [Theory, MemberData(nameof(Seeds))]
    public void Whatever_is_written_an_independent_reader_reads_back(int seed)
    {
        var random = new Random(seed);
        for (var round = 0; round < 30; round++)
        {
            var points = RandomPoints.Many(random, random.Next(1, 300));
            var expected = points.Select(p => new ReadSample(RandomPoints.Key(p.Name, null), p.At * 1000, p.Value));

            Assert.Equal(expected, WireDecoders.Influx(Encode(influx, points)));
            Assert.Equal(expected.Select(Blank), WireDecoders.Graphite(Encode(graphite, points)).Select(Blank));
        }

        // Graphite has no escapes: what it cannot carry is one and the same character there
        static ReadSample Blank(ReadSample sample) => sample with { Series = sample.Series.Replace(' ', '_') };
    }

    [Theory, MemberData(nameof(Seeds))]
    public void No_name_breaks_a_line(int seed)
    {
        var random = new Random(seed);
        for (var round = 0; round < 300; round++)
        {
            var name = RandomPoints.Junk(random);
            foreach (var options in new[] { graphite, influx })
            {
                var text = Encode(options, new JournalPoint(name, 7, 1), new JournalPoint("after", 8, 2));
                var read = options.Kind == SinkKind.Graphite ? WireDecoders.Graphite(text) : WireDecoders.Influx(text);
                Assert.True(read.Count == 2 && read[1] == new ReadSample("__name__=after", 8000, 2), $"seed {seed}: {name}");
            }
        }
    }

    [Fact]
    public void A_point_of_a_known_series_costs_no_allocation()
    {
        var points = RandomPoints.Regular(500, 20);
        foreach (var options in new[] { graphite, influx })
        {
            var encoder = Encoders.Of(options);
            var output = new ArrayBufferWriter<byte>(4 * 1024 * 1024);
            for (var i = 0; i < 3; i++)
            {
                output.ResetWrittenCount();
                encoder.Encode(points, 0, points.Length, output);
            }
            output.ResetWrittenCount();
            var before = GC.GetAllocatedBytesForCurrentThread();

            encoder.Encode(points, 0, points.Length, output);

            Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        }
    }

    [Fact]
    public void More_series_than_the_cache_holds_are_written_all_the_same()
    {
        var points = Enumerable.Range(0, SeriesCache<byte[]>.Capacity + 100).Select(i => new JournalPoint($"s{i}", 1, i)).ToArray();

        Assert.Equal(points.Select(p => new ReadSample($"__name__={p.Name}", 1000, p.Value)), WireDecoders.Graphite(Encode(graphite, points)));
    }
}
