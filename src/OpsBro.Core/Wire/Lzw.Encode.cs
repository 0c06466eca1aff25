namespace OpsBro.Core.Wire;

/// <summary>The part that encodes.</summary>
static partial class Lzw
{
    const int Slots = 2 * Codes;
    const int MaxCode = Codes - 1;

    /// <summary>
    /// Most bytes that <see cref="TryEncode"/> makes of so many: 12 bits a byte, a clear for each full table, and the
    /// ends.
    /// </summary>
    public static int MaxEncoded(int length) => length + length / 2 + length / 1024 + 16;

    /// <summary>
    /// Encodes into a span, byte for byte as Go does; false when the output does not fit, for instance because it
    /// would not shrink.
    /// </summary>
    public static bool TryEncode(ReadOnlySpan<byte> input, Span<byte> output, out int written)
    {
        // a hash table with open addressing: (code of a string, next byte) to the code of the longer string
        Span<ushort> codes = stackalloc ushort[Slots];
        Span<int> keys = stackalloc int[Codes];
        var writer = new CodeWriter(output);
        writer.Write(Clear);
        var current = NoCode;
        foreach (var next in input)
        {
            if (current == NoCode)
            {
                current = next;
                continue;
            }
            var key = current << 8 | next;
            var slot = (int)((uint)key * 2654435769u >> 19);
            while (codes[slot] != 0 && keys[codes[slot]] != key) slot = (slot + 1) % Slots;
            if (codes[slot] != 0)
            {
                current = codes[slot];
                continue;
            }
            writer.Write(current);
            current = next;
            if (writer.Grow())
            {
                codes[slot] = (ushort)writer.High;
                keys[writer.High] = key;
            }
            else codes.Clear();
            if (writer.Full) break;
        }
        if (current != NoCode)
        {
            writer.Write(current);
            writer.Grow();
        }
        writer.Write(End);
        return writer.Finish(out written);
    }

    /// <summary>Packs codes into bits and follows the growth of the decoder's table.</summary>
    ref struct CodeWriter(Span<byte> output)
    {
        readonly Span<byte> output = output;
        int at;
        uint bits;
        int held;
        int width = MinWidth;

        /// <summary>The code given last.</summary>
        public int High { get; private set; } = End;

        /// <summary>The output does not fit.</summary>
        public bool Full { get; private set; }

        public void Write(int code)
        {
            bits |= (uint)code << held;
            held += width;
            for (; held >= 8; held -= 8, bits >>= 8) Put((byte)bits);
        }

        /// <summary>Takes the next code; false when there was none left and the table was cleared.</summary>
        public bool Grow()
        {
            if (++High == 1 << width) width++;
            if (High != MaxCode) return true;
            Write(Clear);
            width = MinWidth;
            High = End;
            return false;
        }

        public bool Finish(out int written)
        {
            if (held > 0) Put((byte)bits);
            written = Full ? 0 : at;
            return !Full;
        }

        void Put(byte value)
        {
            if (at == output.Length) Full = true;
            else output[at++] = value;
        }
    }
}
