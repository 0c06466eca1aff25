namespace OpsBro.Core.Gossip;

/// <summary>
/// Rumours that wait to be sent. Order: fewest transmissions first, then the longest, then the newest; a datagram is filled greedily in
/// this order. A rumour about a name replaces the one that waits about the same name; those without a name never replace each other.
/// Page: serf-wire.md A11.
/// </summary>
/// <param name="most">Rumours that may wait; then the most often sent is dropped.</param>
public sealed class BroadcastQueue(int most = GossipLimits.MaxQueue)
{
    // by transmissions; a tier is sorted by Compare, so that a position is found by halving and a datagram is filled in few steps
    readonly List<List<Rumour>> tiers = [];
    readonly Dictionary<string, Rumour> named = new(StringComparer.Ordinal);
    readonly List<Rumour> taken = [];
    long made;

    /// <summary>Rumours that wait.</summary>
    public int Count { get; private set; }

    /// <summary>Rumours that were dropped because too many waited.</summary>
    public long Dropped { get; private set; }

    /// <summary>Adds a rumour; the bytes are copied.</summary>
    public void Add(ReadOnlySpan<byte> message, string? name = null)
    {
        if (name is not null && named.TryGetValue(name, out var old)) Remove(old);
        if (Count >= most) DropOne();
        var rumour = new Rumour(message.ToArray(), name, made++);
        if (name is not null) named[name] = rumour;
        Insert(rumour);
        Count++;
    }

    /// <summary>
    /// Gives rumours as long as they fit, each costing its length and <paramref name="overhead"/>; one that was given
    /// <paramref name="limit"/> times is done. The bytes are valid during the call only. Returns what is left of the budget.
    /// </summary>
    public int Take(int budget, int overhead, int limit, RumourTaker take)
    {
        if (Count == 0) return budget;
        foreach (var tier in tiers)
        {
            var kept = -1;   // where the next rumour that stays goes to, once one was taken
            var at = FirstThatFits(tier, 0, budget - overhead);
            for (; at < tier.Count; at++)
            {
                var rumour = tier[at];
                if (rumour.Message.Length + overhead > budget)
                {
                    // the next one that fits may be far behind
                    var next = FirstThatFits(tier, at, budget - overhead);
                    if (kept >= 0)
                        for (; at < next; at++) tier[kept++] = tier[at];
                    at = next - 1;
                    continue;
                }
                budget -= rumour.Message.Length + overhead;
                take(rumour.Message);
                rumour.Transmissions++;
                taken.Add(rumour);
                if (kept < 0) kept = at;
            }
            if (kept >= 0) tier.RemoveRange(kept, tier.Count - kept);
        }
        // only now, or what moves up a tier would be taken twice for one datagram
        foreach (var rumour in taken)
        {
            if (rumour.Transmissions < limit) Insert(rumour);
            else Forget(rumour);
        }
        taken.Clear();
        return budget;
    }

    /// <summary>A rumour about this name waits.</summary>
    public bool Has(string name) => named.ContainsKey(name);

    /// <summary>Drops everything.</summary>
    public void Clear()
    {
        tiers.Clear();
        named.Clear();
        Count = 0;
    }

    static int FirstThatFits(List<Rumour> tier, int from, int room)
    {
        var (low, high) = (from, tier.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (tier[middle].Message.Length <= room) high = middle;
            else low = middle + 1;
        }
        return low;
    }

    void Insert(Rumour rumour)
    {
        while (tiers.Count <= rumour.Transmissions) tiers.Add([]);
        var tier = tiers[rumour.Transmissions];
        tier.Insert(~tier.BinarySearch(rumour), rumour);
    }

    void Remove(Rumour rumour)
    {
        var tier = tiers[rumour.Transmissions];
        tier.RemoveAt(tier.BinarySearch(rumour));
        Forget(rumour);
    }

    void Forget(Rumour rumour)
    {
        if (rumour.Name is not null) named.Remove(rumour.Name);
        Count--;
    }

    void DropOne()
    {
        Dropped++;
        for (var i = tiers.Count - 1; i >= 0; i--)
        {
            if (tiers[i].Count == 0) continue;
            Remove(tiers[i][^1]);
            return;
        }
    }

    sealed class Rumour(byte[] message, string? name, long number) : IComparable<Rumour>
    {
        public byte[] Message { get; } = message;

        public string? Name { get; } = name;

        public int Transmissions { get; set; }

        long Number { get; } = number;

        /// <summary>The longest first, then the newest.</summary>
        public int CompareTo(Rumour? other) => other is null ? -1
            : other.Message.Length != Message.Length ? other.Message.Length.CompareTo(Message.Length)
            : other.Number.CompareTo(Number);
    }
}
