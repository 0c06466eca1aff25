using System.Security.Cryptography;
using OpsBro.Core.Wire;
using OpsBro.Tests.EndToEnd;

namespace OpsBro.Tests.Gossip;

/// <summary>Dialers that are not who they say, or play again what they recorded.</summary>
public class LinkHostileTests
{
    static readonly byte[] key = LinkNode.Key;

    static LinkHello Hello(string from, string to, byte[]? of = null) =>
        new(RandomNumberGenerator.GetBytes(LinkHello.NonceSize), LinkHello.KeyOf(of ?? key), from, to);

    static Task Until(Func<bool> isSo, params LinkNode[] nodes) => RunningAgent.Until(isSo, () => string.Join("; ", nodes.Select(n => $"{n}")));

    [Fact]
    public async Task What_was_recorded_is_good_for_nothing_and_disturbs_no_link()
    {
        var (a, b) = await LinkNode.Pair(keys: key);
        using var first = a;
        using var second = b;
        using var honest = new HandDialer(b, key);
        Assert.Equal("", (await honest.Hello(Hello("a", "b")))!.Refusal);
        await honest.Send(honest.Frame());
        foreach (var number in (int[])[1, 2]) await honest.Send(honest.Frame(number));
        await Until(() => b.Came.Count == 2, a, b);

        // all of it on another stream: the hello itself is known
        using var replay = new HandDialer(b, key);
        await replay.Connect();
        await replay.Send(honest.Sent.ToArray());
        Assert.Null(await replay.ReadWelcome());
        // a new hello, and the recorded proof or frames after it: another key
        var recorded = honest.Frame(3);
        using var mixed = new HandDialer(b, key);
        Assert.Equal("", (await mixed.Hello(Hello("a", "b")))!.Refusal);
        await mixed.Send(honest.Sent.TakeLast(20 + 2 * (LinkCipher.HeaderSize + LinkMessages.HeaderSize + 4 + Envelope.TagSize)).ToArray());
        await mixed.Closed();

        Assert.Equal((1, 1, 2), (b.Links.CountIn, b.Links.Counters.Refusals, b.Came.Count));
        await honest.Send(recorded);
        await Until(() => b.Came.Count == 3, a, b);
        await honest.Send(recorded);   // the same again on its own link: not the next one
        await honest.Closed();
        Assert.Equal([1, 2, 3], b.Numbers);
        Assert.Equal(2, b.Links.Counters.Refusals);
    }

    [Fact]
    public async Task A_frame_that_was_left_out_or_changed_ends_the_link()
    {
        var (a, b) = await LinkNode.Pair(keys: key);
        using var first = a;
        using var second = b;
        foreach (var isChanged in (bool[])[false, true])
        {
            using var dialer = new HandDialer(b, key);
            await dialer.Hello(Hello("a", "b"));
            await dialer.Send(dialer.Frame());
            await dialer.Send(dialer.Frame(1));
            var next = dialer.Frame(2);
            if (isChanged) next[LinkCipher.HeaderSize + 7] ^= 1;
            else next = dialer.Frame(3);
            await dialer.Send(next);
            await dialer.Closed();
        }

        Assert.Equal([1, 1], b.Numbers);
        Assert.Equal(2, b.Links.Counters.Refusals);
    }

    [Fact]
    public async Task The_newer_link_of_a_name_replaces_the_older_one()
    {
        var (a, b) = await LinkNode.Pair(keys: key);
        using var first = a;
        using var second = b;
        using var older = new HandDialer(b, key);
        await older.Hello(Hello("a", "b"));
        await older.Send(older.Frame());
        await Until(() => b.Links.CountIn == 1, a, b);

        using var newer = new HandDialer(b, key);
        await newer.Hello(Hello("a", "b"));
        await newer.Send(newer.Frame());
        await newer.Send(newer.Frame(5));
        await older.Closed();
        await Until(() => b.Came.Count == 1, a, b);

        Assert.Equal([5], b.Numbers);
        Assert.Equal(1, b.Links.CountIn);
    }

    [Fact]
    public async Task Strangers_are_told_why_they_are_refused()
    {
        var (a, b) = await LinkNode.Pair(keys: key);
        using var first = a;
        using var second = b;
        async Task<string?> Refusal(LinkHello hello, byte[]? with = null)
        {
            using var dialer = new HandDialer(b, with ?? key);
            return (await dialer.Hello(hello))?.Refusal;
        }

        Assert.Equal("no live agent of zone lan is called mallory", await Refusal(Hello("mallory", "b")));
        Assert.Equal("this is b, not a", await Refusal(Hello("a", "a")));
        Assert.Equal("this agent does not have the key that you use", await Refusal(Hello("a", "b", LinkNode.OtherKey)));
        Assert.Equal(3, b.Links.Counters.Refusals);
        // sealed under another key it is not even read; gossip counts it
        Assert.Null(await Refusal(Hello("a", "b"), LinkNode.OtherKey));
        Assert.Equal(1, (await b.Pool.Look()).Counters["wrong_key"]);
        Assert.Equal(0, b.Links.CountIn);
    }

    [Fact]
    public async Task Without_a_key_there_are_no_links_unless_they_are_asked_for()
    {
        var (a, b) = await LinkNode.Pair();
        using var first = a;
        using var second = b;

        Assert.False(a.Send("b", 1));
        Assert.Equal("the cluster has no key: keys and values stay on this node; make one with opsbro gossip keys generate, see docs/gossip-keys.md",
            a.Links.Problem);
        a.Links.MayBePlain = true;
        Assert.Equal("", a.Links.Problem);
        Assert.True(a.Send("b", 2));
        await Until(() => b.Links.Counters.Refusals > 0, a, b);   // the other side must be asked for too
        b.Links.MayBePlain = true;
        await Until(() => a.Send("b", 3) && b.Came.Count > 0, a, b);
        a.Links.MayBePlain = b.Links.MayBePlain = false;
        await Until(() => a.Links.CountOut == 0 && b.Links.CountIn == 0, a, b);

        Assert.False(a.Send("b", 4));
    }
}
