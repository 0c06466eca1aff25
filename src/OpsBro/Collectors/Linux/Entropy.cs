namespace OpsBro.Collectors.Linux;

/// <summary>
/// Randomness the kernel holds for /dev/random. Before kernel 5.18 a low value made programs wait; since then it stays at 256 bits.
/// Source: /proc/sys/kernel/random, see random(4).
/// </summary>
internal sealed class Entropy : ICollector
{
    /// <inheritdoc/>
    public string Name => "entropy";

    /// <inheritdoc/>
    public string Summary => "Random bits available, from /proc/sys/kernel/random.";

    /// <inheritdoc/>
    public IReadOnlyList<KeyDoc> Keys { get; } =
    [
        new("available", "bits", "Entropy available."),
        new("pool_size", "bits", "Most the pool can hold."),
    ];

    /// <inheritdoc/>
    public Outcome Collect(CollectorRun run)
    {
        if (!run.Host.TryReadLong("/proc/sys/kernel/random/entropy_avail", out var available))
            return Outcome.None("there is no /proc/sys/kernel/random/entropy_avail");
        run.Data.Set("available", available);
        if (run.Host.TryReadLong("/proc/sys/kernel/random/poolsize", out var size)) run.Data.Set("pool_size", size);
        return Outcome.Ok;
    }
}
