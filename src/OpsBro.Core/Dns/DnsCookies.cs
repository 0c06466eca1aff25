using System.Buffers.Binary;
using System.Numerics;

namespace OpsBro.Core.Dns;

/// <summary>
/// Cookies of the server (RFC 9018): who shows one that we gave has received an answer at its address, and is not somebody who writes
/// another's address. <c>version reserved(3) time(4) hash(8)</c>; the hash is SipHash-2-4 of the client's cookie, these eight bytes and the
/// client's address.
/// </summary>
/// <param name="key">16 random bytes of this process.</param>
public sealed class DnsCookies(ReadOnlyMemory<byte> key)
{
    /// <summary>A cookie is good for so long, and may be so far ahead, seconds.</summary>
    public const int MaxAge = 3600, MaxAhead = 300;

    readonly ulong k0 = BinaryPrimitives.ReadUInt64LittleEndian(key.Span), k1 = BinaryPrimitives.ReadUInt64LittleEndian(key.Span[8..]);

    /// <summary>Writes the client's cookie and ours.</summary>
    /// <param name="into"><see cref="DnsLimits.FullCookie"/> bytes.</param>
    /// <param name="client">The client's cookie.</param>
    /// <param name="address">The client's address: 4 or 16 bytes.</param>
    /// <param name="seconds">Now, since 1970.</param>
    public void Write(Span<byte> into, ReadOnlySpan<byte> client, ReadOnlySpan<byte> address, long seconds)
    {
        client[..DnsLimits.ClientCookie].CopyTo(into);
        into[8] = 1;
        into[9..12].Clear();
        BinaryPrimitives.WriteUInt32BigEndian(into[12..], (uint)seconds);
        BinaryPrimitives.WriteUInt64LittleEndian(into[16..], Hash(into[..16], address));
    }

    /// <summary>True for a cookie that we gave to this address not long ago.</summary>
    public bool IsGood(ReadOnlySpan<byte> cookies, ReadOnlySpan<byte> address, long seconds)
    {
        if (cookies.Length != DnsLimits.FullCookie || cookies[8] != 1) return false;
        var age = (int)((uint)seconds - BinaryPrimitives.ReadUInt32BigEndian(cookies[12..]));
        return age is >= -MaxAhead and <= MaxAge && Hash(cookies[..16], address) == BinaryPrimitives.ReadUInt64LittleEndian(cookies[16..]);
    }

    ulong Hash(ReadOnlySpan<byte> cookie, ReadOnlySpan<byte> address)
    {
        Span<byte> all = stackalloc byte[16 + 16];
        cookie.CopyTo(all);
        address.CopyTo(all[16..]);
        return SipHash(k0, k1, all[..(16 + address.Length)]);
    }

    /// <summary>SipHash-2-4 (Aumasson, Bernstein 2012).</summary>
    public static ulong SipHash(ulong k0, ulong k1, ReadOnlySpan<byte> data)
    {
        ulong v0 = k0 ^ 0x736f6d6570736575, v1 = k1 ^ 0x646f72616e646f6d, v2 = k0 ^ 0x6c7967656e657261, v3 = k1 ^ 0x7465646279746573;
        var last = (ulong)data.Length << 56;
        while (data.Length >= 8)
        {
            Add(BinaryPrimitives.ReadUInt64LittleEndian(data));
            data = data[8..];
        }
        for (var i = 0; i < data.Length; i++) last |= (ulong)data[i] << (8 * i);
        Add(last);
        v2 ^= 0xff;
        for (var i = 0; i < 4; i++) Round();
        return v0 ^ v1 ^ v2 ^ v3;

        void Add(ulong word)
        {
            v3 ^= word;
            Round();
            Round();
            v0 ^= word;
        }

        void Round()
        {
            v0 += v1;
            v2 += v3;
            v1 = BitOperations.RotateLeft(v1, 13) ^ v0;
            v3 = BitOperations.RotateLeft(v3, 16) ^ v2;
            v0 = BitOperations.RotateLeft(v0, 32);
            v2 += v1;
            v0 += v3;
            v1 = BitOperations.RotateLeft(v1, 17) ^ v2;
            v3 = BitOperations.RotateLeft(v3, 21) ^ v0;
            v2 = BitOperations.RotateLeft(v2, 32);
        }
    }
}
