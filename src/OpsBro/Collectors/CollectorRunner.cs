using System.Diagnostics;
using OpsBro.Core.Expressions;
using OpsBro.Platform;

namespace OpsBro.Collectors;

/// <summary>Runs one collector once: whatever it throws ends here and becomes its result. Safe from any thread.</summary>
/// <param name="telemetry">Counts runs, failures, time and dropped values.</param>
/// <param name="samples">Gets each number when somebody listens.</param>
/// <param name="clock">Wall clock.</param>
/// <param name="hasGroup">True when this agent has the group.</param>
internal sealed class CollectorRunner(Telemetry telemetry, Feed<Sample> samples, TimeProvider clock, Func<string, bool> hasGroup)
{
    /// <summary>Runs the task.</summary>
    public CollectorResult Run(CollectorTask task)
    {
        var started = Stopwatch.GetTimestamp();
        var data = new DataWriter();
        var utc = clock.GetUtcNow();
        string? error = null;
        Outcome outcome = default;
        try
        {
            outcome = task.Collector.Collect(new CollectorRun(task.Host, data, Monotonic.Now, utc, task.Cancel)
            {
                Parameters = task.Parameters,
                HasGroup = hasGroup,
            });
        }
        catch (OperationCanceledException) when (task.Cancel.IsCancellationRequested)
        {
            error = $"took longer than its deadline of {Config.Durations.Text(task.Deadline)}; its last source was {task.Host.LastSource}";
        }
        catch (Exception e)
        {
            // the wall between collectors: whatever one throws is its own problem, never the agent's or another's
            error = Explain(e, task.Host.LastSource);
        }
        var took = Stopwatch.GetElapsedTime(started);
        var meter = telemetry.Of("collectors", task.Collector.Name);
        meter.Ran(took, failed: error is not null);
        if (data.Dropped > 0)
        {
            meter.Drop(data.Dropped);
            outcome = outcome with { Problem = $"gave {data.Dropped} values more than the {DataWriter.MaxValues} that are kept" };
        }
        var tree = data.IsEmpty ? Value.None : data.Tree;
        if (error is null && outcome.NotEligible is null && samples.HasReaders) Tell(task.Collector.Name, tree, utc);
        return new CollectorResult(outcome, tree, error, took);
    }

    static string Explain(Exception e, string source)
    {
        var message = e is IOException or UnauthorizedAccessException or FormatException or TimeoutException
            or System.Net.Sockets.SocketException
            ? e.Message
            : $"{e.GetType().Name}: {e.Message}";
        message = message.ReplaceLineEndings(" ");
        return source.Length == 0 || message.Contains(source, StringComparison.Ordinal) ? message : $"{message} (while reading {source})";
    }

    /// <summary>Publishes each number under its dotted path in lower case; a bool is 0 or 1.</summary>
    void Tell(string path, Value value, DateTimeOffset at)
    {
        if (value.Kind == ValueKind.Dict)
        {
            foreach (var (key, item) in value.AsDict.Entries)
                if (key.Kind == ValueKind.String) Tell($"{path}.{key.AsString.ToLowerInvariant()}", item, at);
        }
        else if (value.IsNumber)
        {
            samples.Publish(new Sample(path, value.ToDouble(), at));
        }
    }
}
