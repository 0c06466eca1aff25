using System.Buffers;

namespace OpsBro.Core.Wire;

/// <summary>What a node is, as its sender sees it.</summary>
public enum NodeStatus
{
    /// <summary>It answers.</summary>
    Alive = 0,

    /// <summary>It did not answer once.</summary>
    Suspect = 1,

    /// <summary>It is gone.</summary>
    Dead = 2,

    /// <summary>It said goodbye.</summary>
    Left = 3,
}

/// <summary>One node in a push/pull.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Addr">Its address: 4 or 16 bytes, or the node is to be left out.</param>
/// <param name="Port">Its port.</param>
/// <param name="Meta">Its tags.</param>
/// <param name="Incarnation">Its incarnation.</param>
/// <param name="State">A <see cref="NodeStatus"/>; other numbers are possible.</param>
/// <param name="Vsn">Its versions.</param>
public sealed record PushPullNode(string Name, Bytes Addr, ushort Port, Bytes Meta, uint Incarnation, int State, Bytes Vsn)
{
    internal static PushPullNode? Read(ref MsgPackReader reader)
    {
        var (incarnation, name, port, state) = (0u, "", (ushort)0, 0);
        var (addr, meta, vsn) = (default(Bytes), default(Bytes), default(Bytes));
        for (var left = reader.Map(WireLimits.MaxFields); left > 0 && reader.Ok; left--)
        {
            switch (reader.Key())
            {
                case "Addr": addr = reader.Blob(WireLimits.MaxAddress); break;
                case "Incarnation": incarnation = (uint)reader.Unsigned(uint.MaxValue); break;
                case "Meta": meta = reader.Blob(WireLimits.MaxMeta); break;
                case "Name": name = reader.Text(WireLimits.MaxName); break;
                case "Port": port = (ushort)reader.Unsigned(ushort.MaxValue); break;
                case "State": state = reader.Int32(); break;
                case "Vsn": vsn = reader.Blob(WireLimits.MaxVersions); break;
                default: reader.Skip(); break;
            }
        }
        return reader.Ok ? new PushPullNode(name, addr, port, meta, incarnation, state, vsn) : null;
    }

    internal void Write(MsgPackWriter writer)
    {
        writer.Map(7);
        writer.Field("Addr"u8, Addr);
        writer.Field("Incarnation"u8, Incarnation);
        writer.Field("Meta"u8, Meta);
        writer.Field("Name"u8, Name);
        writer.Field("Port"u8, Port);
        writer.Field("State"u8, State);
        writer.Field("Vsn"u8, Vsn);
    }
}

/// <summary>
/// Reads a push/pull: a header, the nodes one by one (so that a long list is never held twice), then the user's state.
/// <code>
/// body = {Join bool, Nodes int, UserStateLen int} Nodes*{Addr, Incarnation, Meta, Name, Port, State, Vsn}
/// UserStateLen*byte
/// </code>
/// </summary>
public ref struct PushPullReader
{
    MsgPackReader reader;
    int nodesLeft;

    /// <summary>Starts with the header; null ends here too: <see cref="Ok"/> is then false.</summary>
    public PushPullReader(ReadOnlySpan<byte> body)
    {
        reader = new MsgPackReader(body);
        var nodes = 0;
        for (var left = reader.Map(WireLimits.MaxFields); left > 0 && reader.Ok; left--)
        {
            switch (reader.Key())
            {
                case "Join": Join = reader.Bool(); break;
                case "Nodes": nodes = (int)reader.Unsigned(WireLimits.MaxMembers); break;
                case "UserStateLen": UserStateLength = (int)reader.Unsigned(WireLimits.MaxStream); break;
                default: reader.Skip(); break;
            }
        }
        nodesLeft = nodes;
        Nodes = nodes;
    }

    /// <summary>The sender joins; else it only compares.</summary>
    public bool Join { get; }

    /// <summary>Nodes announced.</summary>
    public int Nodes { get; }

    /// <summary>Length of the user's state, in bytes.</summary>
    public int UserStateLength { get; }

    /// <summary>No fault so far.</summary>
    public readonly bool Ok => reader.Ok;

    internal readonly MsgPackFault Fault => reader.Fault;

    internal readonly int Consumed => reader.Consumed;

    /// <summary>The next node; null at the end and at a fault.</summary>
    public PushPullNode? Next()
    {
        if (nodesLeft == 0 || !reader.Ok) return null;
        nodesLeft--;
        return PushPullNode.Read(ref reader);
    }

    /// <summary>The next node where it stands; false at the end and at a fault.</summary>
    public bool TryNext(out NodeView node)
    {
        node = default;
        if (nodesLeft == 0 || !reader.Ok) return false;
        nodesLeft--;
        node = NodeView.Read(ref reader, isAlive: false);
        return reader.Ok;
    }

    /// <summary>The user's state; false when nodes are left to read or bytes are missing.</summary>
    public readonly bool TryUserState(out ReadOnlySpan<byte> state)
    {
        state = default;
        var rest = reader.Rest;
        if (!reader.Ok || nodesLeft > 0 || rest.Length < UserStateLength) return false;
        state = rest[..UserStateLength];
        return true;
    }
}

/// <summary>A push/pull to send.</summary>
/// <param name="Join">We join; else we only compare.</param>
/// <param name="Nodes">All nodes we know.</param>
/// <param name="UserState">Serf's part, with its type byte.</param>
public sealed record PushPull(bool Join, IReadOnlyList<PushPullNode> Nodes, Bytes UserState) : IWireMessage
{
    /// <inheritdoc/>
    public void Write(IBufferWriter<byte> output)
    {
        var writer = new MsgPackWriter(output);
        writer.Type((byte)MessageType.PushPull);
        writer.Map(3);
        writer.Field("Join"u8, Join);
        writer.Field("Nodes"u8, Nodes.Count);
        writer.Field("UserStateLen"u8, UserState.Length);
        for (var i = 0; i < Nodes.Count; i++) Nodes[i].Write(writer);
        output.Write(UserState.Span);
    }
}
