using OpsBro.Platform;

namespace OpsBro.Collectors.Linux;

/// <summary>Tasks that run or wait for a processor or a disk: means over 1, 5 and 15 minutes. Source: proc_loadavg(5).</summary>
internal sealed class LoadAverage : ICollector
{
    /// <inheritdoc/>
    public string Name => "loadaverage";

    /// <inheritdoc/>
    public string Summary => "Tasks that run or wait for a processor or a disk, from /proc/loadavg.";

    /// <inheritdoc/>
    public IReadOnlyList<KeyDoc> Keys { get; } =
    [
        new("load1", "", "Mean over one minute."),
        new("load5", "", "Mean over five minutes."),
        new("load15", "", "Mean over a quarter of an hour."),
        new("running", "", "Tasks that run or could run at this moment."),
        new("tasks", "", "Tasks there are, threads included."),
    ];

    /// <inheritdoc/>
    public Outcome Collect(CollectorRun run)
    {
        if (!run.Host.TryRead("/proc/loadavg", out var text)) return Outcome.None("there is no /proc/loadavg");
        var load = Parse(text);
        run.Data.Set("load1", load.One);
        run.Data.Set("load5", load.Five);
        run.Data.Set("load15", load.Fifteen);
        run.Data.Set("running", load.Running);
        run.Data.Set("tasks", load.Tasks);
        return Outcome.Ok;
    }

    /// <summary>Reads <c>0.20 0.18 0.12 1/80 11206</c>: three means, running and all tasks, the newest process.</summary>
    /// <exception cref="FormatException">The text is something else.</exception>
    internal static Loads Parse(ReadOnlySpan<byte> text)
    {
        var fields = new FieldReader(KernelText.Trim(text));
        if (fields.TryNext(out ReadOnlySpan<byte> field) && KernelText.TryDouble(field, out var one)
            && fields.TryNext(out field) && KernelText.TryDouble(field, out var five)
            && fields.TryNext(out field) && KernelText.TryDouble(field, out var fifteen)
            && fields.TryNext(out field) && KernelText.TrySplit(field, (byte)'/', out var left, out var right)
            && KernelText.TryLong(left, out var running) && KernelText.TryLong(right, out var tasks))
            return new Loads(one, five, fifteen, running, tasks);
        throw new FormatException("/proc/loadavg is not three means and running/all tasks");
    }

    /// <summary>What the file says.</summary>
    internal readonly record struct Loads(double One, double Five, double Fifteen, long Running, long Tasks);
}
