using Microsoft.Extensions.Logging.Abstractions;
using OpsBro.Agent;
using OpsBro.Api;
using OpsBro.Collectors;
using OpsBro.Config;
using OpsBro.Core.Expressions;
using OpsBro.Storage;

namespace OpsBro.Tests.Collectors;

public sealed class CollectorLoopTests : IAsyncLifetime
{
    static readonly TimeSpan longEnough = TimeSpan.FromSeconds(30);

    readonly string directory = Directory.CreateTempSubdirectory("opsbro-collectors-").FullName;
    readonly CancellationTokenSource patience = new(longEnough);
    readonly CollectorStore store = new();
    readonly Telemetry telemetry = new();
    readonly ManualResetEventSlim server = new();
    readonly Database database;
    readonly HistoryLog history;
    CollectorLoop? loop;

    public CollectorLoopTests()
    {
        database = new Database(Path.Join(directory, "opsbro.db"), TimeProvider.System, telemetry, NullLogger<Database>.Instance);
        history = new HistoryLog(database, TimeProvider.System);
    }

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        server.Set();
        if (loop is not null) await loop.StopAsync(CancellationToken.None);
        loop?.Dispose();
        database.Dispose();
        patience.Dispose();
        Directory.Delete(directory, recursive: true);
    }

    [Fact]
    public async Task A_collector_that_hangs_is_quarantined_and_released_while_others_run_on()
    {
        using var isOut = new ManualResetEventSlim();
        var stuck = new Fake("stuck", run =>
        {
            run.Host.About("/mnt/nfs");
            isOut.Set();
            server.Wait();
            run.Data.Set("value", 1);
        })
        { Deadline = CollectorSettings.LeastDeadline };
        await Start(stuck, new Fake("well", run => run.Data.Set("value", 2)));
        isOut.Wait(patience.Token);

        var quarantined = await loop!.RunNow("stuck", patience.Token);
        var well = await loop.RunNow("well", patience.Token);
        var refused = await Assert.ThrowsAsync<ApiProblem>(() => loop.RunNow("stuck", patience.Token));

        Assert.Equal(CollectorState.Quarantined, quarantined.State);
        Assert.EndsWith("; its last source was /mnt/nfs", quarantined.Problem);
        Assert.Equal(CollectorState.Ok, well.State);
        Assert.Equal(409, refused.Status);

        server.Set();
        // the history is written after the state is published
        string[] changes;
        while ((changes = Changes("stuck")).Length < 2)
        {
            patience.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }

        Assert.Equal(["quarantined > ok", "pending > quarantined"], changes);
        Assert.True(store.TryGet("stuck", out var back));
        Assert.Equal(CollectorState.Ok, back.State);

        string[] Changes(string collector) => [.. history.Read("collector", collector, 10, null).Select(e => $"{e.From} > {e.To}")];
    }

    [Fact]
    public async Task Many_that_hang_at_once_do_not_delay_the_others()
    {
        var stuck = Enumerable.Range(0, 10).Select(i => new Fake($"a-stuck{i}", _ => server.Wait()));
        await Start([.. stuck, new Fake("well", run => run.Data.Set("value", 2))]);

        var well = await loop!.RunNow("well", patience.Token);

        Assert.Equal(CollectorState.Ok, well.State);
    }

    [Fact]
    public async Task What_a_collector_throws_is_its_own_problem()
    {
        await Start(
            new Fake("broken", run =>
            {
                run.Host.About("/proc/broken");
                throw new InvalidOperationException("a bug\nin two lines");
            }),
            new Fake("well", run => run.Data.Set("value", 2)));

        var broken = await loop!.RunNow("broken", patience.Token);
        var well = await loop.RunNow("well", patience.Token);

        Assert.Equal(CollectorState.Error, broken.State);
        Assert.Equal("InvalidOperationException: a bug in two lines (while reading /proc/broken)", broken.Problem);
        Assert.Equal(CollectorState.Ok, well.State);
        Assert.True(telemetry.Of("collectors", "broken").Failures > 0);
    }

    [Fact]
    public async Task Numbers_are_told_to_those_who_listen()
    {
        var samples = new Feed<Sample>("samples", telemetry);
        using var reader = samples.Subscribe();
        await Start(samples, new Fake("well", run =>
        {
            run.Data.Section("CPU").Set("%Idle", 12.5);
            run.Data.Set("name", "text");
        }));

        var sample = await reader.Items.ReadAsync(patience.Token);

        Assert.Equal(("well.cpu.%idle", 12.5), (sample.Name, sample.Value));
    }

    Task Start(params Fake[] collectors) => Start(new Feed<Sample>("samples", telemetry), collectors);

    Task Start(Feed<Sample> samples, params Fake[] collectors)
    {
        var nothing = new ConfigNode(ConfigNodeKind.Map, "agent.yml", 0, 0);
        var runner = new CollectorRunner(telemetry, samples, TimeProvider.System, _ => false);
        loop = new CollectorLoop(
            new ConfigStore(new Configuration(1, nothing, [], [], [])), store, [new BuiltInCollectors(collectors)], runner, TimeProvider.System,
            new Readiness(), NullLogger<CollectorLoop>.Instance, history);
        return loop.StartAsync(CancellationToken.None);
    }

    sealed class Fake(string name, Action<CollectorRun> collect) : ICollector
    {
        public string Name => name;
        public string Summary => "a collector that a test drives";
        public TimeSpan Deadline { get; init; } = longEnough * 2;
        public IReadOnlyList<KeyDoc> Keys => [];

        public Outcome Collect(CollectorRun run)
        {
            collect(run);
            return Outcome.Ok;
        }
    }
}
