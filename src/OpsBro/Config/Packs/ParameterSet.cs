using OpsBro.Core.Expressions;

namespace OpsBro.Config.Packs;

/// <summary>
/// The parameters of one pack. The lowest level declares them: <c>name: 5</c> (the type is the value's) or
/// <c>name: {type: int, default: 5, description: …, secret: true, min: 1, max: 9}</c>; maps without <c>type</c> are groups.
/// Higher levels give plain values, which must be of that type.
/// </summary>
internal sealed class ParameterSet(string pack, List<Problem> problems)
{
    readonly List<ParameterDeclaration> declarations = [];
    readonly HashSet<string> groups = [];
    bool hasBase;

    /// <summary>Lays a level's parameters.yml over those of the lower ones.</summary>
    public void Add(string level, ConfigNode map)
    {
        if (map.IsEmpty) return;
        if (map.Kind != ConfigNodeKind.Map)
        {
            problems.Add(Problem.At(map, "parameters.yml holds names with their values"));
            return;
        }
        Walk(level, "", map, isBase: !hasBase);
        hasBase = true;
    }

    /// <summary>The effective parameters, as a list and as the dict that rules read.</summary>
    public List<Parameter> Finish(out DictValue dict)
    {
        dict = new DictValue();
        var list = new List<Parameter>();
        foreach (var declaration in declarations)
        {
            if (declaration.Finish(pack, problems) is not { } parameter) continue;
            list.Add(parameter);
            var (place, path) = (dict, parameter.Name.Split('.'));
            foreach (var group in path[..^1])
            {
                if (place.TryGet(group, out var inner) && inner.Kind == ValueKind.Dict)
                {
                    place = inner.AsDict;
                    continue;
                }
                var next = new DictValue();
                place[group] = Value.Of(next);
                place = next;
            }
            place[path[^1]] = parameter.Value;
        }
        return list;
    }

    void Walk(string level, string prefix, ConfigNode map, bool isBase)
    {
        foreach (var (key, node) in map.Entries)
        {
            var name = prefix + key.Text;
            var known = declarations.Find(d => d.Name == name);
            if (known is not null) Override(known, level, node);
            else if (ParameterDeclaration.IsDeclaration(node)) declarations.Add(ParameterDeclaration.Declared(name, level, key, node, problems));
            else if (node.Kind == ConfigNodeKind.Map && (isBase || groups.Contains(name))) WalkGroup(level, name, node, isBase);
            else if (isBase) declarations.Add(ParameterDeclaration.Plain(name, level, key, node));
            else problems.Add(Problem.At(key, $"pack {pack} has no parameter \"{name}\"{Spelling.Hint(name, Names)}"));
        }
    }

    IEnumerable<string> Names => declarations.Select(d => d.Name).Concat(groups);

    void WalkGroup(string level, string name, ConfigNode node, bool isBase)
    {
        groups.Add(name);
        Walk(level, name + ".", node, isBase);
    }

    void Override(ParameterDeclaration known, string level, ConfigNode node)
    {
        if (!ParameterDeclaration.IsDeclaration(node)) known.Set(level, node, problems);
        else if (node["default"] is { } value) known.Set(level, value, problems);
    }
}
