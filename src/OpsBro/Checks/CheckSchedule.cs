using OpsBro.Config;
using OpsBro.Core.Checks;
using OpsBro.Platform;

namespace OpsBro.Checks;

/// <summary>What the schedule asks of the world. The loop does it; a test with a list.</summary>
internal interface ICheckWork
{
    /// <summary>Runs a program on some thread and tells the schedule with its <c>Ended</c>.</summary>
    void Start(ScheduledCheck check, ProgramStart program);

    /// <summary>Judges rules that may wait, on some thread, and tells the schedule.</summary>
    void Start(ScheduledCheck check, ExpressionCheck expression);

    /// <summary>Something about the check changed.</summary>
    void Changed(ScheduledCheck check, in CheckTransition transition, DateTimeOffset utc);

    /// <summary>Its standing must be stored; false when that cannot be now.</summary>
    bool Save(ScheduledCheck check);

    /// <summary>Its stored standing is of no use any more.</summary>
    void Forget(string id);

    /// <summary>A plugin gave performance data.</summary>
    void Measured(ScheduledCheck check, IReadOnlyList<PerfValue> values, DateTimeOffset utc);
}

/// <summary>
/// Decides which check runs when. Synchronous: time comes in, effects go out through <see cref="ICheckWork"/>. Rules that only compute are
/// judged at once; scripts and rules that ask the world are started, and come back through one of the <c>Ended</c>.
/// </summary>
/// <param name="work">The world.</param>
/// <param name="random">For jitter.</param>
/// <param name="telemetry">Counters, one meter a check.</param>
internal sealed class CheckSchedule(ICheckWork work, Random random, Telemetry telemetry)
{
    /// <summary>Checks due within this are run together: one waking for many.</summary>
    public static readonly TimeSpan Quantum = TimeSpan.FromMilliseconds(50);

    /// <summary>Output that changes without a change of state is stored this often at most.</summary>
    public static readonly TimeSpan SaveOutputEvery = TimeSpan.FromMinutes(1);

    /// <summary>A rule that comes by a reload or with a group waits this long, so that collectors that came with it have data.</summary>
    public static readonly TimeSpan SettleTime = TimeSpan.FromSeconds(2);

    /// <summary>Scripts are moved by up to this share of their interval, so that those of the same interval spread.</summary>
    const double Jitter = 0.05;

    /// <summary>The first pause is at least this share of the interval: the first round runs everything at once.</summary>
    const double LeastFirstPause = 0.2;

    static readonly TimeSpan sweepEvery = TimeSpan.FromSeconds(1);

    readonly Dictionary<string, ScheduledCheck> byId = new(StringComparer.Ordinal);
    readonly PriorityQueue<ScheduledCheck, TimeSpan> queue = new();
    volatile IReadOnlyList<ScheduledCheck> all = [];
    TimeSpan nextSweep;
    int running;
    bool hasBegun;

    /// <summary>Every check, in the order of the configuration; for any thread.</summary>
    public IReadOnlyList<ScheduledCheck> All => all;

    /// <summary>True when every active check has a result, and scripts that take long have been given some time.</summary>
    public bool HasCompletedRound(TimeSpan now, TimeSpan patience)
    {
        if (!hasBegun) return false;
        foreach (var check in all)
            if (check.IsActive && !check.HasRun && !(check.IsRunning && now - check.Started > patience)) return false;
        return true;
    }

    /// <summary>Takes over definitions: the same instance means unchanged, and keeps schedule and standing.</summary>
    /// <param name="definitions">All of them.</param>
    /// <param name="stored">The standing that was stored for an id, or null.</param>
    /// <param name="now">Monotonic.</param>
    /// <param name="utc">Wall clock.</param>
    public void Take(IEnumerable<CheckDefinition> definitions, Func<string, CheckStanding?> stored, TimeSpan now, DateTimeOffset utc)
    {
        var next = new List<ScheduledCheck>();
        var gone = new HashSet<string>(byId.Keys, StringComparer.Ordinal);
        foreach (var definition in definitions)
        {
            gone.Remove(definition.Id);
            if (byId.TryGetValue(definition.Id, out var check))
            {
                if (!ReferenceEquals(check.Definition, definition))
                {
                    check.Definition = definition;
                    Plan(check, now);
                }
            }
            else
            {
                var standing = stored(definition.Id);   // taken once: one that is removed and comes back begins anew
                var meter = telemetry.Of("checks", definition.Id);
                check = new ScheduledCheck(definition, standing ?? CheckStanding.New(utc), meter) { Saved = standing };
                byId[definition.Id] = check;
            }
            next.Add(check);
        }
        foreach (var id in gone)
        {
            byId[id].IsActive = false;
            byId.Remove(id);
            telemetry.Forget("checks", id);
            work.Forget(id);
        }
        all = next;
    }

    /// <summary>Starts the first round; before it nothing runs.</summary>
    public void Begin(TimeSpan now)
    {
        hasBegun = true;
        nextSweep = now + sweepEvery;
    }

    /// <summary>Switches checks on and off by the agent's groups.</summary>
    public void Activate(Func<string, bool> hasGroup, TimeSpan now, DateTimeOffset utc)
    {
        foreach (var check in all)
        {
            var isActive = hasGroup(check.Definition.IfGroup);
            if (isActive == check.IsActive) continue;
            check.IsActive = isActive;
            if (isActive)
            {
                Plan(check, hasBegun && check.Definition.Kind is ExpressionCheck ? now + SettleTime : now);
                continue;
            }
            check.Standing = CheckStanding.New(utc);
            (check.Saved, check.HasRun) = (null, false);
            work.Forget(check.Definition.Id);
        }
    }

    /// <summary>Runs what is due.</summary>
    /// <returns>Monotonic time of the next thing to do; MaxValue when there is none.</returns>
    public TimeSpan Tick(TimeSpan now, DateTimeOffset utc)
    {
        if (!hasBegun) return TimeSpan.MaxValue;
        if (now >= nextSweep) Sweep(now, utc);
        while (queue.TryPeek(out var check, out var due))
        {
            if (due > now + Quantum) return Next(due);
            queue.Dequeue();
            // an entry whose time is not the check's own any more is one that was planned anew
            if (check.Due == due && IsKnown(check) && !check.IsRunning) Run(check, now, utc);
        }
        return Next(TimeSpan.MaxValue);
    }

    /// <summary>What comes first: what is due, or the look at what runs. When nothing runs, nobody looks.</summary>
    TimeSpan Next(TimeSpan due) => running > 0 && nextSweep < due ? nextSweep : due;

    /// <summary>Runs a check now, whatever the schedule says, and tells when it has a result.</summary>
    /// <exception cref="InvalidOperationException">It is not active on this agent.</exception>
    public void RunNow(ScheduledCheck check, Action done, TimeSpan now, DateTimeOffset utc)
    {
        if (!IsKnown(check)) throw new InvalidOperationException($"{check.Definition.Id} is not active");
        check.Waiting.Add(done);
        if (!check.IsRunning) Run(check, now, utc);
    }

    /// <summary>A program that was started has ended.</summary>
    public void Ended(ScheduledCheck check, ProgramResult program, TimeSpan now, DateTimeOffset utc)
    {
        var result = ScriptCheck.Judge(program, out var values);
        var failed = program.End != ProgramEnd.Exited || program.Code > (int)CheckState.Unknown;
        Ended(check, result, program.Duration, failed, now, utc);
        if (values.Count > 0 && IsKnown(check)) work.Measured(check, values, utc);
    }

    /// <summary>Rules that were started have a result.</summary>
    public void Ended(ScheduledCheck check, in CheckResult result, TimeSpan took, bool failed, TimeSpan now, DateTimeOffset utc)
    {
        check.IsRunning = false;
        running--;
        if (IsKnown(check)) Finish(check, result, took, failed, now, utc);
        else Tell(check);
    }

    /// <summary>A run is over: judge, count, plan the next one.</summary>
    void Finish(ScheduledCheck check, in CheckResult result, TimeSpan took, bool failed, TimeSpan now, DateTimeOffset utc)
    {
        Judge(check, result, utc);
        check.Took = took;
        check.Meter.Ran(took, failed);
        PlanNext(check, now);
        Tell(check);
    }

    /// <summary>Stores what changed since it was stored last.</summary>
    public void SaveAll()
    {
        foreach (var check in all)
        {
            if (check.Standing.State == CheckState.Pending || ReferenceEquals(check.Saved, check.Standing)) continue;
            if (work.Save(check)) check.Saved = check.Standing;
        }
    }

    /// <summary>What was stored is gone: each standing is stored again.</summary>
    public void SaveAnew()
    {
        foreach (var check in all) check.Saved = null;
        SaveAll();
    }

    bool IsKnown(ScheduledCheck check) =>
        check.IsActive && byId.TryGetValue(check.Definition.Id, out var known) && ReferenceEquals(known, check);

    void Run(ScheduledCheck check, TimeSpan now, DateTimeOffset utc)
    {
        check.Started = now;
        switch (check.Definition.Kind)
        {
            case ExpressionCheck { OnlyComputes: true } expression:
                var began = Monotonic.Now;
                var result = expression.Run(now, out var failed);
                Finish(check, result, Monotonic.Now - began, failed, now, utc);
                break;
            case ExpressionCheck expression:
                Begin(check);
                work.Start(check, expression);
                break;
            case ScriptCheck script:
                RunScript(check, script, now, utc);
                break;
        }
    }

    void Begin(ScheduledCheck check)
    {
        check.IsRunning = true;
        running++;
    }

    void RunScript(ScheduledCheck check, ScriptCheck script, TimeSpan now, DateTimeOffset utc)
    {
        if (script.Prepare(out var problem) is { } program)
        {
            Begin(check);
            work.Start(check, program);
            return;
        }
        Finish(check, new CheckResult(CheckState.Unknown, problem), TimeSpan.Zero, failed: true, now, utc);
    }

    void Judge(ScheduledCheck check, in CheckResult result, DateTimeOffset utc)
    {
        var before = check.Standing;
        var after = CheckMachine.Next(before, result, check.Definition.Rules, utc, out var transition);
        check.Standing = after;
        check.HasRun = true;
        if (NeedsSaving(check.Saved, after) && work.Save(check)) check.Saved = after;
        if (transition is { } change) work.Changed(check, change, utc);
    }

    static bool NeedsSaving(CheckStanding? saved, CheckStanding now) =>
        saved is null || saved.State != now.State || saved.HardState != now.HardState || saved.Attempt != now.Attempt
        || saved.IsFlapping != now.IsFlapping || saved.Flaps != now.Flaps
        || ((now.LastRun - saved.LastRun).Duration() >= SaveOutputEvery && saved.Output != now.Output);

    void Plan(ScheduledCheck check, TimeSpan due)
    {
        check.Due = due;
        if (check.IsActive && !check.IsRunning) queue.Enqueue(check, due);
    }

    void PlanNext(ScheduledCheck check, TimeSpan now)
    {
        var pause = CheckMachine.Pause(check.Standing, check.Definition.Rules);
        var isFirst = check.Meter.Runs <= 1;
        var wanted = isFirst && check.Standing.IsHard ? pause * (LeastFirstPause + ((1 - LeastFirstPause) * random.NextDouble())) : pause;
        if (!isFirst && check.Definition.Kind is ScriptCheck) wanted *= 1 + (Jitter * ((2 * random.NextDouble()) - 1));
        // counted from when it was due, so that a check a second runs a thousand times in a thousand seconds; late ones do not pile up
        var from = now - check.Due > pause || check.Due > now + Quantum ? now : check.Due;
        var due = from + wanted;
        Plan(check, due > now ? due : now + wanted);
    }

    /// <summary>Results too old to be believed: of checks that wait for a worker, or hang beyond their timeout.</summary>
    void Sweep(TimeSpan now, DateTimeOffset utc)
    {
        nextSweep = now + sweepEvery;
        foreach (var check in all)
        {
            if (!check.IsActive || !check.IsRunning || check.Standing.State == CheckState.Unknown) continue;
            if (!CheckMachine.IsStale(now - check.Started, check.Definition.Rules)) continue;
            var age = Durations.Text(TimeSpan.FromSeconds(Math.Round((now - check.Started).TotalSeconds)));
            var text = $"no result for {age}: it runs, or waits for a free place (checks.concurrency in agent.yml)";
            Judge(check, new CheckResult(CheckState.Unknown, text), utc);
        }
    }

    static void Tell(ScheduledCheck check)
    {
        foreach (var done in check.Waiting) done();
        check.Waiting.Clear();
    }
}
