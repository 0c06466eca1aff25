using OpsBro.Core.Gossip;
using OpsBro.Core.KeyValue;
using static OpsBro.Tests.Simulation.KeyValue.HistoryMaker;

namespace OpsBro.Tests.Simulation.KeyValue;

/// <summary>The checkers of the simulation see what they are there for, and nothing else.</summary>
public class CheckerTests
{
    [Fact]
    public void A_lost_put_is_seen()
    {
        var history = new HistoryMaker().Put("a", 1, 2, 10).Put("a", 3, 4, 20).History;

        Assert.Empty(DurabilityCheck.Faults(history, Final(9, Entry("a", 2, 20))));
        Assert.Contains("nothing is there", DurabilityCheck.Faults(history, Final(9)).First().Text);
        Assert.Contains("put #2", Assert.Single(DurabilityCheck.Faults(history, Final(9, Entry("a", 1, 10)))).Text);
    }

    [Fact]
    public void A_put_that_lost_stands_among_the_conflicts_or_below_a_later_version()
    {
        var history = new HistoryMaker().Put("a", 1, 2, 10).Put("a", 1, 2, 20).History;

        Assert.Empty(DurabilityCheck.Faults(history, Final(9, Entry("a", 2, 20, 0, Entry("a", 1, 10)))));
        Assert.Empty(DurabilityCheck.Faults(history, Final(9, Entry("a", 2, 20))));
        Assert.Empty(DurabilityCheck.Faults(history, Final(9, Entry("a", 1, 10, 0, Entry("a", 2, 20)))));
    }

    [Fact]
    public void A_value_that_nobody_put_or_that_was_refused_is_seen()
    {
        var history = new HistoryMaker().Put("a", 1, 2, 10).Put("a", 3, 4, 0, KeyValueStatus.NoSpace).Put("b", 3, 4, 20).History;

        Assert.Contains("nobody put", Assert.Single(DurabilityCheck.Faults(history, Final(9, Entry("a", 9, 90), Entry("b", 3, 20)))).Text);
        Assert.Contains("nobody put", Assert.Single(DurabilityCheck.Faults(history, Final(9, Entry("a", 3, 90), Entry("b", 3, 20)))).Text);
        Assert.Contains("refused", Assert.Single(DurabilityCheck.Faults(history, Final(9, Entry("a", 2, 90), Entry("b", 3, 20)))).Text);
        Assert.Contains("got version", Assert.Single(DurabilityCheck.Faults(history, Final(9, Entry("a", 1, 90), Entry("b", 3, 20)))).Text);
        Assert.Contains("nobody ever wrote", DurabilityCheck.Faults(history, Final(9, Entry("a", 1, 10), Entry("b", 3, 20), Entry("z", 1, 1))).Last().Text);
    }

    [Fact]
    public void A_put_may_be_gone_only_by_a_removal_or_at_its_end()
    {
        var removed = new HistoryMaker().Put("a", 1, 2, 10).Remove("a", 3, 4, 0, KeyValueStatus.Unavailable).History;
        var expired = new HistoryMaker().Put("a", 1, 2, 10, ttl: 50, expires: 1_000_052).History;
        var tooOld = new HistoryMaker().Remove("a", 3, 4, 9).Put("a", 1, 2, 10).History;

        Assert.Empty(DurabilityCheck.Faults(removed, Final(9)));
        Assert.Empty(DurabilityCheck.Faults(expired, Final(60)));
        Assert.Single(DurabilityCheck.Faults(expired, Final(51)));
        Assert.Single(DurabilityCheck.Faults(tooOld, Final(9)));
    }

    [Fact]
    public void A_removed_key_that_is_back_is_seen()
    {
        var history = new HistoryMaker().Put("a", 1, 2, 10).Remove("a", 3, 4, 20).Put("b", 1, 2, 10).Remove("b", 3, 4, 0).History;

        Assert.Empty(RemovalCheck.Faults(history, Final(9)));
        Assert.Equal(2, RemovalCheck.Faults(history, Final(9, Entry("a", 1, 10))).Count());   // on both copies
        Assert.NotEmpty(RemovalCheck.Faults(history, Final(9, [], [Entry("a", 1, 10)])));
        Assert.NotEmpty(RemovalCheck.Faults(history, Final(9, Entry("b", 3, 10))));
        Assert.Empty(RemovalCheck.Faults(history, Final(9, Entry("a", 1, 30))));
    }

    [Fact]
    public void Copies_that_differ_are_seen()
    {
        var (one, other) = (Entry("a", 1, 10), Entry("a", 2, 20));
        var stray = Final(9, one) with { Holdings = [Holding("n1", [one]), Holding("n2", [one]), Holding("n3", [one])] };
        var unsettled = Final(9, one) with { Holdings = [Holding("n1", [one]) with { IsSettled = false }, Holding("n2", [one])] };

        Assert.Empty(ConvergenceCheck.Faults(Final(9, one)));
        Assert.Contains("n2 has value 2", Assert.Single(ConvergenceCheck.Faults(Final(9, [one], [other]))).Text);
        Assert.Contains("n2 has no copy", Assert.Single(ConvergenceCheck.Faults(Final(9, [one], []))).Text);
        Assert.Contains("n2 has", Assert.Single(ConvergenceCheck.Faults(Final(9, [one], [one with { Conflicts = [other] }]))).Text);
        Assert.Contains("n3 holds it", Assert.Single(ConvergenceCheck.Faults(stray)).Text);
        Assert.Contains("not settled", Assert.Single(ConvergenceCheck.Faults(unsettled)).Text);
    }

    [Fact]
    public void A_read_that_misses_an_acknowledged_write_is_seen()
    {
        var put = new HistoryMaker().Put("a", 1, 2, 10).Put("a", 3, 4, 20);

        Assert.Empty(QuorumReadCheck.Faults(new HistoryMaker().Put("a", 1, 2, 10).Put("a", 3, 4, 20).Get("a", 3, 5, 1, 10).History));
        Assert.Single(QuorumReadCheck.Faults(put.Get("a", 5, 6, 1, 10).History));
        Assert.Single(QuorumReadCheck.Faults(new HistoryMaker().Put("a", 1, 2, 10).Get("a", 5, 6, 0).History));
        Assert.Empty(QuorumReadCheck.Faults(new HistoryMaker().Put("a", 1, 2, 10, acknowledgement: Acknowledgement.One).Get("a", 5, 6, 0).History));
        Assert.Empty(QuorumReadCheck.Faults(new HistoryMaker().Put("a", 1, 2, 10).Remove("a", 1, 3, 20).Get("a", 5, 6, 0).History));
        Assert.Single(QuorumReadCheck.Faults(new HistoryMaker().Put("a", 1, 2, 10).Remove("a", 1, 3, 20).Get("a", 5, 6, 1, 10).History));
    }

    [Fact]
    public void A_value_shown_after_its_end_or_with_a_wrong_end_is_seen()
    {
        HistoryMaker Put() => new HistoryMaker().Put("t", 0, 2, 10, ttl: 50, expires: 1_000_051);

        Assert.Empty(ExpiryCheck.Faults(Put().Get("t", 10, 50, 1, 10, 1_000_051).History, Final(100)));
        Assert.Single(ExpiryCheck.Faults(Put().Get("t", 51, 51, 1, 10, 1_000_051, Consistency.Local).History, Final(100)));
        Assert.Single(ExpiryCheck.Faults(Put().Get("t", 10, 12, 1, 10, 1_000_099).History, Final(100)));
        Assert.Single(ExpiryCheck.Faults(Put().Get("t", 10, 12, 1, 10, 0).History, Final(100)));
        Assert.Single(ExpiryCheck.Faults(new HistoryMaker().Put("t", 0, 2, 10).Get("t", 10, 12, 1, 10, 1_000_099).History, Final(100)));
        Assert.NotEmpty(ExpiryCheck.Faults(Put().History, Final(100, Entry("t", 1, 10, 1_000_051))));
    }

    [Fact]
    public void A_watcher_that_was_not_told_is_seen()
    {
        var write = new HistoryMaker().Put("w/1", 1, 2, 10).Remove("w/2", 1, 2, 20).History.Attempts;
        var (told, half) = (new Watched("n1", ["w/"]), new Watched("n2", ["w/1"]));
        told.Tell(new KeyChange("w/1", 10, false, false, false, "n1"));
        told.Tell(new KeyChange("w/2", 20, true, false, false, "n1"));

        Assert.Empty(WatchCheck.Faults(write, [told]));
        Assert.Contains("never told", Assert.Single(WatchCheck.Faults(write, [told, half])).Text);
        told.Tell(new KeyChange("w/2", 30, false, false, false, "n1"));
        Assert.Single(WatchCheck.Faults(write, [told]));
    }

    [Fact]
    public void An_answer_too_many_too_late_or_not_at_all_is_seen()
    {
        var history = new HistoryMaker().Put("a", 1, 2, 10).Put("a", 1, 9_000, 20).History;
        var open = new History();
        open.Add(new Attempt { Number = 1, Node = "n1", What = Workload.Put("a", 1), Begin = TimeSpan.Zero });
        var end = TimeSpan.FromSeconds(20);

        Assert.Contains("after 9.0 s", Assert.Single(AnswerCheck.Faults(history, new Dictionary<int, int> { [1] = 1, [2] = 1 }, new HashSet<int>(), end)).Text);
        Assert.Contains("2 times", AnswerCheck.Faults(history, new Dictionary<int, int> { [1] = 2, [2] = 1 }, new HashSet<int>(), end).First().Text);
        Assert.Contains("never answered", Assert.Single(AnswerCheck.Faults(open, new Dictionary<int, int>(), new HashSet<int>(), end)).Text);
        Assert.Empty(AnswerCheck.Faults(open, new Dictionary<int, int>(), new HashSet<int> { 1 }, end));
    }

    [Fact]
    public void Two_swaps_of_one_value_are_seen()
    {
        var good = new HistoryMaker().Swap("r", 1, 2, 0).Swap("r", 3, 6, 1).Swap("r", 4, 5, 1, KeyValueStatus.Conflict, 2);
        var bad = new HistoryMaker().Swap("r", 1, 2, 0).Swap("r", 3, 6, 1).Swap("r", 4, 5, 1);

        Assert.Empty(Registers(good));
        Assert.Contains("no order", Assert.Single(Registers(bad)).Text);
    }

    [Fact]
    public void A_swap_of_unknown_fate_may_happen_later_or_never_and_not_both()
    {
        HistoryMaker Start() => new HistoryMaker().Swap("r", 1, 2, 0).Swap("r", 3, 4, 1, KeyValueStatus.Unavailable);

        Assert.Empty(Registers(Start().Get("r", 5, 6, 1, 10)));
        Assert.Empty(Registers(Start().Get("r", 5, 6, 1, 10).Get("r", 7, 8, 2, 20)));
        Assert.Single(Registers(Start().Get("r", 5, 6, 2, 20).Get("r", 7, 8, 1, 10)));
        Assert.Single(Registers(Start().Swap("r", 5, 6, 1).Get("r", 7, 8, 2, 20)));
    }

    [Fact]
    public void A_refusal_that_tells_what_was_expected_is_seen() =>
        Assert.Single(Registers(new HistoryMaker().Swap("r", 1, 2, 0).Swap("r", 3, 4, 1, KeyValueStatus.Conflict, 1)));

    [Fact]
    public void A_version_that_does_not_grow_is_seen()
    {
        var maker = new HistoryMaker().Swap("r", 1, 2, 0);
        maker.Add(Workload.Put("r", 2) with { Expected = 10 }, 3, 4, KeyValueStatus.Ok, Entry("r", 2, 9), 1);

        Assert.Contains("replaced @10 with @9", Registers(maker).First().Text);
    }

    [Fact]
    public void A_search_that_takes_too_long_fails()
    {
        var maker = new HistoryMaker();
        for (var i = 0; i < 24; i++) maker.Put("r", 1, 99, i + 1);

        Assert.Contains("too many", Assert.Single(RegisterCheck.Faults(maker.Get("r", 100, 101, 0).History, _ => true, withReads: true, limit: 1_000)).Text);
    }

    /// <summary>A register that works is found to work, whatever the overlap; one that once answers from the past is not.</summary>
    [Theory, InlineData(1), InlineData(2), InlineData(3), InlineData(4), InlineData(5), InlineData(6)]
    public void Histories_of_a_true_register_pass_and_of_a_forgetful_one_do_not(int seed)
    {
        Assert.Equal(Verdict.Linearizable, Linearizability.Search(Play((ulong)seed, forgets: false), RegisterCheck.Limit).Verdict);
        Assert.Equal(Verdict.NotLinearizable, Linearizability.Search(Play((ulong)seed, forgets: true), RegisterCheck.Limit).Verdict);
    }

    /// <summary>Five clients and one register in memory; each step happens at some time between its beginning and its end.</summary>
    static List<RegisterStep> Play(ulong seed, bool forgets)
    {
        const int Clients = 5, Steps = 300;
        var (chance, steps, value, before) = (new Chance(seed), new List<RegisterStep>(), 0, 0);
        var free = new TimeSpan[Clients];
        var planned = new List<(TimeSpan At, int Client, TimeSpan Begin, TimeSpan End)>();
        for (var i = 0; i < Steps; i++)
        {
            var client = chance.Below(Clients);
            var begin = free[client] + chance.Within(TimeSpan.FromMilliseconds(5)) + TimeSpan.FromTicks(1);
            var at = begin + chance.Within(TimeSpan.FromMilliseconds(20)) + TimeSpan.FromTicks(1);
            free[client] = at + chance.Within(TimeSpan.FromMilliseconds(20)) + TimeSpan.FromTicks(1);
            planned.Add((at, client, begin, free[client]));
        }
        foreach (var (_, _, begin, end) in planned.OrderBy(p => p.At))
        {
            var number = steps.Count + 1;
            var isLost = chance.Below(12) == 0;
            var expected = chance.Below(3) == 0 ? before : value;
            if (chance.Below(3) == 0) steps.Add(new(number, StepKind.Read, 0, value, begin, end));
            else if (expected != value) steps.Add(new(number, StepKind.RefusedSwap, expected, value, begin, end));
            else
            {
                steps.Add(new(number, StepKind.Swap, expected, number, begin, isLost ? null : end));
                if (!isLost || chance.Below(2) == 0) (before, value) = (value, number);
            }
            if (forgets && steps.Count == Steps / 2) value = before;
        }
        return steps;
    }

    static IEnumerable<Fault> Registers(HistoryMaker maker) => RegisterCheck.Faults(maker.History, _ => true, withReads: true);
}
