using OpsBro.Core.Expressions;

namespace OpsBro.Collectors.Declared;

/// <summary>
/// The <c>rename:</c> of a collector: values move from one dotted path to another. A path that is not there is skipped.
/// </summary>
internal sealed class Renames(IReadOnlyList<(string Old, string New)> pairs)
{
    readonly Dictionary<string, string> targets = pairs.ToDictionary(pair => pair.Old, pair => pair.New);

    /// <summary>
    /// The tree with the new names; a value that stays in its section keeps its place, an emptied section goes.
    /// </summary>
    public DictValue Apply(DictValue tree)
    {
        if (targets.Count == 0) return tree;
        var moved = new List<(string Path, Value Value)>();
        var renamed = Copy(tree, "", moved);
        foreach (var (path, value) in moved) Put(renamed, path.Split('.'), value);
        return renamed;
    }

    DictValue Copy(DictValue from, string section, List<(string Path, Value Value)> moved)
    {
        var to = new DictValue();
        foreach (var (key, value) in from.Entries)
        {
            var path = section + key.AsString;
            if (targets.TryGetValue(path, out var target))
            {
                if (SectionOf(target) == section) to[target[section.Length..]] = value;
                else moved.Add((target, value));
                continue;
            }
            if (value.Kind != ValueKind.Dict || value.AsDict.Count == 0)
            {
                to[key] = value;
                continue;
            }
            var inner = Copy(value.AsDict, path + ".", moved);
            if (inner.Count > 0) to[key] = Value.Of(inner);
        }
        return to;
    }

    static string SectionOf(string path) => path[..(path.LastIndexOf('.') + 1)];

    static void Put(DictValue dict, ReadOnlySpan<string> path, Value value)
    {
        foreach (var part in path[..^1])
        {
            if (!dict.TryGet(part, out var next) || next.Kind != ValueKind.Dict)
                dict[part] = next = Value.Of(new DictValue());
            dict = next.AsDict;
        }
        dict[path[^1]] = value;
    }
}
