using Microsoft.Extensions.Hosting;
using OpsBro.Platform;

namespace OpsBro.Agent;

/// <summary>Gives back what the start needed, once the agent has seen its host, and now and then what rare work left behind.</summary>
internal sealed class Housekeeping(Readiness readiness) : BackgroundService
{
    static readonly TimeSpan afterStart = TimeSpan.FromSeconds(5);
    static readonly TimeSpan afterWarmUp = TimeSpan.FromMinutes(1);
    static readonly TimeSpan interval = TimeSpan.FromMinutes(30);

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await readiness.Initialized.WaitAsync(stoppingToken);
        await WorkingSet.GiveBack(afterStart, stoppingToken);
        await WorkingSet.GiveBack(afterWarmUp, stoppingToken);   // by now the hot code was compiled again
        while (!stoppingToken.IsCancellationRequested) await WorkingSet.GiveBack(interval, stoppingToken);
    }
}
