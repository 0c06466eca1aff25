using OpsBro.Config;

namespace OpsBro.Gossip.Keys;

/// <summary>
/// Where configured keys stand: <c>gossip.encrypt</c> (a key or <c>@FILE</c>) for our own zone, and the original's files
/// zone_keys/ZONE.gossip.key below the configuration for any zone.
/// </summary>
internal sealed class KeyFiles(AgentOptions places)
{
    const UnixFileMode Foreign = UnixFileMode.GroupRead | UnixFileMode.OtherRead | UnixFileMode.GroupWrite | UnixFileMode.OtherWrite;

    /// <summary>The key file of a zone.</summary>
    public string PathOf(string zone) => Path.Join(places.ConfigDirectory, "zone_keys", $"{Uri.EscapeDataString(zone)}.gossip.key");

    /// <summary>The keyring of a zone, in the data directory.</summary>
    public string KeyringOf(string zone) => Path.Join(DirectoryOf(zone), "keyring.json");

    /// <summary>Where a zone's files stand: a node that changes its zone does not meet its old members.</summary>
    public string DirectoryOf(string zone) => Path.Join(places.DataDirectory, "gossip", "zones", Uri.EscapeDataString(zone));

    /// <summary>The file that holds the configured key; null when agent.yml itself does, or nobody does.</summary>
    string? FileOf(string zone, string encrypt)
    {
        if (encrypt.StartsWith('@')) return Path.Combine(places.ConfigDirectory, encrypt[1..]);
        return encrypt.Length > 0 || !File.Exists(PathOf(zone)) ? null : PathOf(zone);
    }

    /// <summary>The configured key of a zone in base64; empty for none.</summary>
    /// <exception cref="PoolKeysException">The file that should hold it cannot be read.</exception>
    public string KeyOf(string zone, string encrypt)
    {
        if (FileOf(zone, encrypt) is not { } file) return encrypt;
        try
        {
            var text = File.ReadAllText(file).Trim();
            return GossipKey.TryParse(text) is not null ? text : throw new PoolKeysException($"{file} holds no key; it must be {GossipKey.Form}");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new PoolKeysException($"the gossip key cannot be read: {e.Message}");
        }
    }

    /// <summary>True when this agent has a key of the zone, wherever it comes from.</summary>
    public bool HasKey(string zone, string encrypt) => encrypt.Length > 0 || File.Exists(PathOf(zone)) || File.Exists(KeyringOf(zone));

    /// <summary>What is wrong with the files of keys that a configuration needs.</summary>
    public void Check(ConfigNode agent, GossipOptions options, string? parent, List<Problem> problems)
    {
        if (!options.IsEnabled) return;
        var place = agent["gossip"]?["encrypt"];
        CheckFile(options.Zone, options.Encrypt, place, problems);
        CheckKeyring(options.Zone, problems);
        if (parent is null) return;
        CheckFile(parent, "", null, problems);
        CheckKeyring(parent, problems);
        if (agent["proxy-node"] is { } proxy && HasKey(options.Zone, options.Encrypt) && !HasKey(parent, ""))
            problems.Add(Problem.At(proxy, MissingParentKey(options.Zone, parent)) with { IsWarning = true });
    }

    /// <summary>A proxy node of an encrypted zone without a key of the zone above: what to do.</summary>
    public static string MissingParentKey(string zone, string parent) =>
        $"proxy node without a key of zone {parent}, the one above {zone}: it speaks there without encryption; if {parent} has a key, print it on a "
        + $"member (opsbro gossip keys list --show) and run \"opsbro gossip zone key import {parent} KEYFILE\" here";

    void CheckFile(string zone, string encrypt, ConfigNode? place, List<Problem> problems)
    {
        if (FileOf(zone, encrypt) is not { } file) return;
        try
        {
            KeyOf(zone, encrypt);
            var mode = File.GetUnixFileMode(file);
            if ((mode & Foreign) != 0)
                problems.Add(At(place, file, $"{file} holds a key, and other users may read or write it; run chmod 600 {file}") with { IsWarning = true });
        }
        catch (PoolKeysException e)
        {
            problems.Add(At(place, file, e.Message));
        }
        catch (IOException e)
        {
            problems.Add(At(place, file, e.Message));
        }
    }

    void CheckKeyring(string zone, List<Problem> problems)
    {
        var file = KeyringOf(zone);
        try
        {
            if (StateFile.Read(file) is { } bytes && KeyringFile.TryRead(bytes) is null)
            {
                problems.Add(new Problem(file, 0, 0, "this is no keyring (a JSON array of keys in base64); put a good copy there. A running agent keeps its "
                    + "keys and writes them again"));
            }
        }
        catch (UnauthorizedAccessException)
        {
            // only the agent's user may read it, and that is right
        }
        catch (IOException e)
        {
            problems.Add(new Problem(file, 0, 0, $"the keyring cannot be read: {e.Message}"));
        }
    }

    static Problem At(ConfigNode? place, string file, string text) => place is null ? new Problem(file, 0, 0, text) : Problem.At(place, text);
}
