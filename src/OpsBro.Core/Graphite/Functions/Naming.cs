using OpsBro.Core.Expressions;
using static OpsBro.Core.Graphite.Param;
using static OpsBro.Core.Graphite.ParamType;

namespace OpsBro.Core.Graphite.Functions;

/// <summary>Other names for legends; the values stay.</summary>
static class Naming
{
    static readonly Param search = Required("search", ParamType.String);
    static readonly Param replace = Required("replace", ParamType.String);

    public static IEnumerable<Function> All { get; } =
    [
        New("alias", "Shows the series under this name.", [Param.Series, Required("newName", ParamType.String)], c => Renamed(c, _ => c.Text(1))),
        New("aliasByNode", "Shows parts of the name, counted from 0, or values of tags, joined by dots.",
            [Param.Series, OneOrMany("nodes", NodeOrTag)], c => Renamed(c, s => Nodes.Key(s, c.Rest))),
        New("aliasByTags", "Shows values of tags, or parts of the name, joined by dots.",
            [Param.Series, OneOrMany("tags", NodeOrTag)], c => Renamed(c, s => Nodes.Key(s, c.Rest))),
        New("aliasByMetric", "Shows the last part of the name.", [Param.Series], c => Renamed(c, s => Part(s.Name, -1, 0))),
        New("aliasSub", "Shows the name with what a regular expression finds replaced; \\1 is the first group.", [Param.Series, search, replace], Substituted),
        New("aliasQuery", "Shows the last value of another series, whose name is made of this one's by search and replace, in a format such as \"%d MHz\".",
            [Param.Series, search, replace, Required("newName", ParamType.String)], Queried),
        new("substr", FunctionGroup.Special, "Shows the parts of the name from one position until before another; 0 as the second means all.",
            [Param.Series, Optional("start", ParamType.Node, Value.Of(0L)), Optional("stop", ParamType.Node, Value.Of(0L))],
            c => Renamed(c, s => Part(s.Name, c.Integer(1), c.Integer(2)))),
        New("toLowerCase", "Shows the name in lower case; with positions, only the letters there.",
            [Param.Series, Many("pos", Integer)], c => Renamed(c, s => Cased(s.Name, c.RestIntegers, char.ToLowerInvariant))),
        New("toUpperCase", "Shows the name in upper case; with positions, only the letters there.",
            [Param.Series, Many("pos", Integer)], c => Renamed(c, s => Cased(s.Name, c.RestIntegers, char.ToUpperInvariant))),
    ];

    static Function New(string name, string description, Param[] parameters, Func<FunctionCall, IReadOnlyList<Series>> run) =>
        new(name, FunctionGroup.Alias, description, parameters, run);

    static IReadOnlyList<Series> Renamed(FunctionCall call, Func<Series, string> name) =>
    [
        .. call.Series().Select(s =>
        {
            call.Context.Cancel.ThrowIfCancellationRequested(); // a regular expression may take its time on each name
            var made = name(s);
            call.Context.Cost.Name(made);
            return s.Alias(made);
        }),
    ];

    static IReadOnlyList<Series> Substituted(FunctionCall call)
    {
        var pattern = PythonPattern.Compile(call.Text(1));
        return Renamed(call, s => pattern.Replace(s.Name, call.Text(2)));
    }

    static IReadOnlyList<Series> Queried(FunctionCall call)
    {
        var pattern = PythonPattern.Compile(call.Text(1));
        return Renamed(call, s =>
        {
            var target = pattern.Replace(s.Name, call.Text(2));
            if (call.Evaluate(target) is not [var first, ..]) throw call.Refusal($"\"{target}\" finds no series");
            var last = Aggregation.Last(first.Values);
            if (double.IsNaN(last)) throw call.Refusal($"\"{first.Name}\" has no value");
            try
            {
                return PercentFormat.Format(call.Text(3), Expressions.Value.Of(last));
            }
            catch (ExpressionException e)
            {
                throw call.Refusal($"newName: {e.Message}");
            }
        });
    }

    /// <summary>Parts of what stands in the innermost parentheses of a name, without what follows a comma.</summary>
    static string Part(string name, int start, int stop)
    {
        var left = name.LastIndexOf('(') + 1;
        var right = name.IndexOf(')', StringComparison.Ordinal);
        if (right < 0) right = name.Length;
        var parts = name[left..Math.Max(left, right)].Split('.');
        var first = Index(start, parts.Length);
        var last = stop == 0 ? parts.Length : Index(stop, parts.Length);
        var part = string.Join('.', parts[first..Math.Max(first, last)]);
        var comma = part.IndexOf(',', StringComparison.Ordinal);
        return comma < 0 ? part : part[..comma];
    }

    /// <summary>A position as in Python's slices: negative from the end, and never outside.</summary>
    static int Index(int position, int count) => Math.Clamp(position < 0 ? position + count : position, 0, count);

    static string Cased(string name, IReadOnlyList<int> positions, Func<char, char> change) =>
        string.Create(name.Length, (name, positions, change), static (text, of) =>
        {
            for (var i = 0; i < text.Length; i++)
                text[i] = of.positions.Count == 0 || of.positions.Contains(i) || of.positions.Contains(i - text.Length) ? of.change(of.name[i]) : of.name[i];
        });
}
