using OpsBro.Core.Gossip;
using OpsBro.Core.Wire;
using OpsBro.Tests.Wire;

namespace OpsBro.Tests.Gossip;

/// <summary>A whole engine hears random bytes, and captured messages that were changed. A failure names its seed and bytes.</summary>
public class GossipFuzzTests
{
    const int Rounds = 5_000;
    const int MaxAllocated = 64 * 1024;

    public static TheoryData<int> Seeds => [1, 2, 3, 4];

    [Theory, MemberData(nameof(Seeds))]
    public void Who_does_not_have_the_key_changes_nothing_and_costs_little(int seed)
    {
        var random = new Random(seed);
        using var keys = new Keyring([[.. Enumerable.Repeat((byte)9, 32)]]);
        var output = new Deaf();
        var engine = Engine(keys, output);
        var before = engine.Members().ToList();
        foreach (var bytes in Some(random, Rounds)) Hear(engine, bytes, seed, limit: MaxAllocated);

        Assert.Equal(before.Select(Text), engine.Members().Select(Text));
        Assert.Equal((0ul, 0ul, 0ul), (engine.Clock, engine.EventClock, engine.QueryClock));
        Assert.Equal((0, 0, 0), engine.Queues);
        Assert.Equal(0, output.Packets);   // and nothing is sent to anybody for it
    }

    [Theory, MemberData(nameof(Seeds))]
    public void Whatever_comes_without_encryption_an_engine_goes_on(int seed)
    {
        var random = new Random(seed);
        var engine = Engine(null, new Deaf());
        var now = TimeSpan.FromHours(1);
        foreach (var bytes in Some(random, Rounds))
        {
            Hear(engine, bytes, seed, limit: long.MaxValue);
            if (random.Next(50) == 0) engine.Tick(now += TimeSpan.FromMilliseconds(random.Next(300)));
        }

        var (intents, queries, events) = engine.Queues;
        Assert.True(Math.Max(intents, Math.Max(queries, events)) <= GossipLimits.MaxQueue, $"seed {seed}");
        Assert.Equal(MemberStatus.Alive, engine.Self.Status);
        Assert.True(engine.Self.Incarnation < uint.MaxValue, $"seed {seed}");
        Assert.Null(engine.FireEvent("still here", default, false, now));
    }

    [Theory, MemberData(nameof(Seeds))]
    public void Noise_makes_no_member_and_takes_no_memory(int seed)
    {
        var random = new Random(seed);
        var engine = Engine(null, new Deaf());
        var members = engine.Count;
        for (var round = 0; round < 4 * Rounds; round++)
        {
            var noise = new byte[random.Next(1_400)];
            random.NextBytes(noise);
            Hear(engine, noise, seed, limit: MaxAllocated);
        }

        Assert.Equal(members, engine.Count);
        Assert.Equal((0, 0, 0), engine.Queues);
    }

    static string Text(Member member) => $"{member.Name} {member.Address} {member.Status} {member.Incarnation} {member.StatusTime}";

    static GossipEngine Engine(Keyring? keys, IGossipOutput output)
    {
        var settings = new GossipSettings { Name = "self", Advertise = SwimRig.Address(1), Keys = keys };
        var engine = new GossipEngine(settings, new Chance(1), output, TimeSpan.Zero);
        engine.Assume([.. Enumerable.Range(2, 5).Select(i => (new NodeFacts($"n{i}", SwimRig.Address(i), default, ProtocolVersions.Ours), 1u))], TimeSpan.Zero);
        engine.Receive(SwimRig.Address(2), [0], TimeSpan.Zero);   // what is made once is made now
        engine.Accept(SwimRig.Address(2), new byte[] { 0 }, TimeSpan.Zero);
        return engine;
    }

    static void Hear(GossipEngine engine, byte[] bytes, int seed, long limit)
    {
        var (before, now) = (GC.GetAllocatedBytesForCurrentThread(), TimeSpan.FromSeconds(1));
        try
        {
            engine.Receive(SwimRig.Address(2), bytes, now);
            engine.Accept(SwimRig.Address(2), bytes, now);
        }
        catch (Exception e)
        {
            Assert.Fail($"seed {seed}: {e.GetType().Name} at {Convert.ToHexStringLower(bytes)}\n{e.StackTrace}");
        }
        var taken = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.True(taken <= limit, $"seed {seed}: {taken} bytes for {Convert.ToHexStringLower(bytes)}");
    }

    static IEnumerable<byte[]> Some(Random random, int rounds)
    {
        var vectors = VectorsTests.All.Select(vector => vector.Wire).ToArray();
        for (var round = 0; round < rounds; round++) yield return WireFuzzTests.Mutated(random, vectors);
    }

    sealed class Deaf : IGossipOutput
    {
        public int Packets { get; private set; }

        public void Packet(PeerAddress to, ReadOnlySpan<byte> datagram) => Packets++;

        public void Dial(long id, PeerAddress to, ReadOnlyMemory<byte> request, bool expectsAnswer, TimeSpan timeout)
        {
        }

        public void Nonce(Span<byte> nonce) => nonce.Fill(3);

        public void Happened(GossipNews news)
        {
        }

        public void Direct(PeerAddress from, ReadOnlySpan<byte> body)
        {
        }
    }
}
