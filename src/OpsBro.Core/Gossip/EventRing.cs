using OpsBro.Core.Wire;

namespace OpsBro.Core.Gossip;

/// <summary>
/// The events, or queries, of the last <see cref="GossipLimits.EventBuffer"/> Lamport times: each is taken once. Too many of them push out
/// the oldest times, which are then not taken again. Page: serf-wire.md A14.
/// </summary>
/// <param name="sizeOf">The bytes of an item that count against <see cref="MostBytes"/>; null: none.</param>
sealed class EventRing<T>(Func<T, int>? sizeOf = null) where T : notnull
{
    /// <summary>Most items kept in all slots together.</summary>
    public const int Most = 4_096;

    /// <summary>Most bytes kept: each push/pull carries them all.</summary>
    public const int MostBytes = 4 * 1024 * 1024;

    Slot?[]? slots;   // made with the first item: most simulated engines never have one
    ulong floor;      // what is below was pushed out
    int count;
    int bytes;

    /// <summary>Items that are kept.</summary>
    public int Count => count;

    /// <summary>
    /// Takes an item of a time; false when it was there, or is too old to be told from those that were.
    /// </summary>
    /// <param name="time">Its Lamport time; believed.</param>
    /// <param name="clock">The clock, which has seen it.</param>
    /// <param name="item">The item.</param>
    public bool TryAdd(ulong time, ulong clock, T item)
    {
        if (time < floor || (clock > GossipLimits.EventBuffer && time < clock - GossipLimits.EventBuffer)) return false;
        slots ??= new Slot?[GossipLimits.EventBuffer];
        ref var slot = ref slots[time % GossipLimits.EventBuffer];
        if (slot is not null && slot.LTime != time)
        {
            if (slot.LTime > time) return false;
            count -= slot.Items.Count;
            bytes -= slot.Bytes;
            slot = null;
        }
        slot ??= new Slot(time);
        if (!slot.Add(item)) return false;
        count++;
        var size = sizeOf?.Invoke(item) ?? 0;
        slot.Bytes += size;
        bytes += size;
        while (count > Most || bytes > MostBytes) PushOut();
        return true;
    }

    /// <summary>All items with their times, oldest time first.</summary>
    public IEnumerable<(ulong LTime, IReadOnlyList<T> Items)> All() =>
        from slot in slots ?? []
        where slot is not null
        orderby slot.LTime
        select (slot.LTime, (IReadOnlyList<T>)slot.Items);

    void PushOut()
    {
        Slot? oldest = null;
        foreach (var slot in slots!)
            if (slot is not null && (oldest is null || slot.LTime < oldest.LTime)) oldest = slot;
        slots[oldest!.LTime % GossipLimits.EventBuffer] = null;
        count -= oldest.Items.Count;
        bytes -= oldest.Bytes;
        floor = oldest.LTime + 1;
    }

    /// <summary>The items of one time.</summary>
    sealed class Slot(ulong time)
    {
        public ulong LTime { get; } = time;

        public List<T> Items { get; } = [];

        public int Bytes { get; set; }

        public bool Add(T item)
        {
            // most times have one item: a set comes when there are more than a few
            if (known is null && Items.Count >= Few) known = [.. Items];
            if (known?.Add(item) ?? !Items.Contains(item)) Items.Add(item);
            else return false;
            return true;
        }

        const int Few = 8;
        HashSet<T>? known;
    }
}
