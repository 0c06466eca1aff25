using System.Globalization;
using System.Text;
using OpsBro.Core.Statsd;

namespace OpsBro.Tests.Statsd;

/// <summary>What each form of a line means.</summary>
public class StatsdParserTests
{
    /// <summary>Writes down what the parser tells.</summary>
    sealed class Told : IStatsdSink
    {
        public List<string> All { get; } = [];

        static string Text(ReadOnlySpan<byte> bytes) => Encoding.UTF8.GetString(bytes);

        public void Value(ReadOnlySpan<byte> name, ReadOnlySpan<byte> tags, StatsdKind kind, double value, double rate, bool isSigned) =>
            All.Add(string.Create(CultureInfo.InvariantCulture, $"{Text(name)}[{Text(tags)}] {kind} {value}@{rate}{(isSigned ? " signed" : "")}"));

        public void Member(ReadOnlySpan<byte> name, ReadOnlySpan<byte> tags, ReadOnlySpan<byte> member) =>
            All.Add($"{Text(name)}[{Text(tags)}] has {Text(member)}");

        public void Event(StatsdEvent e) => All.Add($"event {e.Title}/{e.Text}/{e.At}/{e.Host}/{e.Priority}/{e.AlertType}/{string.Join(' ', e.Tags)}");

        public void ServiceCheck(StatsdServiceCheck c) => All.Add($"check {c.Name}/{c.Status}/{c.At}/{c.Host}/{c.Message}/{string.Join(' ', c.Tags)}");

        public void Bad(ReadOnlySpan<byte> line, StatsdFault fault) => All.Add($"bad {fault}");
    }

    static string Read(string packet)
    {
        var told = new Told();
        StatsdParser.Read(Encoding.UTF8.GetBytes(packet), told);
        return string.Join("; ", told.All);
    }

    [Theory]
    [InlineData("a:1|c", "a[] Counter 1@1")]
    [InlineData("a:-3|c", "a[] Counter -3@1 signed")]
    [InlineData("a:1|c|@0.1", "a[] Counter 1@0.1")]
    [InlineData("a:1.5|g", "a[] Gauge 1.5@1")]
    [InlineData("a:+5|g", "a[] Gauge 5@1 signed")]
    [InlineData("a: -5|g", "a[] Gauge -5@1")]
    [InlineData("a:320|ms", "a[] Timer 320@1")]
    [InlineData("a:320|ms|@0.5", "a[] Timer 320@0.5")]
    [InlineData("a:1|h", "a[] Timer 1@1")]
    [InlineData("a:-1|d", "a[] Timer -1@1 signed")]
    [InlineData("a:7|s", "a[] has 7")]
    [InlineData("a:joe|s", "a[] has joe")]
    [InlineData("a:|s", "a[] has 0")]
    [InlineData("a:fe80::1|s", "a[] has fe80::1")]
    [InlineData("a:joe|s:ann|s", "a[] has joe; a[] has ann")]
    [InlineData(":1|c", "[] Counter 1@1")]
    [InlineData("a:1|", "a[] Counter 1@1")]
    [InlineData("a:1|foo", "a[] Counter 1@1")]
    [InlineData("a:1|c\r", "a[] Counter 1@1")]
    [InlineData("a:1| ms ", "a[] Timer 1@1")]
    [InlineData("a|b:1|c", "a|b[] Counter 1@1")]
    [InlineData("a:1e3|c", "a[] Counter 1000@1")]
    [InlineData("a:0x10|c", "a[] Counter 16@1")]
    [InlineData("a:1|c|@1e3", "a[] Counter 1@1")]
    [InlineData("a:1|c|@0.5|what", "a[] Counter 1@0.5")]
    public void One_value(string line, string told) => Assert.Equal(told, Read(line));

    [Theory]
    [InlineData("a", "bad NoValue")]
    [InlineData("a:", "bad NoValue")]
    [InlineData("a:1", "bad NoValue")]
    [InlineData("a|c", "bad NoValue")]
    [InlineData("a:1:2", "bad NoValue; bad NoValue")]
    [InlineData("a:1|c:2", "a[] Counter 1@1; bad NoValue")]
    [InlineData("a:|c", "bad NotANumber")]
    [InlineData("a:x|c", "bad NotANumber")]
    [InlineData("a:1,5|g", "bad NotANumber")]
    [InlineData("a:Infinity|c", "bad NotANumber")]
    [InlineData("a:1e999|c", "bad NotANumber")]
    [InlineData("a:NaN|g", "bad NotANumber")]
    [InlineData("a:joe|s\r", "bad NotANumber")]
    [InlineData("a:-1|ms", "bad NegativeTime")]
    [InlineData("a:1|c|", "bad BadRate")]
    [InlineData("a:1|c|0.1", "bad BadRate")]
    [InlineData("a:1|c|@", "bad BadRate")]
    [InlineData("a:1|c|@0", "bad BadRate")]
    [InlineData("a:1|c|@-1", "bad BadRate")]
    [InlineData("a:1|c|@x", "bad BadRate")]
    [InlineData("a:1|g|@x", "bad BadRate")]
    [InlineData("a:1|c|#t:1|@x", "bad BadRate")]
    public void What_is_no_value_is_bad(string line, string told) => Assert.Equal(told, Read(line));

    [Theory]
    [InlineData("a:1|c:2|c", "a[] Counter 1@1; a[] Counter 2@1")]
    [InlineData("a:1|c|@0.5:2|ms", "a[] Counter 1@0.5; a[] Timer 2@1")]
    [InlineData("a:1:2:3|ms", "a[] Timer 1@1; a[] Timer 2@1; a[] Timer 3@1")]
    [InlineData("a:1:x:3|ms|@0.5|#b:c", "a[b:c] Timer 1@0.5; bad NotANumber; a[b:c] Timer 3@0.5")]
    [InlineData("a:1|c\nb:2|c\n\nc:3|c\n", "a[] Counter 1@1; b[] Counter 2@1; c[] Counter 3@1")]
    public void Several_values(string packet, string told) => Assert.Equal(told, Read(packet));

    [Theory]
    [InlineData("a:1|c|#b:c,d", "a[b:c,d] Counter 1@1")]
    [InlineData("a:1|c|@0.5|#b:c", "a[b:c] Counter 1@0.5")]
    [InlineData("a:1|c|#b:c|@0.5", "a[b:c] Counter 1@0.5")]
    [InlineData("a:1|c|#b:c|c:0123abc|T1656581400", "a[b:c] Counter 1@1")]
    [InlineData("a:1|c|c:ci-0123", "a[] Counter 1@1")]
    [InlineData("a:1|g|T1656581400|@0.5", "a[] Gauge 1@0.5")]
    [InlineData("a:1|c|#", "a[] Counter 1@1")]
    [InlineData("a|#b:1|c", "bad NoValue")]
    public void Tags_and_fields_of_DogStatsD(string line, string told) => Assert.Equal(told, Read(line));

    [Theory]
    [InlineData("_e{5,4}:title|text", "event title/text///normal/info/")]
    [InlineData("_e{2,6}:ab|c|d\\nx|d:1700000000|h:web1|p:low|t:error|#a:b,c", "event ab/c|d\nx/1700000000/web1/low/error/a:b c")]
    [InlineData("_e{2,0}:ab|", "event ab////normal/info/")]
    [InlineData("_e{2,3}:ab|cdef", "bad BadEvent")]
    [InlineData("_e{2,9}:ab|cd", "bad BadEvent")]
    [InlineData("_e{0,2}:|cd", "bad BadEvent")]
    [InlineData("_e{2147483647,2147483647}:ab|cd", "bad BadEvent")]
    [InlineData("_e{2,2}:ab|cd|p:urgent", "bad BadEvent")]
    [InlineData("_e{x}", "bad BadEvent")]
    [InlineData("_e{", "bad BadEvent")]
    [InlineData("_sc|db|0", "check db/0////")]
    [InlineData("_sc|db|2|d:17|h:web1|#a:b|m:down | slow", "check db/2/17/web1/down | slow/a:b")]
    [InlineData("_sc|db|4", "bad BadServiceCheck")]
    [InlineData("_sc|db|10", "bad BadServiceCheck")]
    [InlineData("_sc|db", "bad BadServiceCheck")]
    [InlineData("_sc||1", "bad BadServiceCheck")]
    [InlineData("_exit:1|c", "_exit[] Counter 1@1")]
    public void Events_and_service_checks(string line, string told) => Assert.Equal(told, Read(line));

    [Theory]
    [InlineData("a b/c:d", "", "a_b-cd")]
    [InlineData("a \t b", "", "a_b")]
    [InlineData("a \u00a0\u3000b", "", "a_b")]
    [InlineData("a \u0001 b", "", "a__b")]
    [InlineData("é€x", "", "x")]
    [InlineData("a", "b:c,d:e;f", "a;b=c;d=e_f")]
    [InlineData("a", "b:c:d", "a;b=cd")]
    [InlineData("a", "prod,b:c", "a;prod=true;b=c")]
    [InlineData("a;x=y", "", "a;x=y")]
    public void Names_are_cleaned(string name, string tags, string clean)
    {
        var into = new byte[100];

        var length = StatsdText.WriteName(Encoding.UTF8.GetBytes(name), Encoding.UTF8.GetBytes(tags), into);

        Assert.Equal(clean, Encoding.UTF8.GetString(into, 0, length));
    }

    [Fact]
    public void A_name_that_does_not_fit_is_told() => Assert.Equal(-1, StatsdText.WriteName("abcd"u8, "e:f"u8, new byte[7]));
}
