using OpsBro.Core.KeyValue;

namespace OpsBro.Tests.KeyValue;

/// <summary>What members that are away may have is unavailable, and never said to be absent.</summary>
public class DoubtTests
{
    const string Key = "k";

    readonly KeyValueNet net = KeyValueNet.Of("a", "b", "c", "d", "e");

    [Fact]
    public void What_two_that_failed_at_once_had_is_unavailable_until_one_is_back()
    {
        var (first, second, others) = FailTwo();

        var (away, doubt) = (net.Get(others[0], Key), net[others[0]].Engine.Doubt);
        var list = net.Do(others[0], new() { Verb = KeyValueVerb.List, Key = "" });
        net.Down.Remove(second);
        net.Tell();
        net.Pass(12);

        Assert.Equal(KeyValueStatus.Unavailable, away.Status);
        Assert.Contains($"{first}, {second}", away.Reason);
        Assert.Contains("parts of the keys are in doubt", doubt);
        Assert.Equal("", net[others[0]].Engine.Doubt);
        Assert.Equal(KeyValueStatus.Unavailable, list.Status);
        Assert.Equal("v", KeyValueRig.Text(net.Get(others[0], Key)));
        Assert.Equal([Key], net.Do(others[0], new() { Verb = KeyValueVerb.List, Key = "" }).Entries.Select(e => e.Key));
    }

    [Theory, InlineData(Consistency.Quorum), InlineData(Consistency.Owner), InlineData(Consistency.Local)]
    public void It_is_unavailable_after_a_restart_of_all_others_too(Consistency consistency)
    {
        var (_, _, others) = FailTwo();
        foreach (var name in others) Restart(name);
        net.Tell();
        net.Pass(12);

        var owner = net[others[0]].Engine.Owners(Key)[0];

        Assert.Equal(KeyValueStatus.Unavailable, net.Get(owner, Key, consistency).Status);
    }

    [Fact]
    public void An_operator_who_takes_them_out_ends_the_doubt()
    {
        var (first, second, others) = FailTwo();

        net.Tell(first, second);
        net.Pass(12);

        Assert.Equal(KeyValueStatus.NotFound, net.Get(others[0], Key).Status);
    }

    [Fact]
    public void Keys_with_one_copy_away_are_absent_and_a_value_that_is_found_is_read()
    {
        var absent = Enumerable.Range(0, 1_000).Select(i => $"absent/{i}")
            .First(key => net["a"].Engine.Owners(key).Intersect(net["a"].Engine.Owners(Key).Take(2)).Count() == 1);
        var (_, _, others) = FailTwo();

        Assert.Equal(KeyValueStatus.NotFound, net.Get(others[0], absent).Status);
        net.Put(others[0], Key, "later");
        Assert.Equal("later", KeyValueRig.Text(net.Get(others[1], Key)));
    }

    [Fact]
    public void Members_that_fail_one_after_the_other_leave_no_doubt()
    {
        foreach (var name in net["a"].Engine.Owners(Key).Take(2).ToArray())
        {
            net.Down.Add(name);
            net.Tell();
            net.Pass(3);
        }
        var other = net.Rigs.First(rig => !net.Down.Contains(rig.Name)).Name;

        Assert.Equal(KeyValueStatus.NotFound, net.Get(other, Key).Status);
    }

    [Fact]
    public void Who_comes_back_after_the_ring_was_made_up_for_does_not_doubt_what_the_others_know()
    {
        var owners = net["a"].Engine.Owners(Key).ToArray();
        foreach (var name in owners.Reverse())   // the first that goes remembers a ring of which nobody else is left
        {
            net.Down.Add(name);
            net.Tell();
            net.Pass(12);
        }

        net.Down.Remove(owners[2]);
        Restart(owners[2]);
        net.Tell();
        net.Pass(12);

        Assert.Equal(KeyValueStatus.NotFound, net.Get(owners[2], Key).Status);
    }

    [Fact]
    public void Two_that_start_together_look_for_the_others_before_they_answer_with_what_they_had()
    {
        var both = net["a"].Engine.Owners(Key).Take(2).ToArray();
        var others = net.Rigs.Select(rig => rig.Name).Except(both).ToArray();
        net.Put("a", Key, "before");
        net.Down.UnionWith(both);
        net.Tell();
        net.Pass(12);
        net.Put(others[0], Key, "after");
        net.Down.Clear();
        net.Down.UnionWith(others);
        foreach (var name in both)
        {
            net[name].Sent.Clear();
            net[name].Start(waits: false);
        }
        net.Tell();
        net.Pass(1);

        var read = net[both[0]].Submit(new() { Verb = KeyValueVerb.Get, Key = Key });
        net.Deliver();
        var isEarly = net[both[0]].Answers.ContainsKey(read);
        net.Down.Clear();
        net.Tell();
        net.Pass(1);

        Assert.False(isEarly);
        Assert.Equal("after", KeyValueRig.Text(net[both[0]].Answers[read]));
    }

    [Fact]
    public void Who_starts_and_sees_all_members_alive_answers_at_once()
    {
        net.Put("a", Key, "v");
        net["a"].Sent.Clear();
        net["a"].Start(waits: false);
        net.Tell();

        var read = net["a"].Submit(new() { Verb = KeyValueVerb.Get, Key = Key });
        net.Deliver();

        Assert.Equal("v", KeyValueRig.Text(net["a"].Answers[read]));
    }

    /// <summary>A key is put, its third copy hears nothing of it, and the other two fail.</summary>
    (string First, string Second, string[] Others) FailTwo()
    {
        var owners = net["a"].Engine.Owners(Key).ToArray();
        net.Down.Add(owners[2]);
        Assert.Equal(KeyValueStatus.Ok, net.Put(owners[0], Key, "v").Status);
        net.Down.Clear();
        net.Down.UnionWith(owners[..2]);
        net.Tell();
        net.Pass(12);
        return (owners[0], owners[1], [.. net.Rigs.Select(rig => rig.Name).Where(name => !net.Down.Contains(name))]);
    }

    void Restart(string name)
    {
        var (now, alone) = (net[name].Now, net.Rigs.First(rig => !net.Down.Contains(rig.Name)));
        net[name].Sent.Clear();
        net[name].Start();
        net[name].Now = now.Monotonic > alone.Now.Monotonic ? now : alone.Now;
    }
}
