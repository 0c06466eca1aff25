using System.Net;
using OpsBro.Core.Checks;

namespace OpsBro.Core.Dns;

/// <summary>Where an SRV record leads.</summary>
/// <param name="Target">The name on the wire; empty when it cannot be written.</param>
/// <param name="OwnLength">Bytes of it before the domain.</param>
/// <param name="Addresses">Type to data of each address record, without the owner.</param>
sealed record DnsHost(byte[] Target, int OwnLength, byte[][] Addresses);

/// <summary>Makes a <see cref="DnsZone"/> of nodes: everything that an answer needs is written here, so that a query copies.</summary>
sealed partial class DnsZoneBuilder
{
    readonly Dictionary<string, DnsName> made = new(StringComparer.Ordinal);
    readonly Dictionary<string, DnsName?> byText = new(StringComparer.Ordinal);
    readonly SortedSet<string> unnamed = new(StringComparer.Ordinal);
    readonly byte[][][] addresses;
    readonly byte[][] texts;
    readonly HashSet<string>?[] critical;

    /// <summary>A builder of nodes, which it puts in the order of distance.</summary>
    public DnsZoneBuilder(IReadOnlyList<DnsNode> nodes, DnsZoneSettings settings)
    {
        Settings = settings;
        Nodes = [.. nodes.OrderBy(n => n.Distance).ThenBy(n => n.Zone, StringComparer.Ordinal).ThenBy(n => n.Name, StringComparer.Ordinal)];
        Domain = DnsNames.Wire(settings.Domain.Trim('.').ToLowerInvariant()) is { Length: > 1 } wire ? wire
            : throw new ArgumentException($"\"{settings.Domain}\" is no domain", nameof(settings));
        addresses = [.. Nodes.Select(n => Records(n.Addresses))];
        critical = [.. Nodes.Select(CriticalOf)];
        texts = [.. Nodes.Select(n => DnsRecordBytes.Texts(TextsOf(n)))];
        Hosts = [.. Nodes.Select((n, i) => HostOf(n, addresses[i])), ServerHost()];
        OkBits = DnsFilter.Bits(Nodes.Count);
    }

    static readonly EqualityComparer<byte[]> sameBytes =
        EqualityComparer<byte[]>.Create((one, other) => one.AsSpan().SequenceEqual(other), bytes => (int)DnsNames.Hash(bytes));

    /// <summary>What is found under one name while it is made.</summary>
    /// <param name="Key">The name on the wire, without the third label and the domain.</param>
    /// <param name="Label">The name of the group or service, as it is compared with those of services and checks; empty for a node's.</param>
    /// <param name="Nodes">Who has it.</param>
    sealed record DnsName(byte[] Key, string Label, List<int> Nodes);

    public DnsZoneSettings Settings { get; }

    public IReadOnlyList<DnsNode> Nodes { get; }

    public DnsHost[] Hosts { get; }

    public byte[] Domain { get; }

    public byte[] Soa { get; private set; } = [];

    public byte[] Hinfo { get; private set; } = [];

    public DnsTable Names { get; private set; } = new([]);

    public DnsTable Reverse { get; private set; } = new([]);

    public DnsTable ZoneNames { get; private set; } = new([]);

    public ulong[] OkBits { get; }

    public DnsSet Apex { get; private set; } = new() { Candidates = [] };

    public DnsSet Server { get; private set; } = new() { Candidates = [] };

    public int MostRecords { get; private set; }

    public IReadOnlyList<string> Unnamed => [.. unnamed];

    public DnsZone Build()
    {
        for (var i = 0; i < Nodes.Count; i++) if (Nodes[i].IsOk) DnsFilter.Set(OkBits, i);
        var all = new List<(byte[] Key, DnsSet? Set, bool IsServiceName)>();
        AddNodes(all);
        AddGroups(all);
        AddServices(all);
        AddBetween(all);
        Names = new DnsTable(all);
        Reverse = new DnsTable([.. Reversed()]);
        ZoneNames = new DnsTable([.. Zones()]);
        AddServer();
        return new DnsZone(this);
    }

    void AddNodes(List<(byte[], DnsSet?, bool)> all)
    {
        Begin();
        for (var i = 0; i < Nodes.Count; i++)
        {
            Add(i, Nodes[i].Name, DnsZone.Name, "");
            if (Nodes[i].DisplayName.Length > 0) Add(i, Nodes[i].DisplayName, DnsZone.Name, "");
        }
        foreach (var name in made.Values) all.Add((name.Key, SetOf(name, null, isGroup: false), false));
    }

    void AddGroups(List<(byte[], DnsSet?, bool)> all)
    {
        Begin();
        for (var i = 0; i < Nodes.Count; i++)
            foreach (var group in Nodes[i].Groups) Add(i, group, DnsZone.Group, group);
        foreach (var name in made.Values) all.Add((name.Key, SetOf(name, name.Label, isGroup: true), false));
    }

    void AddServices(List<(byte[], DnsSet?, bool)> all)
    {
        Begin();
        var tags = new SortedSet<(string Service, string Tag)>();
        for (var i = 0; i < Nodes.Count; i++)
        {
            foreach (var service in Nodes[i].Services)
            {
                Add(i, service.Name, DnsZone.Service, service.Name);
                foreach (var tag in service.Tags) tags.Add((DnsNames.Lower(service.Name), DnsNames.Lower(tag)));
            }
        }
        var sets = made.Values.Select(name => (Name: name, Set: SetOf(name, name.Label, isGroup: false))).ToList();
        // no name twice: whoever calls a service "_redis._tcp" takes nothing away from redis
        var known = new HashSet<byte[]>(sameBytes);
        foreach (var (name, set) in sets)
        {
            foreach (var transport in (string[])["_tcp", "_udp"])
                if (Key($"_{Escaped(name.Label)}.{transport}", DnsZone.Service) is { } key && known.Add(key)) all.Add((key, set, true));
        }
        foreach (var (name, set) in sets)
            if (known.Add(name.Key)) all.Add((name.Key, set, false));
        // a tag that is a group only is found without a name of its own
        var services = made.Values.ToDictionary(n => DnsNames.Lower(n.Label), n => n);
        Begin();
        foreach (var (service, tag) in tags)
        {
            foreach (var node in services.TryGetValue(service, out var of) ? of.Nodes : [])
                if (HasTag(Nodes[node], service, tag)) Add(node, $"{Escaped(tag)}.{service}", DnsZone.Service, service);
        }
        foreach (var name in made.Values)
            if (known.Add(name.Key)) all.Add((name.Key, SetOf(name, name.Label, isGroup: false), false));
    }

    static bool HasTag(DnsNode node, string service, string tag) =>
        node.Groups.Any(g => Same(g, tag)) || node.Services.Any(s => Same(s.Name, service) && s.Tags.Any(t => Same(t, tag)));

    static bool Same(string one, string other) => string.Equals(one, other, StringComparison.OrdinalIgnoreCase);

    /// <summary>A dot in a tag is no border of labels.</summary>
    static string Escaped(string text) => text.Replace("\\", @"\\", StringComparison.Ordinal).Replace(".", "\\.", StringComparison.Ordinal);

    /// <summary>Names between a name with dots and its kind: there is nothing at them, and they are there.</summary>
    static void AddBetween(List<(byte[] Key, DnsSet? Set, bool)> all)
    {
        var known = all.ToDictionary(one => one.Key, one => one.Set, sameBytes);
        foreach (var (key, set, _) in all.ToList())
        {
            for (var at = key[0] + 1; at < key.Length; at += key[at] + 1)
            {
                var above = key[at..];
                if (known.TryAdd(above, null)) all.Add((above, null, false));
                else if (set is not null) known[above]?.Below.Add(set);
            }
        }
        foreach (var kind in (byte[][])[DnsZone.Group, DnsZone.Name, DnsZone.Service])
            if (known.TryAdd(kind, null)) all.Add((kind, null, false));
    }

    void Add(int node, string text, byte[] kind, string label)
    {
        // the same few groups on many nodes: their names are written once
        if (!byText.TryGetValue(text, out var name)) byText[text] = name = NameOf(text, kind, label);
        if (name is not null && (name.Nodes.Count == 0 || name.Nodes[^1] != node)) name.Nodes.Add(node);
    }

    DnsName? NameOf(string text, byte[] kind, string label)
    {
        if (Key(text, kind) is not { } key)
        {
            unnamed.Add(text);
            return null;
        }
        var id = Convert.ToHexString(key);
        if (!made.TryGetValue(id, out var name)) made[id] = name = new DnsName(key, label, []);
        return name;
    }

    void Begin()
    {
        made.Clear();
        byText.Clear();
    }

    /// <summary>Null for a name that cannot be written, or that would be too long with a zone and the domain behind it.</summary>
    byte[]? Key(string text, byte[] kind)
    {
        Span<byte> wire = stackalloc byte[DnsLimits.MaxName];
        var length = DnsNames.WriteLabels(DnsNames.Lower(text), wire);
        return length <= 0 || length + kind.Length + Domain.Length > DnsLimits.MaxName ? null : [.. wire[..length], .. kind];
    }

    /// <summary>Who of those that have a name is an answer, and their records.</summary>
    /// <param name="name">The name.</param>
    /// <param name="judge">The service or check that must not be critical; null when none is asked.</param>
    /// <param name="isGroup">It is a group's, which may be a tag.</param>
    DnsSet SetOf(DnsName name, string? judge, bool isGroup)
    {
        var candidates = new (int, DnsOmission)[name.Nodes.Count];
        var good = new List<int>();
        for (var i = 0; i < candidates.Length; i++)
        {
            var node = name.Nodes[i];
            var reason = !Nodes[node].IsAlive ? DnsOmission.NotAlive
                : judge is not null && critical[node]?.Contains(judge) == true ? DnsOmission.Critical
                : addresses[node].Length == 0 ? DnsOmission.NoAddress
                : DnsOmission.None;
            candidates[i] = (node, reason);
            if (reason == DnsOmission.None) good.Add(node);
        }
        ulong[]? members = null;
        if (isGroup)
        {
            members = DnsFilter.Bits(Nodes.Count);
            foreach (var node in name.Nodes) DnsFilter.Set(members, node);
        }
        return new DnsSet
        {
            Candidates = candidates,
            A = Addresses(good, judge, DnsType.A),
            Aaaa = Addresses(good, judge, DnsType.Aaaa),
            Srv = judge is null ? null : Services(good, judge),
            Txt = Make([.. good.Select(node => (node, texts[node], 0))]),
            Members = members,
        };
    }

    DnsRecords? Addresses(List<int> nodes, string? judge, DnsType type)
    {
        var all = new List<(int, byte[], int)>();
        foreach (var node in nodes)
        {
            foreach (var record in addresses[node])
                if (record[1] == (byte)type) all.Add((node, record, judge is null ? DnsService.DefaultWeight : WeightOf(Nodes[node], judge)));
        }
        return Make(all);
    }

    static int WeightOf(DnsNode node, string service) => node.Services.FirstOrDefault(s => Same(s.Name, service))?.Weight ?? DnsService.DefaultWeight;

    DnsRecords? Services(List<int> nodes, string service)
    {
        var all = new List<(int, byte[], int)>();
        foreach (var node in nodes)
        {
            var seen = new HashSet<int>();
            foreach (var one in Nodes[node].Services)
            {
                if (one.Port == 0 || !Same(one.Name, service) || Hosts[node].Target.Length == 0 || !seen.Add(one.Port)) continue;
                // SRV's clients do not keep the order of records, but that of priorities
                var priority = Settings.IsNearestFirst ? Math.Min(all.Count, ushort.MaxValue) : 0;
                all.Add((node, DnsRecordBytes.Service(priority, one.Weight, one.Port, Hosts[node].Target), one.Weight));
            }
        }
        return Make(all);
    }

    /// <summary>Puts a pointer to the question and the time to live around the data of records: <c>type data</c> each.</summary>
    DnsRecords? Make(List<(int Node, byte[] Body, int Weight)> all)
    {
        if (all.Count == 0) return null;
        var data = new byte[all.Sum(one => DnsRecordBytes.Head + one.Body.Length - 2)];
        var starts = new int[all.Count + 1];
        for (var i = 0; i < all.Count; i++)
        {
            starts[i + 1] = starts[i] + DnsRecordBytes.Head + all[i].Body.Length - 2;
            DnsRecordBytes.Write(data.AsSpan(starts[i]), all[i].Body, Settings.Ttl);
        }
        MostRecords = Math.Max(MostRecords, all.Count);
        var isSame = all.All(one => one.Weight == all[0].Weight);
        return new DnsRecords(
            data, starts, [.. all.Select(one => one.Node)], isSame ? null : [.. all.Select(one => one.Weight)], FirstsOf(all.ConvertAll(one => one.Body)));
    }

    static int[]? FirstsOf(List<byte[]> bodies)
    {
        var known = new Dictionary<byte[], int>(bodies.Count, sameBytes);
        var firsts = new int[bodies.Count];
        for (var i = 0; i < firsts.Length; i++) firsts[i] = known.TryAdd(bodies[i], i) ? i : known[bodies[i]];
        return known.Count == bodies.Count ? null : firsts;
    }

    /// <summary>Names of services and checks that are critical; null for none, as on most nodes.</summary>
    static HashSet<string>? CriticalOf(DnsNode node)
    {
        HashSet<string>? all = null;
        foreach (var service in node.Services)
            if (service.State == CheckState.Critical) (all ??= new(StringComparer.OrdinalIgnoreCase)).Add(service.Name);
        foreach (var (name, state) in node.Checks)
            if (state == CheckState.Critical) (all ??= new(StringComparer.OrdinalIgnoreCase)).Add(name);
        return all;
    }

    static byte[][] Records(IReadOnlyList<IPAddress> all) =>
        [.. all.Select(a => a.IsIPv4MappedToIPv6 ? a.MapToIPv4() : a).Distinct().Select(DnsRecordBytes.Address)];
}
