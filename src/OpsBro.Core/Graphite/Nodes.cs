namespace OpsBro.Core.Graphite;

/// <summary>Dotted parts and tags of a series, for names and groups.</summary>
static class Nodes
{
    /// <summary>These parts and tags, joined by dots. Parts are those of the first path inside a name like <c>scale(a.b,2)</c>.</summary>
    public static string Key(Series series, IReadOnlyList<Value> nodes, string? path = null)
    {
        path ??= series.Name.EndsWith(')') ? FirstPath(series.Name) : series.Name;
        return string.Join('.', nodes.Select(n => Node(series, n, path)));
    }

    static string Node(Series series, Value node, string path)
    {
        if (node is NumberValue number && Math.Truncate(number.Number) == number.Number)
        {
            var semicolon = path.IndexOf(';', StringComparison.Ordinal);
            var parts = (semicolon < 0 ? path : path[..semicolon]).Split('.');
            var index = number.Number < 0 ? number.Number + parts.Length : number.Number;
            if (number.IsInteger && index >= 0 && index < parts.Length) return parts[(int)index];
        }
        return series.Tags[node.Text] ?? "";
    }

    /// <summary>The first path of a name that is a target; the name itself when it has none.</summary>
    public static string FirstPath(string name)
    {
        try
        {
            return FirstPath(TargetParser.ParsePrefix(name)) ?? name;
        }
        catch (GraphiteException)
        {
            return name; // an alias may look like anything
        }
    }

    static string? FirstPath(Node node) => node switch
    {
        PathNode path => path.Path,
        TemplateNode template => FirstPath(template.Inner),
        CallNode { Arguments: [var first, ..] } => FirstPath(first),
        _ => null,
    };
}
