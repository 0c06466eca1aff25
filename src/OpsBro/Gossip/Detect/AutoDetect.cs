using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OpsBro.Api;

namespace OpsBro.Gossip.Detect;

/// <summary>
/// <c>agent start --auto-detect</c>: detects and joins until another member is there. The start does not wait for it, and the first node of
/// a cluster just goes on looking.
/// </summary>
internal sealed partial class AutoDetect(AgentOptions options, Cluster cluster, Detection detection, ILogger<AutoDetect> logger) : BackgroundService
{
    /// <summary>How long one attempt listens.</summary>
    public static readonly TimeSpan Attempt = TimeSpan.FromSeconds(3);

    /// <summary>Wait after the first attempt; each time twice as long, up to <see cref="MostWait"/>.</summary>
    public static readonly TimeSpan FirstWait = TimeSpan.FromSeconds(2);

    /// <summary>Longest wait between two attempts.</summary>
    public static readonly TimeSpan MostWait = TimeSpan.FromSeconds(60);

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (!options.AutoDetect) return;
        try
        {
            for (var wait = FirstWait; !cluster.IsOut; wait = wait * 2 < MostWait ? wait * 2 : MostWait)
            {
                if (await HasMembers()) return;
                await Try(stoppingToken);
                if (await HasMembers()) return;
                await Task.Delay(wait, stoppingToken);
            }
        }
        catch (OperationCanceledException)
        {
            // the agent stops
        }
    }

    async Task Try(CancellationToken stop)
    {
        try
        {
            var view = await detection.Run(Attempt, autoJoin: true, stop);
            if (view.Joined.Length > 0) LogJoined(logger, view.Joined);
            else LogNobody(logger, view.Problem.Length > 0 ? view.Problem : "nobody answered");
        }
        catch (ApiProblem e)
        {
            LogNobody(logger, e.Message);   // gossip is not open yet, or was closed
        }
    }

    async Task<bool> HasMembers()
    {
        try
        {
            return cluster.Own is { } pool && (await pool.Look()).Count > 1;
        }
        catch (PoolClosedException)
        {
            return false;
        }
    }

    [LoggerMessage(LogLevel.Information, "detection joined {Address}")]
    static partial void LogJoined(ILogger logger, string address);

    [LoggerMessage(LogLevel.Debug, "detection: {Reason}; it is tried again")]
    static partial void LogNobody(ILogger logger, string reason);
}
