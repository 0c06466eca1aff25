using System.Text;
using System.Text.Json;
using OpsBro.Core.Wire;

namespace OpsBro.Gossip;

/// <summary>
/// The keys of a zone on disk, in Serf's format: a JSON array of base64, the primary key first, mode 0600. What it says holds; the
/// configured key (<c>gossip.encrypt</c> or the zone's key file) makes the first one, and a new primary one when the operator changes it.
/// A broken file never opens the cluster: without another key there is no pool.
/// </summary>
/// <param name="path">The file; beside it stands <c>.from</c>, the fingerprint of the configured key that was taken over last.</param>
internal sealed class KeyringFile(string path)
{
    readonly Lock gate = new();
    IReadOnlyList<byte[]> current = [];
    string onDisk = "";
    long written;

    /// <summary>The file.</summary>
    public string Path => path;

    /// <summary>What the operator should know; empty when all is well.</summary>
    public string Problem { get; private set; } = "";

    /// <summary>True when there ought to be keys and none can be had: the pool must not start.</summary>
    public bool IsLocked { get; private set; }

    /// <summary>What was taken over from the configured key at the start; empty when nothing new was.</summary>
    public string Notice { get; private set; } = "";

    /// <summary>True when the file is there and holds keys.</summary>
    public bool HasKeys
    {
        get
        {
            try
            {
                return StateFile.Read(path) is { } bytes && TryRead(bytes) is not null;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                return false;   // a pool that runs without keys goes on; opening it says what is wrong
            }
        }
    }

    /// <summary>The keys, the primary one first; none for a cluster without encryption.</summary>
    /// <param name="encrypt">The configured key in base64; empty for none.</param>
    public IReadOnlyList<byte[]> Load(string encrypt)
    {
        lock (gate)
        {
            (Problem, IsLocked, Notice) = ("", false, "");
            var first = encrypt.Length > 0 ? GossipKey.TryParse(encrypt) : null;
            if (encrypt.Length > 0 && first is null) return Locked($"gossip.encrypt is no key; write {GossipKey.Form}");
            try
            {
                if (StateFile.Read(path) is { } bytes)
                {
                    if (TryRead(bytes) is { } keys)
                    {
                        (current, onDisk) = (keys, Encoding.UTF8.GetString(bytes));
                        Notice = TakeOver(first);
                        return current;
                    }
                    if (first is null)
                        return Locked($"{path} is no keyring (a JSON array of keys in base64); put a good copy there, or give the key as gossip.encrypt");
                    Problem = $"{path} was no keyring and was put aside as {StateFile.Quarantine(path)}; the configured key is used";
                }
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                return Locked($"{path} cannot be read ({e.Message})");
            }
            current = first is null ? [] : [first];
            if (first is not null) Write(GossipKey.Fingerprint(first));
            return current;
        }
    }

    IReadOnlyList<byte[]> Locked(string problem)
    {
        (Problem, IsLocked, current) = (problem, true, []);
        return current;
    }

    /// <summary>Looks again while the pool runs. What is broken changes nothing.</summary>
    /// <param name="encrypt">The configured key in base64; empty for none.</param>
    /// <returns>The keys when they are others now, and what happened; null when nothing did.</returns>
    public (IReadOnlyList<byte[]>? Keys, string Text)? Follow(string encrypt)
    {
        lock (gate)
        {
            Problem = "";
            var (texts, isOther) = (new List<string>(), false);
            try
            {
                var text = StateFile.Read(path) is { } bytes ? Encoding.UTF8.GetString(bytes) : null;
                if (text is null || (text != onDisk && TryRead(Encoding.UTF8.GetBytes(text)) is null))
                {
                    // losing a file must not open a cluster, nor lock this node out at its next start
                    texts.Add(text is null
                        ? $"{path} was gone; the keys in memory were written again (to go without encryption, stop the agent and remove it)"
                        : $"{path} was no keyring and was put aside as {StateFile.Quarantine(path)}; the keys in memory were written again");
                    Write(null);
                }
                else if (text != onDisk)
                {
                    (current, onDisk, isOther) = (TryRead(Encoding.UTF8.GetBytes(text))!, text, true);
                    texts.Add($"{path} was changed: the primary key is {GossipKey.Fingerprint(current[0])} of {current.Count}");
                }
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                Problem = $"{path} cannot be read ({e.Message}); the keys in memory stay in use";
            }
            if (TakeOver(GossipKey.TryParse(encrypt)) is { Length: > 0 } taken)
            {
                texts.Add(taken);
                isOther = true;
            }
            return texts.Count > 0 ? (isOther ? current : null, string.Join("; ", texts)) : null;
        }
    }

    /// <summary>Makes the configured key the primary one when the operator changed it since; says so, or nothing.</summary>
    string TakeOver(byte[]? first)
    {
        if (first is null) return "";
        var fingerprint = GossipKey.Fingerprint(first);
        var known = current.Any(key => key.AsSpan().SequenceEqual(first));
        var from = MadeFrom();
        if (from == fingerprint || (from.Length == 0 && known)) return "";
        if (from.Length == 0)
        {
            Problem = $"the configured key (gossip.encrypt, {fingerprint}) is not used: {path} came with other keys; change them with "
                + "\"opsbro gossip keys\", or stop the agent and remove that file to begin with the configured key";
            return "";
        }
        if (!known && current.Count >= WireLimits.MaxKeyring)
        {
            Problem = $"the configured key {fingerprint} is not used: there are {current.Count} keys already; remove one (opsbro gossip keys remove)";
            return "";
        }
        current = [first, .. current.Where(key => !key.AsSpan().SequenceEqual(first))];
        Write(fingerprint);
        return $"the configured key was changed: {fingerprint} is the primary key now, and {current.Count - 1} older ones still open what comes in"
            + (known ? "" : "; members that do not have it cannot read this node until they are given it too");
    }

    string MadeFrom()
    {
        try
        {
            return StateFile.Read(path + ".from") is { } bytes ? Encoding.UTF8.GetString(bytes).Trim() : "";
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
    /// <param name="version">Grows with each change.</param>
    public void Save(IReadOnlyList<byte[]> keys, long version)
    {
        lock (gate)
        {
            if (version < written) return;
            (written, current) = (version, keys);
            Write(null);
        }
    }

    void Write(string? madeFrom)
    {
        var text = JsonSerializer.Serialize([.. current.Select(Convert.ToBase64String)], GossipJson.Default.StringArray) + "\n";
        try
        {
            StateFile.Replace(path, text);
            onDisk = text;
            if (madeFrom is not null) StateFile.Replace(path + ".from", madeFrom + "\n");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Problem = $"{path} cannot be written ({e.Message}); the keys count until the agent stops";
        }
    }
}
