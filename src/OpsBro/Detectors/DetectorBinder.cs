using OpsBro.Config;
using OpsBro.Core.Expressions;

namespace OpsBro.Detectors;

/// <summary>Reads <c>detector:</c> objects. Every problem of an object is found at once, each with its place.</summary>
internal static class DetectorBinder
{
    /// <summary>Time between two evaluations of a detector that names none.</summary>
    public static readonly TimeSpan DefaultInterval = TimeSpan.FromSeconds(10);

    /// <summary>Shortest interval.</summary>
    public static readonly TimeSpan ShortestInterval = TimeSpan.FromSeconds(1);

    /// <summary>Reads every detector of a configuration; those that are switched off too, so that people see them.</summary>
    public static List<BoundDetector> BindAll(Configuration configuration, FunctionTable functions) =>
    [
        .. configuration.Of("detector").Select(o => Bind(o, functions)),
        .. configuration.SwitchedOff.Where(o => o.Kind == "detector").Select(o => Bind(o, functions, isEnabled: false)),
    ];

    /// <summary>Reads one object.</summary>
    public static BoundDetector Bind(ConfigObject source, FunctionTable functions, bool isEnabled = true)
    {
        var problems = new List<Problem>();
        var reader = new ObjectReader(source.Body, problems);
        reader.Allow("name", "id", "display_name");
        var text = reader.RequiredText("apply_if");
        var condition = Compile(reader, "apply_if", text, functions);
        var groups = ReadGroups(reader, functions);
        var longest = TimeSpan.FromDays(Durations.MostDays);
        var interval = reader.Duration("interval", DefaultInterval, ShortestInterval, longest);
        var ifGroup = reader.Text("if_group");
        var notes = reader.Text("notes");
        reader.RefuseTheRest("a detector");
        if (problems.Count > 0) return new BoundDetector(source.Id, source.Name, null, problems);

        var node = source.Body["apply_if"]!;
        var rule = new DetectorRule(
            source.Id, source.Name, source.Body, source.Pack, text, [.. groups.Select(g => g.Node.Text)], interval, ifGroup, isEnabled,
            notes, $"{node.File}:{node.Line}", new RuleProgram(condition!, node, groups));
        return new BoundDetector(source.Id, source.Name, rule, []);
    }

    static Expression? Compile(ObjectReader reader, string key, string text, FunctionTable functions)
    {
        if (text.Length == 0) return null;
        try
        {
            return Expression.Compile(text, functions);
        }
        catch (ExpressionException e)
        {
            reader.Complain(Problem.In(reader.Node(key)!, e.Position, e.Message));
            return null;
        }
    }

    /// <summary>Both spellings are read: <c>groups</c> of the first releases and <c>add_groups</c> of the later ones.</summary>
    static List<(ConfigNode Node, GroupTemplate Text)> ReadGroups(ObjectReader reader, FunctionTable functions)
    {
        var texts = new List<(ConfigNode, GroupTemplate)>();
        ConfigNode?[] lists = [reader.Node("groups"), reader.Node("add_groups")];
        if (lists is [null, null])
            reader.Complain(reader.Map, "a detector without groups finds nothing; write for instance groups: [\"web\"]");
        foreach (var list in lists)
        {
            if (list is null) continue;
            foreach (var node in list.Kind == ConfigNodeKind.List ? list.Items : [list])
            {
                if (ReadGroup(reader, node, functions) is { } text) texts.Add((node, text));
            }
        }
        return texts;
    }

    static GroupTemplate? ReadGroup(ObjectReader reader, ConfigNode node, FunctionTable functions)
    {
        if (node.Kind != ConfigNodeKind.Scalar)
        {
            reader.Complain(node, $"a group must be a text, not a {node.Kind.ToString().ToLowerInvariant()}");
            return null;
        }
        try
        {
            var text = GroupTemplate.Compile(node.Text, functions);
            foreach (var plain in text.PlainGroups)
                if (GroupName.Problem(plain) is { } problem) reader.Complain(node, problem);
            return text;
        }
        catch (ExpressionException e)
        {
            reader.Complain(Problem.In(node, e.Position, e.Message));
            return null;
        }
    }
}
