using OpsBro.Platform;

namespace OpsBro.Collectors.Linux;

/// <summary>
/// Connections that the firewall follows, against the table's size: a full table drops new connections. Source:
/// /proc/sys/net/netfilter and /proc/net/stat/nf_conntrack; both only while the module is loaded.
/// </summary>
internal sealed class Conntrack : ICollector
{
    const int Drop = 0, EarlyDrop = 1, InsertFailed = 2;

    readonly CounterMemory counters = new(width: 3);

    /// <inheritdoc/>
    public string Name => "conntrack";

    /// <inheritdoc/>
    public string Summary => "Connections followed by the firewall against the table's size, from /proc/sys/net/netfilter.";

    /// <inheritdoc/>
    public IReadOnlyList<KeyDoc> Keys { get; } =
    [
        new("count", "", "Connections in the table."),
        new("max", "", "Size of the table (net.netfilter.nf_conntrack_max)."),
        new("pct_used", "%", "Share of the table in use."),
        new("drop/s", "1/s", "Packets dropped because no entry could be made. From the second run on, as the next two."),
        new("early_drop/s", "1/s", "Entries thrown out to make room."),
        new("insert_failed/s", "1/s", "Entries that could not be added, mostly two packets that raced."),
    ];

    /// <inheritdoc/>
    public Outcome Collect(CollectorRun run)
    {
        if (!run.Host.TryReadLong("/proc/sys/net/netfilter/nf_conntrack_count", out var count))
            return Outcome.None("no firewall follows connections here (nf_conntrack is not loaded)");
        run.Data.Set("count", count);
        if (run.Host.TryReadLong("/proc/sys/net/netfilter/nf_conntrack_max", out var max))
        {
            run.Data.Set("max", max);
            run.Data.Set("pct_used", max > 0 ? 100.0 * count / max : 0);
        }
        if (!run.Host.TryRead("/proc/net/stat/nf_conntrack", out var text)) return Outcome.Ok;
        counters.Start(run.Now);
        var all = counters.Of("all"u8)!;
        Parse(text, all.Now);
        if (!all.HasDifference) return Outcome.Ok;
        run.Data.Set("drop/s", all.Rate(Drop));
        run.Data.Set("early_drop/s", all.Rate(EarlyDrop));
        run.Data.Set("insert_failed/s", all.Rate(InsertFailed));
        return Outcome.Ok;
    }

    /// <summary>
    /// Sums the columns drop, early_drop and insert_failed over the CPUs. Grammar: a line of names, then a line of hexadecimal
    /// numbers for each CPU.
    /// </summary>
    internal static void Parse(ReadOnlySpan<byte> text, Span<long> sums)
    {
        var lines = new LineReader(text);
        if (!lines.TryNext(out var headings)) return;
        while (lines.TryNext(out var line))
        {
            var names = new FieldReader(headings);
            var fields = new FieldReader(line);
            while (names.TryNext(out ReadOnlySpan<byte> name) && fields.TryNext(out ReadOnlySpan<byte> field))
            {
                if (!KernelText.TryHex(field, out var number)) break;
                var index = name.SequenceEqual("drop"u8) ? Drop
                    : name.SequenceEqual("early_drop"u8) ? EarlyDrop
                    : name.SequenceEqual("insert_failed"u8) ? InsertFailed : -1;
                if (index >= 0) sums[index] += (long)(number & uint.MaxValue);   // the kernel's own counters are 32-bit
            }
        }
    }
}
