using System.Globalization;
using System.Text;
using OpsBro.Agent;
using OpsBro.Checks;
using OpsBro.Config;
using OpsBro.Core.Checks;
using OpsBro.Core.NodeState;
using OpsBro.Detectors;
using OpsBro.Gossip;
using OpsBro.Platform;

namespace OpsBro.NodeState;

/// <summary>Collects what this node says of itself, the most important first.</summary>
internal sealed class OwnFacts(AgentState self, ConfigStore config, Groups groups, CheckLoop checks, IReadOnlyList<(string Name, Func<string> Value)> more)
{
    /// <summary>Addresses told; a host of containers has hundreds.</summary>
    public const int MaxAddresses = 16;

    /// <summary>The host's addresses are read anew when they are older, and something else is told anyway.</summary>
    public static readonly TimeSpan AddressAge = TimeSpan.FromMinutes(1);

    readonly string os = AgentInfo.Distribution(new HostFiles()).Pretty;
    IReadOnlyList<System.Net.IPAddress> addresses = [];
    TimeSpan? readAt;

    /// <summary>Everything but the members.</summary>
    /// <param name="said">What is said now: an output stays as it was told while the state is the same, for many change with each run.</param>
    /// <param name="options">The section <c>gossip</c>.</param>
    /// <param name="advertise">Where others reach our gossip; empty when it does not run.</param>
    /// <param name="now">Monotonic.</param>
    public List<(string Key, string Value)> All(NodeMap said, GossipOptions options, string advertise, TimeSpan now)
    {
        var all = new List<(string, string)>();
        // first, for the zones below may know of proxies only
        if (options.IsProxy) all.Add((NodeKeys.Proxy, "1"));
        void Fact(string name, string value)
        {
            if (value.Length > 0) all.Add((NodeKeys.Fact + name, value));
        }
        var agent = config.Current.Agent;
        Fact(KnownNode.Uuid, self.Identity.Uuid);
        Fact(KnownNode.Version, Product.Version);
        Fact(KnownNode.DisplayName, agent["display_name"]?.Text ?? "");
        Fact(KnownNode.Location, agent["location"] is { Kind: ConfigNodeKind.Scalar } place ? place.Text : "");
        Fact(KnownNode.Os, os);
        Fact(KnownNode.Address, advertise);
        Fact(KnownNode.Addresses, Addresses(now));
        Fact(KnownNode.Started, Seconds(self.StartedAt));
        foreach (var (name, value) in more) Fact(name, value());
        foreach (var group in groups.Current) all.Add((NodeKeys.Group + group.Name, Seconds(group.Since)));
        var known = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var entry in said.Entries)
            if (entry.Value is { } value) known[entry.Key] = value;
        foreach (var check in checks.All.OrderByDescending(c => c.Definition.IsService).ThenBy(c => c.Definition.Id, StringComparer.Ordinal))
        {
            if (!check.IsActive || check.Standing is not { HardState: not CheckState.Pending } standing) continue;
            var key = (check.Definition.IsService ? NodeKeys.Service : NodeKeys.Check) + check.Definition.Source.Id;
            var value = new CheckValue(standing.HardState, check.Definition.Source.Pack is not null, standing.IsFlapping, standing.HardSince,
                standing.IsHard ? standing.Output : "");
            var isTold = known.TryGetValue(key, out var told) && (told == value.Head || told.StartsWith(value.Head + " ", StringComparison.Ordinal));
            all.Add((key, isTold ? told! : value.ToString()));
        }
        return all;
    }

    string Addresses(TimeSpan now)
    {
        if (readAt is null || now - readAt > AddressAge) (addresses, readAt) = (Identity.Addresses(), now);
        var text = new StringBuilder();
        foreach (var address in addresses.Take(MaxAddresses)) text.Append(text.Length > 0 ? "," : "").Append(address);
        return text.ToString();
    }

    static string Seconds(DateTimeOffset at) => at.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
}
