using System.Text;
using OpsBro.Core.Expressions;
using OpsBro.Platform;

namespace OpsBro.Collectors.Linux;

/// <summary>
/// Processes and threads by state, and those that take most CPU and memory. Source: /proc/PID/stat, see proc_pid_stat(5).
/// </summary>
internal sealed class Processes : ICollector
{
    /// <summary>Processes in each of the two lists of the hungriest.</summary>
    public const int TopCount = 10;

    /// <summary>The unit of CPU time in /proc, in each second: USER_HZ, 100 on every architecture .NET runs on.</summary>
    public const int TicksPerSecond = 100;

    Dictionary<int, (long Started, long Ticks)> before = [], now = [];
    readonly List<ProcessUse> byCpu = [], byMemory = [];
    TimeSpan at;

    /// <inheritdoc/>
    public string Name => "processes";

    /// <inheritdoc/>
    public string Summary => "Processes and threads by state, and the hungriest ones, from /proc/PID/stat.";

    /// <inheritdoc/>
    public bool NeedsTwoRuns => true;

    /// <inheritdoc/>
    public IReadOnlyList<KeyDoc> Keys { get; } =
    [
        new("total", "", "Processes, the kernel's own included."),
        new("kernel", "", "Those of the kernel."),
        new("running", "", "Running or ready to run (R)."),
        new("sleeping", "", "Waiting for something to do (S)."),
        new("blocked", "", "Waiting for a disk or a network mount and not to be interrupted (D)."),
        new("zombie", "", "Ended, but their parent has not taken notice (Z)."),
        new("stopped", "", "Stopped by a signal or a debugger (T, t)."),
        new("idle", "", "Idle kernel threads (I); kernel 4.14 and later."),
        new("threads", "", "Threads of all processes."),
        new("pid_max", "", "Most threads the kernel can number (kernel.pid_max)."),
        new("pct_used", "%", "Threads as a share of pid_max."),
        .. new[] { ("top_cpu", "CPU since the run before"), ("top_memory", "memory") }.SelectMany(top => new KeyDoc[]
        {
            new($"{top.Item1}[].pid", "", $"Number of one of the {TopCount} processes that took most {top.Item2}, highest first."),
            new($"{top.Item1}[].name", "", "Its name (comm, at most 15 characters)."),
            new($"{top.Item1}[].cpu%", "%", "Its CPU time since the run before; 100 is one whole CPU."),
            new($"{top.Item1}[].memory_bytes", "bytes", "Its resident memory, shared pages included."),
            new($"{top.Item1}[].threads", "", "Its threads."),
        }),
    ];

    /// <inheritdoc/>
    public Outcome Collect(CollectorRun run)
    {
        var seconds = at == default ? 0 : (run.Now - at).TotalSeconds;
        var counts = default(Counts);
        now.Clear();
        byCpu.Clear();
        byMemory.Clear();
        foreach (var pid in run.Host.ProcessIds())
        {
            if (!run.Host.TryReadProcess(pid, "stat"u8, out var text) || !TryParse(text, out var stat)) continue;   // it just ended
            counts.Add(stat);
            now[pid] = (stat.Started, stat.Ticks);
            // a number that was given to another process has another start time
            var ticks = before.TryGetValue(pid, out var old) && old.Started == stat.Started ? Math.Max(0, stat.Ticks - old.Ticks) : 0;
            Offer(byCpu, ticks, ticks, pid, stat);
            Offer(byMemory, stat.ResidentPages, ticks, pid, stat);
        }
        if (counts.Total == 0) return Outcome.None("there are no processes in /proc");
        (before, now, at) = (now, before, run.Now);
        counts.WriteTo(run.Data);
        if (run.Host.TryReadLong("/proc/sys/kernel/pid_max", out var max) && max > 0)
        {
            run.Data.Set("pid_max", max);
            run.Data.Set("pct_used", 100.0 * counts.Threads / max);
        }
        run.Data.Set("top_cpu", ListOf(seconds > 0 ? byCpu : [], seconds));
        run.Data.Set("top_memory", ListOf(byMemory, seconds));
        return Outcome.Ok;
    }

    /// <summary>
    /// Reads the line of one process. Grammar: <c>PID (NAME) STATE …</c>; the name may hold blanks and parentheses, so the last one
    /// ends it.
    /// </summary>
    internal static bool TryParse(ReadOnlySpan<byte> text, out ProcessStat stat)
    {
        stat = default;
        var open = text.IndexOf((byte)'(');
        var close = text.LastIndexOf((byte)')');
        if (open < 0 || close < open) return false;
        var fields = new FieldReader(KernelText.Trim(text[(close + 1)..]));
        if (!fields.TryNext(out ReadOnlySpan<byte> state) || state.Length != 1) return false;
        Span<long> numbers = stackalloc long[21];   // fields 4 (ppid) to 24 (rss)
        if (fields.Fill(numbers) < numbers.Length) return false;
        stat = new ProcessStat
        {
            Name = text[(open + 1)..close],
            State = state[0],
            IsKernel = (numbers[5] & KernelThreadFlag) != 0,
            Ticks = Math.Clamp(numbers[10], 0, long.MaxValue / 2) + Math.Clamp(numbers[11], 0, long.MaxValue / 2),
            Threads = numbers[16],
            Started = numbers[18],
            ResidentPages = numbers[20],
        };
        return true;
    }

    const long KernelThreadFlag = 0x0020_0000;   // PF_KTHREAD of include/linux/sched.h

    /// <summary>Keeps the largest <see cref="TopCount"/>, largest first. The name becomes a string only when it is among them.</summary>
    static void Offer(List<ProcessUse> top, long weight, long ticks, int pid, in ProcessStat stat)
    {
        if (weight <= 0 || (top.Count == TopCount && top[^1].Weight >= weight)) return;
        var place = top.Count;
        while (place > 0 && top[place - 1].Weight < weight) place--;
        if (top.Count == TopCount) top.RemoveAt(TopCount - 1);
        top.Insert(place, new ProcessUse(weight, ticks, pid, Encoding.UTF8.GetString(stat.Name), stat.ResidentPages, stat.Threads));
    }

    static Value ListOf(List<ProcessUse> top, double seconds) => Value.ListOf([.. top.Select(use =>
    {
        var process = new DictValue();
        process["pid"] = Value.Of(use.Pid);
        process["name"] = Value.Of(use.Name);
        if (seconds > 0) process["cpu%"] = Value.Of(100.0 / TicksPerSecond * use.Ticks / seconds);
        process["memory_bytes"] = Value.Of((double)use.Pages * Environment.SystemPageSize < long.MaxValue
            ? use.Pages * Environment.SystemPageSize : long.MaxValue);
        process["threads"] = Value.Of(use.Threads);
        return Value.Of(process);
    })]);

    sealed record ProcessUse(long Weight, long Ticks, int Pid, string Name, long Pages, long Threads);

    struct Counts
    {
        public long Total, Threads;
        long kernel, running, sleeping, blocked, zombie, stopped, idle;

        public void Add(in ProcessStat stat)
        {
            Total++;
            Threads += Math.Clamp(stat.Threads, 0, int.MaxValue);
            if (stat.IsKernel) kernel++;
            switch (stat.State)
            {
                case (byte)'R':
                    running++;
                    break;
                case (byte)'S':
                    sleeping++;
                    break;
                case (byte)'D':
                    blocked++;
                    break;
                case (byte)'Z':
                    zombie++;
                    break;
                case (byte)'T' or (byte)'t':
                    stopped++;
                    break;
                case (byte)'I':
                    idle++;
                    break;
            }
        }

        public readonly void WriteTo(DataWriter data)
        {
            data.Set("total", Total);
            data.Set("kernel", kernel);
            data.Set("running", running);
            data.Set("sleeping", sleeping);
            data.Set("blocked", blocked);
            data.Set("zombie", zombie);
            data.Set("stopped", stopped);
            data.Set("idle", idle);
            data.Set("threads", Threads);
        }
    }
}

/// <summary>What one line of /proc/PID/stat says. Times in ticks since boot or of CPU; memory in pages.</summary>
internal ref struct ProcessStat
{
    /// <summary>Name in the buffer of the line.</summary>
    public ReadOnlySpan<byte> Name { get; init; }

    /// <summary>One letter: R, S, D, Z, T, t, I, X.</summary>
    public byte State { get; init; }

    /// <summary>True for a thread of the kernel.</summary>
    public bool IsKernel { get; init; }

    /// <summary>CPU time, user and system.</summary>
    public long Ticks { get; init; }

    /// <summary>Number of threads.</summary>
    public long Threads { get; init; }

    /// <summary>Start time.</summary>
    public long Started { get; init; }

    /// <summary>Resident pages.</summary>
    public long ResidentPages { get; init; }
}
