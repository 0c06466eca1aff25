namespace OpsBro.Config.Editing;

/// <summary>The comments that stand right above a value in its file.</summary>
internal static class Comments
{
    /// <summary>The lines that begin with # above the line of a node, trimmed; empty when the file cannot be read.</summary>
    public static IReadOnlyList<string> Above(ConfigNode node)
    {
        if (node.Line < 2 || !File.Exists(node.File)) return [];
        var lines = File.ReadLines(node.File).Take(node.Line - 1).ToList();
        var first = lines.Count;
        while (first > 0 && lines[first - 1].TrimStart().StartsWith('#')) first--;
        return [.. lines[first..].Select(line => line.Trim())];
    }
}
