using OpsBro.Config.Yaml;

namespace OpsBro.Config;

/// <summary>
/// Settings from the environment: <c>OPSBRO_HTTP__LISTEN=…</c> sets <c>http.listen</c>, <c>OPSBRO_LOG_LEVEL=DEBUG</c> sets
/// <c>log_level</c>. The value is YAML, so that lists can be written. They win over every file.
/// </summary>
internal static class EnvironmentSettings
{
    const string prefix = "OPSBRO_";

    /// <summary>Names that say where the agent is and who calls, and no setting.</summary>
    static readonly string[] reserved = ["DATA", "CONFIG", "ADDR", "TOKEN", "TOKEN_FILE", "CACERT", "SOCKET", "LOG", "HTTP", "PORT"];

    /// <summary>The settings as a map, or null when there are none.</summary>
    public static ConfigNode? Read(IReadOnlyDictionary<string, string> environment, List<Problem> problems)
    {
        ConfigNode? all = null;
        foreach (var (name, value) in environment.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            if (!name.StartsWith(prefix, StringComparison.Ordinal)) continue;
            var place = $"environment {name}";
            if (PathOf(name[prefix.Length..]) is not { } path)
            {
                if (MeantBy(name[prefix.Length..]) is { } meant)
                    problems.Add(new Problem(place, 0, 0, $"there is no setting of this name (did you mean \"{prefix}{meant}\"?)"));
                continue;
            }
            if (!AgentSettings.IsKnown(path[0]) && Spelling.Nearest(path[0], AgentSettings.Keys) is { } nearest)
            {
                problems.Add(new Problem(place, 0, 0, $"there is no section \"{path[0]}\" (did you mean \"{nearest}\"?)"));
                continue;
            }
            var content = YamlText.Parse(place, value);
            problems.AddRange(content.Problems.Select(p => p with { Line = 0, Column = 0 }));
            if (!content.IsReadable) continue;
            var node = content.Documents.Count > 0 ? WithoutPlace(content.Documents[0]) : Scalar(place, "");
            foreach (var key in path.Reverse()) node = Map(place, key, node);
            all = all is null ? node : NodeMerge.Over(all, node);
        }
        return all;
    }

    /// <summary>This process's environment.</summary>
    public static IReadOnlyDictionary<string, string> Current()
    {
        var environment = new Dictionary<string, string>();
        foreach (System.Collections.DictionaryEntry entry in Environment.GetEnvironmentVariables())
            environment[(string)entry.Key] = (string?)entry.Value ?? "";
        return environment;
    }

    static string[]? PathOf(string name)
    {
        if (name.Contains("__", StringComparison.Ordinal))
            return [.. name.ToLowerInvariant().Split("__", StringSplitOptions.RemoveEmptyEntries)];
        if (reserved.Contains(name)) return null;
        var key = AgentSettings.Keys.FirstOrDefault(k => k.Replace('-', '_').Equals(name, StringComparison.OrdinalIgnoreCase));
        return key is null ? null : [key];
    }

    /// <summary>The setting that a name without a section nearly is; a name of something else is nobody's business.</summary>
    static string? MeantBy(string name) => reserved.Contains(name)
        ? null
        : Spelling.Nearest(name, AgentSettings.Keys.Select(key => key.Replace('-', '_').ToUpperInvariant()).Concat(reserved));

    /// <summary>A variable has no lines.</summary>
    static ConfigNode WithoutPlace(ConfigNode node) => node with
    {
        Line = 0,
        Column = 0,
        Items = [.. node.Items.Select(WithoutPlace)],
        Entries = [.. node.Entries.Select(entry => new KeyValuePair<ConfigNode, ConfigNode>(WithoutPlace(entry.Key), WithoutPlace(entry.Value)))],
    };

    static ConfigNode Map(string place, string key, ConfigNode value) =>
        new(ConfigNodeKind.Map, place, 0, 0) { Entries = [new(Scalar(place, key), value)] };

    static ConfigNode Scalar(string place, string text) => new(ConfigNodeKind.Scalar, place, 0, 0) { Text = text };
}
