using System.Buffers;
using System.Globalization;
using System.Text;

namespace OpsBro.Metrics.Exporters;

/// <summary>Points as lines of text: Graphite's plaintext and InfluxDB's line protocol.</summary>
/// <remarks>
/// <code>
/// graphite = name *( ";" tag "=" value ) SP number SP seconds LF
///            https://graphite.readthedocs.io/en/stable/feeding-carbon.html, …/tags.html
/// influx   = measurement *( "," tag "=" value ) SP field "=" number SP seconds LF
///            https://docs.influxdata.com/influxdb/v2/reference/syntax/line-protocol/
/// </code>
/// A number is the shortest text that reads back as the same double. What a format cannot carry becomes "_".
/// </remarks>
internal sealed class LineEncoder : IEncoder
{
    /// <summary>Room for a number, a time and what parts them.</summary>
    const int MaxNumbers = 64;

    readonly SeriesCache<byte[]> series;

    LineEncoder(Func<SeriesName, byte[]?> make) => series = new(make);

    /// <summary>Graphite's plaintext.</summary>
    public static LineEncoder Graphite(SinkOptions options) => new(series =>
    {
        if (!options.Filter.Takes(series)) return null;
        var text = new StringBuilder();
        foreach (var c in options.Prefix + series.Name) text.Append(c == ';' || IsBlank(c) ? '_' : c);
        foreach (var (key, value) in series.With(options.Tags))
        {
            text.Append(';');
            foreach (var c in key) text.Append(c is ';' or '!' or '^' or '=' || IsBlank(c) ? '_' : c);
            text.Append('=');
            // "~" at the start would read as a pattern
            for (var i = 0; i < value.Length; i++) text.Append(value[i] == ';' || IsBlank(value[i]) || (i == 0 && value[0] == '~') ? '_' : value[i]);
        }
        return Encoding.UTF8.GetBytes(text.Append(' ').ToString());
    });

    /// <summary>InfluxDB's line protocol, with the time in seconds: the request says <c>precision=s</c>.</summary>
    public static LineEncoder Influx(SinkOptions options) => new(series =>
    {
        if (!options.Filter.Takes(series)) return null;
        var text = new StringBuilder();
        var measurement = options.Prefix + series.Name;
        // a line that begins with "#" is a comment
        Escape(text, measurement.StartsWith('#') ? "_" + measurement[1..] : measurement, ", ");
        foreach (var (key, value) in series.With(options.Tags))
        {
            text.Append(',');
            Escape(text, key, ",= ");
            text.Append('=');
            Escape(text, value, ",= ");
        }
        text.Append(' ');
        Escape(text, options.Field, ",= ");
        return Encoding.UTF8.GetBytes(text.Append('=').ToString());
    });

    /// <inheritdoc/>
    public Encoded Encode(IReadOnlyList<JournalPoint> points, int from, int count, ArrayBufferWriter<byte> output)
    {
        var samples = 0;
        for (var i = from; i < from + count; i++)
        {
            var point = points[i];
            if (series.Of(point.Name) is not { } head) continue;
            var line = output.GetSpan(head.Length + MaxNumbers);
            head.CopyTo(line);
            var length = head.Length;
            length += Number(point.Value, line[length..]);
            line[length++] = (byte)' ';
            point.At.TryFormat(line[length..], out var written, default, CultureInfo.InvariantCulture);
            length += written;
            line[length++] = (byte)'\n';
            output.Advance(length);
            samples++;
        }
        return new Encoded(samples, count - samples, 0);
    }

    static int Number(double value, Span<byte> to)
    {
        value.TryFormat(to, out var written, default, CultureInfo.InvariantCulture);
        return written;
    }

    static bool IsBlank(char c) => char.IsWhiteSpace(c) || char.IsControl(c);

    /// <summary>
    /// A backslash stands before each special character. One of the name's own that would stand before a special character, another
    /// backslash or the end cannot be written in this format at all.
    /// </summary>
    static void Escape(StringBuilder text, string value, string special)
    {
        for (var i = 0; i < value.Length; i++)
        {
            var c = value[i];
            var isLost = c == '\\' ? i + 1 == value.Length || ",= \\".Contains(value[i + 1]) || IsBlank(value[i + 1]) : c != ' ' && IsBlank(c);
            if (!isLost && special.Contains(c)) text.Append('\\');
            text.Append(isLost ? '_' : c);
        }
    }
}
