using OpsBro.Core.Expressions;
using OpsBro.Platform;

namespace OpsBro.Collectors.Linux;

/// <summary>
/// Units of systemd: how many, in which state, and which failed. Source: <c>systemctl list-units</c>, a program with a deadline, asked
/// only where systemd is the init (/run/systemd/system): that works on every version and needs no library.
/// </summary>
/// <param name="program">The program to ask.</param>
internal sealed class Systemd(string program = "systemctl") : ICollector
{
    /// <summary>Most services whose state is written.</summary>
    public const int MaxServices = 2000;

    /// <summary>Most bytes read from the program: about 20,000 units.</summary>
    public const int MaxOutput = 4 * 1024 * 1024;

    /// <summary>systemctl that waits longer (a hanging bus) is ended, with everything it started.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    /// <summary>The units as the program lists them.</summary>
    static readonly string[] Arguments =
        ["list-units", "--all", "--plain", "--full", "--no-legend", "--no-pager", "--no-ask-password"];

    static readonly string[] States = ["active", "inactive", "failed", "activating", "deactivating", "reloading"];

    /// <inheritdoc/>
    public string Name => "systemd";

    /// <inheritdoc/>
    public string Summary => "Units of systemd by state, and those that failed, from systemctl.";

    /// <summary>A program start each time.</summary>
    public TimeSpan Interval => TimeSpan.FromSeconds(60);

    /// <inheritdoc/>
    public IReadOnlyList<KeyDoc> Keys { get; } =
    [
        new("state", "", "degraded when a unit failed, starting while one is activating and none failed, else running."),
        new("units", "", "Units loaded."),
        .. States.Select(state => new KeyDoc(state, "", $"Units that are {state}.")),
        new("failed_units[]", "", "Names of the failed units, sorted."),
        new("types.<type>", "", "Units of one type: service, timer, socket, mount, target and so on."),
        new("services.<service>", "", "State of one service, without the ending .service: running, exited, dead, failed, "
            + "auto-restart and so on."),
    ];

    /// <inheritdoc/>
    public Outcome Collect(CollectorRun run)
    {
        if (!run.Host.Exists("/run/systemd/system")) return Outcome.None("systemd is not the init here (no /run/systemd/system)");
        var start = new ProgramStart([program, .. Arguments]) { MaxOutput = MaxOutput, KeepsErrorsApart = true };
        var result = ProcessGroup.Run(start, Patience);
        if (!result.IsSuccess)
        {
            string[] reasons = [result.Problem, result.Errors.Split('\n')[0].Trim(), $"exit code {result.Code}"];
            throw new IOException($"{program}: {reasons.First(r => r.Length > 0)}");
        }
        Write(Parse(result.OutputBytes), run.Data);
        return Outcome.Ok;
    }

    /// <summary>
    /// Grammar of a line: <c>UNIT LOAD ACTIVE SUB DESCRIPTION…</c>. Versions before 246 put a mark before units that failed although
    /// told to be plain. Other lines are skipped.
    /// </summary>
    internal static List<SystemdUnit> Parse(ReadOnlySpan<byte> text)
    {
        List<SystemdUnit> units = [];
        var lines = new LineReader(text);
        while (lines.TryNext(out var line))
        {
            var fields = new FieldReader(line);
            if (!fields.TryNext(out ReadOnlySpan<byte> name)) continue;
            if (name.SequenceEqual("●"u8) || name.SequenceEqual("*"u8) || name.SequenceEqual("○"u8) || name.SequenceEqual("×"u8))
                if (!fields.TryNext(out name)) continue;
            if (!fields.TryNext(out ReadOnlySpan<byte> load) || !fields.TryNext(out ReadOnlySpan<byte> active)) continue;
            if (!fields.TryNext(out ReadOnlySpan<byte> sub) || name.LastIndexOf((byte)'.') <= 0) continue;
            units.Add(new SystemdUnit(Text(name), Text(load), Text(active), Text(sub)));
        }
        return units;
    }

    static string Text(ReadOnlySpan<byte> bytes) => System.Text.Encoding.UTF8.GetString(bytes);

    static void Write(List<SystemdUnit> all, DataWriter data)
    {
        var units = all.Where(u => u.Load is not "not-found").ToList();   // names that others mention and nobody has
        var byState = units.CountBy(u => u.Active).ToDictionary();
        data.Set("state", byState.ContainsKey("failed") ? "degraded" : byState.ContainsKey("activating") ? "starting" : "running");
        data.Set("units", units.Count);
        foreach (var state in States) data.Set(state, byState.GetValueOrDefault(state));
        var failed = units.Where(u => u.Active == "failed").Select(u => u.Name).Order(StringComparer.Ordinal);
        data.Set("failed_units", Value.ListOf([.. failed.Select(Value.Of)]));
        foreach (var (type, count) in units.CountBy(u => u.Type).OrderBy(t => t.Key, StringComparer.Ordinal))
            data.Section("types").Set(type, count);
        foreach (var service in units.Where(u => u.Type == "service").Take(MaxServices))
            data.Section("services").Set(service.Name[..^".service".Length], service.Sub);
    }
}

/// <summary>One unit.</summary>
/// <param name="Name">With its type: <c>nginx.service</c>.</param>
/// <param name="Load">loaded, not-found, masked, error.</param>
/// <param name="Active">active, inactive, failed, activating, deactivating, reloading.</param>
/// <param name="Sub">Finer state of its type: running, exited, waiting, mounted.</param>
internal sealed record SystemdUnit(string Name, string Load, string Active, string Sub)
{
    /// <summary>service, timer, socket and so on.</summary>
    public string Type => Name[(Name.LastIndexOf('.') + 1)..];
}
