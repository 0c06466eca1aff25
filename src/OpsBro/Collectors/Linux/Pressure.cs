using OpsBro.Platform;

namespace OpsBro.Collectors.Linux;

/// <summary>
/// Pressure stall information: the share of time in which tasks wait for CPU, memory or disk. Source: /proc/pressure, see
/// Documentation/accounting/psi.rst; kernel 4.20 and later.
/// </summary>
internal sealed class Pressure : ICollector
{
    static readonly (string Name, string Path)[] Resources =
    [
        ("cpu", "/proc/pressure/cpu"), ("memory", "/proc/pressure/memory"), ("io", "/proc/pressure/io"), ("irq", "/proc/pressure/irq"),
    ];

    readonly CounterMemory stalled = new(width: 1);

    /// <inheritdoc/>
    public string Name => "pressure";

    /// <inheritdoc/>
    public string Summary => "How long tasks wait for CPU, memory and disk (PSI), from /proc/pressure.";

    /// <inheritdoc/>
    public IReadOnlyList<KeyDoc> Keys { get; } =
    [
        new("<resource>.<who>.avg10", "%", "Share of the last 10 s with tasks waiting for the resource (cpu, memory, io, irq); "
            + "who is some (at least one task) or full (all of them)."),
        new("<resource>.<who>.avg60", "%", "The same over 60 s."),
        new("<resource>.<who>.avg300", "%", "The same over 300 s."),
        new("<resource>.<who>.total_us", "us", "All waiting since boot."),
        new("<resource>.<who>.stalled%", "%", "Share of the time since the run before, from the total: exact where the averages are "
            + "smoothed. From the second run on."),
    ];

    /// <inheritdoc/>
    public Outcome Collect(CollectorRun run)
    {
        stalled.Start(run.Now);
        foreach (var (name, path) in Resources)
            if (run.Host.TryRead(path, out var text)) Write(name, text, run.Data);
        stalled.End();
        return run.Data.IsEmpty
            ? Outcome.None("there is no /proc/pressure; it needs kernel 4.20 and, on some distributions, psi=1 at boot")
            : Outcome.Ok;
    }

    /// <summary>One line of pressure. Grammar: <c>some avg10=0.12 avg60=0.30 avg300=0.01 total=8211</c>.</summary>
    internal static bool TryParse(
        ReadOnlySpan<byte> line, out ReadOnlySpan<byte> who, Span<double> averages, out long total)
    {
        var fields = new FieldReader(line);
        total = 0;
        if (!fields.TryNext(out who) || (!who.SequenceEqual("some"u8) && !who.SequenceEqual("full"u8))) return false;
        for (var i = 0; i < averages.Length; i++)
        {
            if (!fields.TryNext(out ReadOnlySpan<byte> average)) return false;
            if (!KernelText.TrySplit(average, (byte)'=', out _, out var number)) return false;
            if (!KernelText.TryDouble(number, out averages[i])) return false;
        }
        return fields.TryNext(out ReadOnlySpan<byte> last) && KernelText.TrySplit(last, (byte)'=', out _, out var sum)
            && KernelText.TryLong(sum, out total);
    }

    void Write(string resource, ReadOnlySpan<byte> text, DataWriter data)
    {
        Span<double> averages = stackalloc double[3];
        var lines = new LineReader(text);
        while (lines.TryNext(out var line))
        {
            if (!TryParse(line, out var who, averages, out var total)) continue;
            var isSome = who.SequenceEqual("some"u8);
            var section = data.Section(resource).Section(isSome ? "some" : "full");
            section.Set("avg10", averages[0]);
            section.Set("avg60", averages[1]);
            section.Set("avg300", averages[2]);
            section.Set("total_us", total);
            if (stalled.Of(KeyOf(resource, isSome)) is not { } counters) continue;
            counters.Now[0] = total;
            if (counters.HasDifference) section.Set("stalled%", Math.Min(100, counters.Rate(0) / 10_000));   // us in each second
        }
    }

    static ReadOnlySpan<byte> KeyOf(string resource, bool isSome) => (resource, isSome) switch
    {
        ("cpu", true) => "cpu some"u8,
        ("cpu", false) => "cpu full"u8,
        ("memory", true) => "memory some"u8,
        ("memory", false) => "memory full"u8,
        ("io", true) => "io some"u8,
        ("io", false) => "io full"u8,
        (_, true) => "irq some"u8,
        _ => "irq full"u8,
    };
}
