using OpsBro.Collectors;
using OpsBro.Config;
using OpsBro.Core.Expressions;

namespace OpsBro.Detectors;

/// <summary>
/// What the references of one evaluation read: collector data, the parameters of the rule's pack, and <c>configuration.x</c> of the
/// object itself or of agent.yml. Remembers what it gave, for <c>--why</c>, and whether data was missing.
/// </summary>
/// <param name="collectors">Newest data of all collectors.</param>
/// <param name="agent">agent.yml.</param>
/// <param name="body">The detector object.</param>
/// <param name="pack">The detector's pack.</param>
/// <param name="now">Monotonic time, for staleness.</param>
internal sealed class RuleReferences(
    CollectorStore collectors, ConfigNode agent, ConfigNode body, Pack? pack, TimeSpan now) : IReferences
{
    /// <summary>The first words that a reference may have.</summary>
    public static readonly IReadOnlyList<string> Roots = ["collector", "parameters", "configuration"];

    /// <summary>Most characters of a value that are kept for people.</summary>
    public const int MaxFact = 200;

    readonly List<(Reference Reference, Value Value)> given = [];

    /// <summary>Whether all data was there, also where a default stood in.</summary>
    public DataState Data { get; set; }

    /// <summary>What was read, each reference once.</summary>
    public IReadOnlyList<GroupFact> Facts =>
        [.. given.DistinctBy(g => g.Reference.Text).Select(g => new GroupFact(g.Reference.Text, Shown(g.Reference, g.Value)))];

    /// <inheritdoc/>
    public bool TryResolve(Reference reference, out Value value, out string problem)
    {
        var isThere = reference.Root switch
        {
            "collector" => TryCollector(reference, out value, out problem),
            "parameters" => TryParameter(reference, out value, out problem),
            "configuration" => TryConfiguration(reference, out value, out problem),
            _ => Refuse(reference, out value, out problem),
        };
        if (isThere) given.Add((reference, value));
        return isThere;
    }

    bool TryCollector(Reference reference, out Value value, out string problem)
    {
        if (collectors.TryResolve(reference, now, out value, out problem)) return true;
        if (MayCome(reference.Path)) Data = DataState.NotYet;
        else if (Data == DataState.Complete) Data = DataState.Absent;
        return false;
    }

    /// <summary>A collector that is not known may be made still, as long as not all of them have run.</summary>
    bool MayCome(Value[] path)
    {
        if (path.Length == 0 || path[0].Kind != ValueKind.String) return false;
        if (collectors.TryGet(path[0].AsString, out var snapshot)) return snapshot.State == CollectorState.Pending;
        var all = collectors.All;
        return all.Count == 0 || all.Any(s => s.State == CollectorState.Pending);
    }

    bool TryParameter(Reference reference, out Value value, out string problem)
    {
        problem = "";
        value = default;
        if (pack is not null && TryWalk(pack.Parameters, reference.Path, out value)) return true;
        problem = pack is null
            ? $"{reference.Text} is not known: this detector belongs to no pack"
            : $"pack {pack.Name} has no parameter \"{reference.Text["parameters".Length..].TrimStart('.')}\"";
        return false;
    }

    bool TryConfiguration(Reference reference, out Value value, out string problem)
    {
        problem = "";
        if (TryWalk(body.ToValue(), reference.Path, out value) || TryWalk(agent.ToValue(), reference.Path, out value)) return true;
        problem = $"{reference.Text} stands neither in this detector nor in agent.yml";
        return false;
    }

    static bool Refuse(Reference reference, out Value value, out string problem)
    {
        value = default;
        problem = $"a detector has no {reference.Root}; it reads {string.Join(", ", Roots)}";
        return false;
    }

    static bool TryWalk(Value tree, Value[] path, out Value value)
    {
        value = tree;
        foreach (var key in path)
            if (value.Kind != ValueKind.Dict || !value.AsDict.TryGet(key, out value)) return false;
        return true;
    }

    /// <summary>Who may read the groups may not read a password that a rule compares.</summary>
    string Shown(Reference reference, Value value)
    {
        var key = reference.Text[(reference.Text.IndexOf('.') + 1)..];
        var isSecret = reference.Root != "collector"
            && (Secrets.IsSecretKey(key[(key.LastIndexOf('.') + 1)..])
                || pack?.ParameterList.Any(p => p.IsSecret && p.Name == key) == true);
        if (isSecret) return Secrets.Stars;
        var text = value.Repr();
        return text.Length <= MaxFact ? text : $"{text[..MaxFact]}…";
    }
}
