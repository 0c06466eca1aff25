using OpsBro.Gossip.Handlers;

namespace OpsBro.Tests.Gossip;

public class HandlerStandingsTests
{
    static TimeSpan At(double seconds) => TimeSpan.FromSeconds(seconds);

    [Fact]
    public void A_failure_is_a_problem_until_the_handler_works()
    {
        var standings = new HandlerStandings();

        standings.Failed("user=x", "exit code 1", At(10));
        standings.Failed("user=x", "exit code 2: no disk", At(20));

        Assert.Equal(["the handler \"user=x\" failed 2 times, 5s ago: exit code 2: no disk"], standings.Problems(At(25)));
        standings.Worked("user=x");
        Assert.Empty(standings.Problems(At(26)));
    }

    [Fact]
    public void A_failure_that_is_old_is_forgotten()
    {
        var standings = new HandlerStandings();
        standings.Failed("user=x", "exit code 1", At(10));

        Assert.Empty(standings.Problems(At(11) + HandlerStandings.Memory));
    }

    [Fact]
    public void Failures_that_follow_each_other_have_one_line_a_minute_in_the_log()
    {
        var standings = new HandlerStandings();

        var logged = Enumerable.Range(0, 130).Count(i => standings.Failed("user=x", "exit code 1", At(i)));

        Assert.Equal(3, logged);
    }

    [Fact]
    public void What_was_left_out_is_counted_and_said_once()
    {
        var standings = new HandlerStandings();

        Assert.True(standings.Dropped(At(1)));
        Assert.False(standings.Dropped(At(2)));

        Assert.StartsWith("2 runs of event handlers were left out", Assert.Single(standings.Problems(At(3))));
    }
}
