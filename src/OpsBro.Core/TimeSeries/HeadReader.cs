namespace OpsBro.Core.TimeSeries;

/// <summary>Reads the bytes of a <see cref="HeadChunk"/>, slot after slot.</summary>
ref struct HeadReader(ReadOnlySpan<byte> bytes)
{
    /// <summary>Codes below it tell other things than a difference.</summary>
    public const int FirstDifference = 12;

    /// <summary>Empty slots follow: how many.</summary>
    public const int Gap = 0;

    /// <summary>A new scale: exponent and shift.</summary>
    public const int Scale = 1;

    /// <summary>Several points: count, then newest, least, greatest and sum.</summary>
    public const int Several = 2;

    /// <summary>Low bytes of the bits, exclusive or those before; the number of bytes is what exceeds this code.</summary>
    public const int Raw = 3;

    ReadOnlySpan<byte> rest = bytes;
    HeadScale scale = HeadScale.New;

    /// <summary>Slots from the head's first one.</summary>
    public int Slot { get; set; } = -1;

    /// <summary>What is in it.</summary>
    public Bucket Bucket;

    /// <summary>Goes to the next slot that has points.</summary>
    public bool Next()
    {
        if (rest.IsEmpty) return false;
        Slot++;
        while (true)
        {
            var code = Varint.Take(ref rest);
            switch (code)
            {
                case Gap:
                    Slot += (int)Varint.Take(ref rest);
                    continue;
                case Several:
                    Bucket.Count = (long)Varint.Take(ref rest);
                    (Bucket.Last, Bucket.Min, Bucket.Max, Bucket.Sum) = (Value(), Value(), Value(), Value());
                    return true;
                default:
                    if (!TryValue(code, out var value)) continue;
                    Bucket = Bucket.Of(value);
                    return true;
            }
        }
    }

    double Value()
    {
        while (true)
        {
            if (TryValue(Varint.Take(ref rest), out var value)) return value;
        }
    }

    bool TryValue(ulong code, out double value)
    {
        value = 0;
        if (code == Scale)
        {
            var isFit = scale.TrySet(rest[0], rest[1]);
            rest = rest[2..];
            return isFit ? false : throw new ChunkException("a head's scale that does not fit");
        }
        if (code < FirstDifference)
        {
            var low = 0L;
            var count = (int)code - Raw;
            for (var i = 0; i < count; i++) low |= (long)rest[i] << (8 * i);
            rest = rest[count..];
            scale.Bits ^= low;
            value = BitConverter.Int64BitsToDouble(scale.Bits);
            return true;
        }
        scale.Number += Varint.Unfold(code - FirstDifference);
        value = scale.ValueOf(scale.Number);
        scale.Bits = BitConverter.DoubleToInt64Bits(value);
        return true;
    }
}
