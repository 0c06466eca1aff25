using OpsBro.Config;

namespace OpsBro.Gossip.Handlers;

/// <summary>How the last runs of each handler went: what failed is a problem until it works again, or is old.</summary>
internal sealed class HandlerStandings
{
    /// <summary>A failure is shown for so long.</summary>
    public static readonly TimeSpan Memory = TimeSpan.FromMinutes(10);

    /// <summary>A handler that fails again and again has one line in the log in this time.</summary>
    public static readonly TimeSpan LogInterval = TimeSpan.FromMinutes(1);

    /// <summary>Longest text of a problem's part, in characters.</summary>
    public const int MaxText = 200;

    readonly Lock gate = new();
    readonly Dictionary<string, Failure> failures = new(StringComparer.Ordinal);
    (long Count, TimeSpan Last) dropped;

    /// <summary>A run was well.</summary>
    public void Worked(string handler)
    {
        lock (gate) failures.Remove(handler);
    }

    /// <summary>A run failed; true when it is time for a line in the log.</summary>
    public bool Failed(string handler, string reason, TimeSpan now)
    {
        lock (gate)
        {
            Forget(now);
            // as many as there are lines in the configuration, and those of before until they are old
            if (!failures.TryGetValue(handler, out var known))
            {
                if (failures.Count >= 2 * HandlerOptions.MaxLines) return false;
                failures[handler] = known = new Failure();
            }
            (known.Count, known.Reason, known.Last) = (known.Count + 1, Cut(reason), now);
            if (known.Logged is { } logged && now - logged < LogInterval) return false;
            known.Logged = now;
            return true;
        }
    }

    /// <summary>Runs were left out because too many waited; true when it is time for a line in the log.</summary>
    public bool Dropped(TimeSpan now)
    {
        lock (gate)
        {
            var isFirst = dropped.Count == 0 || now - dropped.Last > Memory;
            dropped = (isFirst ? 1 : dropped.Count + 1, now);
            return isFirst;
        }
    }

    /// <summary>What the operator should mend.</summary>
    public List<string> Problems(TimeSpan now)
    {
        lock (gate)
        {
            Forget(now);
            var problems = failures.OrderBy(f => f.Key, StringComparer.Ordinal)
                .Select(f => $"the handler \"{Cut(f.Key)}\" failed {(f.Value.Count == 1 ? "" : $"{f.Value.Count} times, ")}"
                    + $"{Durations.Text(TimeSpan.FromSeconds(Math.Floor((now - f.Value.Last).TotalSeconds)))} ago: {f.Value.Reason}").ToList();
            if (dropped.Count > 0 && now - dropped.Last <= Memory)
                problems.Add($"{dropped.Count} runs of event handlers were left out: more than {HandlerRunner.MaxWaiting} waited; let handlers end sooner");
            return problems;
        }
    }

    void Forget(TimeSpan now)
    {
        foreach (var (old, _) in failures.Where(f => now - f.Value.Last > Memory).ToList()) failures.Remove(old);
    }

    static string Cut(string text) => text.Length > MaxText ? text[..MaxText] + "…" : text;

    sealed class Failure
    {
        public long Count { get; set; }

        public string Reason { get; set; } = "";

        public TimeSpan Last { get; set; }

        public TimeSpan? Logged { get; set; }
    }
}
