using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace OpsBro.Core.Wire;

/// <summary>
/// Seals the frames of one link, or opens them. Page: docs/protocols/links.md.
/// <code>
/// frame = length:u32 ciphertext tag:16        length: of the plaintext; authenticated with it. Without a key: length:u32 plaintext
/// key   = HKDF-SHA256(the cluster's key; salt: both nonces; info: "opsbro link 1" 00 from 00 to)
/// nonce = 00000000 number:u64                 number of the frame on this link, from 0: it is not sent
/// </code>
/// A key of its own for each link, and numbers instead of random nonces: a frame opens on its own link and in its own place only, and
/// the 2^32 random nonces that the cluster's key is good for (<see cref="Envelope"/>) are not used up by thousands of frames a second.
/// Not for several threads at once.
/// </summary>
public sealed class LinkCipher : IDisposable
{
    /// <summary>Bytes before what is sealed.</summary>
    public const int HeaderSize = sizeof(uint);

    const int KeySize = 32;

    readonly AesGcm? cipher;
    ulong number;

    /// <summary>One side of a link that is agreed on.</summary>
    /// <param name="key">The key that the hello names; empty for a cluster without one: then nothing is sealed.</param>
    /// <param name="hello">What the dialer said.</param>
    /// <param name="nonce">The nonce of who answered it.</param>
    public LinkCipher(ReadOnlySpan<byte> key, LinkHello hello, ReadOnlySpan<byte> nonce)
    {
        if (key.IsEmpty) return;
        Span<byte> own = stackalloc byte[KeySize], salt = stackalloc byte[2 * LinkHello.NonceSize];
        hello.Nonce.CopyTo(salt);
        nonce.CopyTo(salt[LinkHello.NonceSize..]);
        HKDF.DeriveKey(HashAlgorithmName.SHA256, key, own, salt, Encoding.UTF8.GetBytes($"opsbro link 1\0{hello.From}\0{hello.To}"));
        cipher = new AesGcm(own, Envelope.TagSize);
        CryptographicOperations.ZeroMemory(own);
    }

    /// <summary>Bytes after what is sealed.</summary>
    public int TagSize => cipher is null ? 0 : Envelope.TagSize;

    /// <summary>Seals the next frame in place: the plaintext stands after the header, and room for the tag after it. Says how long it is.</summary>
    public int Seal(Span<byte> frame, int length)
    {
        BinaryPrimitives.WriteUInt32BigEndian(frame, (uint)length);
        var text = frame.Slice(HeaderSize, length);
        Span<byte> nonce = stackalloc byte[Envelope.NonceSize];
        Next(nonce);
        cipher?.Encrypt(nonce, text, text, frame.Slice(HeaderSize + length, Envelope.TagSize), frame[..HeaderSize]);
        return HeaderSize + length + TagSize;
    }

    /// <summary>Opens the next frame into a span as long as its plaintext; false when it is not the next one of this link.</summary>
    public bool TryOpen(ReadOnlySpan<byte> frame, Span<byte> plain)
    {
        var text = frame.Slice(HeaderSize, plain.Length);
        Span<byte> nonce = stackalloc byte[Envelope.NonceSize];
        Next(nonce);
        if (cipher is null)
        {
            text.CopyTo(plain);
            return true;
        }
        try
        {
            cipher.Decrypt(nonce, text, frame.Slice(HeaderSize + text.Length, Envelope.TagSize), plain, frame[..HeaderSize]);
            return true;
        }
        catch (AuthenticationTagMismatchException)
        {
            return false;   // recorded, changed, or out of order: the link ends
        }
    }

    /// <inheritdoc/>
    public void Dispose() => cipher?.Dispose();

    void Next(Span<byte> nonce)
    {
        nonce.Clear();
        BinaryPrimitives.WriteUInt64BigEndian(nonce[(Envelope.NonceSize - sizeof(ulong))..], number++);
    }
}
