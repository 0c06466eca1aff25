using System.Text;
using OpsBro.Platform;

namespace OpsBro.Collectors.Linux;

/// <summary>
/// CPU, memory and tasks of control groups: services, users, containers, pods. Two levels deep, a third below Kubernetes. Source:
/// /sys/fs/cgroup, version 2 (Documentation/admin-guide/cgroup-v2.rst) or 1.
/// </summary>
internal sealed class Cgroups : ICollector
{
    /// <summary>Most groups read in one run, shallow ones first; the rest is counted in <c>skipped</c>.</summary>
    public const int MaxGroups = 200;

    const int CpuNanoseconds = 0, ThrottledNanoseconds = 1, ReadBytes = 2, WrittenBytes = 3;

    /// <summary>Memory limits from here on mean none: version 1 writes the largest number of pages.</summary>
    const long NoLimit = long.MaxValue / 2;

    readonly CounterMemory counters = new(width: 4);

    /// <inheritdoc/>
    public string Name => "cgroups";

    /// <inheritdoc/>
    public string Summary => "CPU, memory, disk and tasks of services, containers and users, from /sys/fs/cgroup.";

    /// <summary>Reading a group makes the kernel add up its CPUs.</summary>
    public TimeSpan Interval => TimeSpan.FromSeconds(30);

    /// <inheritdoc/>
    public bool NeedsTwoRuns => true;

    /// <inheritdoc/>
    public IReadOnlyList<KeyDoc> Keys { get; } =
    [
        new("version", "", "2, or 1 on hosts that still mount the controllers apart."),
        new("count", "", "Groups shown."),
        new("skipped", "", $"Groups not shown because there are more than {MaxGroups}."),
        new("groups.<group>.cpu%", "%", "CPU time; 100 is one whole CPU. From the second run on, as all rates."),
        new("groups.<group>.throttled_ms/s", "ms/s", "Time in which its tasks wanted to run and its CPU limit forbade it."),
        new("groups.<group>.memory_bytes", "bytes", "Memory in use, file cache included."),
        new("groups.<group>.memory_limit_bytes", "bytes", "Its limit; not there when it has none."),
        new("groups.<group>.memory_pct", "%", "Memory in use as a share of the limit."),
        new("groups.<group>.oom_kills", "", "Processes ended because the group reached its limit, since it was made."),
        new("groups.<group>.pids", "", "Tasks in it and below."),
        new("groups.<group>.read_bytes/s", "bytes/s", "Read from disks; version 2."),
        new("groups.<group>.write_bytes/s", "bytes/s", "Written to disks; version 2."),
    ];

    /// <inheritdoc/>
    public Outcome Collect(CollectorRun run)
    {
        var host = run.Host;
        var paths = CgroupPaths.Find(host);
        if (paths is null) return Outcome.None("no control groups are mounted in /sys/fs/cgroup");
        counters.Start(run.Now);
        var (groups, skipped) = GroupsBelow(paths, host);
        foreach (var group in groups) Write(group, paths, host, run.Data.Section("groups").Section(group));
        counters.End();
        run.Data.Set("version", paths.Version);
        run.Data.Set("count", groups.Count);
        run.Data.Set("skipped", skipped);
        return Outcome.Ok;
    }

    /// <summary>The groups to read, each level after the one above.</summary>
    static (List<string> Groups, int Skipped) GroupsBelow(CgroupPaths paths, HostFiles host)
    {
        List<string> groups = [.. host.ListDirectories(paths.Tree)];
        var firstLevel = groups.Count;
        for (var i = 0; i < groups.Count && i < MaxGroups; i++)
        {
            var isFirst = i < firstLevel;
            if (!isFirst && !(groups[i].StartsWith("kubepods", StringComparison.Ordinal) && groups[i].Count(c => c == '/') == 1)) continue;
            foreach (var child in host.ListDirectories($"{paths.Tree}/{groups[i]}")) groups.Add($"{groups[i]}/{child}");
        }
        var skipped = Math.Max(0, groups.Count - MaxGroups);
        groups.RemoveRange(groups.Count - skipped, skipped);
        return (groups, skipped);
    }

    void Write(string group, CgroupPaths paths, HostFiles host, DataWriter data)
    {
        var hasCpu = false;
        var hasIo = false;
        if (counters.Of(Encoding.UTF8.GetBytes(group)) is { } known)
        {
            if (paths.Version == 2)
            {
                hasCpu = host.TryRead($"{paths.Cpu}/{group}/cpu.stat", out var cpu) && TryParseCpu(cpu, known.Now);
                hasIo = host.TryRead($"{paths.Cpu}/{group}/io.stat", out var io);
                if (hasIo) ParseIo(io, known.Now);
            }
            else if (host.TryReadLong($"{paths.Cpu}/{group}/cpuacct.usage", out var nanoseconds))
            {
                hasCpu = true;
                known.Now[CpuNanoseconds] = nanoseconds;
                if (FieldOf(host, $"{paths.Limits}/{group}/cpu.stat", "throttled_time"u8) is { } throttled)
                    known.Now[ThrottledNanoseconds] = throttled;
            }
            if (known.HasDifference && hasCpu)
            {
                data.Set("cpu%", known.Rate(CpuNanoseconds) / 1e7);   // of 1e9 in each second
                data.Set("throttled_ms/s", known.Rate(ThrottledNanoseconds) / 1e6);
            }
            if (known.HasDifference && hasIo)
            {
                data.Set("read_bytes/s", known.Rate(ReadBytes));
                data.Set("write_bytes/s", known.Rate(WrittenBytes));
            }
        }
        WriteMemory($"{paths.Memory}/{group}", paths.Version, host, data);
        if (host.TryReadLong($"{paths.Pids}/{group}/pids.current", out var pids)) data.Set("pids", pids);
    }

    static void WriteMemory(string directory, int version, HostFiles host, DataWriter data)
    {
        if (!host.TryReadLong($"{directory}/{(version == 2 ? "memory.current" : "memory.usage_in_bytes")}", out var used)) return;
        data.Set("memory_bytes", used);
        var limitFile = version == 2 ? "memory.max" : "memory.limit_in_bytes";
        if (host.TryReadLong($"{directory}/{limitFile}", out var limit) && limit is > 0 and < NoLimit)
        {
            data.Set("memory_limit_bytes", limit);
            data.Set("memory_pct", 100.0 * used / limit);
        }
        if (FieldOf(host, $"{directory}/{(version == 2 ? "memory.events" : "memory.oom_control")}", "oom_kill"u8) is { } kills)
            data.Set("oom_kills", kills);
    }

    /// <summary>Grammar: lines <c>usage_usec 812031</c>; throttled_usec only where the CPU controller is on.</summary>
    internal static bool TryParseCpu(ReadOnlySpan<byte> text, Span<long> into)
    {
        const long nanoseconds = 1000, largest = long.MaxValue / nanoseconds;
        var isThere = false;
        var lines = new LineReader(text);
        while (lines.TryNext(out var line))
        {
            var fields = new FieldReader(line);
            if (!fields.TryNext(out ReadOnlySpan<byte> name) || !fields.TryNext(out long microseconds)) continue;
            if (name.SequenceEqual("usage_usec"u8))
            {
                into[CpuNanoseconds] = Math.Clamp(microseconds, 0, largest) * nanoseconds;
                isThere = true;
            }
            else if (name.SequenceEqual("throttled_usec"u8))
            {
                into[ThrottledNanoseconds] = Math.Clamp(microseconds, 0, largest) * nanoseconds;
            }
        }
        return isThere;
    }

    /// <summary>Adds up the disks. Grammar of a line: <c>8:0 rbytes=1 wbytes=2 rios=3 …</c>.</summary>
    internal static void ParseIo(ReadOnlySpan<byte> text, Span<long> into)
    {
        var lines = new LineReader(text);
        while (lines.TryNext(out var line))
        {
            var fields = new FieldReader(line);
            while (fields.TryNext(out ReadOnlySpan<byte> field))
            {
                if (!KernelText.TrySplit(field, (byte)'=', out var name, out var digits)) continue;
                if (!KernelText.TryLong(digits, out var number)) continue;
                var index = name.SequenceEqual("rbytes"u8) ? ReadBytes : name.SequenceEqual("wbytes"u8) ? WrittenBytes : -1;
                if (index >= 0) into[index] = (long)Math.Min((ulong)into[index] + (ulong)Math.Max(0, number), long.MaxValue);
            }
        }
    }

    static long? FieldOf(HostFiles host, string path, ReadOnlySpan<byte> wanted)
    {
        if (!host.TryRead(path, out var text)) return null;
        var lines = new LineReader(text);
        while (lines.TryNext(out var line))
        {
            var fields = new FieldReader(line);
            if (fields.TryNext(out ReadOnlySpan<byte> name) && name.SequenceEqual(wanted) && fields.TryNext(out long number)) return number;
        }
        return null;
    }
}

/// <summary>Where the controllers are mounted.</summary>
/// <param name="Version">1 or 2.</param>
/// <param name="Tree">Whose groups are listed.</param>
/// <param name="Cpu">CPU time.</param>
/// <param name="Limits">CPU limits.</param>
/// <param name="Memory">Memory.</param>
/// <param name="Pids">Tasks.</param>
internal sealed record CgroupPaths(int Version, string Tree, string Cpu, string Limits, string Memory, string Pids)
{
    const string Root = "/sys/fs/cgroup";

    /// <summary>Finds them; null when there are none.</summary>
    public static CgroupPaths? Find(HostFiles host)
    {
        if (host.Exists($"{Root}/cgroup.controllers")) return new CgroupPaths(2, Root, Root, Root, Root, Root);
        var memory = $"{Root}/memory";
        var cpu = host.Exists($"{Root}/cpuacct") ? $"{Root}/cpuacct" : $"{Root}/cpu,cpuacct";
        var limits = host.Exists($"{Root}/cpu") ? $"{Root}/cpu" : cpu;
        var tree = host.Exists(memory) ? memory : cpu;
        return host.Exists(tree) ? new CgroupPaths(1, tree, cpu, limits, memory, $"{Root}/pids") : null;
    }
}
