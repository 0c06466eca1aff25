using System.Text;
using OpsBro.Core.TimeSeries;

namespace OpsBro.Metrics;

/// <summary>
/// What this agent refuses in names beyond <see cref="SeriesName"/>: more than <see cref="MaxBytes"/>, spaces, and, before the tags, the
/// characters of patterns (<c>* ? [ ] { }</c>), for nobody could ask for such a series.
/// </summary>
internal static class MetricName
{
    /// <summary>Longest name.</summary>
    public const int MaxBytes = 512;

    /// <summary>True when this agent may take it.</summary>
    public static bool IsAllowed(ReadOnlySpan<byte> name)
    {
        if (name.Length is 0 or > MaxBytes || name.Contains((byte)' ')) return false;
        return SeriesName.WithoutTags(name).IndexOfAny("*?[]{}"u8) < 0;
    }

    /// <summary>One part of a name from any text: what a part cannot have becomes an underscore; dots too.</summary>
    public static string Part(string text) => text.Length == 0 ? "_" : Path(text.Replace('.', '_'));

    /// <summary>A dotted name from any text: what a name cannot have becomes an underscore.</summary>
    public static string Path(string text) => string.Create(text.Length, text, (span, source) =>
    {
        for (var i = 0; i < span.Length; i++)
        {
            var c = source[i];
            var isBad = c <= ' ' || c == 0x7f || char.IsWhiteSpace(c) || char.IsSurrogate(c) || c is ';' or '*' or '?' or '[' or ']' or '{' or '}';
            span[i] = isBad ? '_' : c;
        }
    });

    /// <summary>For messages: the name, or as much of it as can be read.</summary>
    public static string Readable(ReadOnlySpan<byte> name)
    {
        const int Shown = 120;
        var text = Encoding.UTF8.GetString(name.Length > Shown ? name[..Shown] : name);
        return string.Concat(text.Select(c => char.IsControl(c) ? '?' : c)) + (name.Length > Shown ? "…" : "");
    }

    /// <summary>What a name begins with, for lists of who brings most: two dotted parts, or the name before the tags.</summary>
    public static ReadOnlySpan<byte> Prefix(ReadOnlySpan<byte> name)
    {
        var path = SeriesName.WithoutTags(name);
        if (path.Length < name.Length) return path;
        var first = path.IndexOf((byte)'.');
        if (first < 0) return path;
        var second = path[(first + 1)..].IndexOf((byte)'.');
        return second < 0 ? path[..first] : path[..(first + 1 + second)];
    }
}
