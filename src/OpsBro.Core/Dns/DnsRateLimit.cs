using System.Buffers.Binary;

namespace OpsBro.Core.Dns;

/// <summary>
/// How many answers a second go by UDP to one network: whoever writes another's address into a query must not gain from us. Networks share
/// a table of fixed size; two that meet in a place share its allowance. For one thread.
/// </summary>
/// <param name="perSecond">Answers a second and network; 0: no limit.</param>
/// <param name="seed">So that nobody knows which networks share a place.</param>
public sealed class DnsRateLimit(int perSecond, ulong seed)
{
    /// <summary>Places.</summary>
    public const int Places = 4096;

    /// <summary>Answers that may go at once after a pause, in seconds' worth.</summary>
    public const int BurstSeconds = 2;

    readonly (long At, double Left)[] places = new (long, double)[Places], cookies = new (long, double)[Places];

    /// <summary>Takes one answer; false when the network has had its share.</summary>
    /// <param name="address">4 or 16 bytes; the first 24 bits of IPv4 and 56 of IPv6 are the network.</param>
    /// <param name="now">Milliseconds.</param>
    public bool Take(ReadOnlySpan<byte> address, long now) => Take(places, address, now);

    /// <summary>Takes one answer that only gives a cookie: beyond the share, as many again, and no more.</summary>
    public bool TakeCookie(ReadOnlySpan<byte> address, long now) => Take(cookies, address, now);

    bool Take((long At, double Left)[] places, ReadOnlySpan<byte> address, long now)
    {
        if (perSecond == 0) return true;
        var network = address.Length == 4
            ? BinaryPrimitives.ReadUInt32BigEndian(address) >> 8
            : BinaryPrimitives.ReadUInt64BigEndian(address) >> 8 | 1ul << 63;
        var mixed = (network ^ seed) * 0x9e3779b97f4a7c15;
        ref var place = ref places[(mixed ^ mixed >> 29) * 0xbf58476d1ce4e5b9 >> 52];
        var most = (double)perSecond * BurstSeconds;
        var left = place.At == 0 ? most : Math.Min(most, place.Left + (Math.Max(0, now - place.At) * perSecond / 1000.0));
        var isTaken = left >= 1;
        place = (Math.Max(now, 1), isTaken ? left - 1 : left);
        return isTaken;
    }
}
