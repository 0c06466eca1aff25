using System.Buffers;
using System.Buffers.Binary;
using OpsBro.Core.Wire;

namespace OpsBro.Core.NodeState;

/// <summary>The kinds of messages.</summary>
enum NodeStateMessage : byte
{
    /// <summary>Is what we both may know the same? 8 bytes of hash.</summary>
    Hash = 1,

    /// <summary>It is not: hashes of the 256 parts, 4 bytes each.</summary>
    Buckets = 2,

    /// <summary>How far we know the nodes of some parts.</summary>
    Digest = 3,

    /// <summary>Changes that the receiver lacks.</summary>
    Delta = 4,

    /// <summary>An urgent change of one node, passed on as it is with one hop less.</summary>
    Push = 5,
}

/// <summary>Which nodes a digest is about.</summary>
enum DigestScope
{
    /// <summary>All that both sides may know: what is not listed is not known.</summary>
    All = 0,

    /// <summary>Those of the buckets in a map of 256 bits that comes first.</summary>
    Buckets = 1,

    /// <summary>Those that are listed, and no others.</summary>
    Listed = 2,
}

/// <summary>
/// Reads and writes the messages of NodeState, which travel as Serf type 200. Page: docs/protocols/node-state.md; grammar:
/// <code>
/// message = kind u8, option u8, sender u64, then
///   hash     hash u64
///   buckets  256 × u32
///   digest   [256 bits, when option bits 1-2 are 1] msgpack [id, generation, version, collected, …];  option bit 0: an answer
///   delta    msgpack [node…];  option bit 0: there is more
///   push     msgpack [node], one only;  option: hops left
/// node     = [zone, name, generation, collected, from, to, seconds gone / nil, [key, version − the one before, value / nil, …], …]
/// </code>
/// </summary>
static class NodeStateCodec
{
    /// <summary>Kind, option and sender.</summary>
    public const int Header = 10;

    /// <summary>Parts of the nodes, by the low bits of their ids.</summary>
    public const int BucketCount = 256;

    /// <summary>Most nodes in a digest: their longest form fits <see cref="NodeStateLimits.StreamBody"/>.</summary>
    public const int MaxDigest = 1_700;

    /// <summary>Bytes of a node in a delta besides its names and entries, at most.</summary>
    public const int NodeOverhead = 64;

    /// <summary>Bytes of an entry in a delta besides its key and value, at most.</summary>
    public const int EntryOverhead = 15;

    /// <summary>An answer (digest), or there is more (delta).</summary>
    public const byte Flag = 1;

    const int MaxNodesInDelta = 4_096, MaxEntries = 8_192, NodeFields = 8, EntryFields = 3, DigestFields = 4;

    /// <summary>Starts a message.</summary>
    public static void Begin(SpanWriter output, NodeStateMessage kind, byte option, ulong sender)
    {
        output.Clear();
        var span = output.GetSpan(Header);
        (span[0], span[1]) = ((byte)kind, option);
        BinaryPrimitives.WriteUInt64BigEndian(span[2..], sender);
        output.Advance(Header);
    }

    /// <summary>Who sent a message that is at least <see cref="Header"/> long.</summary>
    public static ulong Sender(ReadOnlySpan<byte> message) => BinaryPrimitives.ReadUInt64BigEndian(message[2..]);

    /// <summary>Writes how far nodes are known.</summary>
    public static void Write(SpanWriter output, List<NodeDigest> digests)
    {
        var writer = new MsgPackWriter(output);
        writer.Array(DigestFields * digests.Count);
        foreach (var (id, generation, version, collected) in digests)
        {
            writer.Unsigned(id);
            writer.Unsigned(generation);
            writer.Unsigned(version);
            writer.Unsigned(collected);
        }
    }

    /// <summary>Reads them, or says that they are malformed.</summary>
    public static bool TryRead(ReadOnlySpan<byte> body, List<NodeDigest> digests)
    {
        digests.Clear();
        var reader = new MsgPackReader(body);
        var count = reader.Array(DigestFields * MaxDigest) ?? 0;
        for (; count >= DigestFields && reader.Ok; count -= DigestFields)
        {
            digests.Add(new NodeDigest(reader.Unsigned(ulong.MaxValue), reader.Unsigned(NodeStateLimits.MaxGeneration),
                reader.Unsigned(NodeStateLimits.MaxVersion), reader.Unsigned(NodeStateLimits.MaxVersion)));
        }
        return reader.Ok && count == 0;
    }

    /// <summary>Writes the changes of one node: so many entries of those after a version.</summary>
    public static void Write(SpanWriter output, NodeMap map, ulong from, int count, ulong? goneSeconds)
    {
        var entries = map.After(from);
        var to = count == entries.Length ? map.Version : entries[count - 1].Version;
        var writer = new MsgPackWriter(output);
        writer.Array(NodeFields);
        writer.Text(map.Zone);
        writer.Text(map.Name);
        writer.Unsigned(map.Generation);
        writer.Unsigned(map.Collected);
        writer.Unsigned(from);
        writer.Unsigned(to);
        if (goneSeconds is { } seconds) writer.Unsigned(seconds);
        else writer.Nil();
        writer.Array(EntryFields * count);
        var version = from;
        foreach (var entry in entries[..count])
        {
            writer.Text(entry.Key);
            writer.Unsigned(entry.Version - version);
            if (entry.Value is { } value) writer.Text(value);
            else writer.Nil();
            version = entry.Version;
        }
    }

    /// <summary>Reads the changes of nodes; all of them, or none when one is malformed.</summary>
    public static bool TryRead(ReadOnlySpan<byte> body, int most, NodeStateShare share, List<NodeDelta> deltas)
    {
        deltas.Clear();
        var reader = new MsgPackReader(body);
        var count = reader.Array(Math.Min(most, MaxNodesInDelta)) ?? 0;
        for (; count > 0 && reader.Ok; count--)
            if (Node(ref reader, share) is { } delta) deltas.Add(delta);
            else return false;
        return reader.Ok;
    }

    static NodeDelta? Node(ref MsgPackReader reader, NodeStateShare share)
    {
        var fields = reader.Array(WireLimits.MaxFields) ?? 0;
        if (fields < NodeFields) return null;
        var zone = share.Text(reader.Raw(NodeStateLimits.MaxZone, out _));
        var name = share.Text(reader.Raw(NodeStateLimits.MaxName, out _));
        var generation = reader.Unsigned(NodeStateLimits.MaxGeneration);
        var collected = reader.Unsigned(NodeStateLimits.MaxVersion);
        var from = reader.Unsigned(NodeStateLimits.MaxVersion);
        var to = reader.Unsigned(NodeStateLimits.MaxVersion);
        ulong? gone = reader.TryNil() ? null : reader.Unsigned(NodeStateLimits.MaxGeneration);
        var entries = Entries(ref reader, from, to, share);
        for (; fields > NodeFields && reader.Ok; fields--) reader.Skip();
        var makesSense = name.Length > 0 && generation > 0 && from <= to && collected <= NodeStateLimits.MaxVersion;
        return reader.Ok && entries is not null && makesSense
            ? new NodeDelta(zone, name, generation, collected, from, to, gone, entries)
            : null;
    }

    /// <summary>Entries with rising versions between two; null when one is not.</summary>
    static NodeEntry[]? Entries(ref MsgPackReader reader, ulong from, ulong to, NodeStateShare share)
    {
        var fields = reader.Array(EntryFields * MaxEntries) ?? 0;
        if (fields % EntryFields != 0) return null;
        var entries = new List<NodeEntry>();
        var version = from;
        for (; fields > 0 && reader.Ok; fields -= EntryFields)
        {
            var key = share.Text(reader.Raw(NodeStateLimits.MaxKey, out _));
            var step = reader.Unsigned(NodeStateLimits.MaxVersion);
            var value = reader.Raw(NodeStateLimits.MaxValue, out var isRemoved);
            version += step;
            if (key.Length == 0 || step == 0 || version > to) return null;
            entries.Add(new NodeEntry(key, isRemoved ? null : WireText.Decode(value), version));
        }
        return reader.Ok ? [.. entries] : null;
    }
}
