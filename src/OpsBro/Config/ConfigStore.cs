using System.Collections.Concurrent;
using OpsBro.Platform;

namespace OpsBro.Config;

/// <summary>The configuration as one immutable picture; a reload publishes the next one.</summary>
internal sealed record Configuration(
    int Version, ConfigNode Agent, IReadOnlyList<ConfigObject> Objects, IReadOnlyList<Pack> Packs, IReadOnlyList<Problem> Problems)
{
    /// <summary>The files it was made of, as they were last understood.</summary>
    public IReadOnlyList<ConfigFile> Files { get; init; } = [];

    /// <summary>Objects with <c>enabled: false</c>.</summary>
    public IReadOnlyList<ConfigObject> SwitchedOff { get; init; } = [];

    /// <summary>The objects of one kind.</summary>
    public IEnumerable<ConfigObject> Of(string kind) => Objects.Where(o => o.Kind == kind);
}

/// <summary>
/// Holds the current <see cref="Configuration"/>. Loops compare its version whenever they wake, and <see cref="Published"/> wakes them.
/// </summary>
internal sealed class ConfigStore(Configuration first)
{
    readonly ConcurrentDictionary<string, IReadOnlyList<Problem>> reported = new();
    volatile Configuration current = first;

    /// <summary>The newest configuration.</summary>
    public Configuration Current => current;

    /// <summary>Every problem of the newest configuration: what the loader found, then what each slice found in its own part.</summary>
    public IReadOnlyList<Problem> Problems =>
        [.. current.Problems, .. reported.OrderBy(r => r.Key, StringComparer.Ordinal).SelectMany(r => r.Value)];

    /// <summary>A new configuration is there. Called on the thread that read it: a listener wakes its loop and returns.</summary>
    public event Action? Published;

    /// <summary>Makes <paramref name="next"/> the current one.</summary>
    public void Publish(Configuration next)
    {
        current = next;
        Published?.Invoke();
    }

    /// <summary>Looks now, after each new configuration, and when the pause is over that the look asked for; until it is told to stop.</summary>
    /// <param name="look">Looks, and says when to look again at the latest: <see cref="Timeout.InfiniteTimeSpan"/> for not before a new one.</param>
    /// <param name="stop">The agent stops.</param>
    public async Task Follow(Func<TimeSpan> look, CancellationToken stop)
    {
        var wake = new WakeUp();
        Published += wake.Call;
        try
        {
            while (!stop.IsCancellationRequested) await wake.Wait(look(), stop);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // the agent stops
        }
        finally
        {
            Published -= wake.Call;
        }
    }

    /// <summary>Says what a slice found wrong in its section or objects; replaces what it said before.</summary>
    /// <param name="slice">Its noun, for instance <c>collectors</c>.</param>
    /// <param name="problems">All of them; empty when all is well.</param>
    public void Report(string slice, IReadOnlyList<Problem> problems) => reported[slice] = problems;
}
