namespace OpsBro.Core.Dns;

/// <summary>
/// A picture of the cluster as names: immutable, made by <see cref="DnsZoneBuilder"/>, replaced as a whole. Grammar of the names:
/// <code>
/// name    = what "." kind ["." third] "." domain
/// kind    = "group" / "name" / "service"
/// what    = NAME                            ; of a group, a node (also as people call it), a service; dots in it are dots
///         / "ok." GROUP                     ; of kind group: only nodes of which nothing is worse than ok
///         / TAG "." SERVICE                 ; of kind service: only nodes with that tag, or in that group
///         / "_" SERVICE "." ("_tcp" / "_udp") ; of kind service: SRV (RFC 2782)
/// third   = label                           ; the name of a zone: only its nodes; anything else: all nodes
/// </code>
/// Beside them the names of addresses (RFC 1035, 3.5; RFC 3596, 2.5), reversed, below "in-addr.arpa" and "ip6.arpa".
/// As any third label is good, each label alone, and each kind with a label behind it, is a name with others below it: never NXDOMAIN, or
/// resolvers that ask label by label (RFC 9156) would stop there.
/// </summary>
public sealed partial class DnsZone
{
    /// <summary>The kinds of names, as labels on the wire.</summary>
    internal static readonly byte[] Group = [5, .. "group"u8], Name = [4, .. "name"u8], Service = [7, .. "service"u8];

    /// <summary>Labels of a whole address: four numbers, 32 digits.</summary>
    const int V4Parts = 4, V6Parts = 32;

    static readonly byte[] inAddr = [7, .. "in-addr"u8, 4, .. "arpa"u8, 0], ip6 = [3, .. "ip6"u8, 4, .. "arpa"u8, 0];

    static readonly byte[] ok = [2, .. "ok"u8], server = [2, .. "ns"u8];

    readonly byte[] domain;
    readonly DnsTable names, reverse, zones;
    readonly ulong[] okBits;
    readonly DnsSet apex, serverSet;

    internal DnsZone(DnsZoneBuilder made)
    {
        (Settings, Nodes, Hosts, domain, Soa, Hinfo) = (made.Settings, made.Nodes, made.Hosts, made.Domain, made.Soa, made.Hinfo);
        (names, reverse, zones) = (made.Names, made.Reverse, made.ZoneNames);
        (okBits, apex, serverSet, MostRecords) = (made.OkBits, made.Apex, made.Server, made.MostRecords);
        Unnamed = made.Unnamed;
    }

    /// <summary>A picture of nodes.</summary>
    public static DnsZone Of(IReadOnlyList<DnsNode> nodes, DnsZoneSettings settings) => new DnsZoneBuilder(nodes, settings).Build();

    /// <summary>What it was made with.</summary>
    public DnsZoneSettings Settings { get; }

    /// <summary>The nodes, nearest first.</summary>
    public IReadOnlyList<DnsNode> Nodes { get; }

    /// <summary>Names that lead to something, reverse ones too.</summary>
    public int Count => names.Keys.Concat(reverse.Keys).Count();

    /// <summary>Names of nodes, groups and services that cannot be written in DNS: a label is empty or too long.</summary>
    public IReadOnlyList<string> Unnamed { get; }

    /// <summary>Every name that leads to something, as text without the domain; reverse ones as they are.</summary>
    public IEnumerable<string> Names => names.Keys.Concat(reverse.Keys).Select(key => DnsNames.Text(key).TrimEnd('.'));

    /// <summary>Where each node's SRV leads; the server itself is behind the last node.</summary>
    internal DnsHost[] Hosts { get; }

    /// <summary>The SOA record behind its owner, to say that there is nothing.</summary>
    internal byte[] Soa { get; }

    /// <summary>The answer to ANY behind its owner.</summary>
    internal byte[] Hinfo { get; }

    /// <summary>Most records of one name and type.</summary>
    internal int MostRecords { get; }

    /// <summary>Bytes of the domain on the wire, its zero too.</summary>
    internal int DomainLength => domain.Length;

    /// <summary>True for a name at or below the domain. Both in lower case.</summary>
    internal bool IsOurs(ReadOnlySpan<byte> name, ReadOnlySpan<byte> starts) => IsBelow(name, starts, domain);

    static bool IsBelow(ReadOnlySpan<byte> name, ReadOnlySpan<byte> starts, ReadOnlySpan<byte> end)
    {
        var at = name.Length - end.Length;
        if (at < 0 || !name.EndsWith(end)) return false;
        return at == 0 || starts.Contains((byte)at);   // the end of a label is not the label
    }

    /// <summary>Looks a name up.</summary>
    /// <param name="name">In lower case, with its last zero.</param>
    /// <param name="starts">Where each of its labels begins.</param>
    internal DnsFound Find(ReadOnlySpan<byte> name, ReadOnlySpan<byte> starts)
    {
        if (!IsOurs(name, starts)) return FindAddress(name, starts);
        var below = name[..^domain.Length];
        var count = 0;
        while (count < starts.Length && starts[count] < below.Length) count++;
        if (count == 0) return new DnsFound(DnsPlace.Apex, apex, default, false);
        var last = below[starts[count - 1]..];
        if (count == 1)
        {
            return last.SequenceEqual(server)
                ? new DnsFound(DnsPlace.Found, serverSet, default, false)
                : new DnsFound(DnsPlace.Between, null, default, false);
        }
        var second = below[starts[count - 2]..starts[count - 1]];
        DnsFound found = default;
        if (count > 2 && IsKind(second))
        {
            found = Find(below[..starts[count - 1]], starts[..(count - 1)], BitsOf(last));
            if (found.Place != DnsPlace.Missing) return found;
        }
        if (IsKind(last))
        {
            found = Find(below, starts[..count], null);
            if (found.Place != DnsPlace.Missing) return found;
        }
        // "group.dc1": there are names below it
        return new DnsFound(count == 2 && IsKind(second) ? DnsPlace.Between : DnsPlace.Missing, null, default, false);
    }

    /// <summary>The name of an address. Parts of one have names below them, whoever has those; who asks label by label must get there.</summary>
    DnsFound FindAddress(ReadOnlySpan<byte> name, ReadOnlySpan<byte> starts)
    {
        if (reverse.TryFind(name, out var set, out _)) return new DnsFound(DnsPlace.Found, set, default, false) { IsAddress = true };
        var parts = IsBelow(name, starts, inAddr) ? V4Parts : IsBelow(name, starts, ip6) ? V6Parts : 0;
        var own = starts.Length - 2;   // "in-addr" and "arpa" are one label each
        return parts == 0 || own < 1
            ? new DnsFound(DnsPlace.Elsewhere, null, default, false)
            : new DnsFound(own < parts ? DnsPlace.Between : DnsPlace.Missing, null, default, false) { IsAddress = true };
    }

    static bool IsKind(ReadOnlySpan<byte> label) => label.SequenceEqual(Group) || label.SequenceEqual(Name) || label.SequenceEqual(Service);

    /// <summary>The nodes of a zone; null for all, also when no zone has that name.</summary>
    ulong[]? BitsOf(ReadOnlySpan<byte> label) => zones.TryFind(label, out var set, out _) ? set!.Members : null;

    DnsFound Find(ReadOnlySpan<byte> key, ReadOnlySpan<byte> starts, ulong[]? zone)
    {
        if (names.TryFind(key, out var set, out var isServiceName))
        {
            if (set is null) return new DnsFound(DnsPlace.Between, null, default, false);
            var owners = new DnsFilter(zone, null);
            var found = Found(set, owners, owners, isServiceName);
            if (found.Place == DnsPlace.Found) return found;
            // nobody of the zone has "there", and somebody has "over.there"
            foreach (var below in set.Below)
                if (below.HasOwner(owners)) return new DnsFound(DnsPlace.Between, null, default, false);
            return found;
        }
        if (starts.Length < 3) return new DnsFound(DnsPlace.Missing, null, default, false);
        var first = key[..starts[1]];
        var rest = key[starts[1]..];
        if (first.SequenceEqual(ok) && key.EndsWith(Group) && names.TryFind(rest, out set, out _) && set is not null)
            return Found(set, new DnsFilter(zone, okBits), new DnsFilter(zone, null), false);
        if (key.EndsWith(Service) && names.TryFind(rest, out set, out isServiceName) && set is not null && TagOf(first) is { } tagged)
            return Found(set, new DnsFilter(zone, tagged), new DnsFilter(zone, tagged), isServiceName);
        return new DnsFound(DnsPlace.Missing, null, default, false);
    }

    /// <summary>The nodes of the group that a tag is; null when there is no such group.</summary>
    ulong[]? TagOf(ReadOnlySpan<byte> label)
    {
        Span<byte> key = stackalloc byte[DnsLimits.MaxLabel + 1 + 8];
        label.CopyTo(key);
        Group.CopyTo(key[label.Length..]);
        return names.TryFind(key[..(label.Length + Group.Length)], out var set, out _) ? set?.Members : null;
    }

    /// <summary>A name that nobody of those meant ever had is missing; the name of a node that failed is not.</summary>
    static DnsFound Found(DnsSet set, DnsFilter filter, DnsFilter owners, bool isServiceName) => set.HasOwner(owners)
        ? new DnsFound(DnsPlace.Found, set, filter, isServiceName)
        : new DnsFound(DnsPlace.Missing, null, default, false);
}
