using System.Buffers;
using System.Buffers.Binary;

namespace OpsBro.Core.Wire;

/// <summary>
/// Writes msgpack exactly as hashicorp/go-msgpack does, so that both sides make the same bytes: integers in the
/// smallest form, text and
/// bytes in the old raw family only (never d9 or c4-c6), floats of 64 bits. Callers write the fields of a map sorted
/// by name. With <paramref name="ext"/> as its agent RPC does (Go's WriteExt): bytes as bin, texts from 32 bytes as str8.
/// </summary>
public readonly ref struct MsgPackWriter(IBufferWriter<byte> output, bool ext = false)
{
    readonly IBufferWriter<byte> output = output;
    readonly bool ext = ext;

    /// <summary>A byte outside msgpack: the type of a message.</summary>
    public void Type(byte type)
    {
        output.GetSpan(1)[0] = type;
        output.Advance(1);
    }

    /// <summary>The header of a map of so many pairs.</summary>
    public void Map(int pairs) => Header(pairs, 0x80, 0x0f, 0xde);

    /// <summary>The header of an array of so many items.</summary>
    public void Array(int items) => Header(items, 0x90, 0x0f, 0xdc);

    /// <summary>No value.</summary>
    public void Nil() => Type(0xc0);

    /// <summary>A truth value.</summary>
    public void Bool(bool value) => Type(value ? (byte)0xc3 : (byte)0xc2);

    /// <summary>A text.</summary>
    public void Text(string text)
    {
        var length = WireText.Length(text);
        if (ext && length is > 0x1f and <= byte.MaxValue)
        {
            Type(0xd9);
            Type((byte)length);
        }
        else Header(length, 0xa0, 0x1f, 0xda);
        WireText.Encode(text, output.GetSpan(length));
        output.Advance(length);
    }

    /// <summary>Bytes, or a text that is UTF-8 already.</summary>
    public void Raw(ReadOnlySpan<byte> bytes)
    {
        Header(bytes.Length, 0xa0, 0x1f, 0xda);
        output.Write(bytes);
    }

    /// <summary>A byte field: nil when there is none.</summary>
    public void Blob(Bytes bytes)
    {
        if (bytes.IsNil) Nil();
        else if (ext) Bin(bytes.Span);
        else Raw(bytes.Span);
    }

    void Bin(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length <= byte.MaxValue)
        {
            Type(0xc4);
            Type((byte)bytes.Length);
        }
        else Header(bytes.Length, 0, -1, 0xc5);
        output.Write(bytes);
    }

    /// <summary>An integer without sign.</summary>
    public void Unsigned(ulong value)
    {
        var span = output.GetSpan(9);
        switch (value)
        {
            case <= 0x7f:
                span[0] = (byte)value;
                output.Advance(1);
                break;
            case <= byte.MaxValue:
                span[0] = 0xcc;
                span[1] = (byte)value;
                output.Advance(2);
                break;
            case <= ushort.MaxValue:
                span[0] = 0xcd;
                BinaryPrimitives.WriteUInt16BigEndian(span[1..], (ushort)value);
                output.Advance(3);
                break;
            case <= uint.MaxValue:
                span[0] = 0xce;
                BinaryPrimitives.WriteUInt32BigEndian(span[1..], (uint)value);
                output.Advance(5);
                break;
            default:
                span[0] = 0xcf;
                BinaryPrimitives.WriteUInt64BigEndian(span[1..], value);
                output.Advance(9);
                break;
        }
    }

    /// <summary>An integer with sign: in the form without sign when it is not below zero.</summary>
    public void Signed(long value)
    {
        if (value >= 0)
        {
            Unsigned((ulong)value);
            return;
        }
        var span = output.GetSpan(9);
        switch (value)
        {
            case >= -32:
                span[0] = (byte)value;
                output.Advance(1);
                break;
            case >= sbyte.MinValue:
                span[0] = 0xd0;
                span[1] = (byte)value;
                output.Advance(2);
                break;
            case >= short.MinValue:
                span[0] = 0xd1;
                BinaryPrimitives.WriteInt16BigEndian(span[1..], (short)value);
                output.Advance(3);
                break;
            case >= int.MinValue:
                span[0] = 0xd2;
                BinaryPrimitives.WriteInt32BigEndian(span[1..], (int)value);
                output.Advance(5);
                break;
            default:
                span[0] = 0xd3;
                BinaryPrimitives.WriteInt64BigEndian(span[1..], value);
                output.Advance(9);
                break;
        }
    }

    /// <summary>A number with a fraction.</summary>
    public void Float(double value)
    {
        var span = output.GetSpan(9);
        span[0] = 0xcb;
        BinaryPrimitives.WriteDoubleBigEndian(span[1..], value);
        output.Advance(9);
    }

    /// <summary>A field with a text.</summary>
    public void Field(ReadOnlySpan<byte> name, string text)
    {
        Raw(name);
        Text(text);
    }

    /// <summary>A field with bytes.</summary>
    public void Field(ReadOnlySpan<byte> name, Bytes bytes)
    {
        Raw(name);
        Blob(bytes);
    }

    /// <summary>A field with a truth value.</summary>
    public void Field(ReadOnlySpan<byte> name, bool value)
    {
        Raw(name);
        Bool(value);
    }

    /// <summary>A field with an integer without sign.</summary>
    public void Field(ReadOnlySpan<byte> name, ulong value)
    {
        Raw(name);
        Unsigned(value);
    }

    /// <summary>A field with an integer.</summary>
    public void Field(ReadOnlySpan<byte> name, long value)
    {
        Raw(name);
        Signed(value);
    }

    /// <summary>A field with a number.</summary>
    public void Field(ReadOnlySpan<byte> name, double value)
    {
        Raw(name);
        Float(value);
    }

    /// <summary>A field with a list of texts, or nil.</summary>
    public void Field(ReadOnlySpan<byte> name, IReadOnlyList<string>? texts)
    {
        Raw(name);
        if (texts is null)
        {
            Nil();
            return;
        }
        Array(texts.Count);
        for (var i = 0; i < texts.Count; i++) Text(texts[i]);
    }

    void Header(int count, byte small, int smallMost, byte wide)
    {
        var span = output.GetSpan(5);
        if (count <= smallMost)
        {
            span[0] = (byte)(small | count);
            output.Advance(1);
        }
        else if (count <= ushort.MaxValue)
        {
            span[0] = wide;
            BinaryPrimitives.WriteUInt16BigEndian(span[1..], (ushort)count);
            output.Advance(3);
        }
        else
        {
            span[0] = (byte)(wide + 1);   // in all families the form of 32 bits follows that of 16
            BinaryPrimitives.WriteUInt32BigEndian(span[1..], (uint)count);
            output.Advance(5);
        }
    }
}
