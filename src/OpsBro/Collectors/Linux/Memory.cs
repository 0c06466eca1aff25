using OpsBro.Platform;

namespace OpsBro.Collectors.Linux;

/// <summary>Memory and swap. Source: proc_meminfo(5).</summary>
internal sealed class Memory : ICollector
{
    readonly KernelKeys keys = new(name => name.ToLowerInvariant());

    /// <inheritdoc/>
    public string Name => "memory";

    /// <inheritdoc/>
    public string Summary => "Memory and swap, from /proc/meminfo.";

    /// <inheritdoc/>
    public IReadOnlyList<KeyDoc> Keys { get; } =
    [
        new("phys_total", "kB", "Memory of this host."),
        new("phys_free", "kB", "Memory that is free or holds buffers, file pages and slabs that can be given up."),
        new("phys_used", "%", "Share of phys_total that is not phys_free."),
        new("phys_available", "kB", "Memory that new programs could get without swapping, as the kernel estimates it (phys_free before 3.14)."),
        new("used", "%", "Share of phys_total that is not phys_available: the one to watch."),
        new("swap_total", "kB", "Swap of this host."),
        new("swap_free", "kB", "Swap that is free."),
        new("swap_used", "%", "Share of swap_total that is used; 0 without swap."),
        new("<field>", "kB", "Every field of /proc/meminfo in lower case, for instance memfree, active(anon), dirty; hugepages_* are counts."),
    ];

    /// <inheritdoc/>
    public Outcome Collect(CollectorRun run)
    {
        if (!run.Host.TryRead("/proc/meminfo", out var text)) return Outcome.None("there is no /proc/meminfo");
        var lines = new LineReader(text);
        while (lines.TryNext(out var line))
            if (TryField(line, out var name, out var number)) run.Data.Set(keys.Of(name), number);
        var memory = Parse(text);
        run.Data.Set("phys_total", memory.Total);
        run.Data.Set("phys_free", memory.Reclaimable);
        run.Data.Set("phys_used", Share(memory.Total - memory.Reclaimable, memory.Total));
        run.Data.Set("phys_available", memory.Available);
        run.Data.Set("used", Share(memory.Total - memory.Available, memory.Total));
        run.Data.Set("swap_total", memory.SwapTotal);
        run.Data.Set("swap_free", memory.SwapFree);
        run.Data.Set("swap_used", Share(memory.SwapTotal - memory.SwapFree, memory.SwapTotal));
        return Outcome.Ok;
    }

    /// <summary>Reads the fields that the shares are made of. Grammar of a line: name, <c>:</c>, integer, and <c>kB</c> unless it is a count.</summary>
    /// <exception cref="FormatException">There is no MemTotal.</exception>
    internal static MemoryFields Parse(ReadOnlySpan<byte> text)
    {
        long total = 0, free = 0, buffers = 0, cached = 0, slabs = 0, swapTotal = 0, swapFree = 0;
        long? available = null;
        var lines = new LineReader(text);
        while (lines.TryNext(out var line))
        {
            if (!TryField(line, out var name, out var number)) continue;
            if (name.SequenceEqual("MemTotal"u8)) total = number;
            else if (name.SequenceEqual("MemFree"u8)) free = number;
            else if (name.SequenceEqual("MemAvailable"u8)) available = number;
            else if (name.SequenceEqual("Buffers"u8)) buffers = number;
            else if (name.SequenceEqual("Cached"u8)) cached = number;
            else if (name.SequenceEqual("SReclaimable"u8)) slabs = number;
            else if (name.SequenceEqual("SwapTotal"u8)) swapTotal = number;
            else if (name.SequenceEqual("SwapFree"u8)) swapFree = number;
        }
        if (total <= 0) throw new FormatException("/proc/meminfo has no MemTotal");
        var reclaimable = Math.Min(total, Sum(free, buffers, cached, slabs));
        return new MemoryFields(total, reclaimable, Math.Min(total, available ?? reclaimable), swapTotal, Math.Min(swapTotal, swapFree));
    }

    static bool TryField(ReadOnlySpan<byte> line, out ReadOnlySpan<byte> name, out long number)
    {
        number = 0;
        return KernelText.TrySplit(line, (byte)':', out name, out var rest) && !name.IsEmpty
            && new FieldReader(rest).TryNext(out number) && number >= 0;
    }

    /// <summary>A sum that stops at the largest number: a damaged file must not turn into a negative one.</summary>
    static long Sum(params ReadOnlySpan<long> parts)
    {
        long sum = 0;
        foreach (var part in parts) sum = part > long.MaxValue - sum ? long.MaxValue : sum + part;
        return sum;
    }

    static double Share(long part, long whole) => whole > 0 ? part * 100.0 / whole : 0;

    /// <summary>What the shares are made of, in kB.</summary>
    internal readonly record struct MemoryFields(long Total, long Reclaimable, long Available, long SwapTotal, long SwapFree);
}
