using OpsBro.Platform;

namespace OpsBro.Collectors.Linux;

/// <summary>
/// What each disk does, as rates between two runs: any whole disk (sd, vd, xvd, nvme, mmcblk, md, dm, zram), no partitions, no ram and
/// loop devices. Source: /proc/diskstats, see Documentation/admin-guide/iostats.rst.
/// </summary>
internal sealed class IoStats : ICollector
{
    /// <summary>The kernel counts in sectors of this many bytes, whatever the disk's own sectors are.</summary>
    public const int SectorBytes = 512;

    // the columns after the name; kernels before 4.18 end at WeightedMs, before 5.5 at DiscardMs
    const int Reads = 0, ReadsMerged = 1, SectorsRead = 2, ReadMs = 3, Writes = 4, WritesMerged = 5, SectorsWritten = 6, WriteMs = 7,
        InProgress = 8, BusyMs = 9, WeightedMs = 10, Discards = 11, SectorsDiscarded = 13, Flushes = 15, Columns = 17, FewestColumns = 11;

    readonly CounterMemory disks = new(Columns);

    /// <inheritdoc/>
    public string Name => "iostats";

    /// <inheritdoc/>
    public string Summary => "Reads, writes, latency and load of each disk, from /proc/diskstats.";

    /// <inheritdoc/>
    public bool NeedsTwoRuns => true;

    /// <inheritdoc/>
    public IReadOnlyList<KeyDoc> Keys { get; } =
    [
        new("<device>.reads/s", "1/s", "Reads that the disk completed."),
        new("<device>.reads_merged/s", "1/s", "Reads that the kernel joined to a neighbour before the disk saw them."),
        new("<device>.writes/s", "1/s", "Writes that the disk completed."),
        new("<device>.writes_merged/s", "1/s", "Writes that the kernel joined to a neighbour before the disk saw them."),
        new("<device>.read_bytes/s", "bytes/s", "Bytes read."),
        new("<device>.write_bytes/s", "bytes/s", "Bytes written."),
        new("<device>.discards/s", "1/s", "Discards (TRIM) completed; kernel 4.18 and later."),
        new("<device>.discard_bytes/s", "bytes/s", "Bytes discarded; kernel 4.18 and later."),
        new("<device>.flushes/s", "1/s", "Cache flushes completed; kernel 5.5 and later."),
        new("<device>.util%", "%", "Share of the time in which the disk had at least one request. A disk that serves many at once "
            + "can take more at 100."),
        new("<device>.await_ms", "ms", "Mean time of a read or write, waiting included; 0 when there was none."),
        new("<device>.read_await_ms", "ms", "Mean time of a read."),
        new("<device>.write_await_ms", "ms", "Mean time of a write."),
        new("<device>.queue", "", "Mean number of requests that waited or were served."),
        new("<device>.in_progress", "", "Requests at this moment."),
        new("<device>.name", "", "Device mapper name (LVM, LUKS, multipath) of a dm device, as below /dev/mapper."),
    ];

    /// <inheritdoc/>
    public Outcome Collect(CollectorRun run)
    {
        if (!run.Host.Exists("/proc/diskstats")) return Outcome.None("there is no /proc/diskstats");
        Parse(run.Host.Read("/proc/diskstats"), run.Now, disks);
        foreach (var disk in disks.Current)
            if (disk.HasDifference) Write(disk, run.Data.Section(disk.Name), run.Host);
        return Outcome.Ok;
    }

    /// <summary>Takes the counters of every whole disk. Lines that are no disk lines are skipped.</summary>
    /// <exception cref="FormatException">There is text, but no line of it is understood.</exception>
    internal static void Parse(ReadOnlySpan<byte> text, TimeSpan now, CounterMemory disks)
    {
        disks.Start(now);
        var lines = new LineReader(text);
        ReadOnlySpan<byte> disk = default;
        var understood = text.IsEmpty;
        Span<long> numbers = stackalloc long[Columns];
        while (lines.TryNext(out var line))
        {
            var fields = new FieldReader(line);
            if (!fields.TrySkip(2) || !fields.TryNext(out ReadOnlySpan<byte> name)) continue;
            var counters = fields;
            numbers.Clear();   // a shorter line leaves the rest zero
            if (counters.Fill(numbers) < FewestColumns) continue;   // also the 7 columns that partitions had before kernel 2.6.25
            understood = true;
            if (IsPartition(name, disk)) continue;
            disk = name;
            if (IsIgnored(name)) continue;
            if (disks.Of(name) is { } known) numbers.CopyTo(known.Now);
        }
        disks.End();
        if (!understood) throw new FormatException("/proc/diskstats has no line with 14 columns");
    }

    /// <summary>
    /// True for a partition of the disk that was listed before it: <c>sda1</c> after <c>sda</c>, <c>nvme0n1p2</c> after
    /// <c>nvme0n1</c>. <c>md12</c> after <c>md1</c> is a disk, and <c>xvda1</c> without an <c>xvda</c> as well.
    /// </summary>
    internal static bool IsPartition(ReadOnlySpan<byte> name, ReadOnlySpan<byte> disk)
    {
        if (disk.IsEmpty || name.Length <= disk.Length || !name.StartsWith(disk)) return false;
        var rest = name[disk.Length..];
        if (char.IsAsciiDigit((char)disk[^1]))
        {
            if (rest[0] != 'p') return false;
            rest = rest[1..];
        }
        return rest.Length > 0 && rest.IndexOfAnyExceptInRange((byte)'0', (byte)'9') < 0;
    }

    static bool IsIgnored(ReadOnlySpan<byte> name) => name.StartsWith("ram"u8) || name.StartsWith("loop"u8);

    static void Write(Counters disk, DataWriter data, HostFiles host)
    {
        var operations = disk.Delta(Reads) + disk.Delta(Writes);
        data.Set("reads/s", disk.Rate(Reads));
        data.Set("reads_merged/s", disk.Rate(ReadsMerged));
        data.Set("writes/s", disk.Rate(Writes));
        data.Set("writes_merged/s", disk.Rate(WritesMerged));
        data.Set("read_bytes/s", disk.Rate(SectorsRead) * SectorBytes);
        data.Set("write_bytes/s", disk.Rate(SectorsWritten) * SectorBytes);
        data.Set("discards/s", disk.Rate(Discards));
        data.Set("discard_bytes/s", disk.Rate(SectorsDiscarded) * SectorBytes);
        data.Set("flushes/s", disk.Rate(Flushes));
        data.Set("util%", Math.Min(100, disk.Rate(BusyMs) / 10));   // ms in each second, so 1000 is 100 %
        data.Set("await_ms", Mean(disk.Delta(ReadMs) + disk.Delta(WriteMs), operations));
        data.Set("read_await_ms", Mean(disk.Delta(ReadMs), disk.Delta(Reads)));
        data.Set("write_await_ms", Mean(disk.Delta(WriteMs), disk.Delta(Writes)));
        data.Set("queue", disk.Rate(WeightedMs) / 1000);
        data.Set("in_progress", disk.Now[InProgress]);
        if (!disk.Name.StartsWith("dm-", StringComparison.Ordinal)) return;
        disk.Note ??= host.ReadText($"/sys/block/{disk.Name}/dm/name") ?? "";
        if (disk.Note is string { Length: > 0 } name) data.Set("name", name);
    }

    static double Mean(long total, long count) => count == 0 ? 0 : (double)total / count;
}
