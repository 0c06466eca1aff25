using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace OpsBro.Core.Wire;

/// <summary>
/// Opens a link: the body of a user message of type 202 on a stream of gossip. Page: docs/protocols/links.md.
/// <code>
/// hello = version:u8 nonce:16 key:8 from:name to:name        name = length:u16 utf8
/// </code>
/// </summary>
/// <param name="Nonce">16 bytes that nobody can foretell, of the dialer.</param>
/// <param name="Key">The fingerprint of the dialer's primary key (<see cref="KeyOf"/>); zeros without a key.</param>
/// <param name="From">The dialer's name in the cluster.</param>
/// <param name="To">Whom it means to reach: a hello for another node is good for nothing.</param>
public sealed record LinkHello(byte[] Nonce, byte[] Key, string From, string To)
{
    /// <summary>The version that we speak.</summary>
    public const byte Version = 1;

    /// <summary>Bytes of a nonce.</summary>
    public const int NonceSize = 16;

    /// <summary>Bytes of a fingerprint.</summary>
    public const int KeySize = 8;

    const int FixedSize = 1 + NonceSize + KeySize;

    /// <summary>The fingerprint by which both sides name a key; zeros for none.</summary>
    public static byte[] KeyOf(ReadOnlySpan<byte> key) => key.IsEmpty ? new byte[KeySize] : SHA256.HashData(key)[..KeySize];

    /// <summary>The bytes.</summary>
    public byte[] Write()
    {
        var (from, to) = (Encoding.UTF8.GetBytes(From), Encoding.UTF8.GetBytes(To));
        var bytes = new byte[FixedSize + 2 * sizeof(ushort) + from.Length + to.Length];
        bytes[0] = Version;
        Nonce.CopyTo(bytes, 1);
        Key.CopyTo(bytes, 1 + NonceSize);
        Put(bytes.AsSpan(FixedSize), from);
        Put(bytes.AsSpan(FixedSize + sizeof(ushort) + from.Length), to);
        return bytes;
    }

    /// <summary>Reads one; null when it is malformed or of another version.</summary>
    public static LinkHello? TryRead(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < FixedSize || bytes[0] != Version) return null;
        var rest = bytes[FixedSize..];
        if (Name(ref rest) is not { } from || Name(ref rest) is not { } to || !rest.IsEmpty) return null;
        return new LinkHello(bytes.Slice(1, NonceSize).ToArray(), bytes.Slice(1 + NonceSize, KeySize).ToArray(), from, to);
    }

    static void Put(Span<byte> at, byte[] name)
    {
        BinaryPrimitives.WriteUInt16BigEndian(at, checked((ushort)name.Length));
        name.CopyTo(at[sizeof(ushort)..]);
    }

    static string? Name(ref ReadOnlySpan<byte> rest)
    {
        if (rest.Length < sizeof(ushort)) return null;
        var length = BinaryPrimitives.ReadUInt16BigEndian(rest);
        if (length is 0 or > WireLimits.MaxName || rest.Length < sizeof(ushort) + length) return null;
        var name = Encoding.UTF8.GetString(rest.Slice(sizeof(ushort), length));
        rest = rest[(sizeof(ushort) + length)..];
        return name;
    }
}

/// <summary>
/// Answers a <see cref="LinkHello"/>, on the same stream and in the same type.
/// <code>
/// welcome = version:u8 ( 00 nonce:16 nonce:16 / 01 why:utf8 )        the dialer's nonce again, then the one of who answers
/// </code>
/// </summary>
/// <param name="Theirs">The dialer's nonce.</param>
/// <param name="Nonce">16 bytes that nobody can foretell, of who answers; empty in a refusal.</param>
/// <param name="Refusal">Why there is no link, for people; empty when there is one.</param>
public sealed record LinkWelcome(byte[] Theirs, byte[] Nonce, string Refusal)
{
    /// <summary>A refusal.</summary>
    public static LinkWelcome Refuse(string why) => new([], [], why);

    /// <summary>The bytes.</summary>
    public byte[] Write() => Refusal.Length > 0
        ? [LinkHello.Version, 1, .. Encoding.UTF8.GetBytes(Refusal)]
        : [LinkHello.Version, 0, .. Theirs, .. Nonce];

    /// <summary>Reads one; null when it is malformed or of another version.</summary>
    public static LinkWelcome? TryRead(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < 2 || bytes[0] != LinkHello.Version) return null;
        var rest = bytes[2..];
        return bytes[1] switch
        {
            0 when rest.Length == 2 * LinkHello.NonceSize => new(rest[..LinkHello.NonceSize].ToArray(), rest[LinkHello.NonceSize..].ToArray(), ""),
            1 when rest.Length is > 0 and <= WireLimits.MaxText => Refuse(Encoding.UTF8.GetString(rest)),
            _ => null,
        };
    }
}
