using OpsBro.Gossip.Keys;

namespace OpsBro.Tests.Gossip;

public class RotationRuleTests
{
    static readonly TimeSpan month = TimeSpan.FromDays(30);

    static RotationFacts Old(double days) => new()
    {
        Limit = month,
        IsAsked = false,
        Age = TimeSpan.FromDays(days),
        Sealed = 1000,
        Alive = 3,
        Most = 3,
        Down = [],
        Plain = [],
        Rank = 0,
    };

    [Fact]
    public void The_first_acts_at_the_limit_and_each_further_one_a_step_later()
    {
        Assert.Equal((false, "in 1h"), Said(Old(30) with { Age = month - TimeSpan.FromHours(1) }));
        Assert.Equal((false, "in 30d"), Said(Old(30) with { Age = TimeSpan.FromSeconds(14) }));
        Assert.Equal((true, "it is 30d old"), Said(Old(30)));
        Assert.False(RotationRule.Decide(Old(30) with { Rank = 1 }).IsDue);
        Assert.True(RotationRule.Decide(Old(30) with { Rank = 1, Age = month + TimeSpan.FromHours(1) }).IsDue);
        Assert.True(RotationRule.Decide(Old(31) with { Rank = 5000 }).IsDue);
    }

    [Fact]
    public void A_short_limit_has_short_steps()
    {
        var facts = Old(0) with { Limit = TimeSpan.FromMinutes(1), Age = TimeSpan.FromSeconds(66) };

        Assert.True(RotationRule.Decide(facts with { Rank = 1 }).IsDue);
        Assert.False(RotationRule.Decide(facts with { Rank = 2 }).IsDue);
    }

    [Fact]
    public void Packets_of_all_members_together_wear_a_key_out()
    {
        Assert.False(RotationRule.Decide(Old(1) with { Alive = 2, Sealed = RotationRule.MostPackets / 2 - 1 }).IsDue);
        Assert.True(RotationRule.Decide(Old(1) with { Alive = 2, Sealed = RotationRule.MostPackets / 2 }).IsDue);
    }

    [Fact]
    public void Members_that_are_down_stop_it_until_the_key_is_far_too_old()
    {
        Assert.Equal((false, "due (it is 31d old), and waits for web-3: without an answer they would miss the new key"),
            Said(Old(31) with { Down = ["web-3"] }));
        var verdict = RotationRule.Decide(Old(60) with { Down = ["web-3"] });
        Assert.True(verdict is { IsDue: true, IsForced: true });
        Assert.False(RotationRule.Decide(Old(31)).IsForced);
    }

    [Fact]
    public void The_smaller_part_of_a_broken_network_waits()
    {
        Assert.Equal((false, "due (it is 31d old), and waits: 3 of 6 members are here, the others may be cut off"), Said(Old(31) with { Most = 6 }));
        Assert.True(RotationRule.Decide(Old(31) with { Most = 5 }).IsDue);
    }

    [Fact]
    public void It_never_happens_when_it_is_off_or_the_node_alone_or_with_Serf_agents_that_nobody_thought_of()
    {
        Assert.False(RotationRule.Decide(Old(900) with { Limit = null }).IsDue);
        Assert.False(RotationRule.Decide(Old(900) with { Alive = 1 }).IsDue);
        Assert.False(RotationRule.Decide(Old(900) with { Plain = ["old-serf"] }).IsDue);
        Assert.True(RotationRule.Decide(Old(900) with { Plain = ["old-serf"], IsAsked = true }).IsDue);
    }

    static (bool, string) Said(RotationFacts facts) => (RotationRule.Decide(facts).IsDue, RotationRule.Decide(facts).Text);
}
