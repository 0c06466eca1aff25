using OpsBro.Collectors.Linux;

namespace OpsBro.Collectors;

/// <summary>Every built-in collector, sorted by name: one line each. A test prints the missing line.</summary>
internal static class CollectorCatalogue
{
    /// <summary>Makes one instance of each.</summary>
    public static IReadOnlyList<ICollector> Create() =>
    [
        new AppArmor(),
        new BlockDevice(),
        new Cgroups(),
        new Conntrack(),
        new DmiDecode(),
        new Entropy(),
        new FileHandles(),
        new Hypervisor(),
        new Interfaces(),
        new IoStats(),
        new MdRaid(),
        new NetworkTraffic(),
        new OpenPorts(),
        new Pressure(),
        new Processes(),
        new Applications.Redis(),
        new SeLinux(),
        new Sockets(),
        new Sshd(),
        new Swap(),
        new Systemd(),
        new Thermal(),
        new TimeSync(),
        new Uptime(),
    ];
}
