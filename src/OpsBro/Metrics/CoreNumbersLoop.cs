using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OpsBro.Gossip;
using OpsBro.Platform;

namespace OpsBro.Metrics;

/// <summary>
/// Reads the host's core numbers each second on a thread of its own: into the tier of seconds, and slot by slot into the store, whose slots
/// so get the least and the greatest second.
/// </summary>
internal sealed partial class CoreNumbersLoop(MetricStore store, Cluster cluster, TimeProvider clock, ILogger<CoreNumbersLoop> logger)
    : IHostedService, IDisposable
{
    readonly ManualResetEvent stop = new(false);
    readonly CoreSlots slots = new(store);
    readonly string?[] told = new string?[8];
    Thread? thread;

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        if (!OperatingSystem.IsLinux()) return Task.CompletedTask;
        thread = new Thread(Run) { IsBackground = true, Name = "core numbers" };
        thread.Start();
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken)
    {
        stop.Set();
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        stop.Set();
        thread?.Join();
        stop.Dispose();
    }

    void Run()
    {
        using var host = new HostFiles();
        var (name, numbers) = ("", (CoreNumbers?)null);
        while (!stop.WaitOne(ToNextSecond()))
        {
            if (numbers is null || name != cluster.Name)
            {
                name = cluster.Name;   // a reload may change it
                var prefix = MetricName.Part(name);
                numbers = new CoreNumbers(host, (collector, key) => MetricName.Path($"{prefix}.{collector}.{key}"));
            }
            numbers.Read(Monotonic.Now);
            Publish(numbers, clock.GetUtcNow().ToUnixTimeSeconds());
        }
        slots.Flush();
    }

    void Publish(CoreNumbers numbers, long second)
    {
        store.Seconds.Put(numbers.Fresh, second);
        slots.Put(numbers.Fresh, second);
        for (var i = 0; i < numbers.Problems.Count; i++)
        {
            if (numbers.Problems[i] == told[i]) continue;
            told[i] = numbers.Problems[i];
            if (told[i] is { } problem) LogUnreadable(logger, problem);
        }
    }

    /// <summary>A little after the second begins, so that a clock that is a hair behind does not give one second twice.</summary>
    TimeSpan ToNextSecond() => TimeSpan.FromMilliseconds(1010 - clock.GetUtcNow().Millisecond);

    [LoggerMessage(Level = LogLevel.Warning, Message = "core numbers of each second: {Problem}; the others go on")]
    static partial void LogUnreadable(ILogger logger, string problem);
}
