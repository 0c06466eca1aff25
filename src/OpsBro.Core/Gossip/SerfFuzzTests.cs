using OpsBro.Core.Gossip;
using OpsBro.Core.Wire;

namespace OpsBro.Tests.Gossip;

public class SerfFuzzTests
{
    static readonly string[] names = ["self", "bob", "eve", "joe", "", "stranger", "_serf_ping", "\udcff"];

    [Theory, InlineData(1), InlineData(2), InlineData(3), InlineData(4)]
    public void Whatever_comes_nothing_breaks_and_nothing_grows_without_end(ulong seed)
    {
        var chance = new Chance(seed);
        var cluster = new MemoryCluster(seed);
        var self = cluster.Add("self");
        for (var i = 2; i < 5; i++) self.Meets(names[i - 1], i);

        for (var step = 0; step < 20_000; step++)
        {
            var message = Encoded(Any(chance));
            if (chance.Below(3) == 0) Spoil(message, chance);
            byte[] datagram = [(byte)MessageType.User, .. message];
            self.Do((engine, now) => engine.Receive(MemoryCluster.Address(2 + chance.Below(4)), datagram, now));
            if (step % 100 != 0) continue;
            State(self, chance);
            cluster.RunFor(chance.Fraction() * 2);
            self.News.Clear();
        }

        var (intents, queries, events) = self.Engine.Queues;
        Assert.True(Math.Max(intents, Math.Max(queries, events)) <= GossipLimits.MaxQueue, $"seed {seed}");
        Assert.True(self.Engine.Members().Count <= 5, $"seed {seed}");
        Assert.True(Math.Max(self.Engine.Clock, Math.Max(self.Engine.EventClock, self.Engine.QueryClock)) < LamportClock.Most, $"seed {seed}");
        Assert.Equal(MemberStatus.Alive, self.Engine.Self.Status);   // each word that we left was refuted
        self.Do((engine, now) => Assert.Null(engine.FireEvent("still here", default, false, now)));
    }

    [Theory, InlineData(1), InlineData(2)]
    public void Noise_breaks_nothing(ulong seed)
    {
        var chance = new Chance(seed);
        var self = new MemoryCluster(seed).Add("self");

        for (var step = 0; step < 50_000; step++)
        {
            var noise = new byte[1 + chance.Below(60)];
            for (var i = 0; i < noise.Length; i++) noise[i] = (byte)chance.Next();
            noise[0] = (byte)MessageType.User;
            if (noise.Length > 1) noise[1] %= 10;
            self.Engine.Receive(MemoryCluster.Address(2), noise, TimeSpan.FromHours(1));
        }

        Assert.Equal(0ul, self.Engine.Clock >> 40);
        Assert.Equal(1, self.Engine.Count);
    }

    static void State(MemoryNode self, Chance chance)
    {
        var state = Encoded(new SerfPushPull(
            Time(chance), [.. Enumerable.Range(0, 5).Select(_ => KeyValuePair.Create(Name(chance), Time(chance)))],
            [Name(chance), Name(chance)], Time(chance),
            [null, new EventSlot(Time(chance), [new PastEvent(Name(chance), default)])], Time(chance)));
        if (chance.Below(3) == 0) Spoil(state, chance);
        var stream = new SpanWriter();
        new PushPull(chance.Below(2) == 0, [], state).Write(stream);
        var frame = stream.Written.ToArray();
        var from = PeerAddress.Of([10, 0, 0, (byte)(2 + chance.Below(2))], 40_000);
        self.Do((engine, now) => engine.Accept(from, frame, now));
    }

    static IWireMessage Any(Chance chance) => chance.Below(8) switch
    {
        0 => new LeaveIntent(Time(chance), Name(chance), chance.Below(2) == 0),
        1 => new JoinIntent(Time(chance), Name(chance)),
        2 => new UserEvent(Time(chance), Name(chance), Blob(chance), chance.Below(2) == 0),
        3 or 4 => new Query(
            Time(chance), (uint)chance.Below(50), MemoryCluster.Address(chance.Below(6)).Addr, (ushort)(chance.Below(3) == 0 ? 0 : 7946),
            Name(chance), [Blob(chance)], (QueryFlags)chance.Below(4), (byte)chance.Below(5), (long)chance.Next(),
            (string[])["load", "_serf_ping", "_serf_conflict", "_serf_list-keys", "_serf_use-key", "_serf_"] is { } all
                ? all[chance.Below(all.Length)] : "", Blob(chance)),
        5 => new QueryResponse(Time(chance), (uint)chance.Below(50), Name(chance), (QueryFlags)chance.Below(2), Blob(chance)),
        6 => new Relay(MemoryCluster.Address(chance.Below(6)).Addr, 7946, "", Name(chance), new byte[] { (byte)chance.Below(12), 0x80 }),
        _ => new KeyRequest(Blob(chance)),
    };

    static ulong Time(Chance chance) => chance.Below(6) switch
    {
        0 => ulong.MaxValue - (ulong)chance.Below(3),
        1 => chance.Next() >> chance.Below(64),
        _ => (ulong)chance.Below(2_000),
    };

    static string Name(Chance chance) =>
        chance.Below(4) == 0 ? $"stranger-{chance.Below(100_000)}" : names[chance.Below(names.Length)];

    static Bytes Blob(Chance chance)
    {
        if (chance.Below(4) == 0) return default;
        var bytes = new byte[chance.Below(40)];
        for (var i = 0; i < bytes.Length; i++) bytes[i] = (byte)chance.Next();
        return bytes;
    }

    static byte[] Encoded(IWireMessage message)
    {
        var writer = new SpanWriter();
        message.Write(writer);
        return writer.Written.ToArray();
    }

    static void Spoil(byte[] bytes, Chance chance)
    {
        for (var times = 1 + chance.Below(3); times > 0; times--) bytes[chance.Below(bytes.Length)] = (byte)chance.Next();
    }
}
