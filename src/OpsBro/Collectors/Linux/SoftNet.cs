using OpsBro.Platform;

namespace OpsBro.Collectors.Linux;

/// <summary>
/// How the kernel keeps up with packets from the network cards. Source: /proc/net/softnet_stat, one line of hexadecimal numbers for
/// each CPU (net/core/net-procfs.c).
/// </summary>
internal sealed class SoftNet : ICollector
{
    const int Processed = 0, Dropped = 1, Squeezed = 2, Columns = 3;

    readonly CounterMemory memory = new(Columns);

    /// <inheritdoc/>
    public string Name => "softnet";

    /// <inheritdoc/>
    public string Summary => "Packets the kernel took from the network cards, and those it was too slow for, from /proc/net/softnet_stat.";

    /// <inheritdoc/>
    public bool NeedsTwoRuns => true;

    /// <inheritdoc/>
    public IReadOnlyList<KeyDoc> Keys { get; } =
    [
        new("processed/s", "1/s", "Packets taken, all CPUs."),
        new("dropped/s", "1/s", "Packets dropped because a CPU's queue was full (net.core.netdev_max_backlog)."),
        new("squeezed/s", "1/s", "Times a CPU ended its turn with packets left (net.core.netdev_budget)."),
    ];

    /// <inheritdoc/>
    public Outcome Collect(CollectorRun run)
    {
        if (!run.Host.TryRead("/proc/net/softnet_stat", out var text)) return Outcome.None("there is no /proc/net/softnet_stat");
        memory.Start(run.Now);
        var all = memory.Of("all"u8)!;
        Parse(text, all.Now);
        if (!all.HasDifference) return Outcome.Ok;
        run.Data.Set("processed/s", all.Rate(Processed));
        run.Data.Set("dropped/s", all.Rate(Dropped));
        run.Data.Set("squeezed/s", all.Rate(Squeezed));
        return Outcome.Ok;
    }

    /// <summary>Adds up the first three columns over the CPUs; lines that are something else are skipped.</summary>
    /// <exception cref="FormatException">No line is understood.</exception>
    internal static void Parse(ReadOnlySpan<byte> text, Span<long> sums)
    {
        Span<ulong> numbers = stackalloc ulong[Columns];
        var lines = new LineReader(text);
        var isUnderstood = false;
        while (lines.TryNext(out var line))
        {
            var fields = new FieldReader(line);
            var count = 0;
            while (count < Columns && fields.TryNext(out ReadOnlySpan<byte> field) && KernelText.TryHex(field, out numbers[count])) count++;
            if (count < Columns) continue;
            isUnderstood = true;
            for (var i = 0; i < Columns; i++) sums[i] += (long)(numbers[i] & uint.MaxValue);   // the kernel's own are 32-bit
        }
        if (!isUnderstood) throw new FormatException("/proc/net/softnet_stat has no line of three hexadecimal numbers");
    }
}
