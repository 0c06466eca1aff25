using OpsBro.Core.KeyValue;
using OpsBro.Tests.Wire;

namespace OpsBro.Tests.KeyValue;

/// <summary>Messages and rows that were changed, and random bytes. A failure names its seed and bytes.</summary>
public class KeyValueFuzzTests
{
    const int MaxAllocated = 512 * 1024;
    const int MaxAllocatedPerByte = 512;

    public static TheoryData<int> Seeds => [1, 2, 3, 4];

    [Theory, MemberData(nameof(Seeds))]
    public void Whatever_comes_nothing_breaks_and_all_bounds_hold(int seed)
    {
        var random = new Random(seed);
        var net = Used();
        var messages = net.Heard.GroupBy(message => message[1]).SelectMany(kind => kind.Take(20)).ToArray();
        Assert.Equal(22, messages.Select(message => message[1]).Distinct().Count());   // each kind
        var rig = net["a"];
        for (var round = 0; round < 4_000; round++)
        {
            var bytes = WireFuzzTests.Mutated(random, messages);
            var (before, sent) = (GC.GetAllocatedBytesForCurrentThread(), rig.Sent.Count);
            try
            {
                rig.Engine.Receive("b", bytes, rig.Now);
                rig.Obey();
            }
            catch (Exception e)
            {
                Assert.Fail($"seed {seed}: {e.GetType().Name} at {Convert.ToHexStringLower(bytes)}\n{e.StackTrace}");
            }
            var taken = GC.GetAllocatedBytesForCurrentThread() - before;
            Assert.True(taken <= MaxAllocated + MaxAllocatedPerByte * bytes.Length, $"seed {seed}: {taken} bytes for {Convert.ToHexStringLower(bytes)}");
            Assert.True(rig.Sent.Count - sent <= 20, $"seed {seed}: {rig.Sent.Count - sent} messages for {Convert.ToHexStringLower(bytes)}");
            if (round % 100 == 0) rig.Pass(TimeSpan.FromMilliseconds(200));
        }

        Assert.NotEqual(0, rig.Engine.Statistics.Counters["malformed"]);
    }

    [Theory, MemberData(nameof(Seeds))]
    public void A_disk_with_spoiled_rows_is_read_as_far_as_it_goes(int seed)
    {
        var random = new Random(seed);
        var rig = Used()["a"];
        var rows = rig.Disk.Select(row => new StoredRow(row.Key.Item1, row.Key.Item2, row.Value)).ToArray();
        var bodies = rows.Select(row => row.Data!).ToArray();
        for (var round = 0; round < 300; round++)
        {
            var spoiled = rows.ToArray();
            for (var i = 0; i < 5; i++)
            {
                ref var row = ref spoiled[random.Next(spoiled.Length)];
                row = row with { Data = WireFuzzTests.Mutated(random, bodies) };
            }

            var fresh = new KeyValueRig { Now = rig.Now };
            var engine = new KeyValueEngine(new() { Name = "a", Id = "id of a", FreshStoreId = 1, Seed = 1 }, fresh, spoiled, rig.Now);

            engine.Tick(rig.Now);
            Assert.True(engine.Statistics.Keys >= 0);
            Assert.NotEmpty(fresh.Waiting);
        }
    }

    static KeyValueNet Used()
    {
        var net = KeyValueNet.Of("a", "b", "c", "d");
        net["d"].Engine.Watch(["k"], net["d"].Now);
        net.Deliver();
        for (var i = 0; i < 30; i++) net.Put("a", $"k{i}", new string('v', i), i % 3 == 0 ? 0 : null);
        for (var i = 0; i < 30; i += 4) net.Do("b", new() { Verb = KeyValueVerb.Delete, Key = $"k{i}" });
        net.Get("c", "k1");
        net.Do("d", new() { Verb = KeyValueVerb.List, Key = "k" });
        // one that was away for so long that a removal was collected without it, and a change of the ring
        net.Down.Add("d");
        net.Tell("d");
        for (var i = 0; i < 10; i++) net.Put("a", $"late{i}", "v");
        foreach (var rig in net.Rigs) rig.Now = new Moment(rig.Now.Monotonic + TimeSpan.FromHours(2), rig.Now.UnixMilliseconds + 7_200_000);
        net.Pass(40);
        net.Down.Clear();
        net["a"].Engine.Members([new("a", "id of a", MemberStanding.Alive, ""), new("b", "id of b", MemberStanding.Alive, "")], net["a"].Now);
        net["a"].Engine.Members([new("d", "id of d", MemberStanding.Alive, "")], net["a"].Now);
        net.Pass(2);   // a knows others than the rest
        net.Tell();
        net.Pass(15);
        return net;
    }
}
