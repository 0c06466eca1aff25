namespace OpsBro.Config;

/// <summary>Makes the pictures of a configuration that people and programs see. Secrets are stars in every one of them.</summary>
internal static class ConfigViewBuilder
{
    /// <summary>Every effective value with its place: settings of the agent, parameters of packs, keys of objects.</summary>
    /// <param name="configuration">What holds.</param>
    /// <param name="directory">The configuration directory.</param>
    /// <param name="key">Only this key and what is below it; null for all.</param>
    public static ConfigView View(Configuration configuration, string directory, string? key = null)
    {
        var entries = new List<ConfigEntry>();
        AddNode(entries, "", configuration.Agent, isSecret: false);
        foreach (var (name, value) in AgentSettings.Defaults)
            if (configuration.Agent[name] is null or { IsEmpty: true }) entries.Add(new ConfigEntry(name, value, "default", 0, 0));
        foreach (var pack in configuration.Packs)
            foreach (var parameter in pack.ParameterList)
                entries.Add(Entry($"packs.{pack.Name}.{parameter.Name}", parameter.ShownText, parameter.Place));
        foreach (var one in configuration.Objects.Concat(configuration.SwitchedOff))
            AddNode(entries, $"{one.Kind}.{one.Id}", one.Body, isSecret: false);
        return new ConfigView(configuration.Version, directory, [.. entries.Where(entry => key is null || IsBelow(entry.Key, key))]);
    }

    /// <summary>Every object, and whether this release runs it.</summary>
    /// <param name="configuration">What holds.</param>
    /// <param name="activeKinds">Kinds that a slice runs.</param>
    /// <param name="problems">All problems.</param>
    public static ModuleView[] Modules(Configuration configuration, IReadOnlySet<string> activeKinds, IReadOnlyList<Problem> problems)
    {
        var broken = problems.Where(p => !p.IsWarning).ToLookup(p => p.File);
        string StateOf(ConfigObject one) => !activeKinds.Contains(one.Kind)
            ? "not active yet"
            : broken[one.Body.File].Any(p => IsInside(p, one.Body)) ? "error" : "started";
        return
        [
            .. configuration.Objects.Select(one => Module(one, StateOf(one))),
            .. configuration.SwitchedOff.Select(one => Module(one, "disabled")),
        ];
    }

    /// <summary>Every pack.</summary>
    public static PackView[] Packs(Configuration configuration) => [.. configuration.Packs.Select(pack => PackOf(configuration, pack))];

    static PackView PackOf(Configuration configuration, Pack pack)
    {
        var on = configuration.Objects.Where(o => o.Pack == pack).Select(o => ObjectOf(o, true));
        var off = configuration.SwitchedOff.Where(o => o.Pack == pack).Select(o => ObjectOf(o, false));
        return new PackView(
            pack.Name, !pack.IsOff, pack.Level, pack.Version, pack.Description, [.. pack.Topics], [.. pack.Keywords],
            [.. pack.Levels.Select(level => new PackLevelView(level.Level, level.Directory))],
            [.. on.Concat(off)],
            [.. pack.ParameterList.Select(ParameterOf)]);
    }

    /// <summary>A parameter; stars when it is a secret.</summary>
    public static ParameterView ParameterOf(Parameter p) => new(
        p.Name, p.Type, p.ShownText, p.IsSecret && p.Default is { Length: > 0 } ? Secrets.Stars : p.Default, p.Description, p.Level,
        p.Place.File, p.Place.Line);

    static PackObjectView ObjectOf(ConfigObject one, bool isOn) =>
        new(one.Kind, one.Name, one.Body["if_group"]?.Text ?? "", isOn, one.Body.File, one.Body.Line);

    static ModuleView Module(ConfigObject one, string state) =>
        new(one.Kind, one.Id, one.Name, one.Pack?.Name, state, one.Body.File, one.Body.Line);

    /// <summary>A problem stands inside a node when its line is not before it nor after its last value.</summary>
    static bool IsInside(Problem problem, ConfigNode node) => problem.Line >= node.Line && problem.Line <= LastLine(node);

    static int LastLine(ConfigNode node) => node.Kind switch
    {
        ConfigNodeKind.List when node.Items.Count > 0 => node.Items.Max(LastLine),
        ConfigNodeKind.Map when node.Entries.Count > 0 => node.Entries.Max(entry => entry.Value.File == node.File ? LastLine(entry.Value) : 0),
        _ => node.Line + node.Text.Count(c => c == '\n'),
    };

    static bool IsBelow(string entry, string key) =>
        entry.StartsWith(key, StringComparison.Ordinal) && (entry.Length == key.Length || entry[key.Length] is '.' or '/');

    static void AddNode(List<ConfigEntry> entries, string key, ConfigNode node, bool isSecret)
    {
        switch (node.Kind)
        {
            case ConfigNodeKind.Map:
                foreach (var (name, value) in node.Entries)
                    AddNode(entries, key.Length == 0 ? name.Text : $"{key}.{name.Text}", value, isSecret || Secrets.IsSecretKey(name.Text));
                break;
            case ConfigNodeKind.List when node.Items.Any(item => item.Kind != ConfigNodeKind.Scalar):
                for (var i = 0; i < node.Items.Count; i++) AddNode(entries, $"{key}.{i}", node.Items[i], isSecret);
                break;
            case ConfigNodeKind.List:
                var text = isSecret && node.Items.Count > 0 ? Secrets.Stars : string.Join(", ", node.Items.Select(item => item.Text));
                entries.Add(Entry(key, $"[{text}]", node));
                break;
            default:
                entries.Add(Entry(key, isSecret && node.Text.Length > 0 ? Secrets.Stars : node.Text.TrimEnd('\n').ReplaceLineEndings("⏎"), node));
                break;
        }
    }

    static ConfigEntry Entry(string key, string value, ConfigNode node) => new(key, value, node.File, node.Line, node.Column);
}
