using System.Runtime.InteropServices;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace OpsBro.Config;

/// <summary>Reads the files again on SIGHUP and on request, and publishes what they say. Loops take it over at their next tick.</summary>
internal sealed partial class ConfigReloader(
    AgentOptions options, ConfigStore store, IEnumerable<IConfigChecker> checkers, ILogger<ConfigReloader> logger) : IHostedService, IDisposable
{
    /// <summary>Sections that are read once, when the agent starts.</summary>
    static readonly string[] readAtStart = ["http", "storage"];

    readonly SemaphoreSlim turn = new(1);
    PosixSignalRegistration? registration;

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancel)
    {
        registration = PosixSignalRegistration.Create(PosixSignal.SIGHUP, signal =>
        {
            signal.Cancel = true;
            _ = Reload(CancellationToken.None)
                .ContinueWith(failed => LogFailed(logger, failed.Exception!.GetBaseException().Message), TaskContinuationOptions.OnlyOnFaulted);
        });
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancel)
    {
        registration?.Dispose();
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public void Dispose() => turn.Dispose();

    /// <summary>Reads the files once more. A file that cannot be read keeps what it said; the agent runs on whatever happens.</summary>
    /// <returns>What changed, and every problem there is.</returns>
    public async Task<ReloadView> Reload(CancellationToken cancel)
    {
        await turn.WaitAsync(cancel);
        try
        {
            var before = store.Current;
            var next = ConfigLoader.Load(options, before);
            store.Publish(next);
            var view = Compare(before, next, ConfigCheck.ProblemsOf(next, checkers));
            LogReloaded(logger, view.Version, view.Added, view.Changed, view.Removed, view.Problems.Length);
            return view;
        }
        finally
        {
            turn.Release();
        }
    }

    static ReloadView Compare(Configuration before, Configuration next, List<Problem> problems)
    {
        var old = before.Objects.ToDictionary(o => (o.Kind, o.Id));
        var now = next.Objects.ToDictionary(o => (o.Kind, o.Id));
        return new ReloadView(
            next.Version,
            now.Keys.Count(key => !old.ContainsKey(key)),
            now.Count(pair => old.TryGetValue(pair.Key, out var was) && !was.SaysTheSameAs(pair.Value)),
            old.Keys.Count(key => !now.ContainsKey(key)),
            !before.Agent.SaysTheSameAs(next.Agent),
            [.. readAtStart.Where(section => !SaySame(before.Agent[section], next.Agent[section]))],
            [.. problems.Select(ProblemEntry.Of)]);
    }

    static bool SaySame(ConfigNode? one, ConfigNode? other) =>
        one is null || other is null ? one == other : one.SaysTheSameAs(other);

    [LoggerMessage(LogLevel.Error, "the configuration was not read to its end: {Reason}")]
    static partial void LogFailed(ILogger logger, string reason);

    [LoggerMessage(LogLevel.Information,
        "configuration {Version} read: {Added} objects added, {Changed} changed, {Removed} removed, {Problems} problems")]
    static partial void LogReloaded(ILogger logger, int version, int added, int changed, int removed, int problems);
}
