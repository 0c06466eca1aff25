namespace OpsBro.Core.KeyValue;

/// <summary>A node that keeps keys and values, as we know it.</summary>
sealed class Peer(string name, string id)
{
    public string Name { get; } = name;

    public string Id { get; set; } = id;

    public bool IsAlive { get; set; }

    /// <summary>Unix milliseconds when it was last alive.</summary>
    public long LastAlive { get; set; }

    /// <summary>What it last said of itself in a message; null before its first.</summary>
    public MessageHead? Said { get; set; }

    /// <summary>The ring (our own count of changes) for which we have taken from it all that is ours.</summary>
    public long TakenAt { get; set; } = -1;
}

/// <summary>
/// Which members are known: those that gossip shows, and those that were known and did not leave. The latter are kept on disk, so that a
/// node that starts alone knows that it is one of three.
/// </summary>
sealed class Membership(KeyStore store)
{
    const string Row = "members";

    /// <summary>Times of being alive are written at least so often.</summary>
    static readonly long saveEvery = (long)TimeSpan.FromHours(1).TotalMilliseconds;

    readonly Dictionary<string, Peer> peers = new(StringComparer.Ordinal);
    readonly Dictionary<string, long> left = new(StringComparer.Ordinal);
    long savedAt;

    /// <summary>The known members by name, this node too when it is one.</summary>
    public IReadOnlyDictionary<string, Peer> Peers => peers;

    /// <summary>The known members and who left, with the time (negative when it left), for peers that know others.</summary>
    public IEnumerable<(string Name, string Id, long Time)> Told =>
        peers.Values.Select(p => (p.Name, p.Id, p.LastAlive)).Concat(left.Select(l => (l.Key, "", -l.Value)));

    /// <summary>Reads what was known before.</summary>
    public void Load(Moment now)
    {
        if (!store.Meta.TryGetValue(Row, out var data)) return;
        var reader = new KeyValueReader(data);
        reader.Byte();
        foreach (var (name, id, time) in ReadTold(ref reader))
            if (time < 0) left[name] = -time;
            else peers[name] = new Peer(name, id) { LastAlive = Math.Min(time, now.UnixMilliseconds) };
        savedAt = now.UnixMilliseconds;
        Forget(now);
    }

    /// <summary>Takes what gossip shows.</summary>
    /// <returns>Whether the set of known or of living members changed.</returns>
    public bool Update(IReadOnlyList<KeyValueMember> members, Moment now)
    {
        var changed = false;
        var shown = new HashSet<string>(StringComparer.Ordinal);
        foreach (var member in members)
        {
            if (member.Standing == MemberStanding.Left)
            {
                left[member.Name] = now.UnixMilliseconds;
                changed |= peers.Remove(member.Name);
                continue;
            }
            if (peers.Count >= KeyValueLimits.MaxMembers && !peers.ContainsKey(member.Name)) continue;
            shown.Add(member.Name);
            left.Remove(member.Name);
            if (!peers.TryGetValue(member.Name, out var peer) || peer.Id != member.Id)
            {
                peers[member.Name] = peer = new Peer(member.Name, member.Id) { LastAlive = now.UnixMilliseconds };
                changed = true;
            }
            changed |= Stand(peer, member.Standing == MemberStanding.Alive, now);
        }
        // of ourselves we know: who is not shown to be in the group has left it
        if (!shown.Contains(store.Settings.Name)) changed |= peers.Remove(store.Settings.Name);
        foreach (var peer in peers.Values)
            if (!shown.Contains(peer.Name)) changed |= Stand(peer, false, now);
        changed |= Forget(now);
        if (changed || now.UnixMilliseconds - savedAt > saveEvery) Save(now);
        return changed;
    }

    /// <summary>Takes what a peer knows and we do not.</summary>
    public bool Learn(IEnumerable<(string Name, string Id, long Time)> told, Moment now)
    {
        var changed = false;
        foreach (var (name, id, time) in told)
        {
            if (name == store.Settings.Name) continue;
            var peer = peers.GetValueOrDefault(name);
            if (time < 0)
            {
                if (peer is null || peer.IsAlive || peer.LastAlive >= -time) continue;
                peers.Remove(name);
                left[name] = -time;
                changed = true;
            }
            else if (peer is null && peers.Count < KeyValueLimits.MaxMembers && left.GetValueOrDefault(name) < time
                && now.UnixMilliseconds - time < (long)KeyValueLimits.ForgetFailed.TotalMilliseconds)
            {
                peers[name] = new Peer(name, id) { LastAlive = Math.Min(time, now.UnixMilliseconds) };
                changed = true;
            }
        }
        if (changed) Save(now);
        return changed;
    }

    /// <summary>A failed member is no longer known after a time.</summary>
    public bool Forget(Moment now)
    {
        var limit = now.UnixMilliseconds - (long)KeyValueLimits.ForgetFailed.TotalMilliseconds;
        var gone = peers.Values.Where(p => !p.IsAlive && p.LastAlive < limit).Select(p => p.Name).ToArray();
        foreach (var name in gone) peers.Remove(name);
        // an hour more, so that nobody brings back who left
        foreach (var (name, at) in left.Where(l => l.Value < limit - saveEvery).ToArray()) left.Remove(name);
        if (gone.Length > 0) Save(now);
        return gone.Length > 0;
    }

    /// <summary>The ring of the known members.</summary>
    public Ring ToRing() =>
        new([.. peers.Values.OrderBy(p => p.Id, StringComparer.Ordinal).Select(p => new RingMember(p.Name, p.Id, p.IsAlive))], store.Settings.Name);

    static bool Stand(Peer peer, bool isAlive, Moment now)
    {
        if (isAlive) peer.LastAlive = Math.Max(peer.LastAlive, now.UnixMilliseconds);
        if (peer.IsAlive == isAlive) return false;
        if (peer.IsAlive) peer.LastAlive = Math.Max(peer.LastAlive, now.UnixMilliseconds);
        peer.IsAlive = isAlive;
        peer.Said = null;
        return true;
    }

    void Save(Moment now)
    {
        savedAt = now.UnixMilliseconds;
        foreach (var peer in peers.Values)
            if (peer.IsAlive) peer.LastAlive = Math.Max(peer.LastAlive, now.UnixMilliseconds);
        store.Save(Row, WriteTold);
    }

    /// <summary>Writes <see cref="Told"/>.</summary>
    public void WriteTold(KeyValueWriter to)
    {
        to.Count(peers.Count + left.Count);
        foreach (var (name, id, time) in Told)
        {
            to.Text(name);
            to.Text(id);
            to.Flag(time < 0);
            to.Number(Math.Abs(time));
        }
    }

    /// <summary>Reads what <see cref="WriteTold"/> wrote.</summary>
    public static List<(string Name, string Id, long Time)> ReadTold(ref KeyValueReader from)
    {
        var told = new List<(string, string, long)>();
        var count = from.Count(4);
        for (var i = 0; i < count && i < 2 * KeyValueLimits.MaxMembers && from.IsGood; i++)
        {
            var (name, id, isLeft, time) = (from.Text(KeyValueLimits.MaxName), from.Text(KeyValueLimits.MaxName), from.Flag(), from.Number());
            if (from.IsGood) told.Add((name, id, isLeft ? -time : time));
        }
        return told;
    }
}
