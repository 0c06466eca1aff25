using System.Security.Cryptography;
using OpsBro.Core.Wire;

namespace OpsBro.Gossip;

/// <summary>Keys as people see them: base64 where a key is asked for, a fingerprint everywhere else.</summary>
internal static class GossipKey
{
    /// <summary>How a key is written, for messages.</summary>
    public const string Form = "base64 of 16, 24 or 32 bytes, as \"opsbro agent keygen\" prints it";

    /// <summary>Bytes of a key that we make: AES-256.</summary>
    public const int Size = 32;

    /// <summary>A new key.</summary>
    public static byte[] Generate() => RandomNumberGenerator.GetBytes(Size);

    /// <summary>Reads a key; null when it is none.</summary>
    public static byte[]? TryParse(string text)
    {
        var bytes = new byte[text.Length];
        return Convert.TryFromBase64String(text.Trim(), bytes, out var length) && Keyring.IsKey(bytes.AsSpan(0, length)) ? bytes[..length] : null;
    }

    /// <summary>Tells keys apart without giving one away: 16 hexadecimal digits of its SHA-256.</summary>
    public static string Fingerprint(ReadOnlySpan<byte> key) => Convert.ToHexStringLower(SHA256.HashData(key)[..8]);

    /// <summary>The fingerprint of a key in base64; what is none is shown as such.</summary>
    public static string FingerprintOf(string base64) => TryParse(base64) is { } key ? Fingerprint(key) : "no key";
}
