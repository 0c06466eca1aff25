using OpsBro.Collectors.Linux;

namespace OpsBro.Tests.Linux;

public class TimeSyncTests
{
    [Fact]
    public void The_kernel_of_this_host_answers()
    {
        var clock = ClockDiscipline.Read();

        Assert.NotNull(clock);
        Assert.InRange(clock.FrequencyPpm, -500, 500);
    }

    [Fact]
    public void Offsets_are_in_nanoseconds_where_the_kernel_says_so_and_errors_in_microseconds()
    {
        var timex = new long[26];
        (timex[1], timex[2], timex[3], timex[4], timex[5], timex[20]) = (1_500_000, 65536 * 12, 250_000, 3_000, 0x2001, 37);

        var clock = ClockDiscipline.Of(timex, state: 0);

        Assert.True(clock.IsSynchronized);
        Assert.Equal(1.5, clock.Offset.TotalMilliseconds);
        Assert.Equal(12, clock.FrequencyPpm);
        Assert.Equal(250, clock.MaxError.TotalMilliseconds);
        Assert.Equal(3, clock.EstimatedError.TotalMilliseconds);
        Assert.Equal(37, clock.TaiOffset);
    }

    [Theory, InlineData(0x40, 5), InlineData(0x40, 0), InlineData(0x2001, 5)]
    public void A_clock_that_nobody_corrects_is_not_synchronized(int status, int state)
    {
        var timex = new long[26];
        timex[5] = status;

        Assert.False(ClockDiscipline.Of(timex, state).IsSynchronized);
    }

    [Fact]
    public void The_daemon_is_told_from_what_it_leaves_in_run()
    {
        using var host = new RecordedHost().With("/run/chrony/chronyd.pid", "812\n");
        var clock = new ClockDiscipline(true, TimeSpan.Zero, TimeSpan.Zero, TimeSpan.FromSeconds(1), 0, 37);

        var data = host.Run(new TimeSync(() => clock));

        Assert.Equal("chrony", data.Text("daemon"));
        Assert.Equal(1000, data.Number("max_error_ms"));
    }

    [Fact]
    public void A_sandbox_that_forbids_the_question_is_not_eligible()
    {
        using var host = new RecordedHost();

        Assert.NotNull(RecordedHost.Run(new TimeSync(() => null), host.Files).Outcome.NotEligible);
    }
}
