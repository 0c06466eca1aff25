namespace OpsBro.Core.Wire;

/// <summary>A <see cref="Ping"/> where it stands: the most frequent message of all is read without allocating.</summary>
public readonly ref struct PingView
{
    /// <summary>The name asked for; empty means whoever is at the address.</summary>
    public ReadOnlySpan<byte> Node { get; private init; }

    /// <summary>The number that the ack repeats.</summary>
    public uint SeqNo { get; private init; }

    /// <summary>Address of the asker.</summary>
    public ReadOnlySpan<byte> SourceAddr { get; private init; }

    /// <summary>Its port, or 0.</summary>
    public ushort SourcePort { get; private init; }

    /// <summary>Its name, or empty.</summary>
    public ReadOnlySpan<byte> SourceNode { get; private init; }

    /// <summary>Reads a body; false when it is malformed.</summary>
    public static bool TryRead(ReadOnlySpan<byte> body, out PingView ping)
    {
        var reader = new MsgPackReader(body);
        var (seqNo, port) = (0u, (ushort)0);
        ReadOnlySpan<byte> node = default, address = default, source = default;
        for (var left = reader.Map(WireLimits.MaxFields); left > 0 && reader.Ok; left--)
        {
            switch (reader.Key())
            {
                case "Node": node = reader.Raw(WireLimits.MaxName, out _); break;
                case "SeqNo": seqNo = (uint)reader.Unsigned(uint.MaxValue); break;
                case "SourceAddr": address = reader.Raw(WireLimits.MaxAddress, out _); break;
                case "SourcePort": port = (ushort)reader.Unsigned(ushort.MaxValue); break;
                case "SourceNode": source = reader.Raw(WireLimits.MaxName, out _); break;
                default: reader.Skip(); break;
            }
        }
        ping = new PingView { Node = node, SeqNo = seqNo, SourceAddr = address, SourcePort = port, SourceNode = source };
        return reader.Ok;
    }
}

/// <summary>An <see cref="Ack"/> where it stands.</summary>
public readonly ref struct AckView
{
    /// <summary>The number of the ping.</summary>
    public uint SeqNo { get; private init; }

    /// <summary>Network coordinates, or nothing.</summary>
    public ReadOnlySpan<byte> Payload { get; private init; }

    /// <summary>Reads a body; false when it is malformed.</summary>
    public static bool TryRead(ReadOnlySpan<byte> body, out AckView ack)
    {
        var reader = new MsgPackReader(body);
        var seqNo = 0u;
        ReadOnlySpan<byte> payload = default;
        for (var left = reader.Map(WireLimits.MaxFields); left > 0 && reader.Ok; left--)
        {
            switch (reader.Key())
            {
                case "Payload": payload = reader.Raw(WireLimits.MaxPayload, out _); break;
                case "SeqNo": seqNo = (uint)reader.Unsigned(uint.MaxValue); break;
                default: reader.Skip(); break;
            }
        }
        ack = new AckView { SeqNo = seqNo, Payload = payload };
        return reader.Ok;
    }
}

/// <summary>A <see cref="Suspect"/> or <see cref="Dead"/> where it stands.</summary>
public readonly ref struct AccusationView
{
    /// <summary>The accused incarnation.</summary>
    public uint Incarnation { get; private init; }

    /// <summary>Who is accused.</summary>
    public ReadOnlySpan<byte> Node { get; private init; }

    /// <summary>Who accuses.</summary>
    public ReadOnlySpan<byte> From { get; private init; }

    /// <summary>Reads a body; false when it is malformed.</summary>
    public static bool TryRead(ReadOnlySpan<byte> body, out AccusationView accusation)
    {
        var reader = new MsgPackReader(body);
        var incarnation = 0u;
        ReadOnlySpan<byte> node = default, from = default;
        for (var left = reader.Map(WireLimits.MaxFields); left > 0 && reader.Ok; left--)
        {
            switch (reader.Key())
            {
                case "From": from = reader.Raw(WireLimits.MaxName, out _); break;
                case "Incarnation": incarnation = (uint)reader.Unsigned(uint.MaxValue); break;
                case "Node": node = reader.Raw(WireLimits.MaxName, out _); break;
                default: reader.Skip(); break;
            }
        }
        accusation = new AccusationView { Incarnation = incarnation, Node = node, From = from };
        return reader.Ok;
    }
}

/// <summary>
/// An <see cref="Alive"/>, or a <see cref="NodeState"/> of a push/pull, where it stands: most of them say nothing new, and are read
/// without allocating.
/// </summary>
public readonly ref struct NodeView
{
    /// <summary>Its name.</summary>
    public ReadOnlySpan<byte> Name { get; private init; }

    /// <summary>Its address: 4 or 16 bytes, or it is to be left out.</summary>
    public ReadOnlySpan<byte> Addr { get; private init; }

    /// <summary>Its port.</summary>
    public ushort Port { get; private init; }

    /// <summary>Its tags.</summary>
    public ReadOnlySpan<byte> Meta { get; private init; }

    /// <summary>Its incarnation.</summary>
    public uint Incarnation { get; private init; }

    /// <summary>A <see cref="NodeStatus"/>, or another number; 0 in an alive message.</summary>
    public int State { get; private init; }

    /// <summary>Its versions.</summary>
    public ReadOnlySpan<byte> Vsn { get; private init; }

    /// <summary>Reads the body of an alive message; false when it is malformed.</summary>
    public static bool TryReadAlive(ReadOnlySpan<byte> body, out NodeView node)
    {
        var reader = new MsgPackReader(body);
        node = Read(ref reader, isAlive: true);
        return reader.Ok;
    }

    internal static NodeView Read(scoped ref MsgPackReader reader, bool isAlive)
    {
        var (incarnation, port, state) = (0u, (ushort)0, 0);
        ReadOnlySpan<byte> name = default, addr = default, meta = default, vsn = default;
        for (var left = reader.Map(WireLimits.MaxFields); left > 0 && reader.Ok; left--)
        {
            switch (reader.Key())
            {
                case "Addr": addr = reader.Raw(WireLimits.MaxAddress, out _); break;
                case "Incarnation": incarnation = (uint)reader.Unsigned(uint.MaxValue); break;
                case "Meta": meta = reader.Raw(WireLimits.MaxMeta, out _); break;
                case "Name" when !isAlive:
                case "Node" when isAlive:
                    name = reader.Raw(WireLimits.MaxName, out _);
                    break;
                case "Port": port = (ushort)reader.Unsigned(ushort.MaxValue); break;
                case "State" when !isAlive: state = reader.Int32(); break;
                case "Vsn": vsn = reader.Raw(WireLimits.MaxVersions, out _); break;
                default: reader.Skip(); break;
            }
        }
        return new NodeView { Name = name, Addr = addr, Port = port, Meta = meta, Incarnation = incarnation, State = state, Vsn = vsn };
    }
}
