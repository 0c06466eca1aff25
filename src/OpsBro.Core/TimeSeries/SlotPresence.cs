namespace OpsBro.Core.TimeSeries;

/// <summary>Which slots of a chunk have points: all (neither), by a bitmap, or by lengths of runs, the first one there.</summary>
/// <param name="bitmap">One bit a slot.</param>
/// <param name="runs">Lengths of runs, checked to add up to the slots.</param>
readonly ref struct SlotPresence(ReadOnlySpan<byte> bitmap, ReadOnlySpan<byte> runs)
{
    readonly ReadOnlySpan<byte> bitmap = bitmap, runs = runs;

    /// <summary>Takes runs off the front.</summary>
    /// <exception cref="ChunkException">They do not add up.</exception>
    public static SlotPresence TakeRuns(ref ReadOnlySpan<byte> chunk, ChunkHeader header)
    {
        var before = chunk;
        var slots = 0UL;
        while (slots < (ulong)header.Length)
        {
            var run = Varint.Take(ref chunk);
            if (run > (ulong)header.Length - slots || (run == 0 && slots > 0)) throw new ChunkException("runs of slots that do not add up");
            slots += run;
        }
        return new SlotPresence([], before[..^chunk.Length]);
    }

    /// <summary>How many of the first slots have points.</summary>
    /// <exception cref="ChunkException">The header says another number for all.</exception>
    public int CountIn(int slots, ChunkHeader header)
    {
        var (count, all) = (0, 0);
        if (bitmap.IsEmpty && runs.IsEmpty) (count, all) = (slots, header.Length);
        else if (!bitmap.IsEmpty)
        {
            for (var i = 0; i < header.Length; i++)
            {
                if ((bitmap[i >> 3] >> (i & 7) & 1) == 0) continue;
                all++;
                if (i < slots) count++;
            }
        }
        else
        {
            var left = runs;
            var at = 0;
            for (var isThere = true; !left.IsEmpty; isThere = !isThere)
            {
                var run = (int)Varint.Take(ref left);
                if (isThere)
                {
                    all += run;
                    count += Math.Max(0, Math.Min(run, slots - at));
                }
                at += run;
            }
        }
        return all == header.Present ? count : throw new ChunkException($"a chunk with {all} slots where it says {header.Present}");
    }

    /// <summary>Moves the numbers at the front to their slots.</summary>
    public void Spread(Span<double> into, int present, double empty)
    {
        if (present == into.Length) return;
        if (present == 0)
        {
            into.Fill(empty);
            return;
        }
        Span<ulong> there = stackalloc ulong[ChunkCodec.MaxSlots / 64];
        FillBits(there);
        for (var i = into.Length - 1; i >= 0; i--) into[i] = (there[i >> 6] >> (i & 63) & 1) != 0 ? into[--present] : empty;
    }

    void FillBits(Span<ulong> there)
    {
        if (!bitmap.IsEmpty)
        {
            bitmap.CopyTo(System.Runtime.InteropServices.MemoryMarshal.AsBytes(there));
            return;
        }
        var left = runs;
        var at = 0;
        for (var isThere = true; !left.IsEmpty; isThere = !isThere)
        {
            for (var end = at + (int)Varint.Take(ref left); at < end; at++)
            {
                if (isThere) there[at >> 6] |= 1UL << (at & 63);
            }
        }
    }
}
