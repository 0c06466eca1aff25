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
        new CpuFrequency(),
        new CpuStats(),
        new DiskUsage(),
        new DmiDecode(),
        new Edac(),
        new Entropy(),
        new FileHandles(),
        new HostSystem(),
        new HostTimeZone(),
        new Hypervisor(),
        new Interfaces(),
        new IoStats(),
        new KernelStats(),
        new LoadAverage(),
        new MdRaid(),
        new Memory(),
        new NetworkTraffic(),
        new Nfs(),
        new OpenPorts(),
        new Pressure(),
        new Processes(),
        new Applications.Redis(),
        new SeLinux(),
        new Sockets(),
        new SoftNet(),
        new Sshd(),
        new Swap(),
        new Systemd(),
        new Thermal(),
        new TimeSync(),
        new Uptime(),
    ];
}
