using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using OpsBro.Core.TimeSeries;

namespace OpsBro.Tests.Graphite;

/// <summary>
/// The series that both sides work on: one tier each, steps of 10, 30, 60 and 300 seconds; counters that reset, negative numbers,
/// gaps, zeros, constants, a series without any value, series with tags. Fetched as whisper fetches.
/// </summary>
sealed class OracleData : ISeriesSource
{
    /// <summary>The moment at which everything is asked: no multiple of any step.</summary>
    public const long Now = 1_700_000_000;

    const int Span = 2 * 86_400;

    readonly SortedDictionary<string, SeriesSlice> series = new(StringComparer.Ordinal);

    /// <summary>Names of the series.</summary>
    public IReadOnlyCollection<string> Names => series.Keys;

    /// <summary>The world of one seed.</summary>
    public OracleData(int seed)
    {
        var random = new Random(seed);
        var level = 0.0;
        Add("app.web.requests", 10, i => (i * 7 % 1000) + (i % 3));
        Add("app.web.errors", 10, i => random.Next(20) == 0 ? random.Next(5) : 0);
        Add("app.web.latency", 10, _ => Math.Round(random.NextDouble() * 100, 3));
        Add("app.db.requests", 60, i => i * 11 % 5000);
        Add("app.db.latency", 60, i => random.NextDouble() < 0.2 ? null : 5 + (random.NextDouble() * 10));
        Add("app.db.errors", 60, _ => 0);
        Add("host1.cpu.user", 10, _ => level = Math.Clamp(level + random.NextDouble() - 0.5, 0, 100));
        Add("host1.cpu.system", 10, _ => random.NextDouble() * 10);
        Add("host1.temp", 60, _ => Math.Round((random.NextDouble() * 60) - 30, 1));
        Add("host2.cpu.user", 10, i => 50 + (40 * Math.Sin(i / 30.0)));
        Add("host2.cpu.system", 10, i => i % 90 < 30 ? null : i % 7);
        Add("host2.temp", 60, i => random.NextDouble() < 0.5 ? null : -i % 13);
        Add("host10.cpu.user", 10, _ => 42.5);
        Add("host10.cpu.system", 30, i => i % 10);
        Add("host10.temp", 300, i => 20 + (i % 5));
        Add("edge.none", 10, _ => null);
        Add("edge.zero", 10, _ => 0);
        Add("edge.sparse", 10, i => i % 37 == 0 ? i : null);
        Add("edge.large", 10, i => 1e15 + (i * 1e12));
        Add("edge.small", 10, i => 1e-9 * (i % 10));
        Add("edge.negative", 60, i => -1 - (i % 4));
        Add("edge.late", 60, i => i < (Span / 60) - 8 ? null : i);
        Add("disk;device=sda;host=a", 10, i => i % 100);
        Add("disk;device=sdb;host=a", 10, i => random.NextDouble() < 0.1 ? null : i % 50);
        Add("disk;device=sda;host=b", 60, _ => random.NextDouble());
        Add("load;host=a", 10, _ => random.NextDouble() * 4);
    }

    void Add(string name, int step, Func<int, double?> value)
    {
        var count = Span / step;
        var last = Now - (Now % step);
        var values = Enumerable.Range(0, count).Select(i => value(i) ?? double.NaN).ToArray();
        series.Add(name, new SeriesSlice(name, last - ((long)step * (count - 1)), step, values));
    }

    /// <summary>What the oracle is to set up.</summary>
    public JsonObject Setup() => new()
    {
        ["now"] = Now,
        ["zone"] = "UTC",
        ["series"] = new JsonArray([.. series.Values.Select(Told)]),
    };

    static JsonNode Told(SeriesSlice slice) => new JsonObject
    {
        ["name"] = slice.Name,
        ["start"] = slice.Start,
        ["step"] = slice.Step,
        ["values"] = new JsonArray([.. slice.Values.Select(v => double.IsNaN(v) ? null : JsonValue.Create(v))]),
    };

    /// <inheritdoc/>
    public IReadOnlyList<SeriesSlice> Fetch(string pattern, long from, long until, Aspect aspect)
    {
        if (pattern.Contains(';')) return Cut(series.Keys.Where(n => n == pattern), from, until);
        var wanted = GlobOf(pattern);
        return Cut(series.Keys.Where(n => !n.Contains(';') && wanted.IsMatch(n)), from, until);
    }

    /// <inheritdoc/>
    public IReadOnlyList<SeriesSlice> FetchTagged(IReadOnlyList<TagExpression> tags, long from, long until, Aspect aspect) =>
        Cut(series.Keys.Where(n => n.Contains(';') && tags.All(t => Holds(t, n))), from, until);

    static bool Holds(TagExpression wanted, string name)
    {
        var value = name.Split(';').Select((part, i) => i == 0 ? ("name", part) : (part[..part.IndexOf('=')], part[(part.IndexOf('=') + 1)..]))
            .FirstOrDefault(t => t.Item1 == wanted.Tag).Item2 ?? "";
        return wanted.Operator switch
        {
            TagOperator.Equal => value == wanted.Value,
            TagOperator.NotEqual => value != wanted.Value,
            TagOperator.Match => Regex.IsMatch(value, $"^(?:{wanted.Value})"),
            _ => !Regex.IsMatch(value, $"^(?:{wanted.Value})"),
        };
    }

    static Regex GlobOf(string pattern)
    {
        var text = Regex.Escape(pattern).Replace(@"\*", "[^.]*").Replace(@"\?", "[^.]").Replace(@"\[", "[").Replace(@"\]", "]");
        text = Regex.Replace(text, @"\\\{([^{}]*)}", m => $"(?:{m.Groups[1].Value.Replace(",", "|")})");
        return new Regex($"^{text}$", RegexOptions.CultureInvariant);
    }

    /// <summary>As whisper answers: nothing outside of what is kept, nothing of the future.</summary>
    List<SeriesSlice> Cut(IEnumerable<string> names, long from, long until)
    {
        List<SeriesSlice> found = [];
        foreach (var name in names)
        {
            var whole = series[name];
            var oldest = Now - ((long)whole.Step * whole.Values.Length);
            if (from > Now || until < oldest) continue;
            var first = Math.Max(from, oldest);
            var last = Math.Min(until, Now);
            var start = first - (first % whole.Step) + whole.Step;
            var end = last - (last % whole.Step) + whole.Step;
            if (end <= start) end = start + whole.Step;
            var values = new double[(end - start) / whole.Step];
            for (var i = 0; i < values.Length; i++)
            {
                var index = ((start - whole.Start) / whole.Step) + i;
                values[i] = index >= 0 && index < whole.Values.Length ? whole.Values[index] : double.NaN;
            }
            found.Add(new SeriesSlice(name, start, whole.Step, values));
        }
        return found;
    }
}
