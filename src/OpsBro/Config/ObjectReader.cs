using System.Globalization;

namespace OpsBro.Config;

/// <summary>
/// Reads the keys of one object into typed values. Every problem is collected, none thrown; a value that cannot be read gives the default.
/// Call <see cref="RefuseTheRest"/> last: it names each key that nobody asked for, with the nearest known one.
/// </summary>
internal sealed class ObjectReader(ConfigNode map, List<Problem> problems)
{
    readonly HashSet<string> asked = [];
    readonly int problemsBefore = problems.Count;

    /// <summary>The map itself.</summary>
    public ConfigNode Map => map;

    /// <summary>True when nothing was wrong since this reader was made.</summary>
    public bool IsClean => problems.Count == problemsBefore;

    /// <summary>Adds a problem at a node.</summary>
    public void Complain(ConfigNode node, string message) => problems.Add(Problem.At(node, message));

    /// <summary>Adds a problem whose place is known.</summary>
    public void Complain(Problem problem) => problems.Add(problem);

    /// <summary>The node under a key, or null; the key counts as known from now on.</summary>
    public ConfigNode? Node(string key)
    {
        asked.Add(key);
        return map[key] is { IsEmpty: false } node ? node : null;
    }

    /// <summary>A text. Numbers and booleans are taken as they are written.</summary>
    public string Text(string key, string otherwise = "")
    {
        if (Node(key) is not { } node) return otherwise;
        if (node.Kind == ConfigNodeKind.Scalar) return node.Text;
        Complain(node, $"{key} must be one value, not a {node.Kind.ToString().ToLowerInvariant()}");
        return otherwise;
    }

    /// <summary>A text that must be there.</summary>
    public string RequiredText(string key)
    {
        var text = Text(key);
        if (text.Length == 0 && map[key] is not { Kind: not ConfigNodeKind.Scalar })
            Complain(map[key] ?? map, $"{key} is missing; write \"{key}: …\"");
        return text;
    }

    /// <summary>true or false.</summary>
    public bool Flag(string key, bool otherwise)
    {
        if (Node(key) is not { } node) return otherwise;
        if (node.Kind == ConfigNodeKind.Scalar && node.ToValue() is { Kind: Core.Expressions.ValueKind.Bool } value) return value.AsBool;
        Complain(node, $"{key} is \"{node.Text}\"; write true or false");
        return otherwise;
    }

    /// <summary>A whole number within limits, both included.</summary>
    public int Number(string key, int otherwise, int least, int most)
    {
        if (Node(key) is not { } node) return otherwise;
        if (int.TryParse(node.Text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
            && number >= least && number <= most) return number;
        Complain(node, $"{key} is \"{node.Text}\"; write a whole number from {least} to {most}");
        return otherwise;
    }

    /// <summary>A duration within limits: <c>250ms</c>, <c>10s</c>, <c>5m</c>, <c>1h30m</c>, <c>2d</c>, or plain seconds.</summary>
    public TimeSpan Duration(string key, TimeSpan otherwise, TimeSpan least, TimeSpan most)
    {
        if (Node(key) is not { } node) return otherwise;
        if (node.Kind != ConfigNodeKind.Scalar || !Durations.TryParse(node.Text, out var duration))
        {
            Complain(node, $"{key}: \"{node.Text}\" is not a duration; write for instance 250ms, 10s or 5m");
            return otherwise;
        }
        if (duration >= least && duration <= most) return duration;
        Complain(node, $"{key} is {node.Text}; write a duration from {Durations.Text(least)} to {Durations.Text(most)}");
        return otherwise;
    }

    /// <summary>A list of texts; one text alone, or texts parted by commas, is a list too.</summary>
    public IReadOnlyList<string> Texts(string key)
    {
        if (Node(key) is not { } node) return [];
        switch (node.Kind)
        {
            case ConfigNodeKind.Scalar:
                return node.Text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
            case ConfigNodeKind.List when node.Items.All(item => item.Kind == ConfigNodeKind.Scalar):
                return [.. node.Items.Select(item => item.Text)];
            default:
                Complain(node, $"{key} must be a list of texts");
                return [];
        }
    }

    /// <summary>A map, or null when the key is absent.</summary>
    public ConfigNode? Section(string key)
    {
        if (Node(key) is not { } node) return null;
        if (node.Kind == ConfigNodeKind.Map) return node;
        Complain(node, $"{key} must hold keys and values");
        return null;
    }

    /// <summary>Marks keys as known without reading them.</summary>
    public void Allow(params ReadOnlySpan<string> keys)
    {
        foreach (var key in keys) asked.Add(key);
    }

    /// <summary>Complains about each key that was neither read nor allowed.</summary>
    public void RefuseTheRest(string what)
    {
        foreach (var (key, _) in map.Entries)
        {
            if (asked.Contains(key.Text)) continue;
            Complain(key, $"unknown key \"{key.Text}\" in {what}{Spelling.Hint(key.Text, asked)}");
        }
    }
}
