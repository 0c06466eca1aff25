using OpsBro.Core.Gossip;

namespace OpsBro.Core.NodeState;

/// <summary>What a NodeState engine does to the world. All is called on its thread, from within its methods.</summary>
public interface INodeStateOutput
{
    /// <summary>Sends a message as Serf type 200, by datagram or stream as it fits; the bytes are valid during the call only.</summary>
    /// <param name="pool">The pool that the peer was named in: 0 is that of our own zone.</param>
    /// <param name="to">The peer.</param>
    /// <param name="body">The message.</param>
    void Send(int pool, PeerAddress to, ReadOnlySpan<byte> body);

    /// <summary>A node's map is another one, our own too. <paramref name="before"/> is empty for a node that is new.</summary>
    void Changed(NodeMap before, NodeMap after);

    /// <summary>A node is gone since a moment of the engine's clock, or is there again when it is null.</summary>
    void Gone(NodeMap map, TimeSpan? since);

    /// <summary>A node is forgotten.</summary>
    void Dropped(NodeMap map);
}

/// <summary>Who an engine speaks for.</summary>
public sealed record NodeStateSettings
{
    /// <summary>Our zone.</summary>
    public string Zone { get; init; } = "";

    /// <summary>Our name, as the gossip knows us.</summary>
    public required string Name { get; init; }

    /// <summary>When this agent started, in seconds since 1970; a later start wins over an earlier one.</summary>
    public required ulong Generation { get; init; }

    /// <summary>The zones that are known.</summary>
    public ZoneTree Tree { get; init; } = ZoneTree.Flat;
}

/// <summary>What an engine counted.</summary>
public sealed class NodeStateCounters
{
    /// <summary>Rounds started.</summary>
    public long Rounds { get; internal set; }

    /// <summary>Hashes of peers that were as ours.</summary>
    public long Equal { get; internal set; }

    /// <summary>Messages and their bytes sent.</summary>
    public long Sent { get; internal set; }

    /// <summary>Bytes of them.</summary>
    public long SentBytes { get; internal set; }

    /// <summary>Messages received.</summary>
    public long Received { get; internal set; }

    /// <summary>Messages that could not be read: nothing of them was taken.</summary>
    public long Malformed { get; internal set; }

    /// <summary>Questions of nodes that are no peers: not answered.</summary>
    public long Strangers { get; internal set; }

    /// <summary>Changes of others taken over.</summary>
    public long Learned { get; internal set; }

    /// <summary>Changes of nodes that our zone may not know: not taken.</summary>
    public long Hidden { get; internal set; }

    /// <summary>Changes beyond a bound of <see cref="NodeStateLimits"/>: not taken.</summary>
    public long Refused { get; internal set; }

    /// <summary>Pushes made or passed on.</summary>
    public long Pushes { get; internal set; }

    /// <summary>Pushes and answers left out because there were too many.</summary>
    public long Limited { get; internal set; }

    /// <summary>Times that somebody else spoke for us: another node of our name, or our own past.</summary>
    public long Clones { get; internal set; }
}
