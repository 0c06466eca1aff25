using System.Globalization;
using System.Text;
using OpsBro.Core.Checks;

namespace OpsBro.Tests.Checks;

public class CheckMachineTests
{
    static readonly DateTimeOffset start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    static CheckState Read(char letter) => letter switch
    {
        'o' => CheckState.Ok,
        'w' => CheckState.Warning,
        'c' => CheckState.Critical,
        _ => CheckState.Unknown,
    };

    /// <summary>
    /// Plays results, a letter each, and writes the state after each: the letter in capitals when it is hard, the attempt when it is not
    /// the first, and a star when the change is one to tell people.
    /// </summary>
    static string Play(string results, CheckRules rules)
    {
        var standing = CheckStanding.New(start);
        var told = new StringBuilder();
        for (var i = 0; i < results.Length; i++)
        {
            standing = CheckMachine.Next(standing, new CheckResult(Read(results[i]), "text"), rules, start.AddSeconds(i), out var transition);
            if (i > 0) told.Append(' ');
            var letter = standing.State.Word()[0];
            told.Append(standing.IsHard ? char.ToUpperInvariant(letter) : letter);
            if (standing.Attempt > 1) told.Append(CultureInfo.InvariantCulture, $"{standing.Attempt}");
            if (transition is { IsHard: true }) told.Append('*');
        }
        return told.ToString();
    }

    [Theory]
    // one attempt: each state is hard at once, and told once
    [InlineData(1, "ooccwo", "O* O C* C W* O*")]
    // three attempts: the third in a row is told, and the way back
    [InlineData(3, "occcco", "O* c c2 C3* C3 O*")]
    // two bad results and a good one: nobody is told anything but the first OK
    [InlineData(3, "occo", "O* c c2 O")]
    // attempts count whatever the kind of the problem
    [InlineData(3, "owcuo", "O* w c2 U3* O*")]
    // between two problems a hard state stays hard
    [InlineData(3, "cccwwo", "c c2 C3* W3* W3 O*")]
    // bad from the start: pending is not OK, and the first confirmed state is told
    [InlineData(2, "ccoc", "c C2* O* c")]
    [InlineData(1, "u", "U*")]
    public void States_become_hard_after_the_attempts(int maxAttempts, string results, string states) =>
        Assert.Equal(states, Play(results, new CheckRules { MaxAttempts = maxAttempts, DetectsFlapping = false }));

    [Fact]
    public void Since_is_the_moment_of_the_last_change_and_not_of_the_last_run()
    {
        var rules = new CheckRules();
        var standing = CheckStanding.New(start);
        foreach (var (state, second) in new[] { (CheckState.Ok, 1), (CheckState.Critical, 2), (CheckState.Critical, 3) })
            standing = CheckMachine.Next(standing, new CheckResult(state, ""), rules, start.AddSeconds(second), out _);

        Assert.Equal(start.AddSeconds(2), standing.Since);
        Assert.Equal(start.AddSeconds(3), standing.LastRun);
    }

    [Fact]
    public void A_soft_problem_is_retried_sooner()
    {
        var rules = new CheckRules { MaxAttempts = 2, Interval = TimeSpan.FromMinutes(5), RetryInterval = TimeSpan.FromMinutes(1) };
        var standing = CheckMachine.Next(CheckStanding.New(start), new CheckResult(CheckState.Critical, ""), rules, start, out _);
        Assert.Equal(rules.RetryInterval, CheckMachine.Pause(standing, rules));

        standing = CheckMachine.Next(standing, new CheckResult(CheckState.Critical, ""), rules, start, out _);
        Assert.Equal(rules.Interval, CheckMachine.Pause(standing, rules));
    }

    [Fact]
    public void The_same_result_again_is_no_transition()
    {
        var rules = new CheckRules();
        var standing = CheckMachine.Next(CheckStanding.New(start), new CheckResult(CheckState.Ok, "1"), rules, start, out var first);
        standing = CheckMachine.Next(standing, new CheckResult(CheckState.Ok, "2"), rules, start, out var second);

        Assert.Equal((CheckState.Pending, CheckState.Ok), (first!.Value.From, first.Value.To));
        Assert.Null(second);
        Assert.Equal("2", standing.Output);
    }

    [Fact]
    public void The_example_of_Nagios_manual_gives_its_numbers()
    {
        // 7 changes among 20 steps are 35 %; the manual's drawing weighs them to about 31 %
        var window = FlapWindow.All(CheckState.Ok);
        Assert.Equal(0, window.Percent);
        foreach (var letter in "ocococococococococococ".ToCharArray()) window = window.With(Read(letter));

        Assert.Equal(100, window.Percent, 9);
    }

    [Fact]
    public void A_new_change_weighs_more_than_an_old_one()
    {
        var fresh = FlapWindow.All(CheckState.Ok).With(CheckState.Critical);
        Assert.Equal(1.25 / 20 * 100, fresh.Percent, 9);

        var old = fresh;
        for (var i = 0; i < FlapWindow.Results - 2; i++) old = old.With(CheckState.Critical);
        Assert.Equal(0.75 / 20 * 100, old.Percent, 9);
        Assert.Equal(0, old.With(CheckState.Critical).Percent);
    }

    [Fact]
    public void A_check_that_changes_all_the_time_flaps_and_stops_flapping_when_it_is_calm()
    {
        var rules = new CheckRules();
        var standing = CheckStanding.New(start);
        var told = new List<bool>();
        foreach (var letter in "ocococ" + new string('o', 25))
        {
            standing = CheckMachine.Next(standing, new CheckResult(Read(letter), ""), rules, start, out var transition);
            if (transition?.Flapping is { } flapping) told.Add(flapping);
        }

        Assert.Equal([true, false], told);
        Assert.False(standing.IsFlapping);
    }

    [Fact]
    public void Soft_problems_do_not_make_a_check_flap()
    {
        var rules = new CheckRules { MaxAttempts = 3 };
        var standing = CheckStanding.New(start);
        for (var i = 0; i < 60; i++)
            standing = CheckMachine.Next(standing, new CheckResult(i % 2 == 0 ? CheckState.Ok : CheckState.Critical, ""), rules, start, out _);

        Assert.False(standing.IsFlapping);
    }

    [Fact]
    public void A_run_without_a_result_is_stale_after_the_freshness()
    {
        var rules = new CheckRules { Freshness = TimeSpan.FromMinutes(1) };

        Assert.False(CheckMachine.IsStale(TimeSpan.FromSeconds(60), rules));
        Assert.True(CheckMachine.IsStale(TimeSpan.FromSeconds(61), rules));
        Assert.False(CheckMachine.IsStale(TimeSpan.FromDays(1), new CheckRules()));
    }

    [Theory, InlineData(1), InlineData(2), InlineData(3), InlineData(4)]
    public void Whatever_comes_the_rules_of_the_machine_hold(int seed)
    {
        var random = new Random(seed);
        var rules = new CheckRules { MaxAttempts = random.Next(1, 6), DetectsFlapping = random.Next(2) == 0 };
        var standing = CheckStanding.New(start);
        var inARow = 0;
        for (var i = 0; i < 5_000; i++)
        {
            var before = standing;
            var state = (CheckState)random.Next(4);
            standing = CheckMachine.Next(standing, new CheckResult(state, ""), rules, start.AddSeconds(i), out var transition);
            inARow = state == CheckState.Ok ? 0 : inARow + 1;

            Assert.Equal(state, standing.State);
            Assert.InRange(standing.Attempt, 1, rules.MaxAttempts);
            Assert.Equal(state == CheckState.Ok || inARow >= rules.MaxAttempts, standing.IsHard);
            Assert.InRange(standing.Flaps.Percent, 0, 100);
            if (before.State == standing.State && before.HardState == standing.HardState && before.IsFlapping == standing.IsFlapping)
                Assert.Null(transition);
            else Assert.NotNull(transition);
        }
    }
}
