using System.Text;
using OpsBro.Core.Gossip;
using OpsBro.Core.Wire;

namespace OpsBro.Tests.Gossip;

public class SerfQueriesTests
{
    static Bytes Text(string text) => Encoding.UTF8.GetBytes(text);

    /// <summary>A node with a key that knows bob; queries come from bob.</summary>
    static MemoryNode Alone(MemoryCluster cluster, Func<GossipSettings, GossipSettings>? with = null)
    {
        var self = cluster.Add("self", with);
        self.Meets("bob", 2);
        self.Records = true;
        return self;
    }

    static Query From(string source, int number, ulong time = 3, uint id = 7, QueryFlags flags = QueryFlags.None, string name = "load") =>
        new(time, id, MemoryCluster.Address(number).Addr, 7946, source, null, flags, 0, 1_000_000_000, name, Text("?"));

    static Bytes Filter(QueryFilter filter)
    {
        var writer = new SpanWriter();
        filter.Write(writer);
        return writer.Written.ToArray();
    }

    static QueryResponse[] Responses(MemoryNode node, PeerAddress to) => [..
        from sent in node.Sent
        where sent.To == to && sent.Message[0] == (byte)SerfType.QueryResponse
        select QueryResponse.TryRead(sent.Message.AsSpan(1))!];

    [Fact]
    public void A_query_is_told_once_and_answered_once()
    {
        var cluster = new MemoryCluster();
        var self = Alone(cluster);

        for (var i = 0; i < 3; i++) self.Hears(From("bob", 2));
        var news = Assert.Single(self.Told<QueryNews>());
        self.Do((engine, now) => Assert.Null(engine.Respond(news.Key, Text("0.7"), now)));

        Assert.Equal("load", news.Query.Name);
        Assert.Equal(cluster.Now + TimeSpan.FromSeconds(1), news.Deadline);
        Assert.Equal([new QueryResponse(3, 7, "self", QueryFlags.None, Text("0.7"))], Responses(self, MemoryCluster.Address(2)));
        Assert.NotNull(self.Engine.Respond(news.Key, Text("0.8"), cluster.Now));
    }

    [Fact]
    public void Two_queries_of_the_same_time_are_two()
    {
        var self = Alone(new MemoryCluster());

        self.Hears(From("bob", 2, id: 7));
        self.Hears(From("bob", 2, id: 8));

        Assert.Equal([7u, 8u], self.Told<QueryNews>().Select(news => news.Query.Id));
    }

    [Fact]
    public void An_ack_goes_out_at_once_when_it_is_wanted()
    {
        var self = Alone(new MemoryCluster());

        self.Hears(From("bob", 2, flags: QueryFlags.Ack));

        Assert.Equal([new QueryResponse(3, 7, "self", QueryFlags.Ack, default)], Responses(self, MemoryCluster.Address(2)));
    }

    [Fact]
    public void After_its_time_a_query_is_not_answered()
    {
        var cluster = new MemoryCluster();
        var self = Alone(cluster);
        self.Hears(From("bob", 2));

        cluster.RunFor(1.1);

        Assert.Contains("over", self.Engine.Respond(self.Told<QueryNews>().Single().Key, default, cluster.Now));
    }

    [Fact]
    public void An_answer_that_is_too_large_says_so_and_may_be_given_again()
    {
        var cluster = new MemoryCluster();
        var self = Alone(cluster);
        self.Hears(From("bob", 2));
        var key = self.Told<QueryNews>().Single().Key;

        Assert.Contains("1024", self.Engine.Respond(key, new byte[1024], cluster.Now));
        Assert.Null(self.Engine.Respond(key, new byte[900], cluster.Now));
    }

    [Theory]
    [InlineData(true, "self")]
    [InlineData(true, "bob", "self")]
    [InlineData(false, "bob")]
    [InlineData(false, "Self")]
    public void A_filter_of_names_chooses(bool isForUs, params string[] names) =>
        Chooses(isForUs, new QueryFilter(names, "", ""));

    [Theory]
    [InlineData(true, "role", "web")]
    [InlineData(true, "role", "^w.b-")]
    [InlineData(false, "role", "^db")]
    [InlineData(true, "missing", "^$")]
    [InlineData(false, "missing", ".")]
    [InlineData(false, "role", "(")]          // no expression at all
    [InlineData(false, "role", "(?=web)")]    // one that Go refuses
    public void A_filter_of_a_tag_chooses(bool isForUs, string tag, string expression) =>
        Chooses(isForUs, new QueryFilter(null, tag, expression));

    [Fact]
    public void All_filters_must_match() =>
        Chooses(false, new QueryFilter(["self"], "", ""), new QueryFilter(null, "role", "db"));

    static void Chooses(bool isForUs, params QueryFilter[] filters)
    {
        var cluster = new MemoryCluster();
        var self = Alone(cluster, settings => settings with { Tags = [new("role", "web-1")] });

        self.Hears(From("bob", 2) with { Filters = [.. filters.Select(Filter)] });
        cluster.RunFor(1);

        Assert.Equal(isForUs ? 1 : 0, self.Told<QueryNews>().Count());
        Assert.Contains(self.Sent, sent => sent.Message[0] == (byte)SerfType.Query);   // passed on whether it is for us or not
    }

    [Fact]
    public void A_filter_of_a_kind_that_we_do_not_know_is_not_for_us()
    {
        var self = Alone(new MemoryCluster());

        self.Hears(From("bob", 2) with { Filters = [new byte[] { 9, 0x90 }] });

        Assert.Empty(self.Told<QueryNews>());
    }

    [Fact]
    public void A_query_that_is_not_to_be_passed_on_is_not()
    {
        var cluster = new MemoryCluster();
        var self = Alone(cluster);

        self.Hears(From("bob", 2, flags: QueryFlags.NoBroadcast));
        cluster.RunFor(1);

        Assert.Single(self.Told<QueryNews>());
        Assert.Empty(self.Sent);
    }

    [Theory, InlineData("bob", 9), InlineData("stranger", 2), InlineData("", 2)]
    public void Nobody_has_us_send_answers_to_a_victim(string source, int number)
    {
        var self = Alone(new MemoryCluster());

        self.Hears(From(source, number, flags: QueryFlags.Ack));

        Assert.Empty(self.Told<QueryNews>());
        Assert.Empty(Responses(self, MemoryCluster.Address(number)));
        Assert.Equal(1, self.Engine.Counters.Misdirected);
    }

    [Fact]
    public void A_relay_is_passed_on_to_members_only_and_only_answers()
    {
        var cluster = new MemoryCluster();
        var self = Alone(cluster);
        byte[] answer = [(byte)SerfType.QueryResponse, 0x80];

        self.Hears(new Relay(MemoryCluster.Address(2).Addr, 7946, "", "bob", answer));
        self.Hears(new Relay(MemoryCluster.Address(9).Addr, 7946, "", "bob", answer));
        self.Hears(new Relay(MemoryCluster.Address(9).Addr, 7946, "", "", answer));
        self.Hears(new Relay(MemoryCluster.Address(2).Addr, 7946, "", "bob", new byte[] { (byte)SerfType.UserEvent, 0x80 }));

        var sent = Assert.Single(self.Sent);
        Assert.Equal(MemoryCluster.Address(2), sent.To);
        Assert.Equal(answer, sent.Message);
        Assert.Equal(3, self.Engine.Counters.Misdirected);
    }

    [Fact]
    public void Only_so_many_wait_for_an_answer()
    {
        var cluster = new MemoryCluster();
        var self = Alone(cluster);

        for (var i = 0u; i < Serf.MaxWaiting + 10; i++) self.Hears(From("bob", 2, id: i));

        Assert.Equal(Serf.MaxWaiting, self.Told<QueryNews>().Count());
        cluster.RunFor(2);
        self.Hears(From("bob", 2, time: 4));
        Assert.Equal(Serf.MaxWaiting + 1, self.Told<QueryNews>().Count());
    }

    [Fact]
    public void All_answer_and_the_end_comes_when_the_time_is_over()
    {
        var cluster = MemoryCluster.Of(5);
        var id = 0ul;

        var asker = cluster.Nodes[0];
        asker.Do((engine, now) => Assert.Null(engine.Ask(new QueryRequest("load", Text("?")) { WantsAck = true }, now, out id)));
        Assert.NotEqual(0ul, id);
        cluster.RunUntil(() => cluster.Nodes.All(node => node.Told<QueryNews>().Any()), "all were asked", 2);
        foreach (var node in cluster.Nodes)
            node.Do((engine, now) => engine.Respond(node.Told<QueryNews>().Single().Key, Text(node.Name), now));
        cluster.RunUntil(() => asker.Told<AnswerNews>().Any(news => news.Kind == AnswerKind.Done), "it ended", 5);

        var names = cluster.Nodes.Select(node => node.Name).ToList();
        Assert.Equal(names, asker.Told<AnswerNews>().Where(news => news.Kind == AnswerKind.Ack).Select(news => news.From).Order());
        Assert.Equal(names, asker.Told<AnswerNews>().Where(news => news.Kind == AnswerKind.Response).Select(news => news.From).Order());
        Assert.All(asker.Told<AnswerNews>(), news => Assert.Equal(id, news.Id));
        Assert.Equal(11, asker.Told<AnswerNews>().Count());
    }

    [Fact]
    public void Nothing_of_an_answer_comes_before_the_asker_has_the_number()
    {
        var node = new MemoryCluster().Add("alone");

        node.Engine.Ask(new QueryRequest("load", default) { WantsAck = true }, TimeSpan.FromHours(1), out _);
        Assert.Empty(node.News.OfType<AnswerNews>());
        node.Wake();

        Assert.Equal(AnswerKind.Ack, Assert.Single(node.Told<AnswerNews>()).Kind);
    }

    [Fact]
    public void A_relayed_answer_comes_through_where_the_straight_way_is_cut()
    {
        var cluster = MemoryCluster.Of(4);
        var (asker, far) = (cluster.Nodes[0], cluster.Nodes[3]);
        asker.Do((engine, now) => engine.Ask(new QueryRequest("load", default) { WantsAck = true, RelayFactor = 2 }, now, out _));
        cluster.IsCut = (from, to) => from == far.Address && to == asker.Address;

        cluster.RunFor(3);

        var acks = asker.Told<AnswerNews>().Where(news => news.Kind == AnswerKind.Ack).Select(news => news.From).ToList();
        Assert.Equal(["n0", "n1", "n2", "n3"], acks.Order());   // and each once, though each came three times
    }

    [Fact]
    public void The_time_to_answer_grows_with_the_members()
    {
        var three = MemoryCluster.Of(3);
        var now = three.Now;

        three.Nodes[0].Do((engine, time) => engine.Ask(new QueryRequest("load", default), time, out _));
        three.RunUntil(() => three.Nodes[0].Told<AnswerNews>().Any(), "it ended", 10);

        Assert.Equal(TimeSpan.FromSeconds(3.2), three.Now - now);
    }

    [Fact]
    public void What_cannot_be_asked_says_why()
    {
        var self = Alone(new MemoryCluster());

        Assert.Contains("1024", self.Engine.Ask(new QueryRequest("load", new byte[1000]), default, out _));
        Assert.Contains("timeout", self.Engine.Ask(new QueryRequest("load", default) { Timeout = TimeSpan.Zero }, default, out _));
        for (var i = 0; i < Serf.MaxAsked; i++) Assert.Null(self.Engine.Ask(new QueryRequest("load", default), default, out _));
        Assert.Contains($"{Serf.MaxAsked}", self.Engine.Ask(new QueryRequest("load", default), default, out _));
    }

    [Fact]
    public void A_ping_query_is_answered_by_its_ack_alone()
    {
        var self = Alone(new MemoryCluster());

        self.Hears(From("bob", 2, flags: QueryFlags.Ack, name: "_serf_ping"));

        Assert.Single(Responses(self, MemoryCluster.Address(2)));
        Assert.Empty(self.Told<QueryNews>());
    }
}
