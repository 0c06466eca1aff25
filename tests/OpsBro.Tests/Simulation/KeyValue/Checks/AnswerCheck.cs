using OpsBro.Core.KeyValue;

namespace OpsBro.Tests.Simulation.KeyValue;

/// <summary>Each question to a node that lives gets one answer, within the patience; an acknowledgement says on how many disks the write is.</summary>
static class AnswerCheck
{
    /// <summary>Time between two ticks, and what clocks that drift make of it.</summary>
    static readonly TimeSpan slack = TimeSpan.FromSeconds(1.1);

    /// <summary>What does not hold.</summary>
    /// <param name="history">The attempts.</param>
    /// <param name="answers">Answers by attempt number.</param>
    /// <param name="lost">Attempts whose node was killed, or whose client went away, before the answer.</param>
    /// <param name="end">Virtual time of the end.</param>
    public static IEnumerable<Fault> Faults(History history, IReadOnlyDictionary<int, int> answers, IReadOnlySet<int> lost, TimeSpan end)
    {
        foreach (var attempt in history.Attempts)
        {
            var count = answers.GetValueOrDefault(attempt.Number);
            if (count > 1) yield return new Fault(attempt.What.Key, $"#{attempt.Number} was answered {count} times");
            var late = (attempt.End ?? end) - attempt.Begin;
            if (count == 0 && !lost.Contains(attempt.Number) && late > KeyValueLimits.Patience + slack)
                yield return new Fault(attempt.What.Key, $"#{attempt.Number} was never answered");
            if (count == 1 && late > KeyValueLimits.Patience + slack)
                yield return new Fault(attempt.What.Key, $"#{attempt.Number} was answered after {late.TotalSeconds:0.0} s");
            if (attempt.Result is { Status: not (KeyValueStatus.Ok or KeyValueStatus.NotFound), Reason: "" })
                yield return new Fault(attempt.What.Key, $"#{attempt.Number} was refused ({attempt.Result.Status}) without a reason");
            if (attempt.Result?.Entry is { } entry && entry.Key != attempt.What.Key)
                yield return new Fault(attempt.What.Key, $"#{attempt.Number} was answered with key {entry.Key}");
        }
    }
}
