using System.Text.Json;

namespace OpsBro.Gossip.Keys;

/// <summary>How old the primary key is, as it is kept on disk.</summary>
/// <param name="Fingerprint">Of the key.</param>
/// <param name="Since">Since when this node encrypts with it.</param>
/// <param name="Sealed">Packets that this node encrypted with it.</param>
/// <param name="Most">Most members alive at once since then.</param>
internal sealed record KeyAgeRecord(string Fingerprint, DateTimeOffset Since, long Sealed, int Most);

/// <summary>
/// Remembers beside the keyring how old the primary key is and how much was sent with it, so that a restart does not make it young again.
/// For one thread at a time.
/// </summary>
/// <param name="keyring">The keyring's file; this one has <c>.age</c> behind its name.</param>
internal sealed class KeyAge(string keyring)
{
    /// <summary>Longest time between two writes while nothing but the count changes.</summary>
    public static readonly TimeSpan WriteAfter = TimeSpan.FromHours(1);

    readonly string path = keyring + ".age";
    KeyAgeRecord? known;
    DateTimeOffset written;
    long counted;
    bool isRead;

    /// <summary>What the operator should know; empty when all is well.</summary>
    public string Problem { get; private set; } = "";

    /// <summary>Takes note of what is now, and says how old the key is.</summary>
    /// <param name="fingerprint">Of the primary key.</param>
    /// <param name="sealedNow">Packets encrypted since the pool was opened.</param>
    /// <param name="alive">Members alive.</param>
    /// <param name="now">Wall clock.</param>
    public KeyAgeRecord Observe(string fingerprint, long sealedNow, int alive, DateTimeOffset now)
    {
        if (!isRead) (known, isRead) = (Read(), true);
        var more = sealedNow >= counted ? sealedNow - counted : sealedNow;   // a pool that was opened anew counts from 0
        counted = sealedNow;
        var isOther = known?.Fingerprint != fingerprint;
        known = known is null || isOther
            ? new KeyAgeRecord(fingerprint, known is null ? FirstSeen(now) : now, known is null ? more : 0, alive)
            : known with
            {
                Since = known.Since > now ? now : known.Since,   // a clock that was wrong must not keep a key for ever
                Sealed = known.Sealed + more,
                Most = Math.Max(known.Most, alive),
            };
        if (isOther || now - written >= WriteAfter || now < written) Write(now);
        return known;
    }

    /// <summary>Without a record the keyring was written no later than the key came into use.</summary>
    DateTimeOffset FirstSeen(DateTimeOffset now)
    {
        var file = new FileInfo(keyring);
        return file.Exists && file.LastWriteTimeUtc < now ? file.LastWriteTimeUtc : now;
    }

    KeyAgeRecord? Read()
    {
        try
        {
            return StateFile.Read(path) is { } bytes ? JsonSerializer.Deserialize(bytes, GossipJson.Default.KeyAgeRecord) : null;
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException)
        {
            Problem = $"{path} cannot be read ({e.Message}); the age of the key is that of the keyring file";
            return null;
        }
    }

    void Write(DateTimeOffset now)
    {
        written = now;
        try
        {
            StateFile.Replace(path, JsonSerializer.Serialize(known!, GossipJson.Default.KeyAgeRecord) + "\n");
            Problem = "";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Problem = $"{path} cannot be written ({e.Message}); after a restart the key counts as younger than it is";
        }
    }
}
