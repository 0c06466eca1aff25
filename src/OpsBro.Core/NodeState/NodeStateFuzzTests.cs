using OpsBro.Core.Gossip;
using OpsBro.Core.NodeState;
using OpsBro.Tests.Wire;

namespace OpsBro.Tests.NodeState;

/// <summary>Messages of NodeState that were changed, and random bytes. A failure names its seed and bytes.</summary>
public class NodeStateFuzzTests
{
    /// <summary>An entry of three bytes makes an object, two texts and a place in a list.</summary>
    const int MaxAllocatedPerByte = 128;

    const int MaxAllocated = 64 * 1024;

    public static TheoryData<int> Seeds => [1, 2, 3, 4];

    [Theory, MemberData(nameof(Seeds))]
    public void Whatever_comes_nothing_breaks_and_all_bounds_hold(int seed)
    {
        var random = new Random(seed);
        var messages = Recorded((ulong)seed);
        Assert.Equal(5, messages.Select(message => message[0]).Distinct().Count());   // each kind
        var output = new Recorder();
        var engine = Engine("fuzzed", output);
        engine.PeerUp("a", PeerAddress.Of([10, 0, 0, 2], 7946), "", TimeSpan.Zero);
        for (var round = 0; round < 10_000; round++)
        {
            var bytes = WireFuzzTests.Mutated(random, messages);
            var (before, sent) = (GC.GetAllocatedBytesForCurrentThread(), output.Sent.Count);
            try
            {
                engine.Receive(bytes, TimeSpan.FromMilliseconds(round));
                engine.Tick(TimeSpan.FromMilliseconds(round));
            }
            catch (Exception e)
            {
                Assert.Fail($"seed {seed}: {e.GetType().Name} at {Convert.ToHexStringLower(bytes)}\n{e.StackTrace}");
            }
            var taken = GC.GetAllocatedBytesForCurrentThread() - before;
            Assert.True(taken <= MaxAllocated + MaxAllocatedPerByte * bytes.Length, $"seed {seed}: {taken} bytes for {Convert.ToHexStringLower(bytes)}");
            // bounded work: the answers to one message can be counted on the fingers
            Assert.True(output.Sent.Count - sent <= 20, $"seed {seed}: {output.Sent.Count - sent} messages for {Convert.ToHexStringLower(bytes)}");
        }

        Assert.True(engine.Count <= NodeStateLimits.MaxNodes && engine.Bytes <= NodeStateLimits.MaxClusterBytes);
        Assert.Equal("1", engine.Self["fact/own"]);   // nobody speaks for us
        Assert.NotEqual(0, engine.Counters.Malformed);
    }

    /// <summary>What two engines say to each other until both know the same, of few nodes and of many.</summary>
    static byte[][] Recorded(ulong seed)
    {
        var all = new List<byte[]>();
        foreach (var nodes in (int[])[3, NodeStateLimits.SmallCluster + 10])
        {
            var net = new NodeStateNet(seed);
            for (var i = 0; i < nodes; i++) net.Add();
            net.Mesh();
            net.Heard = all;
            for (var i = 0; i < nodes; i += 7)
            {
                net.Set(i, "check/x", $"{i}", urgent: i % 2 == 0);
                net.Set(i, "group/y", "", urgent: i % 2 == 0);
                net.Remove(i, "group/y");
            }
            net.Run(TimeSpan.FromSeconds(4));
        }
        return [.. all.GroupBy(message => message[0]).SelectMany(kind => kind.Take(20))];
    }

    static NodeStateEngine Engine(string name, Recorder output)
    {
        var engine = new NodeStateEngine(new NodeStateSettings { Name = name, Generation = 1_000, Zone = "" }, new Chance(1), output, TimeSpan.Zero);
        engine.Set("fact/own", "1", urgent: false, TimeSpan.Zero);
        return engine;
    }

    sealed class Recorder : INodeStateOutput
    {
        public List<byte[]> Sent { get; } = [];

        public void Send(int pool, PeerAddress to, ReadOnlySpan<byte> body) => Sent.Add([]);

        public void Changed(NodeMap before, NodeMap after)
        {
        }

        public void Gone(NodeMap map, TimeSpan? since)
        {
        }

        public void Dropped(NodeMap map)
        {
        }
    }
}
