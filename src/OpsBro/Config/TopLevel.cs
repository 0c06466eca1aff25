namespace OpsBro.Config;

/// <summary>An object as one file writes it.</summary>
/// <param name="Kind">check, detector, …</param>
/// <param name="Word">What the object calls itself: its key in a map of objects, its <c>id</c> or <c>name</c>; null when it does not.</param>
/// <param name="Ordinal">Which of this kind in the file, from 1.</param>
/// <param name="Body">Its keys and values.</param>
/// <param name="Place">The file.</param>
internal sealed record RawObject(string Kind, string? Word, int Ordinal, ConfigNode Body, ConfigFilePlace Place)
{
    /// <summary>What people see and type.</summary>
    public string Name => Word ?? (Ordinal > 1 ? $"{FileName}#{Ordinal}" : FileName);

    /// <summary>Unique among the objects of the kind. It does not change when another object is added to the file or taken out.</summary>
    public string Id => this switch
    {
        { Place.Pack: { } pack } => $"{pack}/{Name}",
        { Word: { } word } when word != Place.BaseName => $"{Place.Relative}/{word}",
        { Ordinal: > 1 } => $"{Place.Relative}#{Ordinal}",
        _ => Place.Relative,
    };

    string FileName => ObjectKinds.Single.Contains(Kind) ? Kind : Place.ObjectName;
}

/// <summary>Sorts what stands at the top of a file into objects and settings of the agent.</summary>
internal sealed class TopLevel(ConfigFile file, List<Problem> problems)
{
    readonly Dictionary<string, int> ordinals = [];
    readonly List<KeyValuePair<ConfigNode, ConfigNode>> settings = [];

    /// <summary>The objects, in the order of the file.</summary>
    public List<RawObject> Objects { get; } = [];

    /// <summary>The agent's settings and variables of this file; null when it has none.</summary>
    public ConfigNode? Settings => settings.Count == 0
        ? null
        : new ConfigNode(ConfigNodeKind.Map, file.Place.Path, 1, 1) { Entries = settings };

    /// <summary>Reads every document.</summary>
    public TopLevel Read()
    {
        foreach (var document in file.Documents)
        {
            if (document.IsEmpty) continue;
            if (document.Kind == ConfigNodeKind.Map) foreach (var (key, value) in document.Entries) ReadEntry(key, value);
            else problems.Add(Problem.At(document, "a file holds keys at its top, for instance \"check:\" or \"detector:\""));
        }
        return this;
    }

    void ReadEntry(ConfigNode key, ConfigNode value)
    {
        if (ObjectKinds.Words.TryGetValue(key.Text, out var kind))
        {
            var isPlural = key.Text != kind;
            if (isPlural && value.Kind == ConfigNodeKind.Map && file.Place.IsAgentFile) AddSetting(key, value);
            else if (isPlural) AddAll(kind, key, value);
            else AddOneOrMore(kind, key, value);
            return;
        }
        if (file.Place.Pack is null && (file.Place.IsAgentFile || AgentSettings.IsKnown(key.Text))) AddSetting(key, value);
        else problems.Add(Problem.At(key, UnknownKey(key.Text)));
    }

    string UnknownKey(string key)
    {
        var known = ObjectKinds.Words.Keys.Concat(file.Place.Pack is null ? AgentSettings.Keys : []);
        return AgentSettings.IsKnown(key)
            ? $"{key} is a setting of the agent; write it into agent.yml, not into a pack"
            : $"unknown kind of object \"{key}\"{Spelling.Hint(key, known)}";
    }

    void AddSetting(ConfigNode key, ConfigNode value)
    {
        if (settings.Find(entry => entry.Key.Text == key.Text) is { Key: { } first })
        {
            problems.Add(Problem.At(key, $"\"{key.Text}\" stands here again; line {first.Line} already sets it, and that one counts"));
            return;
        }
        // any other key is a variable for macros, but a slip of the pen is not
        var isVariable = !AgentSettings.IsKnown(key.Text) && !ObjectKinds.Words.ContainsKey(key.Text);
        if (isVariable && Spelling.Nearest(key.Text, AgentSettings.Keys.Concat(ObjectKinds.Words.Keys)) is { } nearest)
            problems.Add(Problem.At(key, $"unknown key \"{key.Text}\" (did you mean \"{nearest}\"?)"));
        else
            settings.Add(new(key, value));
    }

    void AddOneOrMore(string kind, ConfigNode key, ConfigNode value)
    {
        switch (value.Kind)
        {
            case ConfigNodeKind.Map:
                Add(kind, null, value);
                // the agent's own part of the protocol and listeners is asked for as a section as well
                if (file.Place.IsAgentFile && ObjectKinds.Single.Contains(kind)) AddSetting(key, value);
                break;
            case ConfigNodeKind.List:
                AddItems(kind, key, value);
                break;
            default:
                problems.Add(Problem.At(key, $"{key.Text} must hold keys and values, indented below it"));
                break;
        }
    }

    void AddAll(string kind, ConfigNode key, ConfigNode value)
    {
        switch (value.Kind)
        {
            case ConfigNodeKind.List:
                AddItems(kind, key, value);
                break;
            case ConfigNodeKind.Map when value.Entries.All(entry => entry.Value.Kind == ConfigNodeKind.Map):
                foreach (var (name, body) in value.Entries) Add(kind, name.Text, body);
                break;
            default:
                problems.Add(Problem.At(key, $"{key.Text} must hold a list, or names with their {key.Text}; write \"{kind}:\" for one"));
                break;
        }
    }

    void AddItems(string kind, ConfigNode key, ConfigNode list)
    {
        foreach (var item in list.Items)
        {
            if (item.Kind == ConfigNodeKind.Map) Add(kind, null, item);
            else problems.Add(Problem.At(item, $"each item of {key.Text} must hold keys and values"));
        }
    }

    void Add(string kind, string? word, ConfigNode body)
    {
        var ordinal = ordinals[kind] = ordinals.GetValueOrDefault(kind) + 1;
        word ??= OwnWord(body, "id") ?? OwnWord(body, "name");
        Objects.Add(new RawObject(kind, word, ordinal, body, file.Place));
    }

    static string? OwnWord(ConfigNode body, string key) =>
        body[key] is { Kind: ConfigNodeKind.Scalar, Text.Length: > 0 } node ? node.Text : null;
}
