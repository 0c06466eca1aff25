using System.Net;
using System.Net.Sockets;
using OpsBro.Agent;
using OpsBro.Config;
using OpsBro.Core.Dns;
using OpsBro.Gossip;
using OpsBro.NodeState;

namespace OpsBro.Dns;

/// <summary>Makes pictures for DNS of what is known of the members.</summary>
internal sealed class DnsPictures(MemberViews members, NodeBook book, Cluster cluster, ConfigStore config, TimeProvider time)
{
    /// <summary>Facts that TXT tells.</summary>
    static readonly string[] told = [KnownNode.DisplayName, KnownNode.Version, KnownNode.Os, KnownNode.Location, KnownNode.Uuid];

    /// <summary>A picture of now.</summary>
    /// <exception cref="PoolClosedException">The pool was closed meanwhile, or is broken.</exception>
    public async Task<DnsZone> Make(DnsOptions options)
    {
        var views = await members.All();
        // gossip is off, or left: there is this node at least
        if (views.Length == 0) return Alone(options);
        return DnsZone.Of([.. views.Select(view => NodeOf(view, book.Find(view.Zone, view.Name)))], SettingsOf(options));
    }

    /// <summary>A picture of this node alone.</summary>
    public DnsZone Alone(DnsOptions options) =>
        DnsZone.Of(book.Find(cluster.Options.Zone, cluster.Name) is { } own ? [Alone(own)] : [], SettingsOf(options));

    DnsZoneSettings SettingsOf(DnsOptions options) => new()
    {
        Domain = options.Domain,
        Ttl = (uint)options.Ttl.TotalSeconds,
        NegativeTtl = (uint)options.NegativeTtl.TotalSeconds,
        IsNearestFirst = options.IsNearestFirst,
        UdpSize = options.UdpSize,
        Server = ServerOf(options),
        Serial = (uint)time.GetUtcNow().ToUnixTimeSeconds(),
        Zones = [.. config.Current.Of("zone").Select(z => z.Name)],
    };

    /// <summary>Where clients reach this server: what it listens on; when that is every address, the ones that others would use.</summary>
    static IReadOnlyList<IPAddress> ServerOf(DnsOptions options)
    {
        var own = options.Addresses.Any(IsAll) ? Identity.Addresses() : [];
        var all = options.Addresses.Where(a => !IsAll(a)).ToList();
        foreach (var family in options.Addresses.Where(IsAll).Select(a => a.AddressFamily))
            if (own.FirstOrDefault(a => a.AddressFamily == family) is { } best) all.Add(best);
        return all.Count > 0 ? all : [IPAddress.Loopback];
    }

    static bool IsAll(IPAddress address) => address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any);

    static DnsNode NodeOf(MemberView view, KnownNode? known) => new()
    {
        Name = view.Name,
        DisplayName = view.DisplayName,
        Zone = view.Zone,
        State = view.State,
        Addresses = AddressesOf(view.Address, known?.Fact(KnownNode.Addresses) ?? ""),
        Groups = view.Groups,
        Services = known is null ? [] : [.. ServicesOf(known)],
        Checks = known is null ? [] : [.. known.Checks.Select(c => (ServiceFacts.NameOf(c.Id, c.Value.IsOfPack), c.Value.State))],
        Facts = known is null ? [] : [.. FactsOf(known)],
        Since = view.Since.ToUnixTimeSeconds(),
        Distance = view.IsSelf ? 0 : view.RoundTripMs is { } trip ? trip / 1000 : double.PositiveInfinity,
    };

    static DnsNode Alone(KnownNode own) => new()
    {
        Name = own.Name,
        DisplayName = own.Fact(KnownNode.DisplayName),
        Zone = own.Zone,
        State = "alive",
        Addresses = AddressesOf(Identity.LocalAddress().ToString(), own.Fact(KnownNode.Addresses)),
        Groups = [.. own.Groups.Select(g => g.Name)],
        Services = [.. ServicesOf(own)],
        Checks = [.. own.Checks.Select(c => (ServiceFacts.NameOf(c.Id, c.Value.IsOfPack), c.Value.State))],
        Facts = [.. FactsOf(own)],
        Since = (KnownNode.Time(own.Fact(KnownNode.Started)) ?? DateTimeOffset.UnixEpoch).ToUnixTimeSeconds(),
        Distance = 0,
    };

    /// <summary>Where its gossip is reached, and of the other family the best that it tells: a host of containers tells many.</summary>
    static List<IPAddress> AddressesOf(string gossip, string all)
    {
        var addresses = new List<IPAddress>();
        if (IPAddress.TryParse(gossip, out var first)) addresses.Add(first);
        foreach (var text in all.Split(',', StringSplitOptions.RemoveEmptyEntries))
        {
            if (!IPAddress.TryParse(text, out var next) || next.IsIPv6LinkLocal || IPAddress.IsLoopback(next)) continue;
            // a host that gossips on loopback is reached there
            if (first is not null && IPAddress.IsLoopback(first)) break;
            if (addresses.All(a => a.AddressFamily != next.AddressFamily)) addresses.Add(next);
        }
        return [.. addresses.OrderBy(a => a.AddressFamily == AddressFamily.InterNetworkV6)];
    }

    static IEnumerable<DnsService> ServicesOf(KnownNode node)
    {
        var said = ServiceFacts.Parse(node.Fact(ServiceFacts.Fact));
        foreach (var one in node.Services)
        {
            var name = ServiceFacts.NameOf(one.Id, one.Value.IsOfPack);
            var (port, weight, tags) = said.TryGetValue(name, out var more) ? more : (0, DnsService.DefaultWeight, []);
            yield return new DnsService(name, one.Value.State, port, weight, tags);
        }
    }

    static IEnumerable<KeyValuePair<string, string>> FactsOf(KnownNode node)
    {
        foreach (var name in told)
            if (node.Fact(name) is { Length: > 0 } value) yield return new(name, value);
    }
}
