using System.Globalization;
using System.Net.Sockets;
using OpsBro.Core.Expressions;
using OpsBro.Platform;

namespace OpsBro.Collectors.Linux;

/// <summary>
/// Network interfaces of any name with their addresses. Source: /sys/class/net (Documentation/ABI/testing/sysfs-class-net) and, for the
/// addresses of both families, the kernel by netlink.
/// </summary>
/// <param name="readAddresses">Reads the addresses of all interfaces.</param>
internal sealed class Interfaces(Func<List<InterfaceAddress>> readAddresses) : ICollector
{
    /// <summary>Most interfaces written.</summary>
    public const int MaxInterfaces = 1024;

    // IFF_ flags of include/uapi/linux/if.h, and ARPHRD_ types of if_arp.h
    const int Up = 1, Broadcast = 2, Loopback = 8, Multicast = 0x1000;
    const long Ethernet = 1, LoopbackType = 772, Infiniband = 32, Ppp = 512, None = 65534;
    const long Tunnel = 768, Tunnel6 = 769, Sit = 776, Gre = 778;

    /// <summary>Asks this machine.</summary>
    public Interfaces() : this(InterfaceAddress.ReadAll)
    {
    }

    /// <inheritdoc/>
    public string Name => "interfaces";

    /// <inheritdoc/>
    public string Summary => "Network interfaces: state, speed, addresses of both families, from /sys/class/net and netlink.";

    /// <inheritdoc/>
    public TimeSpan Interval => TimeSpan.FromSeconds(30);

    /// <inheritdoc/>
    public IReadOnlyList<KeyDoc> Keys { get; } =
    [
        new("<interface>.interface", "", "Its name."),
        new("<interface>.link_encap", "", "Ethernet, Local Loopback, InfiniBand, Point-to-Point Protocol, tunnel or UNSPEC."),
        new("<interface>.kind", "", "ethernet, loopback, bridge, bond, vlan, vxlan, wlan, wwan, veth, tun, tunnel and so on."),
        new("<interface>.hardware_address", "", "MAC address, where it has one."),
        new("<interface>.ip_address", "", "First IPv4 address."),
        new("<interface>.broadcast_address", "", "Broadcast address of the first IPv4 address."),
        new("<interface>.net_mask", "", "Mask of the first IPv4 address."),
        new("<interface>.ipv6_address", "", "First IPv6 address, one that is valid beyond the link if there is one."),
        new("<interface>.addresses[].address", "", "Each address of both families."),
        new("<interface>.addresses[].prefix", "bits", "Size of its network."),
        new("<interface>.addresses[].family", "", "ipv4 or ipv6."),
        new("<interface>.up", "", "Switched on by the operator."),
        new("<interface>.running", "", "Switched on and connected."),
        new("<interface>.broadcast", "", "Can broadcast."),
        new("<interface>.multicast", "", "Can multicast."),
        new("<interface>.operstate", "", "up, down, lowerlayerdown, dormant, or unknown for those that cannot tell."),
        new("<interface>.mtu", "bytes", "Largest packet."),
        new("<interface>.speed_mbps", "Mbit/s", "Speed of the link, while it is up and the driver knows."),
        new("<interface>.duplex", "", "full or half, when the driver knows."),
        new("<interface>.carrier_changes", "", "How often the link went up or down since boot: one that grows is a bad cable or port."),
        new("<interface>.bond.mode", "", "Mode of a bond, for instance active-backup."),
        new("<interface>.bond.active", "", "The port in use, in modes that have one."),
        new("<interface>.bond.ports", "", "Ports it should have."),
        new("<interface>.bond.ports_up", "", "Ports whose link is up."),
    ];

    /// <inheritdoc/>
    public Outcome Collect(CollectorRun run)
    {
        var names = run.Host.List("/sys/class/net");
        if (names.Length == 0) return Outcome.None("there is no /sys/class/net");
        var addresses = readAddresses().ToLookup(a => a.Interface.Split(':')[0], StringComparer.Ordinal);
        foreach (var name in names.Take(MaxInterfaces))
        {
            if (!run.Host.TryReadLong($"/sys/class/net/{name}/ifindex", out _)) continue;   // bonding_masters is a file
            var data = run.Data.Section(name);
            data.Set("interface", name);
            WriteLink(name, data, run.Host);
            WriteAddresses([.. addresses[name]], data);
            WriteBond(name, data, run.Host);
        }
        return Outcome.Ok;
    }

    static void WriteLink(string name, DataWriter data, HostFiles host)
    {
        var directory = $"/sys/class/net/{name}";
        host.TryReadLong($"{directory}/type", out var type);
        var flags = FlagsOf(host.ReadText($"{directory}/flags"));
        var state = host.ReadText($"{directory}/operstate") ?? "unknown";
        var hasCarrier = host.TryReadLong($"{directory}/carrier", out var carrier) && carrier == 1;   // an error while it is down
        data.Set("link_encap", EncapsulationOf(type));
        data.Set("kind", KindOf(name, type, directory, host));
        if (host.ReadText($"{directory}/address") is { Length: > 0 } address && address.Trim('0', ':').Length > 0)
            data.Set("hardware_address", address);
        data.Set("up", (flags & Up) != 0);
        data.Set("running", (flags & Up) != 0 && hasCarrier);
        data.Set("broadcast", (flags & Broadcast) != 0);
        data.Set("multicast", (flags & Multicast) != 0);
        data.Set("operstate", state);
        if (host.TryReadLong($"{directory}/mtu", out var mtu)) data.Set("mtu", mtu);
        if (host.TryReadLong($"{directory}/speed", out var speed) && speed > 0) data.Set("speed_mbps", speed);   // -1: not known
        if (host.ReadText($"{directory}/duplex") is { Length: > 0 } duplex and not "unknown") data.Set("duplex", duplex);
        if (host.TryReadLong($"{directory}/carrier_changes", out var changes)) data.Set("carrier_changes", changes);
    }

    static void WriteAddresses(InterfaceAddress[] addresses, DataWriter data)
    {
        if (addresses.FirstOrDefault(a => a.Address.AddressFamily == AddressFamily.InterNetwork) is { } first)
        {
            data.Set("ip_address", $"{first.Address}");
            if (first.Broadcast is { } broadcast) data.Set("broadcast_address", $"{broadcast}");
            data.Set("net_mask", $"{InterfaceAddress.MaskOf(first.Prefix)}");
        }
        var v6 = addresses.Where(a => a.Address.AddressFamily == AddressFamily.InterNetworkV6).OrderBy(a => a.Address.IsIPv6LinkLocal);
        if (v6.FirstOrDefault() is { } firstV6) data.Set("ipv6_address", $"{firstV6.Address}");
        data.Set("addresses", Value.ListOf([.. addresses.Select(a =>
        {
            var item = new DictValue();
            item["address"] = Value.Of($"{a.Address}");
            item["prefix"] = Value.Of(a.Prefix);
            item["family"] = Value.Of(a.Address.AddressFamily == AddressFamily.InterNetwork ? "ipv4" : "ipv6");
            return Value.Of(item);
        })]));
    }

    static void WriteBond(string name, DataWriter data, HostFiles host)
    {
        var directory = $"/sys/class/net/{name}/bonding";
        if (host.ReadText($"{directory}/mode") is not { } mode) return;
        var bond = data.Section("bond");
        bond.Set("mode", mode.Split(' ')[0]);   // "active-backup 1"
        if (host.ReadText($"{directory}/active_slave") is { Length: > 0 } active) bond.Set("active", active);
        var ports = (host.ReadText($"{directory}/slaves") ?? "").Split(' ', StringSplitOptions.RemoveEmptyEntries);
        bond.Set("ports", ports.Length);
        bond.Set("ports_up", ports.Count(p => host.ReadText($"/sys/class/net/{p}/operstate") == "up"));
    }

    /// <summary>The flags of <c>0x1003</c>; 0 when it is something else.</summary>
    internal static int FlagsOf(string? text) =>
        text is ['0', 'x', .. var hex]
        && int.TryParse(hex, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var flags) ? flags : 0;

    static string EncapsulationOf(long type) => type switch
    {
        Ethernet => "Ethernet",
        LoopbackType => "Local Loopback",
        Infiniband => "InfiniBand",
        Ppp => "Point-to-Point Protocol",
        Tunnel or Tunnel6 or Sit or Gre => "tunnel",
        _ => "UNSPEC",
    };

    static string KindOf(string name, long type, string directory, HostFiles host)
    {
        foreach (var line in (host.ReadText($"{directory}/uevent") ?? "").Split('\n'))
            if (line.StartsWith("DEVTYPE=", StringComparison.Ordinal)) return line["DEVTYPE=".Length..];
        if (host.Exists($"{directory}/bonding")) return "bond";
        if (host.Exists($"{directory}/bridge")) return "bridge";
        if (host.Exists($"{directory}/tun_flags")) return "tun";
        if (host.Exists($"{directory}/wireless")) return "wlan";
        // the two ends of a veth pair know each other; a physical interface is linked to itself
        var isLinked = host.TryReadLong($"{directory}/iflink", out var link)
            && host.TryReadLong($"{directory}/ifindex", out var index) && link != index;
        return type switch
        {
            LoopbackType => "loopback",
            Tunnel or Tunnel6 or Sit or Gre or None => "tunnel",
            Infiniband => "infiniband",
            Ppp => "ppp",
            _ when isLinked => name.Contains('.') ? "vlan" : "veth",
            _ => "ethernet",
        };
    }
}
