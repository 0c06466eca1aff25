using System.Text;
using OpsBro.Core.Gossip;
using OpsBro.Core.Wire;

namespace OpsBro.Tests.Gossip;

/// <summary>What the engine sends, byte by byte: other implementations have to read it. Pages: serf-wire.md A2, A13, A15.</summary>
public class SerfDialectTests
{
    static readonly string[][] fields =
    [
        ["LTime", "Node", "Prune"],
        ["LTime", "Node"],
        ["EventLTime", "Events", "LTime", "LeftMembers", "QueryLTime", "StatusLTimes"],
        ["CC", "LTime", "Name", "Payload"],
        ["Addr", "Filters", "Flags", "ID", "LTime", "Name", "Payload", "Port", "RelayFactor", "SourceNode", "Timeout"],
        ["Flags", "From", "ID", "LTime", "Payload"],
        [],
        [],
        [],
        ["DestAddr", "DestName"],
    ];

    [Fact]
    public void Every_message_has_Serfs_fields_sorted_and_only_old_types()
    {
        var cluster = new MemoryCluster();
        var self = cluster.Add("self", settings => settings with { Keys = new Keyring([new byte[16]]) });
        for (var i = 2; i < 9; i++) self.Meets($"n{i}", i);
        self.Records = true;
        self.Do((engine, now) => engine.FireEvent("deploy", "v7"u8.ToArray(), true, now));
        self.Do((engine, now) => engine.Ask(new QueryRequest("load", default) { Nodes = ["n2"], TagFilters = [new("a", "b")] }, now, out _));
        self.Do((engine, now) => engine.AskKeys(KeyCommand.List, [], now, out _));
        self.Hears(new LeaveIntent(3, "self", false));
        self.Do((engine, now) => engine.ForceLeave("n3", true, now));
        self.Hears(new Query(9, 1, MemoryCluster.Address(2).Addr, 7946, "n2", null, QueryFlags.Ack, 3, 1_000_000_000, "q", default));

        cluster.RunFor(2);

        var types = self.Sent.Select(sent => (int)sent.Message[0]).Distinct().Order();
        Assert.Equal([0, 1, 3, 4, 5, 9], types);
        Assert.All(self.Sent, sent => Assert.Equal(fields[sent.Message[0]], Keys(sent.Message)));
    }

    [Fact]
    public void A_state_has_the_fields_in_order_and_an_empty_ring_in_one_byte()
    {
        var serf = new Serf(new GossipSettings { Name = "self", Advertise = MemoryCluster.Address(1) }, new Chance(1), null!);
        var swim = new Swim(new GossipSettings { Name = "self", Advertise = MemoryCluster.Address(1) }, serf, new Chance(1), null!, default);
        serf.Attach(swim, default);
        var writer = new SpanWriter();

        serf.WriteState(writer, isJoin: false);

        Assert.Equal(fields[2], Keys(writer.Written));
        Assert.Equal(
            "0286aa4576656e744c54696d6501a64576656e747390a54c54696d6501ab4c6566744d656d6265727390aa51756572794c54696d6501"
            + "ac5374617475734c54696d657381a473656c6600", Convert.ToHexStringLower(writer.Written));
    }

    [Fact]
    public void An_event_is_written_as_Go_writes_it()
    {
        var cluster = new MemoryCluster();
        var self = cluster.Add("self");
        self.Meets("bob", 2);
        self.Records = true;

        self.Do((engine, now) => engine.FireEvent("deploy", "v1.2.3"u8.ToArray(), true, now));
        cluster.RunFor(1);

        var expected = "03" + "84" + "a2" + Hex("CC") + "c3" + "a5" + Hex("LTime") + "01" + "a4" + Hex("Name") + "a6" + Hex("deploy")
            + "a7" + Hex("Payload") + "a6" + Hex("v1.2.3");
        Assert.Equal(expected, Convert.ToHexStringLower(self.Sent[0].Message));
    }

    static string Hex(string text) => Convert.ToHexStringLower(Encoding.UTF8.GetBytes(text));

    /// <summary>The keys of the map; everything in it is of the types that go-msgpack 0.5 writes.</summary>
    static string[] Keys(ReadOnlySpan<byte> message)
    {
        var at = 1;
        var keys = new List<string>();
        Walk(message, ref at, keys);
        if (message[0] != (byte)SerfType.Relay) Assert.Equal(message.Length, at);
        return [.. keys];
    }

    static void Walk(ReadOnlySpan<byte> data, ref int at, List<string>? keys)
    {
        var type = data[at++];
        switch (type)
        {
            case <= 0x7f or >= 0xe0 or 0xc0 or 0xc2 or 0xc3: break;
            case 0xcc: at += 1; break;
            case 0xcd: at += 2; break;
            case 0xce: at += 4; break;
            case 0xcf or 0xcb: at += 8; break;
            case >= 0xa0 and <= 0xbf: at += type & 0x1f; break;
            case 0xda: at += 2 + (data[at] << 8 | data[at + 1]); break;
            case >= 0x90 and <= 0x9f:
                for (var i = type & 0x0f; i > 0; i--) Walk(data, ref at, null);
                break;
            case >= 0x80 and <= 0x8f:
                for (var i = type & 0x0f; i > 0; i--)
                {
                    var key = at;
                    Walk(data, ref at, null);
                    keys?.Add(Encoding.UTF8.GetString(data[(key + 1)..at]));
                    Walk(data, ref at, null);
                }
                break;
            default:
                Assert.Fail($"go-msgpack 0.5 writes no {type:x2}");
                break;
        }
    }
}
