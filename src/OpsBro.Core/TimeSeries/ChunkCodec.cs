namespace OpsBro.Core.TimeSeries;

/// <summary>
/// A run of slots as bytes: docs/protocols/chunk.md. Each column is whole numbers, predicted and range coded; nothing is rounded.
/// </summary>
public static class ChunkCodec
{
    /// <summary>Most slots of one chunk.</summary>
    public const int MaxSlots = 65_536;

    /// <summary>Longest step, in seconds.</summary>
    public const int MaxStep = 86_400 * 366;

    /// <summary>Latest start, Unix seconds; the earliest is its negative.</summary>
    public const long MaxStart = 1L << 40;

    internal const byte Version = 1, SingleFlag = 1, GapsFlag = 2, BitmapFlag = 4, AllFlags = 7;

    internal const byte BitsColumn = 1, ConstantColumn = 2, ExceptionsColumn = 4, LikeNewestColumn = 8, AllColumnFlags = 15;

    /// <summary>Columns that follow that of the newest points when a slot has several.</summary>
    internal static ReadOnlySpan<Aspect> MoreColumns => [Aspect.Count, Aspect.Sum, Aspect.Min, Aspect.Max];

    /// <summary>Reads the first bytes.</summary>
    /// <exception cref="ChunkException">They are no chunk's.</exception>
    public static ChunkHeader ReadHeader(ReadOnlySpan<byte> chunk) => ReadHeader(ref chunk, out _);

    internal static ChunkHeader ReadHeader(ref ReadOnlySpan<byte> rest, out byte flags)
    {
        if (rest.Length < 2) throw new ChunkException($"a chunk of {rest.Length} bytes");
        if (rest[0] != Version) throw new ChunkException($"a chunk of version {rest[0]}; this program reads version {Version}");
        flags = rest[1];
        if ((flags & ~AllFlags) != 0) throw new ChunkException($"a chunk with flags 0x{flags:x2}, which are unknown");
        rest = rest[2..];
        var (start, step, length) = (Varint.Unfold(Varint.Take(ref rest)), Varint.Take(ref rest), Varint.Take(ref rest));
        var present = (flags & GapsFlag) == 0 ? length : Varint.Take(ref rest);
        if (step is 0 or > MaxStep) throw new ChunkException($"a chunk with a step of {step} s");
        if (Math.Abs((decimal)start) * step > MaxStart) throw new ChunkException($"a chunk that starts at slot {start} of {step} s");
        if (length is 0 or > MaxSlots || present > length) throw new ChunkException($"a chunk with {present} of {length} slots; {MaxSlots} is the most");
        return new ChunkHeader(start * (long)step, (int)step, (int)length, (int)present, (flags & SingleFlag) != 0);
    }
}
