namespace OpsBro.Collectors.Linux;

/// <summary>Whether SELinux is in force. Source: /sys/fs/selinux, and /selinux as kernels before 3.0 have it.</summary>
internal sealed class SeLinux : ICollector
{
    /// <inheritdoc/>
    public string Name => "selinux";

    /// <inheritdoc/>
    public string Summary => "SELinux: disabled, permissive or enforcing, from /sys/fs/selinux/enforce.";

    /// <inheritdoc/>
    public TimeSpan Interval => TimeSpan.FromSeconds(60);

    /// <inheritdoc/>
    public IReadOnlyList<KeyDoc> Keys { get; } =
    [
        new("enabled", "", "True when the kernel runs with SELinux."),
        new("mode", "", "disabled, permissive (only reports) or enforcing."),
    ];

    /// <inheritdoc/>
    public Outcome Collect(CollectorRun run)
    {
        var isEnabled = run.Host.TryReadLong("/sys/fs/selinux/enforce", out var enforce)
            || run.Host.TryReadLong("/selinux/enforce", out enforce);
        run.Data.Set("enabled", isEnabled);
        run.Data.Set("mode", !isEnabled ? "disabled" : enforce == 0 ? "permissive" : "enforcing");
        return Outcome.Ok;
    }
}
