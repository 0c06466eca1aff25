using OpsBro.Collectors;
using OpsBro.Config;
using OpsBro.Core.Expressions;

namespace OpsBro.Checks;

/// <summary>
/// What a check's rules read: <c>collector.…</c>, <c>parameters.…</c> of its pack, its own <c>variables.…</c>,
/// and <c>configuration.…</c> (the check's own keys, then agent.yml). One for each check, used by one thread.
/// </summary>
internal sealed class CheckReferences(CollectorStore collectors, ConfigNode body, Pack? pack, Func<Value> agent) : IReferences
{
    readonly Value own = body.ToValue();
    readonly Dictionary<string, Value> variables = [];
    TimeSpan now;

    /// <summary>Begins a run: variables are forgotten.</summary>
    public void Begin(TimeSpan moment)
    {
        now = moment;
        variables.Clear();
    }

    /// <summary>Gives a variable its value for this run.</summary>
    public void Set(string name, Value value) => variables[name] = value;

    /// <inheritdoc/>
    public bool TryResolve(Reference reference, out Value value, out string problem)
    {
        problem = "";
        switch (reference.Root)
        {
            case "collector":
                return collectors.TryResolve(reference, now, out value, out problem);
            case "parameters" when pack is null:
                value = default;
                problem = $"{reference.Text}: this check belongs to no pack; use configuration.… and keys of the check";
                return false;
            case "parameters":
                return TryWalk(pack.Parameters, reference.Path, 0, out value) || Missing(reference, pack.Parameters, out problem);
            case "variables":
                value = default;
                if (reference.Path.Length > 0 && variables.TryGetValue(reference.Path[0].Str(), out var variable)
                    && TryWalk(variable, reference.Path, 1, out value)) return true;
                problem = $"no variable is named \"{reference.Text}\"; it must stand under variables, above where it is used";
                return false;
            case "configuration":
                return TryConfiguration(reference.Path, out value) || Missing(reference, own, out problem);
            default:
                value = default;
                problem = $"\"{reference.Root}\" is nothing that a check can read{Spelling.Hint(reference.Root, roots)}";
                return false;
        }
    }

    static readonly string[] roots = ["collector", "parameters", "variables", "configuration"];

    /// <summary>Rules and checks write <c>thresholds</c> or, of old, <c>threshold</c>: either finds the other.</summary>
    bool TryConfiguration(Value[] path, out Value value) =>
        TryWalk(own, path, 0, out value)
        || (path.Length > 1 && Twin(path[0].Str()) is { } twin && own.AsDict.TryGet(twin, out var other)
            && TryWalk(other, path, 1, out value))
        || TryWalk(agent(), path, 0, out value);

    static string? Twin(string key) => key switch
    {
        "thresholds" => "threshold",
        "threshold" => "thresholds",
        _ => null,
    };

    static bool TryWalk(Value tree, Value[] path, int from, out Value value)
    {
        value = tree;
        for (var i = from; i < path.Length; i++)
            if (value.Kind != ValueKind.Dict || !value.AsDict.TryGet(path[i], out value)) return false;
        return true;
    }

    static bool Missing(Reference reference, Value tree, out string problem)
    {
        var level = tree;
        foreach (var key in reference.Path)
        {
            if (level.Kind == ValueKind.Dict && level.AsDict.TryGet(key, out var next))
            {
                level = next;
                continue;
            }
            var known = level.Kind == ValueKind.Dict ? level.AsDict.Entries.Select(e => e.Key.Str()) : [];
            problem = $"{reference.Text} is not there: no key \"{key.Str()}\"{Spelling.Hint(key.Str(), known)}";
            return false;
        }
        problem = $"{reference.Text} is not there";
        return false;
    }
}
