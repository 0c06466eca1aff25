namespace OpsBro.Core.Wire;

/// <summary>
/// LZW as Go's compress/lzw with LSB order and 8 literal bits: codes 0-255 are bytes, 256 clears the table, 257 ends,
/// 258-4095 are strings
/// seen before; codes grow from 9 to 12 bits. Page: serf-wire.md A8. This part decodes; an announced size is never
/// believed: the output is
/// measured first, so the caller allocates once and exactly.
/// </summary>
static partial class Lzw
{
    const int Clear = 256;
    const int End = 257;
    const int MinWidth = 9;
    const int MaxWidth = 12;
    const int Codes = 1 << MaxWidth;
    const int NoCode = -1;

    /// <summary>
    /// The decoded length, or null when the input is malformed, ends early, or grows beyond <paramref name="most"/>
    /// bytes.
    /// </summary>
    public static int? Measure(ReadOnlySpan<byte> input, int most)
    {
        Span<ushort> lengths = stackalloc ushort[Codes];
        var reader = new CodeReader(input);
        var total = 0;
        var lastLength = 0;
        while (true)
        {
            var code = reader.Next();
            if (code == NoCode) return null;
            if (code == End) return total;
            if (code == Clear)
            {
                reader.Reset();
                continue;
            }
            if (!reader.Knows(code)) return null;
            var length = code < Clear ? 1 : code == reader.High && reader.HasLast ? lastLength + 1 : lengths[code];
            if (length > most - total) return null;
            total += length;
            if (reader.HasLast) lengths[reader.High] = (ushort)(lastLength + 1);
            lastLength = length;
            reader.Grow();
        }
    }

    /// <summary>Decodes into a span; false when the input is malformed or the output does not fit.</summary>
    public static bool TryDecode(ReadOnlySpan<byte> input, Span<byte> output, out int written)
    {
        // each string in the table is a piece of the output: the string before it and one byte more
        Span<int> starts = stackalloc int[Codes];
        Span<ushort> lengths = stackalloc ushort[Codes];
        var reader = new CodeReader(input);
        var lastLength = 0;
        written = 0;
        while (true)
        {
            var code = reader.Next();
            if (code == NoCode) return false;
            if (code == End) return true;
            if (code == Clear)
            {
                reader.Reset();
                continue;
            }
            if (!reader.Knows(code)) return false;
            if (reader.HasLast)
            {
                starts[reader.High] = written - lastLength;
                lengths[reader.High] = (ushort)(lastLength + 1);
            }
            var length = code < Clear ? 1 : lengths[code];
            if (length > output.Length - written) return false;
            if (code < Clear) output[written] = (byte)code;
            else if (starts[code] + length <= written) output.Slice(starts[code], length).CopyTo(output[written..]);
            else
            {
                // the string being defined by this very code: all of the last one, and its first byte
                output.Slice(starts[code], length - 1).CopyTo(output[written..]);
                output[written + length - 1] = output[written];
            }
            written += length;
            lastLength = length;
            reader.Grow();
        }
    }

    /// <summary>Takes codes off the bits and follows the growth of the table.</summary>
    ref struct CodeReader(ReadOnlySpan<byte> input)
    {
        readonly ReadOnlySpan<byte> input = input;
        int at;
        uint bits;
        int held;
        int width = MinWidth;
        int known = End + 1;

        /// <summary>The code that the next string will get.</summary>
        public int High { get; private set; } = End;

        /// <summary>There is a code before this one since the table was cleared, or since it was full.</summary>
        public bool HasLast { get; private set; }

        public int Next()
        {
            while (held < width)
            {
                if (at == input.Length) return NoCode;
                bits |= (uint)input[at++] << held;
                held += 8;
            }
            var code = (int)(bits & ((1u << width) - 1));
            bits >>= width;
            held -= width;
            return code;
        }

        public readonly bool Knows(int code) =>
            code < Clear || (code > End && (code < known || (code == High && HasLast)));

        public void Reset()
        {
            width = MinWidth;
            High = End;
            known = End + 1;
            HasLast = false;
        }

        public void Grow()
        {
            if (HasLast) known = High + 1;
            HasLast = true;
            if (++High < 1 << width) return;
            if (width < MaxWidth)
            {
                width++;
                return;
            }
            HasLast = false;   // the table is full: it stays as it is until it is cleared
            High--;
        }
    }
}
