namespace OpsBro.Core.KeyValue;

/// <summary>
/// A set of dots: of each writer all up to a sequence, and single ones beyond. A node's vector of a partition covers a write when the node
/// has it, or had it and something replaced or removed it.
/// </summary>
public sealed class VersionVector
{
    readonly Dictionary<ulong, Slot> slots = [];
    ulong hash;
    bool hashIsOld;

    /// <summary>Nothing is covered.</summary>
    public bool IsEmpty => slots.Count == 0;

    /// <summary>Writers in it.</summary>
    public int Writers => slots.Count;

    /// <summary>Single dots beyond the contiguous ones.</summary>
    public int Extras
    {
        get
        {
            var count = 0;
            foreach (var slot in slots.Values) count += slot.Extras?.Count ?? 0;
            return count;
        }
    }

    /// <summary>Equal sets have equal hashes; 0 for the empty one.</summary>
    public ulong Hash
    {
        get
        {
            if (!hashIsOld) return hash;
            hash = 0;
            foreach (var (writer, slot) in slots)
            {
                var one = new Dot(writer, slot.Contiguous).Hash;
                if (slot.Extras is { } extras)
                    foreach (var sequence in extras) one = Dot.Mix(one + (ulong)sequence);
                hash += one;
            }
            hashIsOld = false;
            return hash;
        }
    }

    /// <summary>The dot is in it.</summary>
    public bool Covers(in Dot dot) => slots.TryGetValue(dot.Writer, out var slot) && slot.Covers(dot.Sequence);

    /// <summary>All dots of the other are in it.</summary>
    public bool Covers(VersionVector other)
    {
        foreach (var (writer, theirs) in other.slots)
        {
            if (!slots.TryGetValue(writer, out var ours)) return false;
            for (var sequence = ours.Contiguous + 1; sequence <= theirs.Contiguous; sequence++)
                if (!ours.Covers(sequence)) return false;
            if (theirs.Extras is null) continue;
            foreach (var sequence in theirs.Extras)
                if (!ours.Covers(sequence)) return false;
        }
        return true;
    }

    /// <summary>Adds a dot.</summary>
    /// <returns>Whether it was missing.</returns>
    public bool Add(in Dot dot)
    {
        if (dot.Sequence < 1) return false;
        if (!slots.TryGetValue(dot.Writer, out var slot)) slots[dot.Writer] = slot = new Slot();
        if (!slot.Add(dot.Sequence)) return false;
        hashIsOld = true;
        return true;
    }

    /// <summary>Adds all dots of a writer up to a sequence.</summary>
    public void AddUpTo(in Dot dot)
    {
        if (dot.Sequence <= 0) return;
        if (!slots.TryGetValue(dot.Writer, out var slot)) slots[dot.Writer] = slot = new Slot();
        if (slot.Contiguous >= dot.Sequence) return;
        slot.Raise(dot.Sequence);
        hashIsOld = true;
    }

    /// <summary>Adds all dots of another vector.</summary>
    /// <returns>Whether something was missing.</returns>
    public bool Join(VersionVector other)
    {
        var before = Hash;
        foreach (var (writer, theirs) in other.slots)
        {
            AddUpTo(new Dot(writer, theirs.Contiguous));
            if (theirs.Extras is null) continue;
            foreach (var sequence in theirs.Extras) Add(new Dot(writer, sequence));
        }
        return Hash != before;
    }

    /// <summary>Highest sequence of a writer in it; 0 for none.</summary>
    public long Highest(ulong writer) => !slots.TryGetValue(writer, out var slot) ? 0 : slot.Extras is { Count: > 0 } extras ? extras[^1] : slot.Contiguous;

    /// <summary>The writers.</summary>
    public IReadOnlyCollection<ulong> AllWriters => slots.Keys;

    /// <summary>Empties it.</summary>
    public void Clear()
    {
        slots.Clear();
        (hash, hashIsOld) = (0, false);
    }

    /// <summary>A set of its own with the same dots.</summary>
    public VersionVector Copy()
    {
        var copy = new VersionVector();
        copy.Join(this);
        return copy;
    }

    internal void Write(KeyValueWriter to)
    {
        to.Count(slots.Count);
        foreach (var (writer, slot) in slots)
        {
            to.Fixed(writer);
            to.Number(slot.Contiguous);
            to.Count(slot.Extras?.Count ?? 0);
            var last = slot.Contiguous;
            if (slot.Extras is null) continue;
            foreach (var sequence in slot.Extras)
            {
                to.Number(sequence - last);
                last = sequence;
            }
        }
    }

    internal static VersionVector Read(ref KeyValueReader from)
    {
        var vector = new VersionVector();
        var count = from.Count(10);
        for (var i = 0; i < count && from.IsGood; i++)
        {
            var writer = from.Fixed();
            var last = from.Number();
            vector.AddUpTo(new Dot(writer, last));
            var extras = from.Count(1);
            for (var j = 0; j < extras && from.IsGood; j++)
            {
                var step = from.Number();
                if (step < 1 || step > long.MaxValue - last) from.Fail();
                else vector.Add(new Dot(writer, last += step));
            }
        }
        return vector;
    }

    sealed class Slot
    {
        public long Contiguous;
        public List<long>? Extras;   // rising, all above Contiguous + 1

        public bool Covers(long sequence) => sequence <= Contiguous || Extras is { } extras && extras.BinarySearch(sequence) >= 0;

        public bool Add(long sequence)
        {
            if (sequence <= Contiguous) return false;
            if (sequence == Contiguous + 1)
            {
                Raise(sequence);
                return true;
            }
            Extras ??= [];
            var place = Extras.BinarySearch(sequence);
            if (place >= 0) return false;
            Extras.Insert(~place, sequence);
            return true;
        }

        public void Raise(long sequence)
        {
            Contiguous = sequence;
            if (Extras is null) return;
            var taken = 0;
            while (taken < Extras.Count && Extras[taken] <= Contiguous + 1) Contiguous = Math.Max(Contiguous, Extras[taken++]);
            Extras.RemoveRange(0, taken);
            if (Extras.Count == 0) Extras = null;
        }
    }
}
