using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using OpsBro.Core.Wire;

namespace OpsBro.Tests.Wire;

/// <summary>
/// Walks through a captured packet or stream with our codecs, says in decode.py's words what it finds, and encodes it
/// again on the way
/// back. (No tests here: the name makes the build of the tests take it.)
/// </summary>
sealed class VectorTree(byte[][] keys, byte[] label, bool stream)
{
    static readonly string[] memberlistNames =
        ["ping", "indirectPing", "ackResp", "suspect", "alive", "dead", "pushPull", "compound", "user", "compress", "encrypt",
            "nackResp", "hasCrc", "err"];

    static readonly string[] serfNames =
        ["leave", "join", "pushPull", "userEvent", "query", "queryResponse", "conflictResponse", "keyRequest", "keyResponse", "relay"];

    public List<string> Lines { get; } = [];

    /// <summary>The bytes that our codecs make of what they read.</summary>
    public byte[] Outer(byte[] bytes, int depth = 0)
    {
        if (bytes[0] == (byte)MessageType.HasLabel)
        {
            Assert.True(Label.TryRead(bytes, out var theirs, out var rest));
            Say(depth, $"ml[244 label] b'{Encoding.ASCII.GetString(theirs)}'");
            var header = new byte[Label.Size(theirs)];
            Label.Write(header, theirs);
            return [.. header, .. Outer(rest.ToArray(), depth + 1)];
        }
        if (stream && bytes[0] == (byte)MessageType.Encrypt)
            return [.. bytes[..5], .. Opened(bytes[5..], [.. bytes[..5], .. label], depth)];
        if (!stream && keys.Length > 0 && bytes[0] <= 1 && bytes.Length >= Envelope.Overhead) return Opened(bytes, label, depth);
        return Inner(bytes, depth);
    }

    byte[] Opened(byte[] payload, byte[] aad, int depth)
    {
        foreach (var key in keys)
        {
            using var ring = new Keyring([key]);
            var plain = new byte[payload.Length];
            if (!Envelope.TryOpen(ring, payload, aad, plain, out var length)) continue;
            var name = Convert.ToBase64String(key)[..8];
            Say(depth, stream
                ? $"ml[10 encrypt] len={payload.Length} v{payload[0]} key={name}"
                : $"enc v{payload[0]} key={name}.. plain {length} B");
            var inner = Inner(plain[..length], depth + 1);
            var again = new byte[Envelope.Size(inner.Length, payload[0])];
            Assert.Equal(again.Length, Envelope.Seal(ring, payload[0], payload.AsSpan(1, Envelope.NonceSize), inner, aad, again));
            return again;
        }
        throw new InvalidDataException("no key fits");
    }

    byte[] Inner(byte[] bytes, int depth)
    {
        var (type, body) = ((MessageType)bytes[0], bytes[1..]);
        switch (type)
        {
            case MessageType.HasCrc:
                Assert.True(Checksum.TryRead(bytes, out var messages));
                Say(depth, $"ml[12 hasCrc] {Convert.ToHexStringLower(bytes[1..5])} OK");
                var inner = Inner(messages.ToArray(), depth + 1);
                var header = new byte[Checksum.HeaderSize];
                Checksum.Write(header, inner);
                return [.. header, .. inner];
            case MessageType.Compound:
                return Parts(body, depth);
            case MessageType.Compress:
                Assert.True(Compressed.TryRead(body, out var lzw));
                var plain = new byte[Lzw.Measure(lzw, WireLimits.MaxInflatedPacket)!.Value];
                Assert.True(Lzw.TryDecode(lzw, plain, out _));
                Say(depth, $"ml[9 compress] Algo=0 Buf={lzw.Length}B -> {plain.Length}B");
                var output = new SpanWriter();
                Compressed.Write(output, Inner(plain, depth + 1));
                return output.Written.ToArray();
            case MessageType.User when stream:
                Assert.True(UserStream.TryRead(body, out var message));
                Say(depth, "ml[8 user stream] " + new JsonObject { ["UserMsgLen"] = message.Length }.ToJsonString());
                output = new SpanWriter();
                UserStream.Write(output, Serf(message.ToArray(), depth + 1));
                return output.Written.ToArray();
            case MessageType.User:
                Say(depth, $"ml[8 user] {body.Length}B");
                return [(byte)MessageType.User, .. Serf(body, depth + 1)];
            case MessageType.PushPull:
                return State(body, depth);
        }
        var (read, json) = Memberlist(type, body);
        Say(depth, $"ml[{(int)type} {memberlistNames[(int)type]}] {json.ToJsonString()}");
        return Encoded(read);
    }

    byte[] Parts(byte[] body, int depth)
    {
        var parts = new List<byte[]>();
        var reader = new CompoundReader(body);
        while (reader.TryNext(out var part)) parts.Add(part.ToArray());
        Assert.Equal(0, reader.Missing);
        Say(depth, $"ml[7 compound] n={parts.Count} lens=[{string.Join(", ", parts.Select(p => p.Length))}]");
        var again = parts.ConvertAll(part => Inner(part, depth + 1));
        var lengths = again.Select(part => part.Length).ToArray();
        var output = new byte[Compound.Size(lengths)];
        Assert.True(Compound.TryWrite([.. again.SelectMany(part => part)], lengths, output, out var written));
        Assert.Equal(output.Length, written);
        return output;
    }

    byte[] State(byte[] body, int depth)
    {
        var nodes = new List<PushPullNode>();
        var reader = new PushPullReader(body);
        Assert.True(reader.Ok);
        Say(depth, "ml[6 pushPull] hdr " + new JsonObject
        {
            ["Join"] = reader.Join,
            ["Nodes"] = reader.Nodes,
            ["UserStateLen"] = reader.UserStateLength,
        }.ToJsonString());
        while (reader.Next() is { } node)
        {
            nodes.Add(node);
            Say(depth + 1, "node " + new JsonObject
            {
                ["Addr"] = Address(node.Addr),
                ["Incarnation"] = node.Incarnation,
                ["Meta"] = Meta(node.Meta),
                ["Name"] = node.Name,
                ["Port"] = node.Port,
                ["State"] = node.State,
                ["Vsn"] = Vsn(node.Vsn),
            }.ToJsonString());
        }
        Assert.True(reader.TryUserState(out var state));
        return Encoded(new PushPull(reader.Join, nodes, Serf(state.ToArray(), depth + 1)));
    }

    static (IWireMessage, JsonObject) Memberlist(MessageType type, byte[] body)
    {
        switch (type)
        {
            case MessageType.Ping:
                var ping = Ping.TryRead(body)!;
                var json = new JsonObject { ["Node"] = ping.Node, ["SeqNo"] = ping.SeqNo };
                Source(json, ping.SourceAddr, ping.SourceNode, ping.SourcePort);
                return (ping, json);
            case MessageType.IndirectPing:
                var indirect = IndirectPing.TryRead(body)!;
                json = new JsonObject
                {
                    ["Nack"] = indirect.Nack,
                    ["Node"] = indirect.Node,
                    ["Port"] = indirect.Port,
                    ["SeqNo"] = indirect.SeqNo,
                    ["Target"] = Address(indirect.Target),
                };
                Source(json, indirect.SourceAddr, indirect.SourceNode, indirect.SourcePort);
                return (indirect, json);
            case MessageType.Ack:
                var ack = Ack.TryRead(body)!;
                return (ack, new JsonObject { ["Payload"] = Coordinates(ack.Payload), ["SeqNo"] = ack.SeqNo });
            case MessageType.Nack:
                var nack = Nack.TryRead(body)!;
                return (nack, new JsonObject { ["SeqNo"] = nack.SeqNo });
            case MessageType.Suspect:
                var suspect = Suspect.TryRead(body)!;
                return (suspect, new JsonObject
                {
                    ["From"] = suspect.From,
                    ["Incarnation"] = suspect.Incarnation,
                    ["Node"] = suspect.Node,
                });
            case MessageType.Dead:
                var dead = Dead.TryRead(body)!;
                return (dead, new JsonObject { ["From"] = dead.From, ["Incarnation"] = dead.Incarnation, ["Node"] = dead.Node });
            case MessageType.Alive:
                var alive = Alive.TryRead(body)!;
                return (alive, new JsonObject
                {
                    ["Addr"] = Address(alive.Addr),
                    ["Incarnation"] = alive.Incarnation,
                    ["Meta"] = Meta(alive.Meta),
                    ["Node"] = alive.Node,
                    ["Port"] = alive.Port,
                    ["Vsn"] = Vsn(alive.Vsn),
                });
            case MessageType.Error:
                var error = StreamError.TryRead(body)!;
                return (error, new JsonObject { ["Error"] = error.Error });
            default:
                throw new InvalidDataException($"type {type}");
        }
    }

    byte[] Serf(byte[] bytes, int depth)
    {
        if (bytes[0] >= serfNames.Length)
        {
            Say(depth, $"(opaque user bytes) b'{Encoding.ASCII.GetString(bytes)}'");
            return bytes;
        }
        var name = $"serf[{bytes[0]} {serfNames[bytes[0]]}]";
        if (bytes[0] == (byte)SerfType.Relay)
        {
            var relay = Relay.TryRead(bytes.AsSpan(1))!;
            Say(depth, name + " " + new JsonObject
            {
                ["DestAddr"] = new JsonObject { ["IP"] = Shown(relay.Ip), ["Port"] = relay.Port, ["Zone"] = relay.Zone },
                ["DestName"] = relay.DestName,
            }.ToJsonString());
            return Encoded(relay with { Message = Serf(relay.Message.Span.ToArray(), depth + 1) });
        }
        var (read, json) = SerfVectors.Read((SerfType)bytes[0], bytes[1..]);
        Say(depth, $"{name} {json.ToJsonString()}");
        return Encoded(read);
    }

    void Say(int depth, string line) => Lines.Add(new string(' ', 2 * depth) + line);

    static void Source(JsonObject json, Bytes address, string node, ushort port)
    {
        if (address.Length > 0) json["SourceAddr"] = Address(address);
        if (node.Length > 0) json["SourceNode"] = node;
        if (port > 0) json["SourcePort"] = port;
    }

    internal static byte[] Encoded(IWireMessage message)
    {
        var output = new SpanWriter();
        message.Write(output);
        return output.Written.ToArray();
    }

    internal static JsonNode? Address(Bytes address) =>
        address.IsAddress ? new IPAddress(address.Span).ToString() : Shown(address);

    internal static JsonNode? Shown(Bytes bytes)
    {
        if (bytes.IsNil) return null;
        foreach (var each in bytes.Span)
            if (each is < 0x20 or > 0x7e) return "0x" + Convert.ToHexStringLower(bytes.Span);
        return Encoding.ASCII.GetString(bytes.Span);
    }

    internal static JsonObject Map(IEnumerable<KeyValuePair<string, string>> pairs) =>
        new(pairs.Select(pair => new KeyValuePair<string, JsonNode?>(pair.Key, pair.Value)));

    static JsonArray Vsn(Bytes vsn) => new([.. vsn.Span.ToArray().Select(each => (JsonNode)each)]);

    static JsonNode? Meta(Bytes meta)
    {
        var tags = Tags.TryRead(meta.Span)!;
        if (meta.Span[0] != Tags.Magic) return Assert.Single(tags).Value;
        var output = new SpanWriter();
        Tags.Write(output, tags);
        Assert.Equal(meta, new Bytes(output.Written.ToArray()));
        return new JsonObject { ["<255>tags"] = Map(tags) };
    }

    static JsonNode? Coordinates(Bytes payload)
    {
        if (CoordinatePayload.TryRead(payload.Span) is not { } coordinates) return Shown(payload);
        var output = new SpanWriter();
        coordinates.Write(output);
        Assert.Equal(payload, new Bytes(output.Written.ToArray()));
        return new JsonObject
        {
            ["<v1>coord"] = new JsonObject
            {
                ["Adjustment"] = coordinates.Adjustment,
                ["Error"] = coordinates.Error,
                ["Height"] = coordinates.Height,
                ["Vec"] = new JsonArray([.. coordinates.Vec.Select(each => (JsonNode)each)]),
            },
        };
    }
}
