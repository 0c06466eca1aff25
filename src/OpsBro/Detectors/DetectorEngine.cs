using OpsBro.Config;

namespace OpsBro.Detectors;

/// <summary>
/// Decides which rules are due and which groups the agent has. Synchronous: it evaluates nothing itself, time and verdicts come in
/// as arguments. A rule is out for one evaluation at a time; one that does not come back is stuck and holds up nobody.
/// </summary>
internal sealed class DetectorEngine
{
    /// <summary>An evaluation that takes longer is shown as stuck; the rule is not asked again until it has come back.</summary>
    public static readonly TimeSpan Deadline = TimeSpan.FromSeconds(20);

    /// <summary>
    /// How long after a rule was taken its missing data is asked for at <see cref="StartRetry"/>, and the first round waits for it.
    /// </summary>
    public static readonly TimeSpan StartWindow = TimeSpan.FromSeconds(5);

    /// <summary>Wait before a rule asks again for data that no collector has yet, at start.</summary>
    public static readonly TimeSpan StartRetry = TimeSpan.FromMilliseconds(200);

    /// <summary>The same wait after <see cref="StartWindow"/>.</summary>
    public static readonly TimeSpan LaterRetry = TimeSpan.FromSeconds(1);

    /// <summary>Longest wait of a rule that failed, or whose data is absent, whatever its interval.</summary>
    public static readonly TimeSpan FailureRetry = TimeSpan.FromMinutes(1);

    /// <summary>Rules are due on a grid of this: one waking for all of the same interval.</summary>
    public static readonly TimeSpan Grid = TimeSpan.FromSeconds(1);

    readonly Dictionary<string, Entry> entries = new(StringComparer.Ordinal);
    List<Entry> sorted = [];

    /// <summary>Counts the changes of <see cref="Given"/>: equal numbers, same groups for the same reasons.</summary>
    public int Changes { get; private set; }

    /// <summary>Every detector, sorted by id.</summary>
    public IEnumerable<DetectorState> States(TimeSpan now) => sorted.Select(e => e.ToState(now));

    /// <summary>The groups that rules give now, and why. A group comes once for each rule that gives it.</summary>
    public IEnumerable<(string Group, GroupReason Reason)> Given => sorted.SelectMany(e => e.Given);

    /// <summary>True when no rule waits for its first verdict, or for data that will come soon.</summary>
    public bool HasSettled(TimeSpan now) => sorted.All(e => e.HasSettled(now));

    /// <summary>
    /// Takes over a configuration by difference. An unchanged rule keeps its schedule and groups, a changed one is due at once and keeps
    /// its groups until its first verdict, a removed one loses them, and one that no longer parses goes on as it was.
    /// </summary>
    public void Take(IReadOnlyList<BoundDetector> detectors, TimeSpan now)
    {
        Changes++;
        foreach (var gone in entries.Keys.Except(detectors.Select(d => d.Id)).ToList()) entries.Remove(gone);
        foreach (var detector in detectors)
        {
            if (!entries.TryGetValue(detector.Id, out var entry)) entries[detector.Id] = entry = new Entry(this, detector.Id);
            entry.Take(detector, now);
        }
        sorted = [.. entries.Values.OrderBy(e => e.Id, StringComparer.Ordinal)];
    }

    /// <summary>The rules to evaluate now; each is out until <see cref="Finish"/>.</summary>
    /// <param name="now">Monotonic time.</param>
    /// <param name="hasGroup">Asked for <c>if_group</c>.</param>
    public IReadOnlyList<DetectorRule> Start(TimeSpan now, Func<string, bool> hasGroup)
    {
        var due = new List<DetectorRule>();
        foreach (var entry in sorted)
            if (entry.Start(now, hasGroup) is { } rule) due.Add(rule);
        return due;
    }

    /// <summary>Takes the verdict of a rule that was out. One that was replaced or switched off meanwhile says nothing any more.</summary>
    /// <returns>True when the rule's problem is another than before: one came, or changed, or is over.</returns>
    public bool Finish(DetectorRule rule, Verdict verdict, TimeSpan now) =>
        entries.TryGetValue(rule.Id, out var entry) && entry.Finish(rule, verdict, now);

    /// <summary>True while a rule is out: whether it is stuck is to be seen.</summary>
    public bool IsAnyOut => sorted.Exists(e => e.IsOut);

    /// <summary>When the next rule is due; null when none is waiting. One that is out is never due.</summary>
    public TimeSpan? NextDue => sorted.Select(e => e.Due).Min();

    /// <summary>One detector with its schedule.</summary>
    sealed class Entry(DetectorEngine engine, string id)
    {
        BoundDetector bound = new(id, id, null, []);
        DetectorRule? rule;
        DetectorRule? outRule;
        Verdict? verdict;
        IReadOnlyList<string> groups = [];
        IReadOnlyList<GroupFact> facts = [];
        bool isInactive, isCarried;
        TimeSpan taken, due, started, ended;

        public string Id => id;

        public bool IsOn => rule is { IsEnabled: true };

        public bool IsOut => outRule is not null;

        public TimeSpan? Due => IsOn && !isInactive && outRule is null ? due : null;

        public IEnumerable<(string, GroupReason)> Given => rule is null || groups.Count == 0
            ? []
            : groups.Select(g => (g, new GroupReason(GroupSource.Detector, rule.Name, id, rule.Text, rule.Place, facts)));

        public void Take(BoundDetector next, TimeSpan now)
        {
            bound = next;
            if (next.Rule is not { } nextRule) return;
            if (rule is not null && rule.IsSameAs(nextRule)) return;
            // what an older version still computes is not waited for: it says nothing when it comes back
            (rule, outRule, verdict, taken, due) = (nextRule, null, null, now, now);
            isCarried = groups.Count > 0;
            isInactive = false;
            if (!IsOn) Give([], []);
        }

        public DetectorRule? Start(TimeSpan now, Func<string, bool> hasGroup)
        {
            if (!IsOn) return null;
            if (rule!.IfGroup.Length > 0 && !hasGroup(rule.IfGroup))
            {
                (isInactive, verdict) = (true, null);
                Give([], []);
                return null;
            }
            if (isInactive) (isInactive, due) = (false, now);
            if (outRule is not null || now < due) return null;
            (outRule, started) = (rule, now);
            return rule;
        }

        public bool Finish(DetectorRule finished, Verdict said, TimeSpan now)
        {
            if (!ReferenceEquals(outRule, finished)) return false;
            outRule = null;
            if (isInactive) return false;

            var before = Word(now) == DetectorWord.Error ? verdict?.Problem ?? "" : "";
            (ended, verdict) = (now, said);
            // a rule that fails knows nothing: what it gave stays, unless an older version of the rule gave it
            if (said.Problem.Length == 0) Give(said.Groups, said.Facts);
            else if (isCarried) Give([], []);
            isCarried = false;
            due = OnGrid(now, Pause(said, now));
            return Word(now) == DetectorWord.Pending ? before.Length > 0 : said.Problem != before;
        }

        void Give(IReadOnlyList<string> given, IReadOnlyList<GroupFact> why)
        {
            if (given.SequenceEqual(groups) && (given.Count == 0 || why.SequenceEqual(facts))) return;
            (groups, facts) = (given, why);
            engine.Changes++;
        }

        TimeSpan Pause(Verdict said, TimeSpan now)
        {
            var soon = said switch
            {
                { Data: DataState.NotYet } => now - taken < StartWindow ? StartRetry : LaterRetry,
                { Data: DataState.Absent } or { Problem.Length: > 0 } => FailureRetry,
                _ => TimeSpan.MaxValue,
            };
            return soon < rule!.Interval ? soon : rule.Interval;
        }

        static TimeSpan OnGrid(TimeSpan now, TimeSpan pause) => pause < Grid
            ? now + pause
            : TimeSpan.FromTicks((now + pause + (Grid / 2)).Ticks / Grid.Ticks * Grid.Ticks);

        public bool HasSettled(TimeSpan now)
        {
            if (!IsOn || isInactive || verdict is { Data: not DataState.NotYet }) return true;
            return now - taken >= StartWindow;
        }

        bool IsStuck(TimeSpan now) => outRule is not null && now - started >= Deadline;

        public DetectorState ToState(TimeSpan now)
        {
            TimeSpan? lastRun = verdict is null ? null : ended;
            return new DetectorState(id, bound.Name, rule, Word(now), groups, verdict, Problem(now), lastRun, Due);
        }

        string Problem(TimeSpan now)
        {
            if (bound.Problems.Count > 0) return string.Join("; ", bound.Problems);
            if (!IsStuck(now)) return verdict?.Problem ?? "";
            var seconds = (now - started).TotalSeconds;
            return $"{rule!.Place}: the rule has been running for {seconds:0} s; it is asked again once it has come back";
        }

        DetectorWord Word(TimeSpan now)
        {
            if (bound.Problems.Count > 0) return DetectorWord.Error;
            if (!IsOn) return DetectorWord.Disabled;
            if (isInactive) return DetectorWord.Inactive;
            if (IsStuck(now)) return DetectorWord.Stuck;
            return verdict switch
            {
                null => DetectorWord.Pending,
                { Data: DataState.NotYet, IsTrue: false } when now - taken < StartWindow => DetectorWord.Pending,
                { Problem.Length: > 0 } => DetectorWord.Error,
                { IsTrue: true } => DetectorWord.True,
                _ => DetectorWord.False,
            };
        }
    }
}

/// <summary>How a detector is, in a word.</summary>
internal enum DetectorWord
{
    /// <summary>No verdict yet, or its data has not come yet.</summary>
    Pending,
    /// <summary>The rule holds.</summary>
    True,
    /// <summary>The rule does not hold.</summary>
    False,
    /// <summary>The rule cannot be read or evaluated.</summary>
    Error,
    /// <summary>The evaluation does not come back.</summary>
    Stuck,
    /// <summary>The agent is not in the rule's <c>if_group</c>.</summary>
    Inactive,
    /// <summary><c>enabled: false</c>.</summary>
    Disabled,
}

/// <summary>One detector as it is at one moment.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Name">Its name.</param>
/// <param name="Rule">The rule in force; null when it never parsed.</param>
/// <param name="Word">How it is.</param>
/// <param name="Groups">The groups that it gives now.</param>
/// <param name="Verdict">The last verdict; null before the first.</param>
/// <param name="Problem">What the operator must know; empty when all is well.</param>
/// <param name="LastRun">Monotonic time of the last verdict.</param>
/// <param name="NextRun">Monotonic time of the next evaluation.</param>
internal sealed record DetectorState(
    string Id, string Name, DetectorRule? Rule, DetectorWord Word, IReadOnlyList<string> Groups, Verdict? Verdict, string Problem,
    TimeSpan? LastRun, TimeSpan? NextRun);
