using System.Text;
using Microsoft.Extensions.Hosting;
using OpsBro.Checks;
using OpsBro.Gossip;

namespace OpsBro.Metrics;

/// <summary>
/// Keeps the store in order on a thread of its own, and brings it what this host measures: the collectors' numbers as
/// <c>HOST.collector.path</c>, those of the checks' plugins as <c>HOST.check.path.label</c>.
/// </summary>
internal sealed class MetricLoop(MetricStore store, Feed<Sample> samples, Cluster cluster, Telemetry telemetry) : IHostedService
{
    /// <summary>Between two rounds when nothing wakes it.</summary>
    static readonly TimeSpan pause = TimeSpan.FromSeconds(5);

    /// <summary>Numbers put into the store under one lock.</summary>
    const int Together = 256;

    /// <summary>Names built once; beyond it they are built again.</summary>
    const int MaxNames = 20_000;

    readonly Dictionary<string, byte[]> names = [];
    readonly CancellationTokenSource stop = new();
    Thread? keeper;
    Task? reader;
    string host = "";

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        cluster.Parts.Troubles.Add(Problems);
        keeper = new Thread(Keep) { IsBackground = true, Name = "metrics-keeper" };
        keeper.Start();
        reader = Read();
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await stop.CancelAsync();
        store.Hasten();
        if (reader is not null) await reader;
        keeper?.Join();
    }

    IEnumerable<string> Problems()
    {
        var dropped = telemetry.Of("feed", "samples").Dropped;
        return dropped == 0 ? store.Problems() : [.. store.Problems(), $"metrics: {dropped} numbers of this host were dropped, for the store was behind"];
    }

    void Keep()
    {
        WaitHandle[] events = [stop.Token.WaitHandle, store.Wake];
        while (WaitHandle.WaitAny(events, pause) != 0) store.TryRound();
    }

    async Task Read()
    {
        using var subscription = samples.Subscribe();
        var (collectors, checks) = (store.Source("collectors"), store.Source("checks"));
        var some = new List<Sample>(Together);
        try
        {
            while (await subscription.Items.WaitToReadAsync(stop.Token))
            {
                while (some.Count < Together && subscription.Items.TryRead(out var sample)) some.Add(sample);
                Take(some, checks, isCheck: true);
                Take(some, collectors, isCheck: false);
                some.Clear();
            }
        }
        catch (OperationCanceledException)
        {
            return;   // the agent stops
        }
    }

    void Take(List<Sample> some, MetricSource source, bool isCheck)
    {
        if (some.TrueForAll(s => IsCheck(s) != isCheck)) return;
        using var batch = store.Batch(source);
        foreach (var sample in some)
            if (IsCheck(sample) == isCheck) batch.Add(NameOf(sample.Name), sample.At.ToUnixTimeSeconds(), sample.Value);
    }

    static bool IsCheck(Sample sample) => sample.Name.StartsWith(SampleName.Root, StringComparison.Ordinal);

    /// <summary>The whole name of a number: the cluster's name of this host is its first part.</summary>
    byte[] NameOf(string sample)
    {
        if (host != cluster.Name || names.Count >= MaxNames) names.Clear();
        host = cluster.Name;
        if (names.TryGetValue(sample, out var name)) return name;
        var path = sample.StartsWith(SampleName.Root, StringComparison.Ordinal) ? sample[SampleName.Root.Length..] : sample;
        return names[sample] = Encoding.UTF8.GetBytes(MetricName.Part(host) + "." + MetricName.Path(path));
    }
}
