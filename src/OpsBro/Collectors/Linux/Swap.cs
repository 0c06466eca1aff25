using System.Text;
using OpsBro.Platform;

namespace OpsBro.Collectors.Linux;

/// <summary>
/// Pages moved to and from swap and disk, and how full each swap device is: a host that swaps all the time is short of memory, one
/// that only has something in swap is not. Source: /proc/vmstat and /proc/swaps.
/// </summary>
internal sealed class Swap : ICollector
{
    const int SwappedIn = 0, SwappedOut = 1, PagedIn = 2, PagedOut = 3, OutOfMemory = 4;

    readonly CounterMemory pages = new(width: 5);

    /// <inheritdoc/>
    public string Name => "swap";

    /// <inheritdoc/>
    public string Summary => "Swapping and paging rates and the swap devices, from /proc/vmstat and /proc/swaps.";

    /// <inheritdoc/>
    public bool NeedsTwoRuns => true;

    /// <inheritdoc/>
    public IReadOnlyList<KeyDoc> Keys { get; } =
    [
        new("in_bytes/s", "bytes/s", "Read back from swap."),
        new("out_bytes/s", "bytes/s", "Written to swap."),
        new("paged_in_bytes/s", "bytes/s", "Read from block devices, files included."),
        new("paged_out_bytes/s", "bytes/s", "Written to block devices, files included."),
        new("oom_kills/s", "1/s", "Processes ended because memory ran out; kernel 4.13 and later."),
        new("devices.<device>.type", "", "partition or file."),
        new("devices.<device>.size", "kB", "Size."),
        new("devices.<device>.used", "kB", "In use."),
        new("devices.<device>.pct_used", "%", "Share in use."),
        new("devices.<device>.priority", "", "The kernel fills the highest first."),
    ];

    /// <inheritdoc/>
    public Outcome Collect(CollectorRun run)
    {
        if (!run.Host.TryRead("/proc/vmstat", out var text)) return Outcome.None("there is no /proc/vmstat");
        pages.Start(run.Now);
        var counters = pages.Of("all"u8)!;
        Parse(text, counters.Now);
        if (counters.HasDifference) WriteRates(counters, run.Data);
        if (run.Host.TryRead("/proc/swaps", out var swaps)) WriteDevices(swaps, run.Data);
        return Outcome.Ok;
    }

    /// <summary>Takes the five counters; the names and units are those of mm/vmstat.c: swap in pages, paging in KiB.</summary>
    /// <exception cref="FormatException">None of them is there.</exception>
    internal static void Parse(ReadOnlySpan<byte> text, Span<long> counters)
    {
        var lines = new LineReader(text);
        var isUnderstood = false;
        while (lines.TryNext(out var line))
        {
            if (line.Length < 6 || line[0] is not ((byte)'p' or (byte)'o')) continue;   // most of the 150 lines
            var fields = new FieldReader(line);
            if (!fields.TryNext(out ReadOnlySpan<byte> name) || !fields.TryNext(out long number)) continue;
            var index = name.SequenceEqual("pswpin"u8) ? SwappedIn
                : name.SequenceEqual("pswpout"u8) ? SwappedOut
                : name.SequenceEqual("pgpgin"u8) ? PagedIn
                : name.SequenceEqual("pgpgout"u8) ? PagedOut
                : name.SequenceEqual("oom_kill"u8) ? OutOfMemory : -1;
            if (index < 0) continue;
            counters[index] = number;
            isUnderstood = true;
        }
        if (!isUnderstood) throw new FormatException("/proc/vmstat has none of pswpin, pswpout, pgpgin, pgpgout");
    }

    static void WriteRates(Counters counters, DataWriter data)
    {
        data.Set("in_bytes/s", counters.Rate(SwappedIn) * Environment.SystemPageSize);
        data.Set("out_bytes/s", counters.Rate(SwappedOut) * Environment.SystemPageSize);
        data.Set("paged_in_bytes/s", counters.Rate(PagedIn) * 1024);
        data.Set("paged_out_bytes/s", counters.Rate(PagedOut) * 1024);
        data.Set("oom_kills/s", counters.Rate(OutOfMemory));
    }

    static void WriteDevices(ReadOnlySpan<byte> text, DataWriter data)
    {
        var lines = new LineReader(text);
        lines.TryNext(out _);   // headings: Filename Type Size Used Priority
        while (lines.TryNext(out var line))
        {
            var fields = new FieldReader(line);
            if (!fields.TryNext(out ReadOnlySpan<byte> name) || !fields.TryNext(out ReadOnlySpan<byte> type)) continue;
            if (!fields.TryNext(out long size) || !fields.TryNext(out long used) || !fields.TryNext(out long priority)) continue;
            var device = data.Section("devices").Section(KernelText.PathText(name));
            device.Set("type", Encoding.UTF8.GetString(type));
            device.Set("size", size);
            device.Set("used", used);
            device.Set("pct_used", size > 0 ? 100.0 * used / size : 0);
            device.Set("priority", priority);
        }
    }
}
