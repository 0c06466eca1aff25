using OpsBro.Core.Wire;

namespace OpsBro.Core.NodeState;

/// <summary>
/// What is made once and used often: equal texts as one text, equal maps as one map, and buffers. An agent has one; the simulator gives
/// all its engines the same one, so that ten thousand of them hold each node's map once. For one thread.
/// </summary>
public sealed class NodeStateShare
{
    const int ShortText = 256;

    readonly Dictionary<string, string> texts = new(StringComparer.Ordinal);
    readonly Dictionary<ulong, NodeMap?[]> maps = [];

    /// <summary>The message that is being written.</summary>
    internal SpanWriter Output { get; } = new(NodeStateLimits.DatagramBody);

    /// <summary>The digests of the message that is being read, and of the one being written.</summary>
    internal List<NodeDigest> Read { get; } = [];

    /// <summary>The digests of the message that is being written.</summary>
    internal List<NodeDigest> Written { get; } = [];

    /// <summary>The changes of the message that is being read.</summary>
    internal List<NodeDelta> Deltas { get; } = [];

    /// <summary>What goes into the delta that is being written.</summary>
    internal List<DeltaPart> Parts { get; } = [];

    /// <summary>The nodes that a message is about.</summary>
    internal List<int> Nodes { get; } = [];

    /// <summary>The digests read, by node.</summary>
    internal Dictionary<ulong, NodeDigest> ById { get; } = [];

    /// <summary>True in a simulation: maps are shared between engines.</summary>
    public bool SharesMaps { get; init; }

    /// <summary>A text of bytes: the same one for the same bytes, unless it is long or there are too many.</summary>
    internal string Text(ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty) return "";
        if (bytes.Length > ShortText || !System.Text.Ascii.IsValid(bytes)) return Text(WireText.Decode(bytes));
        Span<char> chars = stackalloc char[ShortText];
        for (var i = 0; i < bytes.Length; i++) chars[i] = (char)bytes[i];
        var wanted = chars[..bytes.Length];
        return texts.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(wanted, out var text) ? text : Text(new string(wanted));
    }

    /// <summary>The same text for equal ones.</summary>
    internal string Text(string text)
    {
        if (texts.TryGetValue(text, out var known)) return known;
        if (texts.Count < NodeStateLimits.MaxShared && text.Length <= ShortText) texts.Add(text, text);
        return text;
    }

    /// <summary>The same map for equal ones, when this is shared between engines.</summary>
    internal NodeMap Map(NodeMap map)
    {
        if (!SharesMaps) return map;
        if (!maps.TryGetValue(map.Id, out var known)) maps.Add(map.Id, known = new NodeMap?[NodeStateLimits.SharedMaps]);
        foreach (var one in known)
            if (one is not null && one.SaysTheSameAs(map)) return one;
        Array.Copy(known, 0, known, 1, known.Length - 1);
        return known[0] = map;
    }
}

/// <summary>A part of a delta that is being put together.</summary>
/// <param name="Node">The node's place in the table.</param>
/// <param name="Map">What the receiver may know of the node.</param>
/// <param name="From">What the receiver knows.</param>
/// <param name="Count">Entries taken so far.</param>
/// <param name="Total">Entries that the receiver lacks.</param>
record struct DeltaPart(int Node, NodeMap Map, ulong From, int Count, int Total);
