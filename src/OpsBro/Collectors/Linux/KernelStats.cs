using OpsBro.Platform;

namespace OpsBro.Collectors.Linux;

/// <summary>
/// What the kernel counts: switches, interrupts, new processes, page faults and all else of its virtual memory.
/// Sources: proc_stat(5), proc_vmstat(5).
/// </summary>
internal sealed class KernelStats : ICollector
{
    /// <summary>Counters that also come as a rate; their names are the keys.</summary>
    static readonly (string Name, string Meaning)[] rated =
    [
        ("ctxt", "switches from one task to another"), ("processes", "processes and threads made"), ("intr", "interrupts"),
        ("softirq", "soft interrupts"), ("pgfault", "page faults"), ("pgmajfault", "page faults that had to read a disk"),
        ("pgpgin", "kB read from disks"), ("pgpgout", "kB written to disks"), ("pswpin", "pages read from swap"),
        ("pswpout", "pages written to swap"), ("oom_kill", "processes killed because memory ran out"),
    ];

    readonly KernelKeys keys = new(name => name);
    readonly CounterMemory memory = new(1);
    readonly Dictionary<string, string> rateKeys = rated.ToDictionary(r => r.Name, r => $"{r.Name}/s", Utf8Names.Comparer);

    /// <inheritdoc/>
    public string Name => "kernelstats";

    /// <inheritdoc/>
    public string Summary => "What the kernel counts: switches, interrupts, new processes, page faults, from /proc/stat and /proc/vmstat.";

    /// <inheritdoc/>
    public bool NeedsTwoRuns => true;

    /// <inheritdoc/>
    public IReadOnlyList<KeyDoc> Keys { get; } =
    [
        .. rated.Select(r => new KeyDoc($"{r.Name}/s", "1/s", $"Rate of {r.Meaning}.")),
        .. rated.Select(r => new KeyDoc(r.Name, "", $"Since boot: {r.Meaning}.")),
        new("btime", "s", "When the host was booted, in seconds since 1970."),
        new("procs_running", "", "Tasks that run or could run."),
        new("procs_blocked", "", "Tasks that wait for a disk."),
        new("<counter>", "", "Every other line of /proc/vmstat, for instance nr_free_pages (pages) or pgscan_direct (since boot)."),
    ];

    /// <inheritdoc/>
    public Outcome Collect(CollectorRun run)
    {
        memory.Start(run.Now);
        var isThere = false;
        if (run.Host.TryRead("/proc/stat", out var text))
        {
            isThere = true;
            Read(text, run.Data, isStat: true);
        }
        if (run.Host.TryRead("/proc/vmstat", out text))
        {
            isThere = true;
            Read(text, run.Data, isStat: false);
        }
        memory.End();
        return isThere ? Outcome.Ok : Outcome.None("there is neither /proc/stat nor /proc/vmstat");
    }

    /// <summary>
    /// Takes every line of a name and one integer; of <c>/proc/stat</c>'s <c>intr</c> and <c>softirq</c> the first one, their total.
    /// </summary>
    void Read(ReadOnlySpan<byte> text, DataWriter data, bool isStat)
    {
        var rates = rateKeys.GetAlternateLookup<ReadOnlySpan<byte>>();
        var lines = new LineReader(text);
        while (lines.TryNext(out var line))
        {
            if (!TryCounter(line, isStat, out var name, out var number)) continue;
            data.Set(keys.Of(name), number);
            if (!rates.TryGetValue(name, out var rateKey) || memory.Of(name) is not { } counter) continue;
            counter.Now[0] = number;
            if (counter.HasDifference) data.Set(rateKey, counter.Rate(0));
        }
    }

    /// <summary>One line that is a counter; false for the others, such as the times of processors.</summary>
    internal static bool TryCounter(ReadOnlySpan<byte> line, bool isStat, out ReadOnlySpan<byte> name, out long number)
    {
        number = 0;
        var fields = new FieldReader(line);
        if (!fields.TryNext(out name) || !fields.TryNext(out number)) return false;
        return fields.Rest.Trim((byte)' ').IsEmpty || (isStat && (name.SequenceEqual("intr"u8) || name.SequenceEqual("softirq"u8)));
    }
}
