using System.Text;
using OpsBro.Core.Gossip;
using OpsBro.Core.Wire;

namespace OpsBro.Tests.Gossip;

public class SerfEventsTests
{
    readonly MemoryCluster cluster = new();
    readonly MemoryNode self;

    public SerfEventsTests()
    {
        self = cluster.Add("self");
        self.Meets("bob", 2);
        self.Records = true;
    }

    static Bytes Text(string text) => Encoding.UTF8.GetBytes(text);

    string[] Names() => [.. self.Told<EventNews>().Select(news => news.Name)];

    byte[][] Passed()
    {
        cluster.RunFor(1);
        return [.. self.Sent.Select(sent => sent.Message).Where(message => message[0] == (byte)SerfType.UserEvent).DistinctBy(Convert.ToHexString)];
    }

    [Fact]
    public void An_event_comes_once_and_is_passed_on_with_all_its_bytes()
    {
        var one = new UserEvent(4, "deploy", Text("v7"), true);
        var writer = new SpanWriter();
        one.Write(writer);
        // a field that only newer peers know
        byte[] message = [.. writer.Written, 0xa1, (byte)'X', 0x01];
        message[1]++;
        byte[] datagram = [(byte)MessageType.User, .. message];

        for (var i = 0; i < 3; i++) self.Do((engine, now) => engine.Receive(MemoryCluster.Address(2), datagram, now));

        Assert.Equal(new EventNews(4, "deploy", Text("v7"), true), Assert.Single(self.Told<EventNews>()));
        Assert.Equal([message], Passed());
        Assert.Equal(4ul, self.Engine.EventClock);
    }

    [Fact]
    public void Our_own_event_has_the_next_time_and_comes_to_us_too()
    {
        self.Do((engine, now) => Assert.Null(engine.FireEvent("a", default, false, now)));
        self.Do((engine, now) => Assert.Null(engine.FireEvent("b", Text("x"), true, now)));

        Assert.Equal([new EventNews(1, "a", default, false), new EventNews(2, "b", Text("x"), true)], self.Told<EventNews>());
        Assert.Equal(2, Passed().Length);
    }

    [Fact]
    public void Alone_nothing_waits_to_be_sent()
    {
        var alone = new MemoryCluster().Add("alone");

        alone.Do((engine, now) => engine.FireEvent("a", default, false, now));

        Assert.Single(alone.Told<EventNews>());
        Assert.Equal((0, 0, 0), alone.Engine.Queues);
    }

    [Fact]
    public void An_event_that_is_too_large_says_how_large_it_is()
    {
        var problem = self.Engine.FireEvent("deploy", new byte[507], false, cluster.Now);
        var framed = self.Engine.FireEvent("deploy", new byte[500], false, cluster.Now);

        Assert.Contains("513", problem);
        Assert.Contains("message", framed);   // the fields around it cost too
        Assert.Empty(self.Told<EventNews>());
        Assert.Equal(0ul, self.Engine.EventClock);
    }

    [Fact]
    public void Two_of_the_same_time_are_two()
    {
        self.Hears(new UserEvent(4, "a", default, false));
        self.Hears(new UserEvent(4, "a", Text("x"), false));
        self.Hears(new UserEvent(4, "b", default, false));

        Assert.Equal(["a", "a", "b"], Names());
    }

    [Fact]
    public void One_that_is_older_than_the_ring_is_dropped()
    {
        self.Hears(new UserEvent(1_000, "new", default, false));

        self.Hears(new UserEvent(400, "old", default, false));
        self.Hears(new UserEvent(600, "late", default, false));

        Assert.Equal(["new", "late"], Names());
    }

    [Fact]
    public void After_a_restart_what_was_delivered_before_is_not_again()
    {
        var node = cluster.Add("again", settings => settings with { EventClock = 41 });

        node.Hears(new UserEvent(41, "old", default, false));
        node.Hears(new UserEvent(42, "new", default, false));

        Assert.Equal(42ul, Assert.Single(node.Told<EventNews>()).LTime);
    }

    [Theory, InlineData(ulong.MaxValue), InlineData(1ul << 50), InlineData((1ul << 20) + 2)]
    public void A_poisonous_time_is_dropped(ulong time)
    {
        self.Hears(new UserEvent(time, "poison", default, false));

        Assert.Empty(Names());
        Assert.Equal(0ul, self.Engine.EventClock);
        Assert.Empty(Passed());
        Assert.Equal(1, self.Engine.Counters.RefusedJumps);
    }

    [Fact]
    public void All_of_a_cluster_get_it_once()
    {
        var all = MemoryCluster.Of(5);

        all.Nodes[3].Do((engine, now) => engine.FireEvent("deploy", Text("v7"), false, now));

        all.RunUntil(() => all.Nodes.All(node => node.Told<EventNews>().Any()), "all have it", 3);
        all.RunFor(30);
        Assert.All(all.Nodes, node => Assert.Equal("deploy", Assert.Single(node.Told<EventNews>()).Name));
        Assert.All(all.Nodes, node => Assert.Equal((0, 0, 0), node.Engine.Queues));
    }

    [Fact]
    public void Who_joins_later_gets_the_past_events_in_order_unless_it_says_not()
    {
        var all = MemoryCluster.Of(3);
        for (var i = 0; i < 5; i++) all.Nodes[i % 3].Do((engine, now) => engine.FireEvent($"e{i}", default, false, now));
        all.RunUntil(() => all.Nodes.All(node => node.Told<EventNews>().Count() == 5), "all have all", 5);

        var (curious, careless) = (all.Add("curious"), all.Add("careless"));
        curious.Do((engine, now) => engine.Join(all.Nodes[0].Address, ignoreOldEvents: false, now));
        careless.Do((engine, now) => engine.Join(all.Nodes[0].Address, ignoreOldEvents: true, now));
        all.RunFor(60);
        all.Nodes[0].Do((engine, now) => engine.FireEvent("new", default, false, now));
        all.RunFor(5);

        var times = curious.Told<EventNews>().Select(news => news.LTime).ToList();
        Assert.Equal(6, times.Count);
        Assert.Equal(times.Order(), times);
        Assert.Equal("new", Assert.Single(careless.Told<EventNews>()).Name);
    }
}
