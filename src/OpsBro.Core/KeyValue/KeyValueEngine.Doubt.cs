namespace OpsBro.Core.KeyValue;

/// <summary>
/// Whether what nobody has is not there, or is with members that are away: the rings on which writes may have been acknowledged are remembered, on disk
/// too, until all that was acknowledged on them has been taken over.
/// </summary>
public sealed partial class KeyValueEngine
{
    const string PastRingsRow = "rings";

    /// <summary>Rings that are remembered. Beyond it the second goes: the first is the last one that was whole.</summary>
    const int MostPastRings = 16;

    /// <summary>The oldest first, the one of now last.</summary>
    readonly List<PastRing> pastRings = [];

    /// <summary>Partitions with too few copies of a past ring within reach: what is not found in them may be there.</summary>
    readonly bool[] inDoubt = new bool[KeyValueLimits.Partitions];

    bool isInDoubt;

    /// <summary>A ring, and the partitions of which something may have been acknowledged on it and on no later ring that is whole.</summary>
    sealed class PastRing(Ring ring)
    {
        public Ring Ring { get; } = ring;

        public bool[] Owed { get; } = new bool[KeyValueLimits.Partitions];

        public bool IsOwed => Owed.Contains(true);

        public bool Is(Ring other) => Ring.KnownHash == other.KnownHash && Ring.AliveHash == other.AliveHash;

        /// <summary>Every partition in which a majority can agree.</summary>
        public void Owe()
        {
            for (var i = 0; i < Owed.Length; i++) Owed[i] = Ring.Live(i).Length >= Ring.Majority(i);
        }
    }

    /// <summary>Before anything is acknowledged on a new ring.</summary>
    void RememberRing()
    {
        if (IsMember)
        {
            var known = pastRings.Find(past => past.Is(ring));
            if (known is not null) pastRings.Remove(known);
            known ??= new PastRing(ring);
            known.Owe();
            if (known.IsOwed)
            {
                pastRings.Add(known);
                if (pastRings.Count > MostPastRings) pastRings.RemoveAt(1);
                SavePastRings();
            }
        }
        FindDoubt();
    }

    /// <summary>
    /// All living members have taken what is theirs: of past rings only those partitions are still owed of which too few copies were among the living.
    /// </summary>
    void ForgetPastRings()
    {
        if (!IsMember || pastRings.Count < 2 || !pastRings[^1].Is(ring) || !IsEverybodyComplete()) return;
        var isChanged = false;
        var isDoubtOurs = Others.All(peer => peer.Said is { IsInDoubt: false });
        foreach (var past in pastRings.SkipLast(1).ToArray())
        {
            // who was there as well, and was not away as we were, knows that it was made up for
            var isMadeUp = isDoubtOurs && past.Ring.Members.Any(m => m.IsAlive && m.Name != settings.Name && IsHere(m.Name, orLeft: false));
            for (var partition = 0; partition < past.Owed.Length; partition++)
            {
                if (!past.Owed[partition] || !pastRings[^1].Owed[partition] || !isMadeUp && !IsEnoughHere(past.Ring, partition)) continue;
                past.Owed[partition] = false;
                isChanged = true;
            }
            if (!past.IsOwed) pastRings.Remove(past);
        }
        if (!isChanged) return;
        SavePastRings();
        FindDoubt();
    }

    void FindDoubt()
    {
        Array.Clear(inDoubt);
        isInDoubt = false;
        if (!IsMember) return;
        foreach (var past in pastRings)
            for (var partition = 0; partition < past.Owed.Length; partition++)
                inDoubt[partition] |= past.Owed[partition] && !IsEnoughHere(past.Ring, partition);
        isInDoubt = inDoubt.Contains(true);
    }

    /// <summary>So many copies of a ring are within reach that no majority of them is without one. Who left decides nothing.</summary>
    bool IsEnoughHere(Ring past, int partition)
    {
        var live = past.Live(partition);
        var here = 0;
        foreach (var name in live)
            if (IsHere(name, orLeft: true)) here++;
        return here >= live.Length - past.Majority(partition) + 1;
    }

    bool IsHere(string name, bool orLeft) => membership.Peers.TryGetValue(name, out var peer) ? peer.IsAlive : orLeft;

    /// <summary>What cannot be answered because members that are away may have it, for operators; empty when everything can.</summary>
    public string Doubt => isInDoubt
        ? $"{inDoubt.Count(partition => partition)} of {KeyValueLimits.Partitions} parts of the keys are in doubt, what is not found in them is unavailable: "
            + DoubtOf(Array.IndexOf(inDoubt, true))
        : "";

    string DoubtOf(int partition)
    {
        foreach (var past in pastRings)
        {
            if (!past.Owed[partition] || IsEnoughHere(past.Ring, partition)) continue;
            var away = past.Ring.Live(partition).Where(name => !IsHere(name, orLeft: true));
            return $"the key may be with members that are away: {string.Join(", ", away)}; should they not come back: opsbro gossip leave NODE";
        }
        return "another copy says that the key may be with members that are away";
    }

    void SavePastRings() => store.Save(PastRingsRow, to =>
    {
        to.Count(pastRings.Count);
        foreach (var past in pastRings)
        {
            to.Count(past.Ring.Members.Count);
            foreach (var member in past.Ring.Members)
            {
                to.Text(member.Name);
                to.Text(member.Id);
                to.Flag(member.IsAlive);
            }
            foreach (var isOwed in past.Owed) to.Flag(isOwed);
        }
    });

    void LoadPastRings()
    {
        if (!store.Meta.TryGetValue(PastRingsRow, out var data)) return;
        var reader = new KeyValueReader(data);
        reader.Byte();
        for (var left = Math.Min(reader.Count(KeyValueLimits.Partitions), MostPastRings); left > 0 && reader.IsGood; left--)
        {
            var members = new List<RingMember>();
            for (var i = reader.Count(3); i > 0 && reader.IsGood; i--)
                members.Add(new RingMember(reader.Text(KeyValueLimits.MaxName), reader.Text(KeyValueLimits.MaxName), reader.Flag()));
            var owed = new bool[KeyValueLimits.Partitions];
            for (var i = 0; i < owed.Length; i++) owed[i] = reader.Flag();
            if (!reader.IsGood || members.Count is 0 or > KeyValueLimits.MaxMembers) return;
            var past = new PastRing(new Ring(members, settings.Name));
            owed.CopyTo(past.Owed, 0);
            pastRings.Add(past);
        }
    }
}
