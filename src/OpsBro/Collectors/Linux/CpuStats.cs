using OpsBro.Platform;

namespace OpsBro.Collectors.Linux;

/// <summary>
/// How the processors spent their time since the run before, in percent of each processor's time. Source: proc_stat(5).
/// </summary>
internal sealed class CpuStats : ICollector
{
    /// <summary>Most processors measured, the largest that Linux is built for.</summary>
    public const int MaxCpus = 8192;

    const int User = 0, Nice = 1, Idle = 3, Steal = 7, Guest = 8, GuestNice = 9, Columns = 10;

    static readonly string[] keys =
        ["%user", "%nice", "%system", "%idle", "%iowait", "%irq", "%softirq", "%steal", "%guest", "%guest_nice"];

    static readonly string[] meanings =
    [
        "in programs", "in programs of lower priority", "in the kernel", "with nothing to do", "with nothing to do while a disk is awaited",
        "with interrupts", "with soft interrupts", "taken by the hypervisor for others", "in virtual machines run here",
        "in virtual machines of lower priority",
    ];

    readonly CpuTimes times = new();
    readonly List<string> names = [];

    /// <inheritdoc/>
    public string Name => "cpustats";

    /// <inheritdoc/>
    public string Summary => "How the processors spend their time, all and each, from /proc/stat.";

    /// <inheritdoc/>
    public bool NeedsTwoRuns => true;

    /// <inheritdoc/>
    public IReadOnlyList<KeyDoc> Keys { get; } =
    [
        .. keys.Zip(meanings, (key, meaning) => new KeyDoc($"cpu_all.{key}", "%", $"Time of all processors {meaning}.")),
        .. keys.Select(key => new KeyDoc($"cpuall.{key}", "%", "The same as under cpu_all: the older spelling.")),
        .. keys.Zip(meanings, (key, meaning) => new KeyDoc($"<cpuN>.{key}", "%", $"Time of one processor {meaning}.")),
    ];

    /// <inheritdoc/>
    public Outcome Collect(CollectorRun run)
    {
        if (!run.Host.TryRead("/proc/stat", out var text)) return Outcome.None("there is no /proc/stat");
        times.Read(text);
        Span<double> percent = stackalloc double[Columns];
        for (var row = 0; row < times.Rows; row++)
        {
            if (!times.TryPercent(row, percent)) continue;
            if (row > 0)
            {
                Write(run.Data.Section(NameOf(row - 1)), percent);
                continue;
            }
            Write(run.Data.Section("cpu_all"), percent);
            Write(run.Data.Section("cpuall"), percent);
        }
        return times.IsFirst || !run.Data.IsEmpty ? Outcome.Ok : Outcome.None("not a tick has passed since the run before");
    }

    string NameOf(int cpu)
    {
        while (names.Count <= cpu) names.Add($"cpu{names.Count}");
        return names[cpu];
    }

    static void Write(DataWriter data, ReadOnlySpan<double> percent)
    {
        for (var i = 0; i < keys.Length; i++) data.Set(keys[i], percent[i]);
    }

    /// <summary>The times of all processors (row 0) and of each (row N + 1), of this run and of the one before.</summary>
    internal sealed class CpuTimes
    {
        long[] now = new long[Columns], before = new long[Columns];
        int[] run = new int[1];
        int runs;

        /// <summary>True after the first run, which has nothing to compare with.</summary>
        public bool IsFirst => runs == 1;

        /// <summary>Rows there are; those of processors that are switched off have no values.</summary>
        public int Rows { get; private set; }

        /// <summary>
        /// Takes the lines of <c>/proc/stat</c> that start with <c>cpu</c>. Grammar: <c>cpu[N] user nice system idle iowait irq softirq steal
        /// guest guest_nice</c>, in ticks since boot; older kernels lack the last ones.
        /// </summary>
        /// <exception cref="FormatException">The text does not start with such a line.</exception>
        public void Read(ReadOnlySpan<byte> text)
        {
            runs++;
            (now, before) = (before, now);
            Rows = 0;
            var lines = new LineReader(text);
            while (lines.TryNext(out var line) && line.StartsWith("cpu"u8))
            {
                var fields = new FieldReader(line);
                fields.TryNext(out ReadOnlySpan<byte> name);
                var row = 0;
                if (name.Length > 3)
                {
                    if (!KernelText.TryLong(name[3..], out var cpu) || cpu is < 0 or >= MaxCpus) continue;
                    row = (int)cpu + 1;
                }
                Grow(row);
                var times = now.AsSpan(row * Columns, Columns);
                times.Clear();
                if (fields.Fill(times) <= Idle) throw new FormatException("/proc/stat has a cpu line of fewer than four numbers");
                // the kernel counts the time of guests twice: take it out of the programs' time
                times[User] = Math.Max(0, times[User] - times[Guest]);
                times[Nice] = Math.Max(0, times[Nice] - times[GuestNice]);
                // negative: there is no run before to compare with
                run[row] = runs == 1 || Math.Abs(run[row]) == runs - 1 ? runs : -runs;
                Rows = Math.Max(Rows, row + 1);
            }
            if (Rows == 0) throw new FormatException("/proc/stat does not start with a cpu line");
        }

        /// <summary>The percentages of one row, which sum up to 100; false in the first run and for a processor just switched on.</summary>
        public bool TryPercent(int row, Span<double> percent)
        {
            if (runs < 2 || run[row] != runs) return false;
            double total = 0;
            for (var i = 0; i < Columns; i++)
            {
                // idle and iowait of some kernels go back by a tick or two
                percent[i] = Math.Max(0, now[(row * Columns) + i] - before[(row * Columns) + i]);
                total += percent[i];
            }
            if (total <= 0) return false;
            for (var i = 0; i < Columns; i++) percent[i] = percent[i] * 100 / total;
            return true;
        }

        void Grow(int row)
        {
            if (row < run.Length) return;
            var length = Math.Max(row + 1, run.Length * 2);
            Array.Resize(ref run, length);
            Array.Resize(ref now, length * Columns);
            Array.Resize(ref before, length * Columns);
        }
    }
}
