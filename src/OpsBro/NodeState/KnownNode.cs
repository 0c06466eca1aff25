using System.Collections.Concurrent;
using System.Globalization;
using OpsBro.Core.Checks;
using OpsBro.Core.NodeState;
using OpsBro.Platform;

namespace OpsBro.NodeState;

/// <summary>A check or service of a node, as the node said last.</summary>
/// <param name="Id">For instance <c>linux/cpu</c>.</param>
/// <param name="Value">Its hard state.</param>
internal sealed record KnownCheck(string Id, CheckValue Value);

/// <summary>A group of a node, and since when it has it.</summary>
internal sealed record KnownGroup(string Name, DateTimeOffset? Since);

/// <summary>
/// What a node said of itself: an immutable picture for any thread. Lists are made when somebody asks: a thousand nodes are kept, and few
/// are looked at.
/// </summary>
/// <param name="map">Its map.</param>
/// <param name="goneSince">Since when it is gone, on <see cref="Monotonic"/>'s clock; null while it is there.</param>
internal sealed class KnownNode(NodeMap map, TimeSpan? goneSince)
{
    /// <summary>Facts that are not shown as facts: they have a place of their own.</summary>
    public const string Uuid = "uuid", Version = "version", DisplayName = "display_name", Os = "os", Addresses = "addresses", Address = "address",
        Location = "location", ProxyFlag = "proxy", Started = "started";

    /// <summary>The map.</summary>
    public NodeMap Map => map;

    /// <summary>Its zone.</summary>
    public string Zone => map.Zone;

    /// <summary>Its name.</summary>
    public string Name => map.Name;

    /// <summary>The node is gone: this is its last state.</summary>
    public bool IsStale => goneSince is not null;

    /// <summary>How old the last state is, of a node that is gone.</summary>
    public TimeSpan? Age => Monotonic.Now - goneSince;

    /// <summary>Its groups, sorted.</summary>
    public IReadOnlyList<KnownGroup> Groups =>
        [.. Of(NodeKeys.Group).Select(e => new KnownGroup(e.Name, Time(e.Value))).OrderBy(g => g.Name, StringComparer.Ordinal)];

    /// <summary>Its checks, sorted.</summary>
    public IReadOnlyList<KnownCheck> Checks => Values(NodeKeys.Check);

    /// <summary>Its services, sorted.</summary>
    public IReadOnlyList<KnownCheck> Services => Values(NodeKeys.Service);

    /// <summary>What it says of its host, by name.</summary>
    public IReadOnlyDictionary<string, string> Facts =>
        new SortedDictionary<string, string>(Of(NodeKeys.Fact).ToDictionary(e => e.Name, e => e.Value), StringComparer.Ordinal);

    /// <summary>The worst state of its checks and services; empty when it has none.</summary>
    public string Worst
    {
        get
        {
            var worst = CheckState.Pending;
            var any = false;
            foreach (var entry in map.Entries)
            {
                if (entry.Value is null || !IsCheck(entry.Key) || CheckValue.Parse(entry.Value) is not { } value) continue;
                if (!any || value.State.Severity() > worst.Severity()) worst = value.State;
                any = true;
            }
            return any ? worst.Word() : "";
        }
    }

    /// <summary>One fact; empty when it does not say it.</summary>
    public string Fact(string name) => map[NodeKeys.Fact + name] ?? "";

    /// <summary>Names and values below a prefix.</summary>
    public List<(string Name, string Value)> Of(string prefix)
    {
        var found = new List<(string, string)>();
        foreach (var entry in map.Entries)
            if (entry.Value is { } value && entry.Key.StartsWith(prefix, StringComparison.Ordinal)) found.Add((entry.Key[prefix.Length..], value));
        return found;
    }

    static bool IsCheck(string key) =>
        key.StartsWith(NodeKeys.Check, StringComparison.Ordinal) || key.StartsWith(NodeKeys.Service, StringComparison.Ordinal);

    /// <summary>A moment as groups have it: seconds since 1970.</summary>
    public static DateTimeOffset? Time(string value) =>
        long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) && seconds <= CheckValue.MaxSeconds
            ? DateTimeOffset.FromUnixTimeSeconds(seconds)
            : null;

    IReadOnlyList<KnownCheck> Values(string prefix) =>
    [
        .. from entry in Of(prefix)
           let value = CheckValue.Parse(entry.Value)
           where value is not null
           orderby entry.Name
           select new KnownCheck(entry.Name, value.Value),
    ];
}

/// <summary>What is known of every node, published by <see cref="NodeStateLoop"/> for any thread.</summary>
internal sealed class NodeBook
{
    readonly ConcurrentDictionary<(string Zone, string Name), KnownNode> nodes = new();

    /// <summary>Members that our pool has forgotten (an operator pruned them), though their state is still kept here and there.</summary>
    readonly ConcurrentDictionary<(string Zone, string Name), bool> hidden = new();

    /// <summary>Every node of which something is known, this one too; in no order.</summary>
    public IEnumerable<KnownNode> All => nodes.Values.Where(n => !hidden.ContainsKey((n.Zone, n.Name)));

    /// <summary>One node; null when it never said anything.</summary>
    public KnownNode? Find(string zone, string name) => hidden.ContainsKey((zone, name)) ? null : nodes.GetValueOrDefault((zone, name));

    /// <summary>
    /// What the proxies say of the members of zones whose gossip is not heard here, by zone and name; where they differ, one that is alive
    /// counts, then the newest.
    /// </summary>
    public Dictionary<(string Zone, string Name), MemberValue> Vouched()
    {
        var said = new Dictionary<(string, string), MemberValue>();
        foreach (var node in nodes.Values)
        {
            if (!node.Map.IsProxy || node.IsStale) continue;
            foreach (var (key, text) in node.Of(NodeKeys.Member))
            {
                if (key.IndexOf('/', StringComparison.Ordinal) is not (> 0 and var slash) || MemberValue.Parse(text) is not { } value) continue;
                var id = (key[..slash], key[(slash + 1)..]);
                if (!said.TryGetValue(id, out var known) || Rank(value).CompareTo(Rank(known)) > 0) said[id] = value;
            }
        }
        return said;

        static (bool, DateTimeOffset) Rank(MemberValue value) => (value.State == "alive", value.Since);
    }

    /// <summary>Called by the loop alone.</summary>
    public void Set(KnownNode node) => nodes[(node.Zone, node.Name)] = node;

    /// <summary>Called by the loop alone.</summary>
    public void Remove(string zone, string name)
    {
        nodes.TryRemove((zone, name), out _);
        hidden.TryRemove((zone, name), out _);
    }

    /// <summary>Hides a member that its pool has forgotten, or shows it again. Called by the loop alone.</summary>
    public void Hide(string zone, string name, bool isHidden)
    {
        if (!isHidden) hidden.TryRemove((zone, name), out _);
        else if (nodes.ContainsKey((zone, name))) hidden[(zone, name)] = true;   // never more than there are nodes
    }

    /// <summary>Called by the loop alone.</summary>
    public void Clear()
    {
        nodes.Clear();
        hidden.Clear();
    }
}

/// <summary>What happened to a node.</summary>
internal enum NodeChange
{
    /// <summary>Its map is another one.</summary>
    Said,

    /// <summary>It is there, again or for the first time.</summary>
    Came,

    /// <summary>It is gone; its last state is kept.</summary>
    Gone,

    /// <summary>It is forgotten.</summary>
    Dropped,
}

/// <summary>Another node said something, came or went: published on a <see cref="Feed{T}"/>. Our own changes have feeds of their own.</summary>
/// <param name="At">Wall clock, UTC.</param>
/// <param name="Change">What happened.</param>
/// <param name="Before">Its map before; the same one when only its presence changed.</param>
/// <param name="After">Its map now.</param>
/// <param name="IsMember">One of our pools knows it as well, and tells of its coming and going.</param>
internal sealed record NodeChanged(DateTimeOffset At, NodeChange Change, NodeMap Before, NodeMap After, bool IsMember);
