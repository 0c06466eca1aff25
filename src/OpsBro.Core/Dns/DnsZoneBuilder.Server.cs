using System.Net;
using System.Text;
using OpsBro.Core.Checks;

namespace OpsBro.Core.Dns;

/// <summary>The names that are no group's, node's or service's: the domain, its server, zones, addresses.</summary>
sealed partial class DnsZoneBuilder
{
    /// <summary>Seconds for secondaries, of which there are none; the numbers are those that checkers of zones like.</summary>
    const uint Refresh = 3600, Retry = 600, Expire = 86_400;

    byte[] ServerName => [2, .. "ns"u8, .. Domain];

    /// <summary>
    /// The name that leads to a node alone: with its zone, for names are unique in a zone only. Without a zone that is one label it leads to
    /// all nodes of that name.
    /// </summary>
    DnsHost HostOf(DnsNode node, byte[][] own)
    {
        var zone = node.Zone.Contains('.', StringComparison.Ordinal) ? "" : "." + node.Zone;
        var name = Key(node.Name, DnsZone.Name);
        Span<byte> third = stackalloc byte[DnsLimits.MaxName];
        var length = name is null || zone.Length == 0 ? 0 : DnsNames.WriteLabels(DnsNames.Lower(zone[1..]), third);
        if (name is null) return new DnsHost([], 0, []);
        if (length < 0 || name.Length + length + Domain.Length > DnsLimits.MaxName) length = 0;
        byte[] ours = [.. name, .. third[..length]];
        return new DnsHost([.. ours, .. Domain], ours.Length, [.. own.Select(body => DnsRecordBytes.Tail(body, Settings.Ttl))]);
    }

    DnsHost ServerHost()
    {
        var own = Records(Settings.Server);
        return new DnsHost(ServerName, 3, [.. own.Select(body => DnsRecordBytes.Tail(body, Settings.Ttl))]);
    }

    void AddServer()
    {
        var own = Records(Settings.Server);
        DnsRecords? Of(DnsType type) => Make([.. own.Where(body => body[1] == (byte)type).Select(body => (-1, body, 0))]);
        Server = new DnsSet { Candidates = [(-1, DnsOmission.None)], A = Of(DnsType.A), Aaaa = Of(DnsType.Aaaa) };
        Apex = new DnsSet { Candidates = [(-1, DnsOmission.None)], Ns = Make([(Nodes.Count, DnsRecordBytes.Named(DnsType.Ns, ServerName), 0)]) };
        byte[] mailbox = [10, .. "hostmaster"u8, .. Domain];
        var body = DnsRecordBytes.Soa(ServerName, mailbox, Settings.Serial, Refresh, Retry, Expire, Settings.NegativeTtl);
        Soa = DnsRecordBytes.Tail(body, Settings.NegativeTtl);
        Hinfo = DnsRecordBytes.Tail([0, (byte)DnsType.Hinfo, 7, .. "RFC8482"u8, 0], Settings.Ttl);
    }

    /// <summary>Addresses of nodes that are alive; an address that several have leads to each.</summary>
    IEnumerable<(byte[], DnsSet?, bool)> Reversed()
    {
        var all = new Dictionary<IPAddress, List<int>>();
        for (var i = 0; i < Nodes.Count; i++)
        {
            if (!Nodes[i].IsAlive || Hosts[i].Target.Length == 0) continue;
            foreach (var each in Nodes[i].Addresses)
            {
                var address = each.IsIPv4MappedToIPv6 ? each.MapToIPv4() : each;
                if (!all.TryGetValue(address, out var owners)) all[address] = owners = [];
                if (!owners.Contains(i)) owners.Add(i);
            }
        }
        foreach (var (address, owners) in all)
        {
            var records = Make([.. owners.Select(node => (node, DnsRecordBytes.Named(DnsType.Ptr, Hosts[node].Target), 0))]);
            yield return (DnsNames.Wire(ReverseName(address))!,
                new DnsSet { Candidates = [.. owners.Select(node => (node, DnsOmission.None))], Ptr = records }, false);
        }
    }

    /// <summary>The name of an address: <c>4.3.2.1.in-addr.arpa</c>.</summary>
    public static string ReverseName(IPAddress address)
    {
        var bytes = address.GetAddressBytes();
        if (bytes.Length == 4) return $"{bytes[3]}.{bytes[2]}.{bytes[1]}.{bytes[0]}.in-addr.arpa";
        var text = new StringBuilder();
        for (var i = bytes.Length - 1; i >= 0; i--) text.Append($"{bytes[i] & 15:x}.{bytes[i] >> 4:x}.");
        return text.Append("ip6.arpa").ToString();
    }

    IEnumerable<(byte[], DnsSet?, bool)> Zones()
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        Span<byte> label = stackalloc byte[DnsLimits.MaxName];
        var all = new List<(byte[], DnsSet?, bool)>();
        foreach (var zone in Settings.Zones.Concat(Nodes.Select(n => n.Zone)))
        {
            var name = DnsNames.Lower(zone);
            if (!seen.Add(name)) continue;
            var length = name.Contains('.', StringComparison.Ordinal) ? 0 : DnsNames.WriteLabels(name, label);
            if (length <= 0)
            {
                unnamed.Add(zone);
                continue;
            }
            ulong[]? bits = DnsFilter.Bits(Nodes.Count);
            var count = 0;
            for (var i = 0; i < Nodes.Count; i++)
            {
                if (!Same(Nodes[i].Zone, zone)) continue;
                DnsFilter.Set(bits, i);
                count++;
            }
            // nobody needs to be sorted out
            if (count == Nodes.Count) bits = null;
            all.Add((label[..length].ToArray(), new DnsSet { Candidates = [], Members = bits }, false));
        }
        return all;
    }

    static IEnumerable<string> TextsOf(DnsNode node)
    {
        yield return $"name={node.Name}";
        yield return $"zone={node.Zone}";
        var worst = node.Services.Select(s => s.State).Concat(node.Checks.Select(c => c.State)).Select(s => (CheckState?)s)
            .MaxBy(s => s!.Value.Severity());
        if (worst is { } state) yield return $"checks={state.Word()}";
        if (node.Groups.Count > 0) yield return $"groups={string.Join(',', node.Groups)}";
        foreach (var (key, value) in node.Facts) yield return $"{key}={value}";
    }
}
