using static OpsBro.Core.Graphite.Param;
using static OpsBro.Core.Graphite.ParamType;

namespace OpsBro.Core.Graphite.Functions;

/// <summary>Other names for legends; the values stay.</summary>
static class Naming
{
    public static IEnumerable<Function> All { get; } =
    [
        new("alias", FunctionGroup.Alias, "Shows the series under this name.", [Param.Series, Required("newName", ParamType.String)],
            c => [.. c.Series().Select(s => s.Alias(c.Text(1)))]),
        new("aliasByNode", FunctionGroup.Alias, "Shows parts of the name, counted from 0, or values of tags, joined by dots.",
            [Param.Series, OneOrMany("nodes", NodeOrTag)], c => [.. c.Series().Select(s => s.Alias(Nodes.Key(s, c.Rest)))]),
    ];
}
