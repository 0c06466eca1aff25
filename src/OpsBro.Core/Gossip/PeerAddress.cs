using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using OpsBro.Core.Wire;

namespace OpsBro.Core.Gossip;

/// <summary>
/// Where a node listens: an IPv4 or IPv6 address and a port. An IPv4 address that came mapped into IPv6 is IPv4 here, for Go tells
/// the two apart and would see another address.
/// </summary>
public readonly record struct PeerAddress
{
    readonly UInt128 bits;
    readonly bool isSet;

    PeerAddress(UInt128 bits, bool isV4, ushort port)
    {
        (this.bits, IsV4, Port, isSet) = (bits, isV4, port, true);
    }

    /// <summary>Four bytes on the wire, else sixteen.</summary>
    public bool IsV4 { get; }

    /// <summary>The port.</summary>
    public ushort Port { get; }

    /// <summary>There is no address here.</summary>
    public bool IsNone => !isSet;

    /// <summary>The address as it stands in a message: 4 or 16 bytes.</summary>
    public Bytes Addr
    {
        get
        {
            if (IsV4)
            {
                var four = new byte[4];
                BinaryPrimitives.WriteUInt32BigEndian(four, (uint)bits);
                return four;
            }
            var all = new byte[16];
            BinaryPrimitives.WriteUInt128BigEndian(all, bits);
            return all;
        }
    }

    /// <summary>Writes the address as it stands in a message into a span of 16 bytes, and says how many it has.</summary>
    public int Write(Span<byte> addr)
    {
        if (IsV4) BinaryPrimitives.WriteUInt32BigEndian(addr, (uint)bits);
        else BinaryPrimitives.WriteUInt128BigEndian(addr, bits);
        return IsV4 ? 4 : 16;
    }

    /// <summary>A node can be reached there: it has a port and is not the address of no one (0.0.0.0, ::).</summary>
    public bool IsReachable => isSet && Port != 0 && bits != 0;

    /// <summary>Of an address as it stands in a message; none when it is neither 4 nor 16 bytes long.</summary>
    public static PeerAddress Of(ReadOnlySpan<byte> addr, ushort port)
    {
        if (addr.Length == 4) return new(BinaryPrimitives.ReadUInt32BigEndian(addr), true, port);
        if (addr.Length != 16) return default;
        var all = BinaryPrimitives.ReadUInt128BigEndian(addr);
        return all >> 32 == 0xffff ? new((uint)all, true, port) : new(all, false, port);
    }

    /// <summary>Of .NET's address.</summary>
    public static PeerAddress Of(IPAddress address, int port)
    {
        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out var length);
        return Of(bytes[..length], (ushort)port);
    }

    /// <summary>The same address with another port.</summary>
    public PeerAddress WithPort(int port) => new(bits, IsV4, (ushort)port);

    /// <summary>The address without its port.</summary>
    public IPAddress ToIPAddress() => new(Addr.Span);

    /// <summary>For a socket.</summary>
    public IPEndPoint ToEndPoint() => new(ToIPAddress(), Port);

    /// <summary><c>10.0.0.1:7946</c> or <c>[fd00::1]:7946</c>.</summary>
    public override string ToString() =>
        IsNone ? "" : string.Create(CultureInfo.InvariantCulture, $"{(IsV4 ? $"{ToIPAddress()}" : $"[{ToIPAddress()}]")}:{Port}");
}
