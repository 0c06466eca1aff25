using Microsoft.Extensions.Logging;
using OpsBro.Api;
using OpsBro.Cli;
using OpsBro.Config;
using OpsBro.Config.Editing;

namespace OpsBro.Gossip.Zones;

/// <summary>What the API does about zones: lists them, moves this node to another one, makes and takes their keys.</summary>
internal sealed partial class ZoneActions(
    Cluster cluster, MemberViews members, ConfigStore config, ConfigReloader reloader, AgentOptions places, ILogger<ZoneActions> logger)
{
    /// <summary>The zones that are named anywhere, and our own; parents before those below them.</summary>
    public async Task<ZoneView[]> List()
    {
        var current = config.Current;
        var own = cluster.Options.Zone;
        var tree = ZoneObjects.Tree(current);
        var counts = (await Members()).CountBy(m => m.Zone).ToDictionary(c => c.Key, c => c.Value);
        var names = ZoneObjects.Names(current).Append(own).Distinct().Order(StringComparer.Ordinal).ToList();
        var views = new List<ZoneView>();
        void Add(string name)
        {
            if (views.Exists(v => v.Name == name)) return;
            string[] below = [.. names.Where(n => tree.ParentOf(n) == name)];
            var (hasKey, fingerprint) = KeyOf(name);
            var relation = Relation(tree.ParentOf, own, name);
            views.Add(new ZoneView(name, relation, tree.ParentOf(name) ?? "", below, hasKey, fingerprint, counts.GetValueOrDefault(name)));
            foreach (var one in below) Add(one);
        }
        foreach (var name in names.Where(n => tree.ParentOf(n) is null)) Add(name);
        return [.. views];
    }

    async Task<MemberView[]> Members()
    {
        try
        {
            return await members.All();
        }
        catch (PoolClosedException)
        {
            return [];   // gossip is off or stops: the zones are there all the same
        }
    }

    /// <summary>own, above, below or other, as seen from our zone.</summary>
    public static string Relation(Func<string, string?> parentOf, string own, string zone)
    {
        if (own == zone) return "own";
        bool IsAbove(string high, string low)
        {
            var at = parentOf(low);
            for (var depth = 0; at is not null && depth < Core.NodeState.ZoneTree.MaxDepth; depth++, at = parentOf(at))
                if (at == high) return true;
            return false;
        }
        return IsAbove(zone, own) ? "above" : IsAbove(own, zone) ? "below" : "other";
    }

    (bool HasKey, string Fingerprint) KeyOf(string zone)
    {
        if (cluster.Pools.FirstOrDefault(p => p.Settings.Zone == zone) is { IsEncrypted: true } pool) return (true, pool.KeyFingerprint);
        try
        {
            var files = cluster.Parts.KeyFiles;
            if (StateFile.Read(files.KeyringOf(zone)) is { } bytes && KeyringFile.TryRead(bytes) is [var primary, ..])
                return (true, GossipKey.Fingerprint(primary));
            var configured = files.KeyOf(zone, zone == cluster.Options.Zone ? cluster.Options.Encrypt : "");
            return (configured.Length > 0, configured.Length > 0 ? GossipKey.FingerprintOf(configured) : "");
        }
        catch (Exception e) when (e is PoolKeysException or IOException or UnauthorizedAccessException)
        {
            return (false, "");   // agent info says what is wrong with it
        }
    }

    /// <summary>Writes <c>node-zone</c> where it stands, with comments kept, and moves this node there at once.</summary>
    public async Task<DoneView> Change(string? name, CancellationToken cancel)
    {
        var zone = Known(name);
        if (zone == cluster.Options.Zone) return new DoneView(true, $"this node is in zone {zone} already");
        var current = config.Current;
        var file = current.Agent["node-zone"] is { Line: > 0, File: var place } ? place : Path.Join(places.ConfigDirectory, "agent.yml");
        if (current.Agent["node-zone"] is { Line: 0 } fixedBy)
            throw new ApiProblem(409, $"node-zone is set by {fixedBy.File}, which wins over every file; change it there");
        var before = EditedFile.Read(file);
        try
        {
            ChangedFile.Write(places, current, file, before, YamlEdit.Set(before, ["node-zone"], zone), $"SET node-zone → {zone}");
        }
        catch (Exception e) when (e is EditRefused or CliError)
        {
            throw new ApiProblem(409, $"{file}: {e.Message}");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ApiProblem(409, $"{file} cannot be written: {e.Message}");
        }
        await reloader.Reload(cancel);
        await cluster.LookAgain();
        if (config.Current.Agent["node-zone"]?.Text != zone)
            throw new ApiProblem(409, $"{file} says node-zone: {zone} now, and another file wins over it; see opsbro config show --origin node-zone");
        return new DoneView(true, $"this node is in zone {zone} now ({file})"
            + (cluster.Problems().FirstOrDefault() is { } problem ? $"; {problem}" : ""));
    }

    /// <summary>Makes a key of a zone, or takes one: writes its file, mode 0600, and begins to use it.</summary>
    public async Task<NewKeyView> Key(string? name, ZoneKeyRequest request)
    {
        var zone = Known(name);
        var isMade = string.IsNullOrWhiteSpace(request.Key);
        var key = isMade ? GossipKey.Generate() : GossipKey.TryParse(request.Key!)
            ?? throw ApiProblem.Bad($"this is no key; write {GossipKey.Form}");
        var file = cluster.Parts.KeyFiles.PathOf(zone);
        if (File.Exists(file) && !request.Erase)
            throw new ApiProblem(409, $"zone {zone} has a key file already ({file}); --erase replaces it. To replace the key of a running cluster use "
                + "\"opsbro gossip keys rotate\"");
        if (zone == cluster.Options.Zone && cluster.Options.Encrypt.Length > 0)
            throw new ApiProblem(409, $"gossip.encrypt is set and wins over a key file of zone {zone}; change it there, or take it out first");
        try
        {
            StateFile.Replace(file, Convert.ToBase64String(key) + "\n");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ApiProblem(409, $"{file} cannot be written: {e.Message}");
        }
        LogKey(logger, zone, file, GossipKey.Fingerprint(key));
        await cluster.LookAgain();
        // a key that was given is known to who gave it: it is not told again
        return new NewKeyView(zone, GossipKey.Fingerprint(key), isMade ? Convert.ToBase64String(key) : "", file);
    }

    /// <summary>Takes over key files that were written by hand.</summary>
    public async Task Reload(string name)
    {
        Known(name);
        await cluster.LookAgain();
    }

    /// <summary>A zone by its name. Where no zone object is written, any name will do.</summary>
    string Known(string? name)
    {
        if (string.IsNullOrWhiteSpace(name)) throw ApiProblem.Bad("the name of the zone is missing");
        if (!GossipOptions.IsName(name) || name is "." or "..")
            throw ApiProblem.Bad($"\"{name}\" is no name of a zone; write letters, digits, dots, dashes and underscores");
        var known = ZoneObjects.Names(config.Current).Append(cluster.Options.Zone).Distinct().ToList();
        if (!known.Contains(name) && ZoneObjects.All(config.Current).Count > 0) throw ApiProblem.NotFound("zone", name, "opsbro gossip zone list", known);
        return name;
    }

    [LoggerMessage(LogLevel.Information, "the key of zone {Zone} was written to {File}: {Fingerprint}")]
    static partial void LogKey(ILogger logger, string zone, string file, string fingerprint);
}
