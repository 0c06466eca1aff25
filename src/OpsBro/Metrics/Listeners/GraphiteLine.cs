using OpsBro.Core.Wire;

namespace OpsBro.Metrics.Listeners;

/// <summary>What is wrong with a line or a pickle.</summary>
internal enum GraphiteFault
{
    /// <summary>There are not three fields.</summary>
    Fields,
    /// <summary>The value is no finite number.</summary>
    Value,
    /// <summary>The time is no number of seconds.</summary>
    Time,
    /// <summary>The line is longer than the limit.</summary>
    TooLong,
    /// <summary>The pickle is not a list of (name, (time, value)).</summary>
    Pickle,
}

/// <summary>
/// Graphite's plaintext protocol, one line at a time, from bytes in place:
/// <code>
/// line = *blank name 1*blank value 1*blank time *blank     blank: space, tab, or the CR of a CR LF
/// time = number of Unix seconds, cut to whole ones, or "-1" or "N" for now
/// </code>
/// The name may have tags (<c>name;tag=value</c>); what it may hold is the store's rule.
/// </summary>
internal static class GraphiteLine
{
    /// <summary>Greatest number of seconds taken for a time: beyond, the store refuses it anyway.</summary>
    const double MaxTime = 1e15;

    /// <summary>Reads one line without its line feed.</summary>
    /// <param name="line">The line.</param>
    /// <param name="now">Unix seconds, for a line that says "now".</param>
    /// <param name="name">The name, a part of the line.</param>
    /// <param name="at">Unix seconds.</param>
    /// <param name="value">The value.</param>
    /// <param name="fault">What is wrong, when it is false.</param>
    public static bool TryRead(ReadOnlySpan<byte> line, long now, out ReadOnlySpan<byte> name, out long at, out double value, out GraphiteFault fault)
    {
        (at, value, fault) = (0, 0, GraphiteFault.Fields);
        name = default;
        line = line[Blanks(line)..];
        var end = line.IndexOfAny((byte)' ', (byte)'\t');
        if (end <= 0) return false;
        name = line[..end];
        var rest = line[end..];
        rest = rest[Blanks(rest)..];
        if (rest.IsEmpty) return false;
        if (!DecimalText.TryRead(rest, out value, out var used) || (used < rest.Length && !IsBlank(rest[used])))
        {
            fault = GraphiteFault.Value;
            return false;
        }
        rest = rest[used..];
        rest = rest[Blanks(rest)..];
        if (rest.IsEmpty) return false;
        if (!TryTime(rest, now, out at, out used) || (used < rest.Length && !IsBlank(rest[used])))
        {
            fault = GraphiteFault.Time;
            return false;
        }
        rest = rest[used..];
        return Blanks(rest) == rest.Length;
    }

    /// <summary>A line without any field: senders end their packets with it.</summary>
    public static bool IsEmpty(ReadOnlySpan<byte> line) => Blanks(line) == line.Length;

    /// <summary>A time as a number, as pickles have it: cut to whole seconds; -1 is now.</summary>
    public static bool TryTime(double seconds, long now, out long at)
    {
        at = seconds == -1 ? now : (long)Math.Clamp(seconds, -MaxTime, MaxTime);
        return double.IsFinite(seconds);
    }

    static bool TryTime(ReadOnlySpan<byte> text, long now, out long at, out int used)
    {
        (at, used) = (0, 0);
        // ten digits nearly always
        while (used < text.Length && used < 15 && (uint)(text[used] - '0') is var digit and <= 9)
        {
            at = (at * 10) + digit;
            used++;
        }
        if (used > 0 && (used == text.Length || IsBlank(text[used]))) return true;
        if (text[0] == (byte)'N')
        {
            (at, used) = (now, 1);
            return true;
        }
        return DecimalText.TryRead(text, out var seconds, out used) && TryTime(seconds, now, out at);
    }

    static bool IsBlank(byte b) => b is (byte)' ' or (byte)'\t' or (byte)'\r';

    static int Blanks(ReadOnlySpan<byte> text)
    {
        var i = 0;
        while (i < text.Length && IsBlank(text[i])) i++;
        return i;
    }
}
