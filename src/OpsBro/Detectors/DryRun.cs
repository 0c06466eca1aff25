using OpsBro.Api;
using OpsBro.Config;
using OpsBro.Core.Expressions;
using OpsBro.Platform;

namespace OpsBro.Detectors;

/// <summary>Asks rules outside their schedule and changes nothing: what would match, what it would give.</summary>
internal sealed class DryRun(DetectorLoop loop, ConfigStore config, FunctionTable functions, Groups groups)
{
    /// <summary>Longest time that an answer waits; rules that are not done by then are reported as such.</summary>
    public static readonly TimeSpan Deadline = TimeSpan.FromSeconds(15);

    /// <summary>Dry runs at one time; one that is stuck counts until it comes back.</summary>
    public const int MaxAtOnce = 4;

    /// <summary>Threads of one dry run.</summary>
    public const int Threads = 4;

    int running;

    /// <summary>Asks the named detector, or all of them, as the files say now.</summary>
    /// <exception cref="ApiProblem">404 for a name that is not there.</exception>
    public async Task<RunJson[]> Run(string? name)
    {
        var current = config.Current;
        List<BoundDetector> asked =
        [
            .. current.Of("detector").Where(o => name is null || o.Name == name || o.Id == name)
                .Select(o => DetectorBinder.Bind(o, functions)),
        ];
        if (asked.Count == 0 && name is not null)
            throw ApiProblem.NotFound("detector", name, "opsbro detectors list", current.Of("detector").Select(o => o.Name));

        if (Interlocked.Increment(ref running) > MaxAtOnce)
        {
            Interlocked.Decrement(ref running);
            throw new ApiProblem(503, $"{MaxAtOnce} dry runs are under way; wait until one is done");
        }
        var runs = new RunJson[asked.Count];
        var next = -1;
        void Drain()
        {
            for (var i = Interlocked.Increment(ref next); i < asked.Count; i = Interlocked.Increment(ref next))
                Volatile.Write(ref runs[i], Run(asked[i], current.Agent, isNamed: name is not null));
        }
        // threads of their own: a rule may wait for a disk or the network
        var work = Task.WhenAll(Enumerable.Range(0, Math.Min(Threads, asked.Count)).Select(_ => Task.Factory.StartNew(
            Drain, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)));
        _ = work.ContinueWith(_ => Interlocked.Decrement(ref running), TaskScheduler.Default);
        await Task.WhenAny(work, Task.Delay(Deadline));
        return [.. asked.Select((detector, i) => Volatile.Read(ref runs[i]) ?? Unfinished(detector))];
    }

    RunJson Run(BoundDetector detector, ConfigNode agent, bool isNamed)
    {
        var started = Monotonic.Now;
        // a rule for a group that the agent does not have finds nothing to read; who names it wants its answer all the same
        var isInactive = !isNamed && detector.Rule is { IfGroup.Length: > 0 } other && !groups.Has(other.IfGroup);
        var verdict = detector.Rule is not { } rule ? Verdict.Failed(string.Join("; ", detector.Problems))
            : isInactive ? Verdict.False
            : loop.Ask(rule, agent, started);
        return new RunJson(
            detector.Name, detector.Id, verdict.IsTrue, verdict.Groups, [.. verdict.Groups.Where(g => !groups.Has(g))],
            [.. verdict.Facts.Select(f => new FactJson(f.Reference, f.Value))], verdict.Problem.Length > 0 ? verdict.Problem : null,
            (Monotonic.Now - started).TotalSeconds,
            isInactive ? $"for the group {detector.Rule!.IfGroup}, which this agent does not have" : null);
    }

    static RunJson Unfinished(BoundDetector detector) => new(
        detector.Name, detector.Id, false, [], [], [], $"not done after {Deadline.TotalSeconds:0} s", Deadline.TotalSeconds);
}
