using System.Text;
using OpsBro.Metrics;
using OpsBro.Metrics.Listeners;

namespace OpsBro.Tests.Metrics;

/// <summary>Graphite's lines: what is read, what is refused, and that no sender harms another.</summary>
public class GraphiteLineTests
{
    const long now = 1_700_000_000;

    static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    [Theory]
    [InlineData("a.b 1 1600000000", "a.b", 1, 1600000000)]
    [InlineData("  a.b\t-1.5e3 \t 1600000000 \r", "a.b", -1500, 1600000000)]
    [InlineData("a;host=x;dc=y .5 1600000000.9", "a;host=x;dc=y", 0.5, 1600000000)]
    [InlineData("a 1 -1", "a", 1, now)]
    [InlineData("a 1 N", "a", 1, now)]
    [InlineData("a 1 1.6e9", "a", 1, 1600000000)]
    [InlineData("a 1 0", "a", 1, 0)]
    [InlineData("é 1 5", "é", 1, 5)]
    public void A_line_is_read(string line, string name, double value, long at)
    {
        Assert.True(GraphiteLine.TryRead(Bytes(line), now, out var readName, out var readAt, out var readValue, out _));
        Assert.Equal((name, value, at), (Encoding.UTF8.GetString(readName), readValue, readAt));
    }

    [Theory]
    [InlineData("a", "Fields")]
    [InlineData("a 1", "Fields")]
    [InlineData("a 1 ", "Fields")]
    [InlineData("a 1 1600000000 more", "Fields")]
    [InlineData("a nan 1600000000", "Value")]
    [InlineData("a NaN 1600000000", "Value")]
    [InlineData("a inf 1600000000", "Value")]
    [InlineData("a 1e999 1600000000", "Value")]
    [InlineData("a 1x 1600000000", "Value")]
    [InlineData("a b 1600000000", "Value")]
    [InlineData("a 1 today", "Time")]
    [InlineData("a 1 Nope", "Time")]
    [InlineData("a 1 16000000x", "Time")]
    [InlineData("a 1 1e999", "Time")]
    public void What_is_no_line_is_refused_with_its_reason(string line, string fault)
    {
        Assert.False(GraphiteLine.TryRead(Bytes(line), now, out _, out _, out _, out var said));
        Assert.Equal(fault, $"{said}");
    }

    [Fact]
    public void A_bad_line_never_harms_the_rest_and_is_shown()
    {
        var intake = IntakeStores.Graphite(out var store);
        var lines = new GraphiteLines(intake, 300);

        var text = Bytes($"a 1 {IntakeStores.Now}\n\r\nrubbish\nb 2 {IntakeStores.Now}\n\x01\x02 x 1\nc 3 {IntakeStores.Now}\nhalf");

        var used = lines.Take(text);
        lines.End("half 4 N"u8);

        Assert.Equal("half".Length, text.Length - used);
        Assert.Equal(["a", "b", "c", "half"], store.Names());
        Assert.Equal((7, 2), (intake.Book.Lines, intake.Book.BadCount));
        Assert.Equal([("the value is no finite number", "?? x 1"), ("a line has three fields: name, value, time", "rubbish")],
            intake.Book.Samples().Select(s => (s.Reason, s.Line)));
        Assert.Equal(1, intake.Book.Faults()["value"]);
    }

    [Fact]
    public void A_line_that_is_too_long_is_left_out_and_the_next_one_counts()
    {
        var intake = IntakeStores.Graphite(out var store);
        var lines = new GraphiteLines(intake, 300);

        Assert.Equal(301, lines.Take(Bytes(new string('x', 301))));
        Assert.Equal(5, lines.Take("still"u8));
        lines.Take(Bytes($" 1 {IntakeStores.Now}\nb 2 {IntakeStores.Now}\n"));

        Assert.Equal(["b"], store.Names());
        Assert.Equal(1, intake.Book.Faults()["too_long"]);
    }

    public static TheoryData<int> Seeds => [1, 2, 3];

    [Theory, MemberData(nameof(Seeds))]
    public void However_the_bytes_are_cut_the_same_numbers_come(int seed)
    {
        var random = new Random(seed);
        static string Line(int i) => i % 7 == 3 ? "bad line\n" : $"n{i} {i} {IntakeStores.Now}{(i % 2 == 0 ? "\r" : "")}\n";
        var text = Bytes(string.Concat(Enumerable.Range(0, 300).Select(Line)));
        var intake = IntakeStores.Graphite(out var store);
        var lines = new GraphiteLines(intake, 300);

        byte[] rest = [];
        for (var at = 0; at < text.Length;)
        {
            var next = Math.Min(text.Length, at + 1 + random.Next(60));
            rest = [.. rest, .. text[at..next]];
            rest = rest[lines.Take(rest)..];
            at = next;
        }

        Assert.Empty(rest);
        Assert.Equal(300, intake.Book.Lines);
        Assert.Equal(Enumerable.Range(0, 300).Count(i => i % 7 != 3), store.Names().Count);
    }

    [Theory, MemberData(nameof(Seeds))]
    public void Random_bytes_harm_nobody(int seed)
    {
        var random = new Random(seed);
        var alphabet = "ab.;= \t\r\n0123456789-+eEN\xff*"u8.ToArray();
        var intake = IntakeStores.Graphite(out _);
        var lines = new GraphiteLines(intake, 300);
        var buffer = new byte[700];
        for (var round = 0; round < 3_000; round++)
        {
            var bytes = buffer.AsSpan(0, random.Next(buffer.Length));
            for (var i = 0; i < bytes.Length; i++) bytes[i] = random.Next(4) > 0 ? alphabet[random.Next(alphabet.Length)] : (byte)random.Next(256);
            var used = lines.Take(bytes);
            Assert.InRange(bytes.Length - used, 0, 300);
            lines.End(bytes[used..]);
        }
        Assert.Equal(GraphiteBook.MaxSamples, intake.Book.Samples().Length);
    }

    [Fact]
    public void A_line_of_a_known_series_allocates_nothing_outside_of_the_store()
    {
        var line = Bytes($"servers.web1.cpu.user 12.5 {IntakeStores.Now}");
        var book = new GraphiteBook(TimeProvider.System);
        var sum = 0.0;
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 100_000; i++)
        {
            if (GraphiteLine.TryRead(line, now, out _, out _, out var value, out _)) sum += value;
            book.Bad("rubbish"u8, GraphiteFault.Fields);
        }
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.Equal(1_250_000, sum);
    }

    [Fact]
    public void The_whole_way_into_the_store_allocates_next_to_nothing_for_a_line()
    {
        var intake = IntakeStores.Graphite(out var store);
        var text = Bytes(string.Concat(Enumerable.Range(0, 1000).Select(i => $"servers.web{i % 20}.cpu.user {i} {IntakeStores.Now - 1000 + i}\n")));
        intake.TakeLines(text);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 20; i++) intake.TakeLines(text);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 20_000 * 32);   // the journal's pages; a string a line would be twice that
        Assert.Equal(20, store.Names().Count);
    }
}
