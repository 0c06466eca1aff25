using System.Text.Json;
using OpsBro.Core.Wire;

namespace OpsBro.Gossip;

/// <summary>
/// The keys of a zone on disk, in Serf's format: a JSON array of base64, the primary key first, mode 0600. What it says holds, and
/// <c>gossip.encrypt</c> only makes the first one. A broken file never opens the cluster: without another key there is no pool.
/// </summary>
/// <param name="path">The file; beside it stands <c>.from</c>, the fingerprint of the key in agent.yml that it was made of.</param>
internal sealed class KeyringFile(string path)
{
    readonly Lock gate = new();
    long written;

    /// <summary>The file.</summary>
    public string Path => path;

    /// <summary>What the operator should know; empty when all is well.</summary>
    public string Problem { get; private set; } = "";

    /// <summary>True when there ought to be keys and none can be had: the pool must not start.</summary>
    public bool IsLocked { get; private set; }

    /// <summary>The keys, the primary one first; none for a cluster without encryption.</summary>
    /// <param name="encrypt">The key of agent.yml or of a zone's key file, in base64; empty for none.</param>
    public IReadOnlyList<byte[]> Load(string encrypt)
    {
        (Problem, IsLocked) = ("", false);
        var first = encrypt.Length > 0 ? GossipKey.TryParse(encrypt) : null;
        if (encrypt.Length > 0 && first is null)
        {
            (Problem, IsLocked) = ($"gossip.encrypt is no key; write {GossipKey.Form}", true);
            return [];
        }
        try
        {
            if (StateFile.Read(path) is { } bytes)
            {
                if (TryRead(bytes) is { } keys) return Known(keys, first);
                if (first is null)
                {
                    (Problem, IsLocked) = ($"{path} is no keyring (a JSON array of keys in base64); put a good copy there, "
                        + "or give the key as gossip.encrypt; gossip stays off until then", true);
                    return [];
                }
                Problem = $"{path} was no keyring and was put aside as {StateFile.Quarantine(path)}; the key of gossip.encrypt is used";
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            (Problem, IsLocked) = ($"{path} cannot be read ({e.Message}); gossip stays off until then", true);
            return [];
        }
        if (first is null) return [];
        Save([first], GossipKey.Fingerprint(first));
        return [first];
    }

    IReadOnlyList<byte[]> Known(IReadOnlyList<byte[]> keys, byte[]? first)
    {
        if (first is null || keys.Any(key => key.AsSpan().SequenceEqual(first)) || MadeFrom() == GossipKey.Fingerprint(first)) return keys;
        Problem = $"gossip.encrypt (key {GossipKey.Fingerprint(first)}) is not used: {path} holds the keys since; change them with "
            + "\"opsbro gossip keys\", or stop the agent and remove that file to begin with gossip.encrypt again";
        return keys;
    }

    string MadeFrom()
    {
        try
        {
            return StateFile.Read(path + ".from") is { } bytes ? System.Text.Encoding.UTF8.GetString(bytes).Trim() : "";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";   // then the operator is told that the key is not used, which is true
        }
    }

    /// <summary>Reads the format; null when it is another one, or a key is none.</summary>
    public static IReadOnlyList<byte[]>? TryRead(ReadOnlySpan<byte> json)
    {
        try
        {
            var texts = JsonSerializer.Deserialize(json, GossipJson.Default.StringArray);
            if (texts is not { Length: > 0 and <= WireLimits.MaxKeyring }) return null;
            var keys = texts.Select(text => text is null ? null : GossipKey.TryParse(text)).ToList();
            return keys.Contains(null) ? null : [.. keys.OfType<byte[]>()];
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>Writes the keys, the primary one first. A call that comes late does not undo a later one.</summary>
    /// <param name="keys">All of them.</param>
    /// <param name="madeFrom">Fingerprint of the key in agent.yml that they come from; null when they do not.</param>
    /// <param name="version">Grows with each change.</param>
    public void Save(IReadOnlyList<byte[]> keys, string? madeFrom = null, long version = 0)
    {
        lock (gate)
        {
            if (version < written) return;
            written = version;
            try
            {
                StateFile.Replace(path, JsonSerializer.Serialize([.. keys.Select(Convert.ToBase64String)], GossipJson.Default.StringArray) + "\n");
                if (madeFrom is not null) StateFile.Replace(path + ".from", madeFrom + "\n");
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                Problem = $"{path} cannot be written ({e.Message}); the keys count until the agent stops";
            }
        }
    }
}
