using System.Security.Cryptography;

namespace OpsBro.Core.Wire;

/// <summary>
/// The keys of a cluster, the primary one first: it alone encrypts, all decrypt. Not for several threads at once.
/// </summary>
public sealed class Keyring : IDisposable
{
    readonly List<(byte[] Key, AesGcm Cipher)> keys = [];

    /// <summary>
    /// Takes keys of 16, 24 or 32 bytes, the primary one first; those that are there twice count once.
    /// </summary>
    /// <exception cref="ArgumentException">There is no key, too many, or one has another length.</exception>
    public Keyring(IEnumerable<byte[]> keys)
    {
        foreach (var key in keys)
        {
            if (TryInstall(key)) continue;
            Dispose();
            throw new ArgumentException($"a key has {key.Length} bytes; it must have 16, 24 or 32, and there are at most "
                + $"{WireLimits.MaxKeyring} keys", nameof(keys));
        }
        if (this.keys.Count == 0) throw new ArgumentException("a keyring needs a key", nameof(keys));
    }

    /// <summary>Number of keys.</summary>
    public int Count => keys.Count;

    /// <summary>The key that encrypts.</summary>
    public ReadOnlySpan<byte> Primary => keys[0].Key;

    /// <summary>Key number <paramref name="index"/>; 0 is the primary one.</summary>
    public ReadOnlySpan<byte> this[int index] => keys[index].Key;

    /// <summary>A length that AES has: 16, 24 or 32 bytes.</summary>
    public static bool IsKey(ReadOnlySpan<byte> key) => key.Length is 16 or 24 or 32;

    /// <summary>
    /// Adds a key last; true too when it is there already. False when its length is wrong or there are too many.
    /// </summary>
    public bool TryInstall(ReadOnlySpan<byte> key)
    {
        if (!IsKey(key)) return false;
        if (IndexOf(key) >= 0) return true;
        if (keys.Count == WireLimits.MaxKeyring) return false;
        keys.Add((key.ToArray(), new AesGcm(key, Envelope.TagSize)));
        return true;
    }

    /// <summary>Makes a key the primary one; false when it is not installed.</summary>
    public bool TryUse(ReadOnlySpan<byte> key)
    {
        var index = IndexOf(key);
        if (index < 0) return false;
        var found = keys[index];
        keys.RemoveAt(index);
        keys.Insert(0, found);
        return true;
    }

    /// <summary>Takes a key out; false when it is the primary one. A key that is not there is out already.</summary>
    public bool TryRemove(ReadOnlySpan<byte> key)
    {
        var index = IndexOf(key);
        if (index == 0) return false;
        if (index < 0) return true;
        keys[index].Cipher.Dispose();
        keys.RemoveAt(index);
        return true;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var (_, cipher) in keys) cipher.Dispose();
    }

    internal AesGcm Cipher(int index) => keys[index].Cipher;

    int IndexOf(ReadOnlySpan<byte> key)
    {
        for (var i = 0; i < keys.Count; i++)
            if (key.SequenceEqual(keys[i].Key)) return i;
        return -1;
    }
}
