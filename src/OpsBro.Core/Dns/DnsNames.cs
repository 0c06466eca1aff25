using System.Buffers.Binary;
using System.Globalization;
using System.Numerics;
using System.Text;

namespace OpsBro.Core.Dns;

/// <summary>
/// Names as text and on the wire. On the wire a name is labels, each after its length, ended by a zero (RFC 1035, 3.1); letters compare
/// without their case, and no length is as large as a letter, so that a whole name can be made lower case at once.
/// </summary>
public static class DnsNames
{
    /// <summary>Writes the labels of a text, without the zero at the end; a dot parts labels, a backslash takes the next character as it is.</summary>
    /// <returns>Bytes written; -1 when a label is empty or too long, or the name is.</returns>
    public static int WriteLabels(string text, Span<byte> into)
    {
        Span<byte> utf8 = stackalloc byte[4];
        int at = 0, label = -1;
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == '.')
            {
                if (label < 0 || !Close(into, label, at)) return -1;
                label = -1;
                continue;
            }
            if (label < 0) label = at++;
            var count = 1;
            if (text[i] == '\\' && ++i < text.Length)
            {
                var isCode = i + 2 < text.Length && byte.TryParse(text.AsSpan(i, 3), NumberStyles.None, CultureInfo.InvariantCulture, out utf8[0]);
                if (isCode) i += 2;
                else utf8[0] = (byte)text[i];
            }
            else if (i < text.Length && Rune.DecodeFromUtf16(text.AsSpan(i), out var rune, out var used) == System.Buffers.OperationStatus.Done)
            {
                count = rune.EncodeToUtf8(utf8);
                i += used - 1;
            }
            else return -1;
            if (at + count > Math.Min(into.Length, DnsLimits.MaxName - 1)) return -1;
            utf8[..count].CopyTo(into[at..]);
            at += count;
        }
        return label < 0 || Close(into, label, at) ? at : -1;
    }

    static bool Close(Span<byte> into, int label, int at)
    {
        var length = at - label - 1;
        if (length is 0 or > DnsLimits.MaxLabel || label >= into.Length) return false;
        into[label] = (byte)length;
        return true;
    }

    /// <summary>A name as it stands on the wire; null when it cannot. A dot at its end is optional, and the root is one dot or nothing.</summary>
    public static byte[]? Wire(string text)
    {
        Span<byte> buffer = stackalloc byte[DnsLimits.MaxName];
        var length = text is "." or "" ? 0 : WriteLabels(text, buffer);
        if (length < 0 || length >= DnsLimits.MaxName) return null;
        buffer[length] = 0;
        return buffer[..(length + 1)].ToArray();
    }

    /// <summary>A name on the wire as text, with a dot at its end; what is no plain character is escaped.</summary>
    public static string Text(ReadOnlySpan<byte> wire)
    {
        var text = new StringBuilder();
        for (var at = 0; at < wire.Length && wire[at] > 0;)
        {
            var end = Math.Min(at + 1 + wire[at], wire.Length);
            for (at++; at < end; at++)
            {
                var c = (char)wire[at];
                if (c is '.' or '\\' or '"' or ';' or '(' or ')' or '@' or '$') text.Append('\\').Append(c);
                else if (c is > ' ' and <= '~') text.Append(c);
                else text.Append(CultureInfo.InvariantCulture, $"\\{(int)c:000}");
            }
            text.Append('.');
        }
        return text.Length == 0 ? "." : text.ToString();
    }

    /// <summary>Makes a name lower case; lengths stay as they are.</summary>
    public static void Lower(ReadOnlySpan<byte> name, Span<byte> into)
    {
        for (var i = 0; i < name.Length; i++)
        {
            var c = name[i];
            into[i] = (uint)(c - 'A') <= 'Z' - 'A' ? (byte)(c | 0x20) : c;
        }
    }

    /// <summary>The same for a text: letters beyond ASCII have no case in DNS (RFC 4343).</summary>
    public static string Lower(string text) => string.Create(text.Length, text, static (to, from) =>
    {
        for (var i = 0; i < to.Length; i++) to[i] = char.IsAsciiLetterUpper(from[i]) ? (char)(from[i] | 0x20) : from[i];
    });

    /// <summary>A number for tables of names. What is in them comes from members; a query can only look, so that it needs no key.</summary>
    public static uint Hash(ReadOnlySpan<byte> name)
    {
        const ulong Odd = 0x9e3779b97f4a7c15;
        var hash = (ulong)name.Length * Odd;
        while (name.Length >= 8)
        {
            hash = (BitOperations.RotateLeft(hash, 23) ^ BinaryPrimitives.ReadUInt64LittleEndian(name)) * Odd;
            name = name[8..];
        }
        ulong rest = 0;
        foreach (var c in name) rest = (rest << 8) | c;
        hash = (BitOperations.RotateLeft(hash, 23) ^ rest) * Odd;
        return (uint)(hash >> 32);
    }
}
