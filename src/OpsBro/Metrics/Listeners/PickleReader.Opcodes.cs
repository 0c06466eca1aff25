using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using OpsBro.Core.Wire;

namespace OpsBro.Metrics.Listeners;

/// <summary>The opcodes that a pickle of points has.</summary>
internal sealed partial class PickleReader
{
    bool Step(ReadOnlySpan<byte> pickle, byte op)
    {
        switch (op)
        {
            case 0x80: return TryTake(pickle, 1, out var version) && (version[0] <= 5 || Refuse($"the pickle's protocol is {version[0]}; 5 is the last known"));
            case 0x95: return TryTake(pickle, 8, out _);   // FRAME: how much its writer wrote at once
            case (byte)'(': return Push(new Node { Kind = Kind.Mark });
            case (byte)']': return Push(new Node { Kind = Kind.List });
            case (byte)')': return Tuple(0);
            case (byte)'t': return Collect(Kind.Tuple);
            case (byte)'l': return Collect(Kind.List);
            case 0x85: return Tuple(1);
            case 0x86: return Tuple(2);
            case 0x87: return Tuple(3);
            case (byte)'a': return Append(height - 2);
            case (byte)'e': return Append(MarkBelow() - 1);
            case (byte)'p': return TryLine(pickle, out var put) && TryKey(put, out var key) && Put(key);
            case (byte)'q': return TryTake(pickle, 1, out var putByte) && Put(putByte[0]);
            case (byte)'r': return TryTake(pickle, 4, out var putLong) && Put(BinaryPrimitives.ReadUInt32LittleEndian(putLong));
            case 0x94: return Put((uint)memoCount);
            case (byte)'g': return TryLine(pickle, out var get) && TryKey(get, out var got) && Get(got);
            case (byte)'h': return TryTake(pickle, 1, out var getByte) && Get(getByte[0]);
            case (byte)'j': return TryTake(pickle, 4, out var getLong) && Get(BinaryPrimitives.ReadUInt32LittleEndian(getLong));
            default: return StepNumber(pickle, op) ?? StepText(pickle, op) ?? Refuse(Foreign(op));
        }
    }

    bool? StepNumber(ReadOnlySpan<byte> pickle, byte op)
    {
        switch (op)
        {
            case (byte)'K': return TryTake(pickle, 1, out var one) && Number(one[0]);
            case (byte)'M': return TryTake(pickle, 2, out var two) && Number(BinaryPrimitives.ReadUInt16LittleEndian(two));
            case (byte)'J': return TryTake(pickle, 4, out var four) && Number(BinaryPrimitives.ReadInt32LittleEndian(four));
            case (byte)'G': return TryTake(pickle, 8, out var eight) && Number(BinaryPrimitives.ReadDoubleBigEndian(eight));
            case 0x88: return Number(1);
            case 0x89: return Number(0);
            case 0x8a: return TryTake(pickle, 1, out var length) && TryTake(pickle, length[0], out var whole) && Long(whole);
            case (byte)'I':
            case (byte)'F': return TryLine(pickle, out var text) && NumberText(text);
            case (byte)'L': return TryLine(pickle, out var digits) && NumberText(digits.TrimEnd((byte)'L'));
            default: return null;
        }
    }

    bool? StepText(ReadOnlySpan<byte> pickle, byte op)
    {
        switch (op)
        {
            case (byte)'U':
            case (byte)'C':
            case 0x8c: return TryTake(pickle, 1, out var length) && Text(pickle, length[0]);
            case (byte)'T':
            case (byte)'B':
            case (byte)'X': return TryTake(pickle, 4, out var four) && Text(pickle, BinaryPrimitives.ReadUInt32LittleEndian(four));
            case 0x8d:
            case 0x8e: return TryTake(pickle, 8, out var eight) && Text(pickle, BinaryPrimitives.ReadUInt64LittleEndian(eight));
            case (byte)'V': return TryLine(pickle, out var line) && Escaped(line, isLatin: true);
            case (byte)'S':
                return TryLine(pickle, out var quoted) && quoted.Length >= 2 && quoted[0] is (byte)'\'' or (byte)'"' && quoted[^1] == quoted[0]
                    && Escaped(quoted[1..^1], isLatin: false);
            default: return null;
        }
    }

    static string Foreign(byte op) => op is (byte)'c' or 0x93 or (byte)'R' or (byte)'i' or (byte)'o' or 0x81
        ? "the pickle names a class or function; only lists, pairs, texts and numbers are read"
        : op is (byte)'N' ? "the pickle has a None" : $"the pickle has the opcode 0x{op:x2}, which no list of points needs";

    bool TryTake(ReadOnlySpan<byte> pickle, int length, out ReadOnlySpan<byte> bytes)
    {
        bytes = default;
        if (length > pickle.Length - at) return false;
        bytes = pickle.Slice(at, length);
        at += length;
        return true;
    }

    bool TryLine(ReadOnlySpan<byte> pickle, out ReadOnlySpan<byte> line)
    {
        var end = pickle[at..].IndexOf((byte)'\n');
        line = end < 0 ? default : pickle.Slice(at, end);
        at += end + 1;
        return end >= 0;
    }

    static bool TryKey(ReadOnlySpan<byte> text, out uint key) =>
        uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out key);

    bool Text(ReadOnlySpan<byte> pickle, ulong length)
    {
        if (length > (ulong)(pickle.Length - at)) return false;
        var node = new Node { Kind = Kind.Text, A = at, B = (int)length };
        at += (int)length;
        return Push(node);
    }

    bool NumberText(ReadOnlySpan<byte> text)
    {
        if (text.Length > MaxDigits) return Refuse($"the pickle has a number of {text.Length} digits");
        if (DecimalText.TryParse(text, out var number)) return Number(number);
        // repr() of what no store takes: the point is refused, not the pickle
        return text.TrimStart((byte)'-') is var bare && (bare.SequenceEqual("nan"u8) || bare.SequenceEqual("inf"u8)) && Number(double.NaN);
    }

    bool Long(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > 8) return Refuse($"the pickle has a whole number of {bytes.Length} bytes");
        var value = bytes.Length > 0 && bytes[^1] >= 0x80 ? -1L : 0;
        for (var i = bytes.Length - 1; i >= 0; i--) value = (value << 8) | bytes[i];
        return Number(value);
    }

    /// <summary>Texts of protocol 0: <c>\uXXXX</c> and <c>\UXXXXXXXX</c> among Latin-1, or a Python 2 string with <c>\xXX</c>.</summary>
    bool Escaped(ReadOnlySpan<byte> text, bool isLatin)
    {
        // as it stands: before its line feed and, in a string, its quote
        if (text.IndexOf((byte)'\\') < 0 && System.Text.Ascii.IsValid(text))
            return Push(new Node { Kind = Kind.Text, A = at - 1 - text.Length - (isLatin ? 0 : 1), B = text.Length });
        var start = scratch.Written.Length;
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] != (byte)'\\')
            {
                if (isLatin) Rune(text[i]);
                else scratch.Add(text[i]);
                continue;
            }
            if (++i == text.Length) return false;
            var digits = text[i] switch { (byte)'u' when isLatin => 4, (byte)'U' when isLatin => 8, (byte)'x' when !isLatin => 2, _ => 0 };
            if (digits > 0)
            {
                if (i + digits >= text.Length) return false;
                if (!uint.TryParse(text.Slice(i + 1, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var code)) return false;
                i += digits;
                if (!isLatin) scratch.Add((byte)code);
                else if (!Rune(code)) return false;
            }
            else if (!isLatin && text[i] is (byte)'\\' or (byte)'\'' or (byte)'"') scratch.Add(text[i]);
            else return Refuse("the pickle has a text with an escape that no name needs");
        }
        return Push(new Node { Kind = Kind.Decoded, A = start, B = scratch.Written.Length - start });
    }

    bool Rune(uint code)
    {
        if (!System.Text.Rune.TryCreate(code, out var rune)) return Refuse("the pickle has half of a surrogate pair in a text");
        Span<byte> utf8 = stackalloc byte[4];
        scratch.Add(utf8[..rune.EncodeToUtf8(utf8)]);
        return true;
    }
}
