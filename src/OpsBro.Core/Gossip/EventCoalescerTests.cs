using OpsBro.Core.Gossip;
using OpsBro.Core.Wire;

namespace OpsBro.Tests.Gossip;

public class EventCoalescerTests
{
    readonly List<GossipEvent> told = [];
    readonly EventCoalescer coalescer;

    public EventCoalescerTests() => coalescer = new EventCoalescer(told.Add);

    static TimeSpan At(double seconds) => TimeSpan.FromSeconds(seconds);

    static MemberNews News(MemberChange change, string name) => new(change, new Member(
        name, default, [], change == MemberChange.Join ? MemberStatus.Alive : MemberStatus.Failed, false, default, 1, 1,
        ProtocolVersions.Ours, null), "");

    static EventNews Event(ulong time, string name, string payload, bool coalesce = true) =>
        new(time, name, System.Text.Encoding.UTF8.GetBytes(payload), coalesce);

    IEnumerable<string> Told => told.Select(one => one.User is { } user
        ? $"{one.Word} {user.Name} {System.Text.Encoding.UTF8.GetString(user.Payload.Span)}"
        : $"{one.Word} {string.Join(',', one.Members.Select(member => member.Name))}");

    [Fact]
    public void Members_that_come_together_are_told_together_when_it_is_quiet()
    {
        coalescer.Add(News(MemberChange.Join, "a"), At(0));
        coalescer.Add(News(MemberChange.Join, "b"), At(0.5));
        coalescer.Add(News(MemberChange.Failed, "c"), At(0.6));
        coalescer.Tick(At(1.59));
        Assert.Empty(told);
        Assert.Equal(At(1.6), coalescer.Due);

        coalescer.Tick(At(1.6));

        Assert.Equal(["member-join a,b", "member-failed c"], Told);
        Assert.Null(coalescer.Due);
    }

    [Fact]
    public void An_endless_burst_waits_no_longer_than_the_window()
    {
        for (var i = 0; i < 6; i++) coalescer.Add(News(MemberChange.Join, $"n{i}"), At(0.5 * i));

        Assert.Equal(EventCoalescer.Window, coalescer.Due);
    }

    [Fact]
    public void Only_the_last_change_of_a_member_counts_and_a_flap_counts_not_at_all()
    {
        coalescer.Add(News(MemberChange.Join, "a"), At(0));
        coalescer.Tick(At(1));
        told.Clear();

        coalescer.Add(News(MemberChange.Failed, "a"), At(2));
        coalescer.Add(News(MemberChange.Join, "a"), At(2.5));
        coalescer.Add(News(MemberChange.Join, "b"), At(2.5));
        coalescer.Add(News(MemberChange.Failed, "b"), At(2.6));
        coalescer.Tick(At(4));

        Assert.Equal(["member-failed b"], Told);
    }

    [Fact]
    public void Every_update_is_told()
    {
        coalescer.Add(News(MemberChange.Update, "a"), At(0));
        coalescer.Tick(At(1));
        coalescer.Add(News(MemberChange.Update, "a"), At(2));
        coalescer.Tick(At(3));

        Assert.Equal(["member-update a", "member-update a"], Told);
    }

    [Fact]
    public void Of_events_with_one_name_the_last_is_told_and_all_of_the_same_time()
    {
        coalescer.Add(Event(5, "deploy", "old"), At(0));
        coalescer.Add(Event(7, "deploy", "new"), At(0.1));
        coalescer.Add(Event(6, "deploy", "late"), At(0.2));
        coalescer.Add(Event(7, "deploy", "also new"), At(0.3));
        coalescer.Add(Event(4, "restart", "x"), At(0.4));
        coalescer.Tick(At(1.4));

        Assert.Equal(["user restart x", "user deploy new", "user deploy also new"], Told);
    }

    [Fact]
    public void An_event_that_may_not_be_coalesced_goes_through_at_once()
    {
        coalescer.Add(Event(1, "deploy", "a", coalesce: false), At(0));
        coalescer.Add(Event(2, "deploy", "b", coalesce: false), At(0));

        Assert.Equal(["user deploy a", "user deploy b"], Told);
        Assert.Null(coalescer.Due);
    }

    [Fact]
    public void More_than_is_kept_is_told_early()
    {
        for (var i = 0; i < EventCoalescer.MaxWaiting; i++) coalescer.Add(Event((ulong)i, $"e{i}", ""), At(0));

        Assert.Equal(EventCoalescer.MaxWaiting, told.Count);
    }
}
