using OpsBro.Config.Yaml;

namespace OpsBro.Config.Editing;

/// <summary>
/// Changes one value in a YAML text and leaves every other character alone: comments, order and layout stay. The result is read
/// again before it is given out, and must say what was asked for and nothing else new.
/// </summary>
internal static class YamlEdit
{
    const int indentation = 2;

    /// <summary>Sets the value at a path of keys; keys that are missing are added.</summary>
    /// <param name="text">The file.</param>
    /// <param name="path">Keys from the top.</param>
    /// <param name="value">The value, as YAML; what is not one plain value or list is taken as text.</param>
    /// <exception cref="EditRefused">The text cannot be edited safely.</exception>
    public static string Set(string text, IReadOnlyList<string> path, string value)
    {
        foreach (var candidate in Spellings(value))
            if (TrySet(text, path, candidate.Yaml, candidate.Says) is { } edited) return edited;
        throw new EditRefused($"{string.Join('.', path)} stands in a place that cannot be edited safely; change it by hand");
    }

    /// <summary>Adds an item to the list at a key; a single value becomes a list. Nothing changes when it is there already.</summary>
    /// <exception cref="EditRefused">The text cannot be edited safely.</exception>
    public static string Add(string text, string key, string item)
    {
        var items = ItemsOf(text, key);
        if (items.Contains(item)) return text;
        var written = Quoted(item);
        string edited;
        switch (SourceNode.Read(text)?.Find(key)?.Value)
        {
            case { Kind: ConfigNodeKind.List, IsFlow: true } list:
                edited = list.Items is [.., var last] ? text.Insert(last.End, $", {written}") : Replace(text, list, $"[{written}]");
                break;
            case { Kind: ConfigNodeKind.List } list:
                var end = list.Items is [.., var bottom] ? EndOfLine(text, bottom.End) : list.End;
                edited = text.Insert(end, $"\n{new string(' ', list.Column)}- {written}");
                break;
            default:
                return Set(text, [key], $"[{string.Join(", ", items.Append(item).Select(Quoted))}]");
        }
        return Verified(text, edited, [key], list => TextsOf(list).SequenceEqual(items.Append(item)))
            ?? throw new EditRefused($"{key} stands in a place that cannot be edited safely; change it by hand");
    }

    /// <summary>Takes an item out of the list at a key. Nothing changes when it is not there.</summary>
    /// <exception cref="EditRefused">The text cannot be edited safely.</exception>
    public static string Remove(string text, string key, string item)
    {
        var items = ItemsOf(text, key);
        if (!items.Contains(item)) return text;
        var rest = items.Where(other => other != item).ToList();
        if (SourceNode.Read(text)?.Find(key)?.Value is not { Kind: ConfigNodeKind.List } list || rest.Count == 0)
            return Set(text, [key], $"[{string.Join(", ", rest.Select(Quoted))}]");
        var edited = text;
        for (var i = list.Items.Count - 1; i >= 0; i--)
        {
            if (list.Items[i].Text != item) continue;
            var gone = list.Items[i];
            var (start, end) = list.IsFlow ? FlowItem(list, i) : (StartOfLine(edited, gone.Start), EndOfLine(edited, gone.End) + 1);
            edited = edited.Remove(start, Math.Min(end, edited.Length) - start);
        }
        return Verified(text, edited, [key], node => TextsOf(node).SequenceEqual(rest))
            ?? throw new EditRefused($"{key} stands in a place that cannot be edited safely; change it by hand");
    }

    /// <summary>The item and one of the commas beside it.</summary>
    static (int Start, int End) FlowItem(SourceNode list, int i) => i > 0
        ? (list.Items[i - 1].End, list.Items[i].End)
        : (list.Items[0].Start, list.Items.Count > 1 ? list.Items[1].Start : list.Items[0].End);

    /// <summary>Appends a line of comment.</summary>
    public static string Comment(string text, string comment) =>
        (text.Length == 0 || text.EndsWith('\n') ? text : text + "\n") + $"# {comment.ReplaceLineEndings(" ")}\n";

    /// <summary>The texts of the list at a key, of one text or of texts parted by commas.</summary>
    public static List<string> ItemsOf(string text, string key) => Parse(text)?[key] is { } node ? TextsOf(node) : [];

    static List<string> TextsOf(ConfigNode node) => node.Kind == ConfigNodeKind.List
        ? [.. node.Items.Select(item => item.Text)]
        : [.. node.Text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)];

    static IEnumerable<(string Yaml, ConfigNode Says)> Spellings(string value)
    {
        var quoted = "'" + value.Replace("'", "''", StringComparison.Ordinal) + "'";
        foreach (var yaml in value.Contains('\n') ? [] : new[] { value, quoted })
        {
            var content = YamlText.Parse("", yaml);
            var says = content.Documents is [var one] ? one : new ConfigNode(ConfigNodeKind.Scalar, "", 0, 0);
            if (!content.IsReadable || content.Problems.Count > 0) continue;
            // what reads as a map is text with a colon in it, and what reads as less than was written holds a comment sign
            if (says.Kind == ConfigNodeKind.Map || says is { Kind: ConfigNodeKind.Scalar, IsQuoted: false } && says.Text != value) continue;
            yield return (yaml, says);
        }
    }

    static string? TrySet(string text, IReadOnlyList<string> path, string yaml, ConfigNode says)
    {
        var top = SourceNode.Read(text);
        if (top is null or { IsEmpty: true }) return Verified(text, Comment0(text) + Block(path, 0, yaml), path, says.SaysTheSameAs);
        var (map, depth) = (top, 0);
        for (; depth < path.Count - 1 && map.Find(path[depth])?.Value is { Kind: ConfigNodeKind.Map } inner; depth++) map = inner;
        if (map.Kind != ConfigNodeKind.Map) return null;
        var rest = path.Skip(depth).ToArray();
        var edited = map.Find(rest[0]) is { } entry ? SetEntry(text, map, entry, rest, yaml) : AddEntry(text, map, rest, yaml);
        return Verified(text, edited, path, says.SaysTheSameAs);
    }

    static string Comment0(string text) => text.Length == 0 || text.EndsWith('\n') ? text : text + "\n";

    static string SetEntry(string text, SourceNode map, (SourceNode Key, SourceNode Value) entry, string[] rest, string yaml)
    {
        var (key, value) = entry;
        if (rest.Length > 1)   // the key is there and has no keys below it yet
        {
            return map.IsFlow
                ? Replace(text, value, Flow(rest[1..], yaml))
                : Replace(text, value, "\n" + Block(rest[1..], key.Column + indentation, yaml).TrimEnd('\n'));
        }
        if (value.IsEmpty) return text.Insert(value.Start, yaml.Length > 0 ? " " + yaml : "");
        if (value.Kind == ConfigNodeKind.Scalar || value.IsFlow) return Replace(text, value, KeepBreak(text, value, yaml));
        // a block below its key: the first line takes the value, comments inside stay
        var colon = text.IndexOf(':', key.End);
        var inside = text[(colon + 1)..value.End];
        var comments = inside.Split('\n').Select(line => line.Trim()).Where(line => line.StartsWith('#'))
            .Select(line => "\n" + new string(' ', key.Column + indentation) + line);
        return text[..(colon + 1)] + " " + yaml + string.Concat(comments) + text[value.End..];
    }

    /// <summary>A block text reaches to the begin of the next line; a plain value must not swallow the break.</summary>
    static string KeepBreak(string text, SourceNode value, string yaml) =>
        value.End > value.Start && text[value.End - 1] == '\n' ? yaml + "\n" : yaml;

    static string AddEntry(string text, SourceNode map, string[] rest, string yaml)
    {
        if (map.IsFlow)
        {
            var flow = $"{Key(rest[0])}: {(rest.Length > 1 ? Flow(rest[1..], yaml) : yaml)}";
            return map.Entries is [.., var last] ? text.Insert(last.Value.End, ", " + flow) : Replace(text, map, $"{{{flow}}}");
        }
        var end = map.Entries[^1].Value.End;
        var isAtLine = end > 0 && text[end - 1] == '\n';
        var at = isAtLine ? end : EndOfLine(text, end);
        var block = Block(rest, map.Column, yaml);
        return isAtLine ? text.Insert(at, block) : text.Insert(at, "\n" + block.TrimEnd('\n'));
    }

    static string Block(IReadOnlyList<string> path, int column, string yaml)
    {
        var lines = path.Select((key, i) => new string(' ', column + i * indentation) + Key(key) + ":" + (i == path.Count - 1 ? " " + yaml : ""));
        return string.Join('\n', lines) + "\n";
    }

    static string Flow(IReadOnlyList<string> path, string yaml) =>
        "{" + Key(path[0]) + ": " + (path.Count > 1 ? Flow([.. path.Skip(1)], yaml) : yaml) + "}";

    static string Key(string key) => key.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-' or '.') ? key : Quoted(key);

    static string Quoted(string text)
    {
        var isPlain = text.Length > 0 && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-' or '.' or ':' or '/')
            && char.IsAsciiLetter(text[0]) && !text.EndsWith(':');
        return isPlain ? text : "'" + text.Replace("'", "''", StringComparison.Ordinal) + "'";
    }

    static string Replace(string text, SourceNode node, string by) => text[..node.Start] + by + text[node.End..];

    static int StartOfLine(string text, int index) => index == 0 ? 0 : text.LastIndexOf('\n', index - 1) + 1;

    static int EndOfLine(string text, int index)
    {
        var end = text.IndexOf('\n', index);
        if (end < 0) end = text.Length;
        return end > 0 && text[end - 1] == '\r' ? end - 1 : end;
    }

    /// <summary>The edited text when it says what it should and everything else says what it did; otherwise null.</summary>
    static string? Verified(string before, string after, IReadOnlyList<string> path, Func<ConfigNode, bool> isWanted)
    {
        var (old, now) = (Parse(before), Parse(after));
        return now is not null && IsOnly(old, now, path, isWanted) ? after : null;
    }

    static bool IsOnly(ConfigNode? old, ConfigNode now, IReadOnlyList<string> path, Func<ConfigNode, bool> isWanted)
    {
        if (path.Count == 0) return isWanted(now);
        var others = (ConfigNode? map) => map is null ? [] : map.Entries.Where(entry => entry.Key.Text != path[0]).ToList();
        var (were, are) = (others(old), others(now));
        if (were.Count != are.Count) return false;
        for (var i = 0; i < were.Count; i++)
            if (were[i].Key.Text != are[i].Key.Text || !were[i].Value.SaysTheSameAs(are[i].Value)) return false;
        return now[path[0]] is { } below && IsOnly(old?[path[0]], below, [.. path.Skip(1)], isWanted);
    }

    static ConfigNode? Parse(string text)
    {
        var content = YamlText.Parse("", text);
        return content is { IsReadable: true, Documents: [{ Kind: ConfigNodeKind.Map } map] } ? map : null;
    }
}
