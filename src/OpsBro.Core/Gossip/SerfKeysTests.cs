using OpsBro.Core.Gossip;
using OpsBro.Core.Wire;

namespace OpsBro.Tests.Gossip;

public class SerfKeysTests
{
    static readonly byte[] first = Key(1);
    static readonly byte[] second = Key(2);

    static byte[] Key(byte fill)
    {
        var key = new byte[32];
        Array.Fill(key, fill);
        return key;
    }

    static MemoryCluster Encrypted(int count, params byte[][] keys) =>
        MemoryCluster.Of(count, with: settings => settings with { Keys = new Keyring(keys.Length == 0 ? [first] : keys) });

    static KeysNews Ask(MemoryCluster cluster, KeyCommand command, byte[] key, int from = 0)
    {
        var asker = cluster.Nodes[from];
        var id = 0ul;
        asker.Do((engine, now) => Assert.Null(engine.AskKeys(command, key, now, out id)));
        cluster.RunUntil(() => asker.Told<KeysNews>().Any(news => news.Id == id), $"{command} ended", 30);
        return asker.Told<KeysNews>().Single(news => news.Id == id);
    }

    [Fact]
    public void A_key_is_changed_everywhere_without_a_break()
    {
        var cluster = Encrypted(4);

        var install = Ask(cluster, KeyCommand.Install, second);
        var use = Ask(cluster, KeyCommand.Use, second, from: 1);
        var remove = Ask(cluster, KeyCommand.Remove, first, from: 2);
        var list = Ask(cluster, KeyCommand.List, []);

        Assert.All([install, use, remove, list], news => Assert.Equal((4, 4, 0), (news.Nodes, news.Answered, news.Errors)));
        Assert.Equal([new(Convert.ToBase64String(second), 4)], list.Keys);
        Assert.Equal([new(Convert.ToBase64String(second), 4)], list.PrimaryKeys);
        Assert.All(cluster.Nodes, node =>
        {
            Assert.Equal(1, node.Settings.Keys!.Count);
            Assert.Equal(second, node.Settings.Keys.Primary);
            Assert.Equal(3, node.Told<KeyringNews>().Count());
        });
        cluster.RunFor(30);
        Assert.All(cluster.Nodes, node => Assert.Equal(4, node.Engine.Members().Count(member => member.Status == MemberStatus.Alive)));
    }

    [Fact]
    public void A_list_comes_back_as_soon_as_all_have_answered()
    {
        var cluster = Encrypted(3);
        var now = cluster.Now;

        Ask(cluster, KeyCommand.List, []);

        Assert.True(cluster.Now - now < TimeSpan.FromSeconds(2));
    }

    [Fact]
    public void Who_does_not_answer_is_missing_in_the_result()
    {
        var cluster = Encrypted(3);
        cluster.Nodes[2].IsDown = true;

        var news = Ask(cluster, KeyCommand.List, []);

        Assert.Equal((3, 2), (news.Nodes, news.Answered));
    }

    [Fact]
    public void Errors_are_told_by_node()
    {
        var cluster = Encrypted(3);
        cluster.Nodes[1].Settings.Keys!.TryInstall(second);

        var use = Ask(cluster, KeyCommand.Use, Key(3));
        var remove = Ask(cluster, KeyCommand.Remove, first);

        Assert.Equal((3, 3), (use.Errors, remove.Errors));
        Assert.Contains("not installed", use.Messages["n1"]);
        Assert.Contains("primary", remove.Messages["n2"]);
    }

    [Fact]
    public void Whoever_lacks_the_key_that_all_use_is_missing_in_the_result()
    {
        var cluster = Encrypted(3);
        Ask(cluster, KeyCommand.Install, second);
        cluster.Nodes[1].Settings.Keys!.TryRemove(second);

        var use = Ask(cluster, KeyCommand.Use, second);

        Assert.Equal((3, 2), (use.Nodes, use.Answered));
    }

    [Fact]
    public void More_keys_than_an_answer_holds_are_cut_and_said()
    {
        var cluster = Encrypted(2, [.. Enumerable.Range(1, 32).Select(i => Key((byte)i))]);

        var list = Ask(cluster, KeyCommand.List, []);

        Assert.Equal(2, list.Answered);
        Assert.InRange(list.Keys.Count, 15, 31);
        Assert.Contains("32 keys", list.Messages["n1"]);
    }

    [Fact]
    public void A_recording_of_a_key_query_brings_no_old_key_back()
    {
        var cluster = new MemoryCluster();
        var self = cluster.Add("self", settings => settings with { Keys = new Keyring([first]) });
        self.Meets("bob", 2);
        var install = new Query(3, 7, MemoryCluster.Address(2).Addr, 7946, "bob", null, QueryFlags.None, 0, 1_000_000_000,
            "_serf_install-key", Payload(second));
        self.Hears(install with { LTime = 900, Name = "other" });   // more queries went by than the ring holds
        self.Hears(install with { LTime = 901, Name = "other" });
        cluster.RunFor(250);
        self.Hears(install with { LTime = 902, Name = "other" });

        self.Hears(install with { LTime = 890 });

        Assert.Equal(1, self.Settings.Keys!.Count);
        Assert.Equal(1, self.Engine.Counters.Replays);
        self.Hears(install with { LTime = 903 });
        Assert.Equal(2, self.Settings.Keys.Count);
    }

    static Bytes Payload(byte[] key)
    {
        var writer = new SpanWriter();
        new KeyRequest(key).Write(writer);
        return writer.Written.ToArray();
    }

    [Theory]
    [InlineData(new byte[0])]
    [InlineData(new byte[] { 7 })]
    [InlineData(new byte[] { 6, 0x80 })]
    [InlineData(new byte[] { 7, 0x81, 0xa3, (byte)'K', (byte)'e', (byte)'y', 0xa3, 1, 2, 3 })]
    public void A_request_that_makes_no_sense_is_answered_so(byte[] payload)
    {
        var cluster = new MemoryCluster();
        var self = cluster.Add("self", settings => settings with { Keys = new Keyring([first]) });
        self.Meets("bob", 2);
        self.Records = true;

        self.Hears(new Query(3, 7, MemoryCluster.Address(2).Addr, 7946, "bob", null, QueryFlags.None, 0, 1_000_000_000,
            "_serf_install-key", payload));

        var response = QueryResponse.TryRead(self.Sent.Single().Message.AsSpan(1))!;
        Assert.False(KeyResponse.TryRead(response.Payload.Span[1..])!.Result);
        Assert.Equal(1, self.Settings.Keys!.Count);
    }

    [Fact]
    public void Without_encryption_there_is_nothing_to_ask_and_others_hear_so()
    {
        var cluster = MemoryCluster.Of(2);

        Assert.Contains("not encrypted", cluster.Nodes[0].Engine.AskKeys(KeyCommand.List, [], cluster.Now, out _));
        Assert.Contains("not 5", Encrypted(1).Nodes[0].Engine.AskKeys(KeyCommand.Install, new byte[5], cluster.Now, out _));
    }

    [Fact]
    public void The_age_of_a_key_is_counted_in_messages()
    {
        var cluster = Encrypted(2);
        var counters = cluster.Nodes[0].Engine.Counters;
        Assert.True(counters.SealedUnderPrimary > 0);

        Ask(cluster, KeyCommand.Install, second);
        var before = counters.SealedUnderPrimary;
        Ask(cluster, KeyCommand.Use, second);

        Assert.True(counters.SealedUnderPrimary < before);
        Assert.True(counters.Sealed > before);
    }
}
