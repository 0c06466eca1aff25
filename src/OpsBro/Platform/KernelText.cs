using System.Text;

namespace OpsBro.Platform;

/// <summary>
/// Walks over the lines of a text of the kernel without copying it. Such texts are ASCII lines ended by a line feed; the last
/// one may lack it when the file was cut.
/// </summary>
/// <param name="text">The whole text, as <see cref="HostFiles.Read"/> gives it.</param>
internal ref struct LineReader(ReadOnlySpan<byte> text)
{
    ReadOnlySpan<byte> rest = text;

    /// <summary>Takes the next line, without its end; false at the end of the text.</summary>
    public bool TryNext(out ReadOnlySpan<byte> line)
    {
        line = default;
        if (rest.IsEmpty) return false;
        var end = rest.IndexOf((byte)'\n');
        line = end < 0 ? rest : rest[..end];
        rest = end < 0 ? default : rest[(end + 1)..];
        return true;
    }
}

/// <summary>Walks over the fields of one line, parted by any number of blanks and tabs, without copying them.</summary>
/// <param name="line">One line, or any text on one line.</param>
internal ref struct FieldReader(ReadOnlySpan<byte> line)
{
    ReadOnlySpan<byte> rest = line;

    /// <summary>What is not read yet.</summary>
    public readonly ReadOnlySpan<byte> Rest => rest;

    /// <summary>Takes the next field; false at the end of the line.</summary>
    public bool TryNext(out ReadOnlySpan<byte> field)
    {
        field = default;
        var start = rest.IndexOfAnyExcept((byte)' ', (byte)'\t');
        if (start < 0) return false;
        rest = rest[start..];
        var end = rest.IndexOfAny((byte)' ', (byte)'\t');
        field = end < 0 ? rest : rest[..end];
        rest = end < 0 ? default : rest[end..];
        return true;
    }

    /// <summary>Takes the next field when it is an integer; false, and the field is gone, when it is anything else.</summary>
    public bool TryNext(out long number)
    {
        number = 0;
        return TryNext(out ReadOnlySpan<byte> field) && KernelText.TryLong(field, out number);
    }

    /// <summary>Passes over fields; false when the line has fewer.</summary>
    public bool TrySkip(int count)
    {
        while (count-- > 0)
            if (!TryNext(out ReadOnlySpan<byte> _)) return false;
        return true;
    }

    /// <summary>Takes integers until the line ends or something else comes; returns how many were taken.</summary>
    public int Fill(scoped Span<long> numbers)
    {
        for (var i = 0; i < numbers.Length; i++)
            if (!TryNext(out numbers[i])) return i;
        return numbers.Length;
    }
}

/// <summary>Numbers as the kernel writes them.</summary>
internal static class KernelText
{
    /// <summary>
    /// Reads a decimal integer that fills the whole field. The kernel's counters are unsigned 64-bit: what exceeds 63 bits reads as
    /// <see cref="long.MaxValue"/>.
    /// </summary>
    public static bool TryLong(ReadOnlySpan<byte> field, out long number)
    {
        number = 0;
        var isNegative = field.Length > 0 && field[0] == '-';
        if (isNegative) field = field[1..];
        if (field.IsEmpty) return false;
        ulong sum = 0;
        foreach (var c in field)
        {
            var digit = (uint)(c - '0');
            if (digit > 9) return false;
            sum = sum > long.MaxValue / 10 ? long.MaxValue : sum * 10 + digit;
        }
        number = (long)Math.Min(sum, long.MaxValue);
        if (isNegative) number = -number;
        return true;
    }

    /// <summary>Reads up to sixteen hexadecimal digits that fill the whole field; no 0x before them.</summary>
    public static bool TryHex(ReadOnlySpan<byte> field, out ulong number)
    {
        number = 0;
        if (field.Length is 0 or > 16) return false;
        foreach (var c in field)
        {
            if (!char.IsAsciiHexDigit((char)c)) return false;
            number = number << 4 | (uint)(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
        }
        return true;
    }

    /// <summary>Reads a decimal fraction that fills the whole field, for instance <c>0.42</c>.</summary>
    public static bool TryDouble(ReadOnlySpan<byte> field, out double number) =>
        System.Buffers.Text.Utf8Parser.TryParse(field, out number, out var used) && used == field.Length && double.IsFinite(number);

    /// <summary>The text without blanks, tabs and line ends on both sides.</summary>
    public static ReadOnlySpan<byte> Trim(ReadOnlySpan<byte> text) => text.Trim(" \t\r\n\0"u8);

    /// <summary>Parts a line at the first <paramref name="separator"/>; false when it has none.</summary>
    public static bool TrySplit(
        ReadOnlySpan<byte> line, byte separator, out ReadOnlySpan<byte> before, out ReadOnlySpan<byte> after)
    {
        var at = line.IndexOf(separator);
        before = at < 0 ? line : line[..at];
        after = at < 0 ? default : line[(at + 1)..];
        return at >= 0;
    }

    /// <summary>A path as the kernel writes it in tables: blank, tab, line feed and backslash are octal, <c>\040</c>.</summary>
    public static string PathText(ReadOnlySpan<byte> field)
    {
        if (field.IndexOf((byte)'\\') < 0) return Encoding.UTF8.GetString(field);
        var path = new byte[field.Length];
        var length = 0;
        for (var i = 0; i < field.Length; i++)
        {
            var isOctal = field[i] == '\\' && i + 3 < field.Length
                && IsOctal(field[i + 1]) && IsOctal(field[i + 2]) && IsOctal(field[i + 3]);
            path[length++] = isOctal ? (byte)((field[i + 1] - '0') * 64 + (field[i + 2] - '0') * 8 + field[i + 3] - '0') : field[i];
            if (isOctal) i += 3;
        }
        return Encoding.UTF8.GetString(path, 0, length);
    }

    static bool IsOctal(byte c) => c is >= (byte)'0' and <= (byte)'7';
}
