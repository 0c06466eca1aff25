using OpsBro.Core.Wire;

namespace OpsBro.Gossip;

/// <summary>The keys of a pool that runs.</summary>
internal sealed partial class GossipPool
{
    /// <summary>All keys, the primary one first; none without encryption.</summary>
    public Task<IReadOnlyList<byte[]>> KeyList() => Ask((_, _) => All());

    /// <summary>Packets encrypted since this pool was opened.</summary>
    public Task<long> Sealed() => Ask((e, _) => e.Counters.Sealed);

    /// <summary>Why the age of the key cannot be kept; empty when it can.</summary>
    public string KeyAgeProblem { get; set; } = "";

    /// <summary>A line of the history and of the log, under this node's name.</summary>
    public void Note(string kind, string text) => journal.Noted(Settings.Name, kind, text);

    /// <summary>
    /// Takes over what changed in the keyring file or in the configured key, without a break; false when the pool must be opened anew,
    /// for it is not encrypted and shall be.
    /// </summary>
    public async Task<bool> FollowKeys(string encrypt)
    {
        if (keys is null) return encrypt.Length == 0 && !Keyring.HasKeys;
        if (Keyring.Follow(encrypt) is not { } changed) return true;
        if (changed.Keys is { } next) await SetKeys(next);
        Note("keys", changed.Text);
        return true;
    }

    /// <summary>Makes these the keys of this node alone, the primary one first.</summary>
    public Task SetKeys(IReadOnlyList<byte[]> next) => Ask((_, _) =>
    {
        if (keys is not null) Replace(keys, next);
        return true;
    });

    void Replace(Keyring ring, IReadOnlyList<byte[]> next)
    {
        bool IsNext(byte[] key) => next.Any(k => k.AsSpan().SequenceEqual(key));
        // the primary one cannot be taken out until another one is
        foreach (var gone in All().Skip(1).Where(key => !IsNext(key))) ring.TryRemove(gone);
        foreach (var key in next) ring.TryInstall(key);
        foreach (var gone in All().Take(1).Where(key => !IsNext(key)))
        {
            ring.TryUse(next[0]);
            ring.TryRemove(gone);
        }
        foreach (var key in next.Reverse()) ring.TryUse(key);
        SaveKeys();
    }

    IReadOnlyList<byte[]> All() => keys is null ? [] : [.. Enumerable.Range(0, keys.Count).Select(i => keys[i].ToArray())];
}
