using OpsBro.Core.Wire;

namespace OpsBro.Metrics.Listeners;

/// <summary>
/// InfluxDB's line protocol (docs.influxdata.com, "Line protocol reference"):
/// <code>
/// line   = measurement *("," tag "=" value) 1*" " field *("," field) [1*" " time]      or "#" and a comment
/// field  = key "=" (number | integer "i" | integer "u" | boolean | '"' text '"')
/// escape = "\" before a comma, a space, an equals sign; in texts before a quote or a backslash
/// </code>
/// Each field is a number of <c>measurement.field;tag=value</c>: booleans are 1 and 0, texts are skipped. A line without a time is of now.
/// A text may have line feeds.
/// </summary>
internal sealed class InfluxReader(MetricStore store, MetricSource source)
{
    const string NoField = "there is no field: write measurement,tag=value field=1 time";

    readonly SeriesNameWriter name = new();
    readonly ByteList word = new(), tags = new();

    /// <summary>Takes a body; a bad line harms no other.</summary>
    /// <param name="body">Lines.</param>
    /// <param name="unitsPerSecond">Of the times; 0 for a unit of more than a second.</param>
    /// <param name="secondsPerUnit">1, 60 or 3600.</param>
    /// <param name="now">Unix seconds.</param>
    public IntakeResult Take(ReadOnlySpan<byte> body, long unitsPerSecond, long secondsPerUnit, long now)
    {
        var result = new IntakeResult();
        for (var number = 1; !body.IsEmpty;)
        {
            var end = EndOfLine(body, out var lines);
            var line = body[..end].Trim(" \t\r"u8);
            if (!line.IsEmpty && line[0] != (byte)'#' && TakeLine(line, unitsPerSecond, secondsPerUnit, now, ref result) is { } problem)
            {
                result.Refused++;
                result.Problem = $"line {number}: {problem}";
            }
            number += lines;
            body = body[Math.Min(end + 1, body.Length)..];
        }
        return result;
    }

    /// <summary>A line feed within quotes is of the text; quotes mean something only behind the first blank, where the fields are.</summary>
    static int EndOfLine(ReadOnlySpan<byte> body, out int lines)
    {
        lines = 1;
        var (isQuoted, isField) = (false, false);
        if (body[0] == (byte)'#') return body.IndexOf((byte)'\n') is var comment and >= 0 ? comment : body.Length;
        for (var i = 0; i < body.Length; i++)
        {
            switch (body[i])
            {
                case (byte)'\\':
                    i++;
                    break;
                case (byte)' ':
                    isField = true;
                    break;
                case (byte)'"' when isField:
                    isQuoted = !isQuoted;
                    break;
                case (byte)'\n' when !isQuoted:
                    return i;
                case (byte)'\n':
                    lines++;
                    break;
            }
        }
        return body.Length;
    }

    string? TakeLine(ReadOnlySpan<byte> line, long unitsPerSecond, long secondsPerUnit, long now, ref IntakeResult result)
    {
        name.Clear();
        tags.Clear();
        var at = 0;
        Word(line, ref at, ", "u8);
        if (word.Written.IsEmpty) return "there is no measurement";
        name.Path(word.Written);
        var measurement = name.Length;
        while (at < line.Length && line[at] == (byte)',')
        {
            at++;
            Word(line, ref at, ",= "u8);
            if (word.Written.IsEmpty || at == line.Length || line[at] != (byte)'=') return "a tag has no \"=\"";
            at++;
            var start = tags.Written.Length;
            tags.Add(word.Written);
            var key = tags.Written.Length - start;
            Word(line, ref at, ", "u8);
            name.Tag(tags.Written.Slice(start, key), word.Written);
        }
        // tags stand behind the path, which is not whole yet
        tags.Clear();
        tags.Add(name.Written[measurement..]);
        if (at == line.Length) return NoField;
        at += Blanks(line[at..]);
        var (fields, time) = (at, 0L);
        // first the time, which stands last: then each field has it
        for (var isTaking = false; ; isTaking = true)
        {
            at = fields;
            while (true)
            {
                if (TakeField(line, ref at, isTaking, measurement, time, ref result) is { } problem) return problem;
                if (at == line.Length || line[at] != (byte)',') break;
                at++;
            }
            if (isTaking) return null;
            if (TryTime(line[at..].Trim((byte)' '), unitsPerSecond, secondsPerUnit, now) is { } seconds) time = seconds;
            else return "the time is no whole number";
        }
    }

    string? TakeField(ReadOnlySpan<byte> line, ref int at, bool isTaking, int measurement, long time, ref IntakeResult result)
    {
        Word(line, ref at, ",= "u8);
        if (word.Written.IsEmpty || at >= line.Length || line[at] != (byte)'=') return NoField;
        at++;
        if (at < line.Length && line[at] == (byte)'"')
        {
            for (at++; at < line.Length && line[at] != (byte)'"'; at++)
                if (line[at] == (byte)'\\') at++;
            if (at >= line.Length) return "a text has no end";
            at++;
            if (isTaking) result.Skipped++;
            return at == line.Length || line[at] is (byte)',' or (byte)' ' ? null : "something follows a text";
        }
        var start = at;
        while (at < line.Length && line[at] is not ((byte)',' or (byte)' ')) at++;
        if (Number(line[start..at]) is not { } value) return "a field is no number, no boolean and no text in quotes";
        if (!isTaking) return null;
        name.Cut(measurement);
        name.Path("."u8);
        name.Path(word.Written);
        // already clean
        name.Raw(tags.Written);
        IntakeNumbers.Add(store, source, name.Written, time, value, ref result);
        return null;
    }

    static double? Number(ReadOnlySpan<byte> text)
    {
        if (DecimalText.TryRead(text, out var value, out var used))
        {
            if (used == text.Length) return value;
            var isWhole = text[..used].IndexOfAny(".eE"u8) < 0;
            return isWhole && used + 1 == text.Length && (text[used] == (byte)'i' || (text[used] == (byte)'u' && text[0] != (byte)'-')) ? value : null;
        }
        return IsWord(text, "t"u8, "true"u8) ? 1 : IsWord(text, "f"u8, "false"u8) ? 0 : null;
    }

    /// <summary>t, T, true, True, TRUE.</summary>
    static bool IsWord(ReadOnlySpan<byte> text, ReadOnlySpan<byte> letter, ReadOnlySpan<byte> word) =>
        System.Text.Ascii.EqualsIgnoreCase(text, letter) || System.Text.Ascii.EqualsIgnoreCase(text, word);

    static long? TryTime(ReadOnlySpan<byte> text, long unitsPerSecond, long secondsPerUnit, long now)
    {
        if (text.IsEmpty) return now;
        if (!System.Buffers.Text.Utf8Parser.TryParse(text, out long time, out var used) || used != text.Length) return null;
        return unitsPerSecond > 0 ? IntakeNumbers.Seconds(time, unitsPerSecond) : Math.Clamp(time, -int.MaxValue, int.MaxValue) * secondsPerUnit;
    }

    /// <summary>Reads up to one of the ends, without its escapes, into <see cref="word"/>.</summary>
    void Word(ReadOnlySpan<byte> line, ref int at, ReadOnlySpan<byte> ends)
    {
        word.Clear();
        while (at < line.Length && ends.IndexOf(line[at]) < 0)
        {
            if (line[at] == (byte)'\\' && at + 1 < line.Length && line[at + 1] is (byte)',' or (byte)' ' or (byte)'=' or (byte)'\\') at++;
            word.Add(line[at++]);
        }
    }

    static int Blanks(ReadOnlySpan<byte> text) => text.Length - text.TrimStart((byte)' ').Length;
}
