namespace OpsBro.Core.Wire;

/// <summary>
/// The six bytes of <c>Vsn</c>: which protocols of memberlist and of Serf (the delegate) a node understands and
/// speaks. Speak 2, but
/// say 5: the most a peer says turns on its checksums (5), nacks (4) and stream pings (3); a peer that speaks 1 wants
/// encryption v0.
/// </summary>
/// <param name="ProtocolMin">Least memberlist protocol understood.</param>
/// <param name="ProtocolMax">Most.</param>
/// <param name="ProtocolCur">The one spoken.</param>
/// <param name="DelegateMin">Least Serf protocol understood.</param>
/// <param name="DelegateMax">Most.</param>
/// <param name="DelegateCur">The one spoken.</param>
public readonly record struct ProtocolVersions(
    byte ProtocolMin, byte ProtocolMax, byte ProtocolCur, byte DelegateMin, byte DelegateMax, byte DelegateCur)
{
    /// <summary>Bytes of the field. Fewer crash memberlist 0.2: we never send them.</summary>
    public const int Size = 6;

    /// <summary>What we are, and Serf 0.9.4 too.</summary>
    public static ProtocolVersions Ours => new(1, 5, 2, 2, 5, 5);

    /// <summary>The peer checks checksums.</summary>
    public bool HasCrc => ProtocolMax >= 5;

    /// <summary>The peer sends nacks.</summary>
    public bool HasNack => ProtocolMax >= 4;

    /// <summary>The peer answers pings on streams.</summary>
    public bool HasStreamPing => ProtocolMax >= 3;

    /// <summary>Reads the field; false when it has not six bytes.</summary>
    public static bool TryRead(ReadOnlySpan<byte> vsn, out ProtocolVersions versions)
    {
        versions = vsn.Length == Size ? new(vsn[0], vsn[1], vsn[2], vsn[3], vsn[4], vsn[5]) : default;
        return vsn.Length == Size;
    }

    /// <summary>The field.</summary>
    public Bytes ToBytes() => new([ProtocolMin, ProtocolMax, ProtocolCur, DelegateMin, DelegateMax, DelegateCur]);
}
