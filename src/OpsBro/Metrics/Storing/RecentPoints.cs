namespace OpsBro.Metrics.Storing;

/// <summary>
/// Points that are in no chunk yet, in the order they came: for each series a chain of small blocks of (slot, value). Nothing is sorted or
/// merged until it is read or sealed, so that taking one in costs the same whatever its time. Not safe for many threads.
/// </summary>
/// <param name="first">Position in the journal of the first point.</param>
/// <param name="spare">Memory of tables of before, which this one takes before it asks for more.</param>
internal sealed class RecentPoints(long first, Stack<RecentPoints.Slab> spare)
{
    const int BlockPoints = 8, SlabBlocks = 256, SlabPoints = SlabBlocks * BlockPoints;

    /// <summary>Bytes of a slab: what its arrays hold.</summary>
    const int SlabBytes = SlabPoints * (sizeof(double) + sizeof(short)) + (SlabBlocks * (sizeof(int) + sizeof(int) + sizeof(byte)));

    /// <summary>Slabs kept for reuse at most: those of one full table.</summary>
    const int MaxSpare = MetricStore.MaxRecent / SlabBytes;

    /// <summary>Arrays of many blocks; a block is a part of each.</summary>
    internal sealed class Slab
    {
        public readonly double[] Values = new double[SlabPoints];
        public readonly short[] Slots = new short[SlabPoints];
        public readonly int[] Bases = new int[SlabBlocks];
        public readonly int[] Next = new int[SlabBlocks];
        public readonly byte[] Counts = new byte[SlabBlocks];
    }

    readonly List<Slab> slabs = [];
    int[] heads = [], tails = [];
    int blocks = 1;   // block 0 is nobody's: a chain ends with it

    /// <summary>Position in the journal of the first point.</summary>
    public long First => first;

    /// <summary>Points.</summary>
    public int Count { get; set; }

    /// <summary>Series numbers are below it.</summary>
    public int SeriesEnd => heads.Length;

    /// <summary>Memory in use.</summary>
    public long Bytes => ((long)slabs.Count * SlabBytes) + (heads.Length * 2L * sizeof(int));

    /// <summary>True when the series has points here.</summary>
    public bool Has(int series) => series < heads.Length && heads[series] != 0;

    /// <summary>Takes a point.</summary>
    /// <param name="series">Number of the series.</param>
    /// <param name="slot">Its time by the base step.</param>
    /// <param name="value">The number.</param>
    public void Add(int series, int slot, double value)
    {
        if (series >= heads.Length) Grow(series);
        var block = tails[series];
        Slab slab;
        int inSlab;
        if (block != 0)
        {
            slab = slabs[block / SlabBlocks];
            inSlab = block % SlabBlocks;
            var distance = slot - (long)slab.Bases[inSlab];
            int count = slab.Counts[inSlab];
            if (count < BlockPoints && distance == (short)distance)
            {
                Put(slab, inSlab, count, (short)distance, value);
                return;
            }
        }
        var added = NewBlock();
        if (block == 0) heads[series] = added;
        else slabs[block / SlabBlocks].Next[block % SlabBlocks] = added;
        tails[series] = added;
        slab = slabs[added / SlabBlocks];
        inSlab = added % SlabBlocks;
        slab.Bases[inSlab] = slot;
        Put(slab, inSlab, 0, 0, value);
    }

    void Put(Slab slab, int block, int index, short distance, double value)
    {
        slab.Values[(block * BlockPoints) + index] = value;
        slab.Slots[(block * BlockPoints) + index] = distance;
        slab.Counts[block] = (byte)(index + 1);
        Count++;
    }

    int NewBlock()
    {
        if (blocks / SlabBlocks == slabs.Count) slabs.Add(spare.TryPop(out var used) ? used : new Slab());
        slabs[blocks / SlabBlocks].Next[blocks % SlabBlocks] = 0;   // the table of before had another one there
        return blocks++;
    }

    void Grow(int series)
    {
        var length = Math.Max(series + 1, Math.Max(64, heads.Length + (heads.Length / 4)));
        Array.Resize(ref heads, length);
        Array.Resize(ref tails, length);
    }

    /// <summary>Nobody reads it any more: the next tables take its memory.</summary>
    public void Recycle()
    {
        foreach (var slab in slabs)
            if (spare.Count < MaxSpare) spare.Push(slab);
        slabs.Clear();
        (heads, tails) = ([], []);
    }

    /// <summary>Forgets the points of a series; their memory comes back with that of all others.</summary>
    public void Forget(int series)
    {
        if (series < heads.Length) heads[series] = tails[series] = 0;
    }

    /// <summary>Gives the points of a series in the order they came.</summary>
    public void Each(int series, PointList into)
    {
        if (series >= heads.Length) return;
        for (var block = heads[series]; block != 0;)
        {
            var slab = slabs[block / SlabBlocks];
            var inSlab = block % SlabBlocks;
            for (var i = 0; i < slab.Counts[inSlab]; i++)
                into.Add(slab.Bases[inSlab] + slab.Slots[(inSlab * BlockPoints) + i], slab.Values[(inSlab * BlockPoints) + i]);
            block = slab.Next[inSlab];
        }
    }
}
