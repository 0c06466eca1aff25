using System.Text.RegularExpressions;
using OpsBro.Core.Graphite;
using OpsBro.Core.TimeSeries;

namespace OpsBro.Tests.Graphite;

/// <summary>Series that tests make up: name, step, and the value at a time (NaN: none).</summary>
sealed class SampleSource : ISeriesSource
{
    readonly SortedDictionary<string, (int Step, Func<long, double> Value)> series = new(StringComparer.Ordinal);

    public const long Now = 1_700_000_040; // a multiple of 60

    public int Fetches { get; private set; }

    public SampleSource Add(string name, int step, Func<long, double> value)
    {
        series[name] = (step, value);
        return this;
    }

    /// <summary>a.b.c counts up from 1; a.b.d has a gap at every third point; a.x.c is every 10 s; tagged disks.</summary>
    public static SampleSource Usual() => new SampleSource()
        .Add("a.b.c", 60, t => ((t - Now) / 60) + 10)
        .Add("a.b.d", 60, t => (t / 60) % 3 == 0 ? double.NaN : 2)
        .Add("a.x.c", 10, t => 1)
        .Add("disk;dc=e;host=a", 60, t => 1)
        .Add("disk;dc=e;host=b", 60, t => 2)
        .Add("disk;dc=w;host=c", 60, t => 4);

    public static RenderContext Context(ISeriesSource source, int seconds = 300) =>
        new() { From = Now - seconds, Until = Now, Now = Now, Source = source };

    public IReadOnlyList<SeriesSlice> Fetch(string pattern, long from, long until, Aspect aspect)
    {
        Fetches++;
        return Pattern(pattern) is { } regex ? [.. series.Where(s => regex.IsMatch(s.Key)).Select(s => Slice(s.Key, from, until))] : [];
    }

    static Regex? Pattern(string pattern)
    {
        try
        {
            return new Regex("^" + Regex.Replace(pattern, @"[*?{},.()$;|+^]", sign => sign.Value switch
            {
                "*" => "[^.;]*",
                "?" => "[^.;]",
                "{" => "(?:",
                "}" => ")",
                "," => "|",
                _ => "\\" + sign.Value,
            }) + "$");
        }
        catch (RegexParseException)
        {
            return null; // what a damaged pattern matches is a store's matter; here it is nothing
        }
    }

    public IReadOnlyList<SeriesSlice> FetchTagged(IReadOnlyList<TagExpression> tags, long from, long until, Aspect aspect)
    {
        Fetches++;
        return [.. series.Keys.Where(k => k.Contains(';') && tags.All(t => Has(SeriesTags.OfName(k)[t.Tag] ?? "", t))).Select(k => Slice(k, from, until))];
    }

    static bool Has(string value, TagExpression tag) => tag.Operator switch
    {
        TagOperator.Equal => value == tag.Value,
        TagOperator.NotEqual => value != tag.Value,
        TagOperator.Match => Regex.IsMatch(value, $"^(?:{tag.Value})"),
        _ => !Regex.IsMatch(value, $"^(?:{tag.Value})"),
    };

    SeriesSlice Slice(string name, long from, long until)
    {
        var (step, value) = series[name];
        var start = ((from / step) + 1) * step;
        // a store keeps a limited time, whatever is asked
        var values = new double[Math.Clamp(((until - start) / step) + 1, 0, 100_000)];
        for (var i = 0; i < values.Length; i++) values[i] = value(start + ((long)i * step));
        return new SeriesSlice(name, start, step, values);
    }
}
