using System.Buffers.Binary;

namespace OpsBro.Core.Wire;

/// <summary>The part that packs: looks for four equal bytes by a small hash table, as every encoder of this format does.</summary>
public static partial class Snappy
{
    /// <summary>Pieces are packed by themselves, so that every offset fits two bytes.</summary>
    const int PieceLength = 1 << 16;

    const int TableBits = 14;

    /// <summary>Fewer bytes than this are not worth a search.</summary>
    const int LeastSearched = 16;

    const int LongestCopy = 64;

    /// <summary>Most bytes that <see cref="Encode"/> writes for that many.</summary>
    public static int MaxEncoded(int length) => checked(MaxPrefix + 32 + length + (length / 6));

    /// <summary>Packs bytes into one block.</summary>
    /// <param name="input">The bytes.</param>
    /// <param name="output">Where the block goes: at least <see cref="MaxEncoded"/> of their number.</param>
    /// <returns>The length of the block.</returns>
    /// <exception cref="ArgumentException">The output is too short.</exception>
    public static int Encode(ReadOnlySpan<byte> input, Span<byte> output)
    {
        if (output.Length < MaxEncoded(input.Length)) throw new ArgumentException($"the output has {output.Length} bytes; it needs {MaxEncoded(input.Length)}");
        var at = 0;
        for (var left = (uint)input.Length; ; left >>= 7)
        {
            output[at++] = (byte)(left < 0x80 ? left : left | 0x80);
            if (left < 0x80) break;
        }
        Span<ushort> table = stackalloc ushort[1 << TableBits];
        for (var start = 0; start < input.Length; start += PieceLength)
        {
            var piece = input[start..Math.Min(start + PieceLength, input.Length)];
            if (start > 0) table.Clear();
            at += EncodePiece(piece, output[at..], table);
        }
        return at;
    }

    static int EncodePiece(ReadOnlySpan<byte> piece, Span<byte> output, Span<ushort> table)
    {
        var (written, literal, at) = (0, 0, 1);
        // the longer nothing is found, the greater the steps: bytes that do not pack cost little
        var misses = 32;
        while (piece.Length >= LeastSearched && at <= piece.Length - 4)
        {
            var four = BinaryPrimitives.ReadUInt32LittleEndian(piece[at..]);
            ref var slot = ref table[(int)((four * 0x1e35a7bd) >> (32 - TableBits))];
            int candidate = slot;
            slot = (ushort)at;
            if (candidate >= at || BinaryPrimitives.ReadUInt32LittleEndian(piece[candidate..]) != four)
            {
                at += misses++ >> 5;
                continue;
            }
            var length = 4 + piece[(at + 4)..].CommonPrefixLength(piece[(candidate + 4)..]);
            written += WriteLiteral(piece[literal..at], output[written..]);
            written += WriteCopy(at - candidate, length, output[written..]);
            at += length;
            (literal, misses) = (at, 32);
        }
        return written + WriteLiteral(piece[literal..], output[written..]);
    }

    static int WriteLiteral(ReadOnlySpan<byte> bytes, Span<byte> output)
    {
        if (bytes.IsEmpty) return 0;
        var (length, head) = (bytes.Length - 1, 1);
        if (length < 60)
        {
            output[0] = (byte)(length << 2);
        }
        else
        {
            var more = length < 1 << 8 ? 1 : 2;   // a piece has at most 1 << 16 bytes
            output[0] = (byte)((59 + more) << 2);
            output[1] = (byte)length;
            if (more == 2) output[2] = (byte)(length >> 8);
            head += more;
        }
        bytes.CopyTo(output[head..]);
        return head + bytes.Length;
    }

    static int WriteCopy(int offset, int length, Span<byte> output)
    {
        var written = 0;
        while (length > 0)
        {
            if (length is >= 4 and <= 11 && offset < 1 << 11)
            {
                output[written] = (byte)(((offset >> 8) << 5) | ((length - 4) << 2) | 1);
                output[written + 1] = (byte)offset;
                return written + 2;
            }
            // a rest of at least four bytes: it may fit the short form
            var now = length > LongestCopy && length < LongestCopy + 4 ? LongestCopy - 4 : Math.Min(length, LongestCopy);
            output[written] = (byte)(((now - 1) << 2) | 2);
            BinaryPrimitives.WriteUInt16LittleEndian(output[(written + 1)..], (ushort)offset);
            written += 3;
            length -= now;
        }
        return written;
    }
}
