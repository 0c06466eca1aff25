using System.Globalization;
using System.Net;

namespace OpsBro.Dns;

/// <summary>A network: all addresses that begin with the same bits. It is asked for each query, and allocates nothing.</summary>
internal sealed record AddressRange(string Text)
{
    readonly byte[] first = [];
    readonly int bits;

    AddressRange(IPAddress address, int bits) : this($"{address}/{bits}") => (first, this.bits) = (address.GetAddressBytes(), bits);

    /// <summary>This host.</summary>
    public static IReadOnlyList<AddressRange> Loopback { get; } = [new(IPAddress.Parse("127.0.0.0"), 8), new(IPAddress.IPv6Loopback, 128)];

    /// <summary>Reads <c>10.0.0.0/8</c>, <c>fd00::/8</c> or an address; null when it is none.</summary>
    public static AddressRange? TryParse(string text)
    {
        var parts = text.Split('/');
        if (parts.Length > 2 || !IPAddress.TryParse(parts[0].Trim('[', ']'), out var address)) return null;
        var most = address.GetAddressBytes().Length * 8;
        if (parts.Length == 1) return new AddressRange(address, most);
        return int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var bits) && bits <= most ? new AddressRange(address, bits) : null;
    }

    /// <summary>True for an address of the network: 4 or 16 bytes.</summary>
    public bool Contains(ReadOnlySpan<byte> address)
    {
        if (address.Length != first.Length) return false;
        var whole = bits / 8;
        return address[..whole].SequenceEqual(first.AsSpan(0, whole)) && (bits % 8 == 0 || (address[whole] ^ first[whole]) >> (8 - (bits % 8)) == 0);
    }

    /// <summary>True for an address of this host itself.</summary>
    public static bool IsLoopback(ReadOnlySpan<byte> address) =>
        address.Length == 4 ? address[0] == 127 : address[..15].IndexOfAnyExcept((byte)0) < 0 && address[15] == 1;

    /// <inheritdoc/>
    public bool Equals(AddressRange? other) => other?.Text == Text;

    /// <inheritdoc/>
    public override int GetHashCode() => Text.GetHashCode(StringComparison.Ordinal);

    /// <inheritdoc/>
    public override string ToString() => Text;
}
