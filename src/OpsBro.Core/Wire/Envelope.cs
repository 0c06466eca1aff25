using System.Security.Cryptography;

namespace OpsBro.Core.Wire;

/// <summary>
/// AES-GCM around a datagram or a stream message. Page: serf-wire.md A6.
/// <code>
/// payload = version:u8 nonce:12 ciphertext tag:16      version 0: the plaintext is padded to 16 bytes (PKCS #7), 1: it is not
/// aad     = label                                      in a datagram
///         = 0a length:u32 label                        on a stream, where these five bytes stand before the payload
/// </code>
/// A key is good for 2^32 random nonces (NIST SP 800-38D): who sends counts them and rotates.
/// </summary>
public static class Envelope
{
    /// <summary>Bytes of a nonce, which the caller draws at random.</summary>
    public const int NonceSize = 12;

    /// <summary>Bytes of a tag.</summary>
    public const int TagSize = 16;

    /// <summary>Bytes that version 1 adds.</summary>
    public const int Overhead = 1 + NonceSize + TagSize;

    /// <summary>Most bytes that version 0 adds.</summary>
    public const int PaddedOverhead = Overhead + Block;

    /// <summary>The version with padding, for peers that speak memberlist 1.</summary>
    public const byte Padded = 0;

    /// <summary>The version without.</summary>
    public const byte Plain = 1;

    const int Block = 16;

    /// <summary>The payload's size for a plaintext of so many bytes.</summary>
    public static int Size(int length, byte version) =>
        Overhead + (version == Padded ? length + Block - length % Block : length);

    /// <summary>
    /// Encrypts with the primary key into the first <see cref="Size"/> bytes of a span, and says how many.
    /// </summary>
    public static int Seal(
        Keyring keys, byte version, ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> plaintext, ReadOnlySpan<byte> aad, Span<byte> output)
    {
        var size = Size(plaintext.Length, version);
        var text = output[(1 + NonceSize)..(size - TagSize)];
        output[0] = version;
        nonce.CopyTo(output[1..]);
        plaintext.CopyTo(text);
        text[plaintext.Length..].Fill((byte)(text.Length - plaintext.Length));
        keys.Cipher(0).Encrypt(nonce, text, text, output[(size - TagSize)..size], aad);
        return size;
    }

    /// <summary>
    /// Tries every key, the primary one first. The output has room for the payload less its overhead. False when it
    /// is too short, of an
    /// unknown version, or no key fits.
    /// </summary>
    public static bool TryOpen(Keyring keys, ReadOnlySpan<byte> payload, ReadOnlySpan<byte> aad, Span<byte> output, out int length)
    {
        length = 0;
        if (payload.Length < Overhead || payload[0] > Plain) return false;
        var nonce = payload.Slice(1, NonceSize);
        var ciphertext = payload[(1 + NonceSize)..^TagSize];
        if (output.Length < ciphertext.Length) return false;
        output = output[..ciphertext.Length];
        for (var i = 0; i < keys.Count; i++)
        {
            if (!TryDecrypt(keys.Cipher(i), nonce, ciphertext, payload[^TagSize..], aad, output)) continue;
            if (payload[0] == Plain) length = output.Length;
            else if (output.IsEmpty || output[^1] is 0 or > Block || output[^1] > output.Length) return false;
            else length = output.Length - output[^1];
            return true;
        }
        return false;
    }

    /// <summary>
    /// A key that does not fit is an everyday case, yet .NET says so by an exception only. It costs 3.5 µs for a full
    /// datagram and key, tag
    /// check included; computing the tag by hand to save it (two encryptions, for GCM is symmetric) was measured at
    /// 4.8 µs.
    /// </summary>
    static bool TryDecrypt(
        AesGcm cipher, ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> ciphertext, ReadOnlySpan<byte> tag, ReadOnlySpan<byte> aad,
        Span<byte> output)
    {
        try
        {
            cipher.Decrypt(nonce, ciphertext, tag, output, aad);
            return true;
        }
        catch (AuthenticationTagMismatchException)
        {
            return false;   // another key may fit
        }
    }
}
