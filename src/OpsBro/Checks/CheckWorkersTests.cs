using OpsBro.Checks;

namespace OpsBro.Tests.Checks;

public class CheckWorkersTests
{
    [Fact]
    public void A_job_never_waits_behind_another_while_a_place_is_free()
    {
        for (var round = 0; round < 300; round++)
        {
            var workers = new CheckWorkers { Most = 2 };
            using var isDone = new CountdownEvent(3);
            using var meet = new Barrier(2);
            void Meet()
            {
                meet.SignalAndWait();   // ends only when both run at the same time
                isDone.Signal();
            }

            workers.Start(() => isDone.Signal());
            workers.Start(Meet);
            workers.Start(Meet);

            Assert.True(isDone.Wait(TimeSpan.FromMinutes(1)), $"round {round}: two jobs did not run together");
            workers.Stop();
        }
    }
}
