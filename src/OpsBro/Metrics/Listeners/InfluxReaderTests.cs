using System.Text;
using OpsBro.Metrics;
using OpsBro.Metrics.Listeners;

namespace OpsBro.Tests.Metrics;

/// <summary>InfluxDB's lines.</summary>
public class InfluxReaderTests
{
    static readonly long now = IntakeStores.Now;

    static IntakeResult Take(string body, out MetricStore store, long units = 1_000_000_000, long seconds = 1)
    {
        store = IntakeStores.Empty();
        return new InfluxReader(store, store.Source("influx")).Take(Encoding.UTF8.GetBytes(body), units, seconds, now);
    }

    [Theory]
    [InlineData("cpu usage=1.5", "cpu.usage = 1.5")]
    [InlineData("cpu,host=a,dc=b usage=1,idle=2i,total=3u", "cpu.idle;dc=b;host=a = 2|cpu.total;dc=b;host=a = 3|cpu.usage;dc=b;host=a = 1")]
    [InlineData("m a=t,b=F,c=true,d=FALSE", "m.a = 1|m.b = 0|m.c = 1|m.d = 0")]
    [InlineData("m text=\"it, is = \\\"quoted\\\" and\nlong\",v=1", "m.v = 1")]
    [InlineData("a\\ b\\,c,t\\=x=y\\ z f\\ g=-1.5e3", "a_b,c.f_g;t_x=y_z = -1500")]
    [InlineData("sys.cpu,host=web*1 v=1", "sys.cpu.v;host=web*1 = 1")]
    [InlineData("say\"what v=1", "say\"what.v = 1")]
    public void Each_field_is_a_number(string line, string expected)
    {
        var result = Take(line, out var store);

        Assert.Equal(("", 0), (result.Problem, result.Refused));
        Assert.Equal(expected.Split('|'), store.All(now));
    }

    [Theory]
    [InlineData(1_000_000_000, 1, "000000000")]
    [InlineData(1_000_000, 1, "000000")]
    [InlineData(1_000, 1, "999")]
    [InlineData(1, 1, "")]
    public void A_time_has_its_unit(long units, long seconds, string zeros)
    {
        Assert.Equal("", Take($"m v=7 {now - 20}{zeros}", out var store, units, seconds).Problem);

        Assert.Equal(7, store.At("m.v", now - 20));
    }

    [Fact]
    public void Minutes_and_hours_are_units_too()
    {
        Assert.Equal("", Take($"m v=7 {now / 3600}", out var store, 0, 3600).Problem);

        Assert.Equal(7, store.At("m.v", now / 3600 * 3600));
    }

    [Fact]
    public void A_bad_line_is_named_and_harms_no_other()
    {
        var result = Take("# comment \"with a quote\n\nm v=1\r\nm v=\"a\nb\",w=2\nm v=oops\nm\nlast,host=x v=3\n", out var store);

        Assert.Equal("line 6: a field is no number, no boolean and no text in quotes", result.Problem);
        Assert.Equal((3, 2, 1), (result.Taken, result.Refused, result.Skipped));
        Assert.Equal(["last.v;host=x", "m.v", "m.w"], store.Names());
    }

    [Theory]
    [InlineData("m")]
    [InlineData("m ")]
    [InlineData(",a=b v=1")]
    [InlineData("m,a v=1")]
    [InlineData("m v=")]
    [InlineData("m =1")]
    [InlineData("m v=1,")]
    [InlineData("m v=1 x")]
    [InlineData("m v=1 1.5")]
    [InlineData("m v=1 1 1")]
    [InlineData("m v=\"open")]
    [InlineData("m v=\"a\"b")]
    [InlineData("m v=1.5i")]
    [InlineData("m v=-1u")]
    [InlineData("m v=nan")]
    public void What_is_no_line_is_refused_whole(string line)
    {
        var result = Take(line, out var store);

        Assert.StartsWith("line 1: ", result.Problem);
        Assert.Empty(store.Names());
    }

    [Theory, InlineData(1), InlineData(2)]
    public void Random_bytes_harm_nobody(int seed)
    {
        var random = new Random(seed);
        var alphabet = "ab,= \\\"\n1.5eitTF#-\xff;"u8.ToArray();
        var store = IntakeStores.Empty();
        var reader = new InfluxReader(store, store.Source("influx"));
        var buffer = new byte[300];
        for (var round = 0; round < 5_000; round++)
        {
            var bytes = buffer.AsSpan(0, random.Next(buffer.Length));
            for (var i = 0; i < bytes.Length; i++) bytes[i] = random.Next(5) > 0 ? alphabet[random.Next(alphabet.Length)] : (byte)random.Next(256);
            var result = reader.Take(bytes, 1, 1, now);
            Assert.Equal(result.Refused > 0, result.Problem.Length > 0);
        }
    }

    [Fact]
    public void A_name_without_end_is_refused_and_not_copied_for_each_of_its_fields()
    {
        var endless = System.Text.Encoding.ASCII.GetBytes(new string('a', 1 << 20));
        var name = new SeriesNameWriter();
        name.Path(endless);
        name.Tag("k"u8, endless);
        name.Raw(endless);
        Assert.InRange(name.Length, OpsBro.Core.TimeSeries.SeriesName.MaxBytes + 1, SeriesNameWriter.MaxBytes + 8);

        using var store = IntakeStores.Empty();
        var source = store.Source("influx");
        byte[] line = [.. "m,t="u8, .. endless, .. " a=1,b=2"u8];
        var result = new InfluxReader(store, source).Take(line, 1, 1, IntakeStores.Now);

        Assert.Equal((0, 2), (result.Taken, result.Refused));
        Assert.Equal(2, source.Refused(Refusal.BadName));
    }
}
