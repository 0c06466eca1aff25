using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OpsBro.Agent;
using OpsBro.Config;

namespace OpsBro.Metrics.Listeners;

/// <summary>
/// Graphite's ports: opens the sockets as the configuration says. A change of the section opens them anew; a port that is taken is a problem
/// that the operator sees, the others are open, and it is tried again.
/// </summary>
internal sealed partial class GraphiteListener : BackgroundService, IListener
{
    /// <summary>What could not be opened is tried again after so long.</summary>
    public static readonly TimeSpan TryAgain = TimeSpan.FromSeconds(10);

    readonly ConfigStore config;
    readonly GraphiteIntake intake;
    readonly ILogger<GraphiteListener> logger;
    GraphiteOptions options = new();
    volatile GraphiteSockets? sockets;
    long kernelDrops, refused;

    /// <summary>A listener; nothing is open yet.</summary>
    public GraphiteListener(ConfigStore config, GraphiteIntake intake, ILogger<GraphiteListener> logger) =>
        (this.config, this.intake, this.logger) = (config, intake, logger);

    /// <inheritdoc/>
    public string Section => "graphite";

    /// <inheritdoc/>
    public IReadOnlyList<string> Listens => sockets?.Listens ?? [];

    /// <summary>What it does now.</summary>
    public GraphiteView Now()
    {
        var (open, book) = (sockets, intake.Book);
        return new GraphiteView
        {
            Enabled = open is not null,
            Listens = open?.Listens ?? [],
            Problems = open?.Problems ?? [],
            Connections = open?.Connections ?? 0,
            RefusedConnections = Interlocked.Read(ref refused) + (open?.Refused ?? 0),
            CutConnections = book.Cut,
            Lines = book.Lines,
            Pickles = book.Pickles,
            Packets = book.Packets,
            KernelDrops = Interlocked.Read(ref kernelDrops) + (open?.KernelDrops ?? 0),
            ReceiveBuffer = open?.ReceiveBuffer ?? 0,
            BadLines = book.BadCount,
            Faults = book.Faults(),
            BadSamples = book.Samples(),
            Accepted = intake.Source.Accepted,
            Refused = RefusedBy(intake.Source),
        };
    }

    /// <summary>What a source was refused, in the words of the API.</summary>
    public static Dictionary<string, long> RefusedBy(MetricSource source) =>
        Enum.GetValues<Refusal>().Where(r => source.Refused(r) > 0).ToDictionary(Word, source.Refused);

    static string Word(Refusal refusal) => refusal switch
    {
        Refusal.TooManySeries => "too_many_series",
        Refusal.BadName => "bad_name",
        Refusal.BadTime => "bad_time",
        _ => "bad_value",
    };

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await config.Follow(Look, stoppingToken);
        }
        finally
        {
            Close();
        }
    }

    /// <returns>When to look again.</returns>
    TimeSpan Look()
    {
        var problems = new List<Problem>();
        var next = GraphiteOptions.Read(config.Current.Agent, problems);
        if (sockets is { } open && next == options)
        {
            if (open.Problems.Length > 0) open.Open();
            open.Sweep();
        }
        // a slip of the pen neither shuts the door nor opens another
        else if (sockets is null || problems.All(p => p.IsWarning))
        {
            Close();
            options = next;
            if (next.IsEnabled)
            {
                var opened = new GraphiteSockets(next, intake, logger);
                opened.Open();
                sockets = opened;
                LogListening(logger, string.Join(", ", opened.Listens));
            }
        }
        var agent = config.Current.Agent;
        config.Report("graphite", [.. problems, .. (sockets?.Problems ?? []).Select(text => Problem.At(agent["graphite"] ?? agent, text))]);
        return sockets is not { } now ? Timeout.InfiniteTimeSpan : now.Problems.Length > 0 ? TryAgain : now.SweepEvery;
    }

    void Close()
    {
        if (sockets is not { } open) return;
        sockets = null;
        Interlocked.Add(ref kernelDrops, open.KernelDrops);
        Interlocked.Add(ref refused, open.Refused);
        open.Dispose();
    }

    [LoggerMessage(LogLevel.Information, "graphite: listens on {Places}")]
    static partial void LogListening(ILogger logger, string places);
}
