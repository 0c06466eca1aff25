using System.Text;
using OpsBro.Core.Gossip;
using OpsBro.Gossip;
using OpsBro.Tests.Wire;

namespace OpsBro.Tests.Gossip;

/// <summary>Files of the gossip that were changed or cut, as a full disk or a bad one leaves them.</summary>
public class GossipFilesFuzzTests
{
    static readonly byte[][] files =
    [
        Encoding.UTF8.GetBytes("alive: a 10.0.0.1:7946\nnot-alive: a\nclock: 7\nevent-clock: 8\nquery-clock: 9\n"
            + "# failed: b [::1]:7946\n# seed: host:1\nleave\n"),
        Encoding.UTF8.GetBytes("""["AAAAAAAAAAAAAAAAAAAAAA==", "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE="]"""),
    ];

    [Theory, InlineData(1), InlineData(2), InlineData(3), InlineData(4)]
    public void A_broken_file_is_read_as_far_as_it_goes_or_not_at_all(int seed)
    {
        var random = new Random(seed);
        for (var round = 0; round < 5_000; round++)
        {
            var bytes = WireFuzzTests.Mutated(random, files);
            try
            {
                var contents = SnapshotContents.Read(bytes);
                Assert.True(contents.Alive.Count <= SnapshotContents.MaxPeers && contents.Seeds.Count <= SnapshotContents.MaxSeeds);
                foreach (var key in KeyringFile.TryRead(bytes) ?? []) Assert.True(key.Length is 16 or 24 or 32);
            }
            catch (Exception e) when (e is not Xunit.Sdk.XunitException)
            {
                Assert.Fail($"seed {seed}: {e.GetType().Name} at {Convert.ToHexStringLower(bytes)}\n{e.StackTrace}");
            }
        }
    }

    [Theory, InlineData("clock: 18446744073709551615\n"), InlineData("clock: -1\n"), InlineData("clock: 99999999999999999999\n")]
    public void A_clock_in_a_file_is_no_poison(string line)
    {
        var settings = new GossipSettings
        {
            Name = "self",
            Advertise = PeerAddress.Of([10, 0, 0, 1], 7946),
            Clock = SnapshotContents.Read(Encoding.UTF8.GetBytes(line)).Clock,
        };

        Assert.True(new GossipEngine(settings, new Chance(1), new MemoryCluster(1).Add("other"), TimeSpan.Zero).Clock < 1ul << 48);
    }
}
