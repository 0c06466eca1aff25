namespace OpsBro.Metrics.Storing;

/// <summary>Points of one series by slot; reused, its arrays only grow.</summary>
internal sealed class PointList
{
    int[] slots = new int[64];
    double[] values = new double[64];

    /// <summary>How many there are.</summary>
    public int Count { get; set; }

    /// <summary>Slots: times by the base step.</summary>
    public Span<int> Slots => slots.AsSpan(0, Count);

    /// <summary>Numbers.</summary>
    public Span<double> Values => values.AsSpan(0, Count);

    /// <summary>Adds one.</summary>
    public void Add(int slot, double value)
    {
        if (Count == slots.Length)
        {
            Array.Resize(ref slots, Count * 2);
            Array.Resize(ref values, Count * 2);
        }
        slots[Count] = slot;
        values[Count++] = value;
    }

    /// <summary>By slot; points of one slot stay in the order they came.</summary>
    public void Sort()
    {
        var slot = Slots;
        var isSorted = true;
        for (var i = 1; i < slot.Length && isSorted; i++) isSorted = slot[i - 1] <= slot[i];
        if (isSorted) return;
        var keys = new long[Count];
        for (var i = 0; i < keys.Length; i++) keys[i] = ((long)slot[i] << 32) | (uint)i;
        var old = values.AsSpan(0, Count).ToArray();
        Array.Sort(keys);
        for (var i = 0; i < keys.Length; i++)
        {
            slots[i] = (int)(keys[i] >> 32);
            values[i] = old[(int)keys[i]];
        }
    }
}
