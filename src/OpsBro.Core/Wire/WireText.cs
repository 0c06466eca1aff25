using System.Buffers;
using System.Text;
using System.Text.Unicode;

namespace OpsBro.Core.Wire;

/// <summary>
/// Names as text and back. They are UTF-8 by custom only: Go takes any bytes, and one badly named node must not make
/// us refuse the
/// state of a whole cluster. A byte that is not UTF-8 becomes the lone surrogate U+DC00 + byte, which turns back into
/// that byte.
/// </summary>
static class WireText
{
    const char Escape = '\udc00';

    /// <summary>Bytes as text. Any bytes have one.</summary>
    public static string Decode(ReadOnlySpan<byte> bytes)
    {
        if (Utf8.IsValid(bytes)) return Encoding.UTF8.GetString(bytes);
        var text = new StringBuilder(bytes.Length);
        while (!bytes.IsEmpty)
        {
            if (Rune.DecodeFromUtf8(bytes, out var rune, out var used) == OperationStatus.Done) text.Append(rune.ToString());
            else
                foreach (var each in bytes[..used]) text.Append((char)(Escape + each));
            bytes = bytes[used..];
        }
        return text.ToString();
    }

    /// <summary>Bytes that <see cref="Encode"/> makes of a text.</summary>
    public static int Length(ReadOnlySpan<char> text) => Each(text, default, write: false);

    /// <summary>Text as bytes, into a span of at least <see cref="Length"/> bytes.</summary>
    public static void Encode(ReadOnlySpan<char> text, Span<byte> bytes) => Each(text, bytes, write: true);

    static int Each(ReadOnlySpan<char> text, Span<byte> bytes, bool write)
    {
        if (System.Text.Ascii.IsValid(text))
        {
            if (write) Encoding.ASCII.GetBytes(text, bytes);
            return text.Length;
        }
        var length = 0;
        Span<byte> one = stackalloc byte[4];
        while (!text.IsEmpty)
        {
            var done = Rune.DecodeFromUtf16(text, out var rune, out var used) == OperationStatus.Done;
            var size = 1;
            if (!done && text[0] is >= (char)(Escape + 0x80) and <= (char)(Escape + 0xff)) one[0] = (byte)text[0];
            else size = rune.EncodeToUtf8(one);   // any other lone surrogate was never ours: U+FFFD
            if (write) one[..size].CopyTo(bytes[length..]);
            length += size;
            text = text[used..];
        }
        return length;
    }
}
