using System.Text;
using OpsBro.Metrics;

namespace OpsBro.Tests.Forwarding;

/// <summary>Points for tests of exporters.</summary>
static class RandomPoints
{
    static readonly string[] letters = ["a", "b", "Z", "9", ".", "_", "-", ":", "%", "/", "ü", "日", ",", " ", "+"];
    static readonly string[] keys = ["dc", "rack", "my-tag", "Z", "host"];

    /// <summary>Points of a few dozen series, in any order of time; tags have other keys than <c>host</c> more often than not.</summary>
    public static JournalPoint[] Many(Random random, int count)
    {
        var names = Enumerable.Range(0, 20).Select(_ => Name(random)).ToArray();
        return [.. Enumerable.Range(0, count).Select(_ => new JournalPoint(
            names[random.Next(names.Length)], random.NextInt64(-5, 2_000_000_000_000 / 1000), BitConverter.UInt64BitsToDouble(Finite(random))))];
    }

    /// <summary>Each series each ten seconds, as agents measure.</summary>
    public static JournalPoint[] Regular(int series, int rounds, long start = 1_700_000_000)
    {
        var names = Enumerable.Range(0, series).Select(i => $"app.part{i % 10}.number{i}").ToArray();
        return [.. from round in Enumerable.Range(0, rounds)
                   from i in Enumerable.Range(0, series)
                   select new JournalPoint(names[i], start + (round * 10), (round * 1000) + i)];
    }

    /// <summary>Any characters at all, also those that part lines and words.</summary>
    public static string Junk(Random random)
    {
        const string all = "ab;=,~\\ \"'\n\r\t\0#!^.\u0085\u2028é";
        var text = new StringBuilder();
        for (var n = random.Next(1, 20); n > 0; n--) text.Append(all[random.Next(all.Length)]);
        return text.ToString();
    }

    /// <summary>The series that a sink understands: the name and the tags, the host's tag when the series has none.</summary>
    public static string Key(string canonical, string? host)
    {
        var parts = canonical.Split(';');
        var labels = parts[1..].Select(t => new KeyValuePair<string, string>(t[..t.IndexOf('=')], t[(t.IndexOf('=') + 1)..])).ToList();
        labels.Add(new("__name__", parts[0]));
        if (host is not null && !labels.Exists(l => l.Key == "host")) labels.Add(new("host", host));
        return ReadSample.Key(labels);
    }

    static string Name(Random random)
    {
        var text = new StringBuilder(Word(random));
        foreach (var key in keys.OrderBy(_ => random.Next()).Take(random.Next(4)).Order(StringComparer.Ordinal))
            text.Append(';').Append(key).Append('=').Append(Word(random));
        return text.ToString();
    }

    static string Word(Random random) => string.Concat(Enumerable.Range(0, random.Next(1, 12)).Select(_ => letters[random.Next(letters.Length)]));

    static ulong Finite(Random random)
    {
        while (true)
        {
            var bits = (ulong)random.NextInt64(long.MinValue, long.MaxValue);
            if (double.IsFinite(BitConverter.UInt64BitsToDouble(bits))) return bits;
        }
    }
}
