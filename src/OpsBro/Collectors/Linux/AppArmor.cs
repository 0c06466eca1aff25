using OpsBro.Platform;

namespace OpsBro.Collectors.Linux;

/// <summary>Whether AppArmor is in force and how many profiles are in which mode. Source: securityfs; the profiles are root's.</summary>
internal sealed class AppArmor : ICollector
{
    /// <inheritdoc/>
    public string Name => "apparmor";

    /// <inheritdoc/>
    public string Summary => "AppArmor: on or off, and its profiles by mode, from /sys/kernel/security/apparmor.";

    /// <inheritdoc/>
    public TimeSpan Interval => TimeSpan.FromSeconds(60);

    /// <inheritdoc/>
    public IReadOnlyList<KeyDoc> Keys { get; } =
    [
        new("enabled", "", "True when the kernel runs with AppArmor."),
        new("profiles.total", "", "Profiles loaded; like the next ones only when this user may read them."),
        new("profiles.enforce", "", "Profiles that forbid."),
        new("profiles.complain", "", "Profiles that only report."),
        new("profiles.other", "", "Profiles in another mode (kill, unconfined, prompt, user)."),
    ];

    /// <inheritdoc/>
    public Outcome Collect(CollectorRun run)
    {
        var enabled = run.Host.ReadText("/sys/module/apparmor/parameters/enabled");
        run.Data.Set("enabled", enabled == "Y");
        if (enabled != "Y" || !run.Host.TryRead("/sys/kernel/security/apparmor/profiles", out var text)) return Outcome.Ok;
        var (enforce, complain, other) = Parse(text);
        var profiles = run.Data.Section("profiles");
        profiles.Set("total", enforce + complain + other);
        profiles.Set("enforce", enforce);
        profiles.Set("complain", complain);
        profiles.Set("other", other);
        return Outcome.Ok;
    }

    /// <summary>Counts profiles by mode. Grammar of a line: name, which may hold blanks, and the mode in parentheses.</summary>
    internal static (long Enforce, long Complain, long Other) Parse(ReadOnlySpan<byte> text)
    {
        long enforce = 0, complain = 0, other = 0;
        var lines = new LineReader(text);
        while (lines.TryNext(out var line))
        {
            var mode = line[(line.LastIndexOf((byte)'(') + 1)..];
            if (mode.SequenceEqual("enforce)"u8)) enforce++;
            else if (mode.SequenceEqual("complain)"u8)) complain++;
            else if (mode.EndsWith(")"u8)) other++;
        }
        return (enforce, complain, other);
    }
}
