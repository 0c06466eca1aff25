using OpsBro.Collectors;
using OpsBro.Core.Expressions;
using OpsBro.Platform;

namespace OpsBro.Tests.Collectors;

public sealed class CollectorWorkersTests : IDisposable
{
    readonly ManualResetEventSlim server = new();
    readonly SemaphoreSlim done = new(0);
    readonly CollectorWorkers workers;

    public CollectorWorkersTests() => workers = new CollectorWorkers(task =>
    {
        task.Collector.Collect(null!);
        done.Release();
    });

    public void Dispose()
    {
        server.Set();
        workers.Stop();
    }

    [Fact]
    public void A_queue_that_moves_gets_no_more_threads()
    {
        for (var second = 0; second < 50; second++)
        {
            workers.Add(Task(() => { }, at: second));
            workers.Look(TimeSpan.FromSeconds(second));
            done.Wait();
        }

        Assert.InRange(workers.Threads, 1, CollectorWorkers.Least);
    }

    [Fact]
    public void Behind_stuck_threads_the_queue_gets_one_more_after_a_little_patience()
    {
        using var isOut = new SemaphoreSlim(0);
        for (var i = 0; i < CollectorWorkers.Least; i++)
        {
            workers.Add(Task(() =>
            {
                isOut.Release();
                server.Wait();
            }, at: 0));
        }
        for (var i = 0; i < CollectorWorkers.Least; i++) isOut.Wait();
        workers.Add(Task(() => { }, at: 1));

        workers.Look(TimeSpan.FromSeconds(1));
        Assert.Equal(CollectorWorkers.Least, workers.Threads);
        workers.Look(TimeSpan.FromSeconds(1) + CollectorWorkers.Patience);
        done.Wait();

        Assert.Equal(CollectorWorkers.Least + 1, workers.Threads);
    }

    static CollectorTask Task(Action collect, double at) => new(
        new Fake(collect), new HostFiles(), Value.None, new Moment(TimeSpan.FromSeconds(at), default), TimeSpan.FromSeconds(5));

    sealed class Fake(Action collect) : ICollector
    {
        public string Name => "fake";
        public string Summary => "a collector that a test drives";
        public IReadOnlyList<KeyDoc> Keys => [];

        public Outcome Collect(CollectorRun run)
        {
            collect();
            return Outcome.Ok;
        }
    }
}
