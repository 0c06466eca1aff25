using System.Buffers.Binary;
using System.Text;
using OpsBro.Core.Expressions;
using OpsBro.Platform;

namespace OpsBro.Collectors.Linux;

/// <summary>
/// How long the host runs and who is logged in. Source: /proc/uptime, btime of /proc/stat, and /run/utmp (utmp(5)) or, where there is
/// none any more, the sessions of systemd-logind.
/// </summary>
internal sealed class Uptime : ICollector
{
    // struct utmp of 64-bit glibc, which keeps 32-bit times
    const int RecordBytes = 384, UserOffset = 44, UserBytes = 32, UserProcess = 7;

    /// <summary>Most sessions looked at.</summary>
    public const int MaxSessions = 1024;

    long bootTime;

    /// <inheritdoc/>
    public string Name => "uptime";

    /// <inheritdoc/>
    public string Summary => "Time since boot and users logged in, from /proc/uptime and utmp or logind.";

    /// <inheritdoc/>
    public IReadOnlyList<KeyDoc> Keys { get; } =
    [
        new("seconds", "s", "Time since boot."),
        new("days", "d", "The same in days."),
        new("booted_at", "", "When it booted, RFC 3339, UTC."),
        new("sessions", "", "Logins open now."),
        new("users[]", "", "Names of those who are logged in, each once, sorted."),
    ];

    /// <inheritdoc/>
    public Outcome Collect(CollectorRun run)
    {
        if (!run.Host.TryRead("/proc/uptime", out var text)) return Outcome.None("there is no /proc/uptime");
        if (!new FieldReader(text).TryNext(out ReadOnlySpan<byte> first) || !KernelText.TryDouble(first, out var seconds))
            throw new FormatException("/proc/uptime does not start with a number of seconds");
        run.Data.Set("seconds", seconds);
        run.Data.Set("days", seconds / 86400);
        if (bootTime == 0) bootTime = BootTimeOf(run.Host);
        if (bootTime > 0) run.Data.Set("booted_at", DateTimeOffset.FromUnixTimeSeconds(bootTime).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'"));
        var users = run.Host.TryRead("/run/utmp", out var utmp) ? UsersOf(utmp) : SessionsOf(run.Host);
        run.Data.Set("sessions", users.Count);
        run.Data.Set("users", Value.ListOf([.. users.Distinct().Order(StringComparer.Ordinal).Select(Value.Of)]));
        return Outcome.Ok;
    }

    /// <summary>The user of every login record.</summary>
    internal static List<string> UsersOf(ReadOnlySpan<byte> utmp)
    {
        List<string> users = [];
        for (var at = 0; at + RecordBytes <= utmp.Length && users.Count < MaxSessions; at += RecordBytes)
        {
            var record = utmp[at..];
            if (BinaryPrimitives.ReadInt16LittleEndian(record) != UserProcess) continue;
            var user = record.Slice(UserOffset, UserBytes);
            var end = user.IndexOf((byte)0);
            users.Add(Encoding.UTF8.GetString(end < 0 ? user : user[..end]));
        }
        return users;
    }

    /// <summary>logind keeps a file of KEY=value lines for each session; those of class user are people.</summary>
    static List<string> SessionsOf(HostFiles host)
    {
        List<string> users = [];
        foreach (var session in host.List("/run/systemd/sessions").Take(MaxSessions))
        {
            if (session.EndsWith(".ref", StringComparison.Ordinal)) continue;   // a pipe that logind holds open
            var lines = (host.ReadText($"/run/systemd/sessions/{session}") ?? "").Split('\n');
            var user = lines.FirstOrDefault(l => l.StartsWith("USER=", StringComparison.Ordinal));
            if (user is not null && lines.Contains("CLASS=user")) users.Add(user["USER=".Length..]);
        }
        return users;
    }

    static long BootTimeOf(HostFiles host)
    {
        if (!host.TryRead("/proc/stat", out var text)) return 0;
        var lines = new LineReader(text);
        while (lines.TryNext(out var line))
        {
            var fields = new FieldReader(line);
            if (fields.TryNext(out ReadOnlySpan<byte> name) && name.SequenceEqual("btime"u8) && fields.TryNext(out long seconds))
                return seconds is > 0 and < int.MaxValue * 16L ? seconds : 0;
        }
        return 0;
    }
}
