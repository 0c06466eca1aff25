namespace OpsBro.Core.KeyValue;

/// <summary>Changes of the ring, and when this node has taken what is its own and is settled.</summary>
public sealed partial class KeyValueEngine
{
    const string SettledRow = "settled";

    readonly Dictionary<string, TimeSpan> knownSentAt = new(StringComparer.Ordinal);
    MessageHead announced;
    TimeSpan ringSince;
    long epoch;
    bool isComplete;
    bool isHolding;
    bool isSettled;

    /// <summary>Hash of the known members of the ring on which this node was last settled; 0 for none.</summary>
    ulong settledHash;

    /// <summary>That ring, while it is not the one of now: compare and set needs a majority of both.</summary>
    Ring? settledRing;

    /// <summary>
    /// What the others may know of this node, as a fact in NodeState: its store's id, the ring that it sees, whether it is settled, and whether
    /// it holds copies for others. Short ASCII; the process publishes it when it changes.
    /// </summary>
    public string Announcement =>
        $"{store.Writer >> 16:x12} {ring.KnownHash >> 32:x8} {ring.AliveHash >> 32:x8} "
        + (isSettled ? "settled" : isComplete ? "complete" : "moving") + (isHolding ? " holding" : "");

    /// <summary>Names of the members that have the live copies of a key; the first owns it.</summary>
    public IReadOnlyList<string> Owners(string key) => ring.Live(Ring.PartitionOf(Ring.HashOf(key)));

    IEnumerable<Peer> Others => membership.Peers.Values.Where(peer => peer.IsAlive && peer.Name != settings.Name);

    bool IsMember => membership.Peers.TryGetValue(settings.Name, out var self) && self.IsAlive;

    void LoadSettled()
    {
        if (!store.Meta.TryGetValue(SettledRow, out var data)) return;
        var reader = new KeyValueReader(data);
        reader.Byte();
        var members = Membership.ReadTold(ref reader);
        if (!reader.IsGood) return;
        settledRing = new Ring([.. members.Select(m => new RingMember(m.Name, m.Id, true))], settings.Name);
        settledHash = settledRing.KnownHash;
    }

    /// <summary>The known or the living members are others.</summary>
    void NewRing()
    {
        ring = membership.ToRing();
        RingChanged();
        foreach (var work in works.Values.ToArray())
            if (work.Number != 0) work.RingChanged();
    }

    void RingChanged()
    {
        epoch++;
        ringSince = now.Monotonic;
        isSettled = false;
        fetches.Clear();
        offers.Clear();
        if (settledHash == ring.KnownHash) settledRing = null;
        else if (settledRing is null && previousRing is not null && previousRing.KnownHash == settledHash) settledRing = previousRing;
        previousRing = ring;
        RememberRing();
        CheckComplete();
        Announce();
        foreach (var peer in Others) SendDigest(peer.Name);
        Rewatch();
    }

    Ring? previousRing;

    void CheckComplete()
    {
        var all = true;
        foreach (var peer in membership.Peers.Values)
            if (peer.IsAlive && peer.Name != settings.Name && peer.TakenAt != epoch) all = false;
        isComplete = all;
        isHolding = false;
        foreach (var partition in store.Partitions)
            if (partition.IsHeld && !ring.Live(partition.Number).Contains(settings.Name)) isHolding = true;
    }

    /// <summary>Tells all others what we say of ourselves, when it changed.</summary>
    void Announce()
    {
        if (Head == announced) return;
        announced = Head;
        foreach (var peer in Others) Send(peer.Name, Message(MessageKind.Hello));
    }

    /// <summary>A message tells how its sender sees the ring.</summary>
    void Heard(Peer peer, in MessageHead head)
    {
        var before = peer.Said;
        peer.Said = head;
        if (head.Known != ring.KnownHash) TellKnown(peer);
        else if (peer.IsAlive && peer.TakenAt != epoch && head.SameRing(Head) && before?.SameRing(head) != true) SendDigest(peer.Name);
    }

    void TellKnown(Peer peer)
    {
        if (knownSentAt.TryGetValue(peer.Name, out var at) && now.Monotonic - at < mostSleep) return;
        knownSentAt[peer.Name] = now.Monotonic;
        var message = Message(MessageKind.Known);
        membership.WriteTold(message);
        Send(peer.Name, message);
    }

    bool OnKnown(ref KeyValueReader reader)
    {
        var told = Membership.ReadTold(ref reader);
        if (!reader.IsAtEnd) return false;
        if (membership.Learn(told, now)) NewRing();
        return true;
    }

    /// <summary>
    /// Settled: the ring has not changed for a while, every living member sees the same, has taken what is its own and holds nothing for others,
    /// and of each partition so many of those that had it before are among them that the others make no majority.
    /// </summary>
    void CheckSettled()
    {
        CheckComplete();
        ForgetPastRings();
        if (!isSettled && IsSettling())
        {
            isSettled = true;
            if (settledHash != ring.KnownHash)
            {
                settledHash = ring.KnownHash;
                settledRing = null;
                var members = ring.Members;
                store.Save(SettledRow, to =>
                {
                    to.Count(members.Count);
                    foreach (var member in members)
                    {
                        to.Text(member.Name);
                        to.Text(member.Id);
                        to.Flag(false);
                        to.Number(0);
                    }
                });
            }
        }
        else if (isSettled && !isComplete) isSettled = false;
        Announce();
    }

    bool IsEverybodyComplete()
    {
        if (!isComplete) return false;
        foreach (var peer in Others)
            if (peer.Said is not { IsComplete: true } said || !said.SameRing(Head)) return false;
        return true;
    }

    bool IsSettling()
    {
        if (!IsMember || isHolding || now.Monotonic - ringSince < KeyValueLimits.Settle) return false;
        if (!IsEverybodyComplete() || Others.Any(peer => peer.Said is { IsHolding: true })) return false;
        for (var partition = 0; partition < KeyValueLimits.Partitions; partition++)
        {
            if (settledHash == ring.KnownHash) break;
            if (ring.Live(partition).Length < ring.Majority(partition)) return false;
            if (settledRing is null) continue;
            var home = settledRing.Home(partition);
            var here = 0;
            foreach (var name in home)
                if (!membership.Peers.TryGetValue(name, out var peer) || peer.IsAlive) here++;   // who left decides nothing on the old ring
            if (here < Ring.EnoughOfBefore(home)) return false;
        }
        return true;
    }
}
