using System.Text;
using OpsBro.Collectors.Linux;
using OpsBro.Platform;

namespace OpsBro.Metrics;

/// <summary>
/// The host's own core numbers of one second: processors, load, memory, network, disks, under the names that the collectors give them. Read
/// without garbage. Sources: /proc/stat, loadavg, meminfo, net/dev, diskstats. One thread at a time.
/// </summary>
/// <param name="host">The host's files.</param>
/// <param name="nameOf">The name of a series, of a collector and a key.</param>
internal sealed class CoreNumbers(HostFiles host, Func<string, string, string> nameOf)
{
    /// <summary>Digits behind the point: ticks are coarser, and what is written out grows with them.</summary>
    const int Digits = 3;

    const int ReceivedBytes = 0, ReceivedPackets = 1, SentBytes = 8, SentPackets = 9, TrafficColumns = 16;
    const int Reads = 0, SectorsRead = 2, Writes = 4, SectorsWritten = 6, BusyMs = 9, DiskColumns = 17;

    static readonly string[] cpuKeys =
        ["%user", "%nice", "%system", "%idle", "%iowait", "%irq", "%softirq", "%steal", "%guest", "%guest_nice"];

    static readonly string[] trafficKeys = ["recv_bytes/s", "recv_packets/s", "trans_bytes/s", "trans_packets/s"];

    static readonly string[] diskKeys = ["reads/s", "writes/s", "read_bytes/s", "write_bytes/s", "util%"];

    readonly CpuStats.CpuTimes times = new();
    readonly CounterMemory interfaces = new(TrafficColumns), disks = new(DiskColumns);
    readonly CoreNumber[] cpu = Make("cpustats", "cpu_all.", cpuKeys, nameOf);
    readonly CoreNumber[] load = Make("loadaverage", "", ["load1", "load5", "load15"], nameOf);
    readonly CoreNumber[] memory = Make("memory", "", ["used", "phys_free", "phys_available", "swap_used"], nameOf);
    readonly List<CoreNumber> fresh = [];
    readonly string?[] problems = new string?[5];

    /// <summary>The numbers of the last <see cref="Read(TimeSpan)"/>.</summary>
    public IReadOnlyList<CoreNumber> Fresh => fresh;

    /// <summary>What could not be read the last time; null for each source that could.</summary>
    public IReadOnlyList<string?> Problems => problems;

    /// <summary>Reads all sources; one that fails does not keep the others from it.</summary>
    public void Read(TimeSpan now)
    {
        fresh.Clear();
        for (var i = 0; i < problems.Length; i++)
        {
            try
            {
                problems[i] = null;
                Read(i, now);
            }
            catch (Exception e) when (e is FormatException or IOException)
            {
                problems[i] = e.Message;
            }
        }
    }

    void Read(int source, TimeSpan now)
    {
        switch (source)
        {
            case 0 when host.TryRead("/proc/stat", out var stat):
                ReadCpu(stat);
                break;
            case 1 when host.TryRead("/proc/loadavg", out var text):
                var loads = LoadAverage.Parse(text);
                Put(load, loads.One, loads.Five, loads.Fifteen);
                break;
            case 2 when host.TryRead("/proc/meminfo", out var meminfo):
                var m = Memory.Parse(meminfo);
                Put(memory, Share(m.Total - m.Available, m.Total), m.Reclaimable, m.Available, Share(m.SwapTotal - m.SwapFree, m.SwapTotal));
                break;
            case 3 when host.TryRead("/proc/net/dev", out var traffic):
                NetworkTraffic.Parse(traffic, now, interfaces);
                foreach (var counters in interfaces.All)
                    if (counters.HasDifference) PutTraffic(counters);
                break;
            case 4 when host.TryRead("/proc/diskstats", out var diskstats):
                IoStats.Parse(diskstats, now, disks);
                foreach (var counters in disks.All)
                    if (counters.HasDifference) PutDisk(counters);
                break;
        }
    }

    void ReadCpu(ReadOnlySpan<byte> stat)
    {
        var end = stat.IndexOf((byte)'\n');
        times.Read(end < 0 ? stat : stat[..end]);   // of all processors together
        Span<double> percent = stackalloc double[cpuKeys.Length];
        if (times.TryPercent(0, percent)) Put(cpu, percent);
    }

    void PutTraffic(Counters c)
    {
        c.Note ??= Make("networktraffic", $"{MetricName.Part(c.Name)}.", trafficKeys, nameOf);
        Put((CoreNumber[])c.Note, c.Rate(ReceivedBytes), c.Rate(ReceivedPackets), c.Rate(SentBytes), c.Rate(SentPackets));
    }

    void PutDisk(Counters c)
    {
        c.Note ??= Make("iostats", $"{MetricName.Part(c.Name)}.", diskKeys, nameOf);
        Put(
            (CoreNumber[])c.Note, c.Rate(Reads), c.Rate(Writes), c.Rate(SectorsRead) * IoStats.SectorBytes,
            c.Rate(SectorsWritten) * IoStats.SectorBytes, Math.Min(100, c.Rate(BusyMs) / 10));   // ms in each second
    }

    void Put(CoreNumber[] numbers, params ReadOnlySpan<double> values)
    {
        for (var i = 0; i < values.Length; i++)
        {
            numbers[i].Value = Math.Round(values[i], Digits);
            fresh.Add(numbers[i]);
        }
    }

    static CoreNumber[] Make(string collector, string before, string[] keys, Func<string, string, string> nameOf) =>
        [.. keys.Select(key => new CoreNumber(nameOf(collector, before + key)))];

    static double Share(long part, long whole) => whole > 0 ? part * 100.0 / whole : 0;
}

/// <summary>One of the core numbers and where it goes.</summary>
/// <param name="name">Name of its series.</param>
internal sealed class CoreNumber(string name)
{
    /// <summary>Name of its series.</summary>
    public string Name => name;

    /// <summary>The same in bytes.</summary>
    public byte[] Bytes { get; } = Encoding.UTF8.GetBytes(name);

    /// <summary>Its newest value.</summary>
    public double Value { get; set; }

    /// <summary>Its seconds that the store does not have yet: see <see cref="CoreSlots"/>.</summary>
    public double[] Seconds { get; } = new double[CoreSlots.Seconds];

    /// <summary>The times of <see cref="Seconds"/>.</summary>
    public long[] Times { get; } = new long[CoreSlots.Seconds];

    /// <summary>How many there are.</summary>
    public int Waiting { get; set; }

    /// <summary>The store has had one of it.</summary>
    public bool IsKnown { get; set; }

    /// <summary>Its row in the tier of seconds; null before the first, or when that is full.</summary>
    public Core.TimeSeries.SecondRow? Row { get; set; }
}
