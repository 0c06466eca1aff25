using OpsBro.Detectors;

namespace OpsBro.Tests.Detectors;

public class RuleWorkersTests
{
    [Fact]
    public void Work_that_is_held_up_does_not_hold_up_the_rest()
    {
        using var workers = new RuleWorkers();
        using var gate = new ManualResetEventSlim();
        using var done = new ManualResetEventSlim();
        workers.Do(gate.Wait);
        workers.Do(done.Set);

        while (!done.Wait(RuleWorkers.Patience)) workers.Tend();

        Assert.Equal(2, workers.Threads);
        gate.Set();
    }

    [Fact]
    public void One_thread_does_all_work_that_does_not_wait()
    {
        using var workers = new RuleWorkers();
        using var done = new CountdownEvent(100);

        for (var i = 0; i < 100; i++) workers.Do(() => done.Signal());
        done.Wait();

        Assert.Equal(1, workers.Threads);
    }
}
