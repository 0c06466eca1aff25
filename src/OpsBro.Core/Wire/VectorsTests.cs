using System.Text;
using System.Text.Json.Nodes;
using OpsBro.Core.Wire;

namespace OpsBro.Tests.Wire;

/// <summary>Sixty packets and streams captured from real Serf and memberlist processes.</summary>
public class VectorsTests
{
    static readonly Lazy<Vector[]> all = new(() =>
        [.. JsonNode.Parse(File.ReadAllText(Repository.PathOf("src", "OpsBro.Core", "Wire", "fixtures", "vectors.json")))!.AsArray()
            .Select(node => new Vector(
                (string)node!["name"]!, (string)node["transport"]! == "TCP", Convert.FromHexString((string)node["hex"]!),
                [.. node["keys_base64"]!.AsArray().Select(key => Convert.FromBase64String((string)key!))],
                Encoding.ASCII.GetBytes((string?)node["label"] ?? ""), [.. node["decoded"]!.AsArray().Select(line => (string)line!)]))]);

    internal static IReadOnlyList<Vector> All => all.Value;

    public static TheoryData<string> Names => [.. All.Select(vector => vector.Name)];

    public static TheoryData<string> Packets => [.. All.Where(vector => !vector.Stream).Select(vector => vector.Name)];

    public static TheoryData<string> Streams => [.. All.Where(vector => vector.Stream).Select(vector => vector.Name)];

    [Fact]
    public void There_are_sixty() => Assert.Equal(60, All.Count);

    [Theory, MemberData(nameof(Names))]
    public void A_vector_decodes_to_its_fields_and_encodes_to_its_bytes(string name)
    {
        var vector = Find(name);
        var tree = new VectorTree(vector.Keys, vector.Label, vector.Stream);

        var again = tree.Outer(vector.Wire);

        Assert.Equal(vector.Decoded.Length, tree.Lines.Count);
        foreach (var (expected, line) in vector.Decoded.Zip(tree.Lines)) AssertSame(expected, line);
        Assert.Equal(Convert.ToHexStringLower(vector.Wire), Convert.ToHexStringLower(again));
    }

    [Theory, MemberData(nameof(Packets))]
    public void The_packet_reader_delivers_every_message_of_a_datagram(string name)
    {
        var vector = Find(name);
        using var keys = vector.Keyring();
        var sink = new Collected();

        var fault = new PacketReader(keys, vector.Label).Read(vector.Wire, sink);

        Assert.Equal(PacketFault.None, fault);
        Assert.Equal(vector.Messages, sink.Types);
    }

    [Theory, MemberData(nameof(Packets))]
    public void What_the_packet_writer_makes_of_a_message_the_reader_delivers(string name)
    {
        var vector = Find(name);
        using var keys = vector.Keyring();
        var (first, second) = (new Collected(), new Collected());
        var reader = new PacketReader(keys, vector.Label);
        var writer = new PacketWriter(keys, vector.Label);
        reader.Read(vector.Wire, first);

        foreach (var (checksum, version) in new[] { (true, Envelope.Plain), (false, Envelope.Plain), (true, Envelope.Padded) })
        {
            second.Messages.Clear();
            foreach (var message in first.Messages)
                Assert.Equal(PacketFault.None, reader.Read(writer.Write(message, checksum, new byte[12], version), second));
            Assert.Equal(first.Messages, second.Messages);
        }
    }

    [Theory, MemberData(nameof(Streams))]
    public void The_stream_framer_finds_the_end_whatever_the_pieces(string name)
    {
        var vector = Find(name);
        foreach (var piece in new[] { 1, 7, 1_460 })
        {
            var framer = new StreamFramer();
            for (var length = Math.Min(piece, vector.Wire.Length - 1); length < vector.Wire.Length; length += piece)
                Assert.Equal(StreamProgress.NeedsMore, framer.Advance(vector.Wire.AsSpan(0, length)));

            Assert.Equal(StreamProgress.Complete, framer.Advance([.. vector.Wire, 0, 0]));
            Assert.Equal(vector.Wire.Length, framer.Length);
        }
    }

    [Theory, MemberData(nameof(Streams))]
    public void A_stream_opens_and_what_the_codec_writes_opens_to_the_same(string name)
    {
        var vector = Find(name);
        using var keys = vector.Keyring();
        var codec = new StreamCodec(keys, vector.Label);
        // the label stands on the dialer's side only: its header tells which side this is
        var dialed = vector.Label.Length > 0 && vector.Wire[0] != (byte)MessageType.HasLabel;
        var output = new SpanWriter();

        Assert.Equal(StreamFault.None, codec.TryRead(vector.Wire, dialed, out var message));
        codec.Write([(byte)message.Type, .. message.Body.Span], !dialed, new byte[12], output);
        Assert.Equal(StreamFault.None, codec.TryRead(output.Written.ToArray(), dialed, out var again));

        Assert.Equal(vector.Messages, [message.Type]);
        Assert.Equal(message.Type, again.Type);
        Assert.Equal(message.Body.ToArray(), again.Body.ToArray());
    }

    static Vector Find(string name) => All.Single(vector => vector.Name == name);

    /// <summary>Text before the first brace is compared as it is, the rest as JSON.</summary>
    static void AssertSame(string expected, string line)
    {
        var (there, here) = (expected.IndexOf('{'), line.IndexOf('{'));
        if (there < 0 || here < 0)
        {
            Assert.Equal(expected, line);
            return;
        }
        Assert.Equal(expected[..there], line[..here]);
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(expected[there..]), JsonNode.Parse(line[here..])), $"{expected}\n{line}");
    }

    internal sealed record Vector(string Name, bool Stream, byte[] Wire, byte[][] Keys, byte[] Label, string[] Decoded)
    {
        static readonly string[] layers = ["compound", "compress", "encrypt", "hasCrc", "label"];

        /// <summary>The types of its messages, read from the expected lines.</summary>
        public MessageType[] Messages =>
            [.. Decoded.Select(line => line.Trim()).Where(line => line.StartsWith("ml[", StringComparison.Ordinal))
                .Select(line => line[3..line.IndexOf(']')].Split(' ')).Where(part => !layers.Contains(part[1]))
                .Select(part => (MessageType)byte.Parse(part[0]))];

        public Keyring? Keyring() => Keys.Length == 0 ? null : new Keyring(Keys);
    }

    internal sealed class Collected : IMessageSink
    {
        public List<byte[]> Messages { get; } = [];

        public IEnumerable<MessageType> Types => Messages.Select(message => (MessageType)message[0]);

        public void Message(MessageType type, ReadOnlySpan<byte> body) => Messages.Add([(byte)type, .. body]);
    }
}
