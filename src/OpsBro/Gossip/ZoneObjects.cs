using OpsBro.Config;
using OpsBro.Core.NodeState;

namespace OpsBro.Gossip;

/// <summary>The <c>zone</c> objects of the configuration: <c>zone: {name: internet, sub-zones: [paris, berlin]}</c>.</summary>
internal static class ZoneObjects
{
    /// <summary>The zones that are named, each with those directly below it.</summary>
    public static IReadOnlyList<(string Name, IReadOnlyList<string> Below, ConfigObject Source)> All(Configuration configuration) =>
    [
        .. from one in configuration.Of("zone")
           let reader = new ObjectReader(one.Body, [])
           let name = reader.Text("name", one.Name)
           where GossipOptions.IsName(name)
           select (name, reader.Texts("sub-zones"), one),
    ];

    /// <summary>The tree that they make.</summary>
    public static ZoneTree Tree(Configuration configuration) =>
        new(All(configuration).SelectMany(zone => zone.Below.Select(below => (zone.Name, below))));

    /// <summary>Every zone that is named, by an object or as one below another.</summary>
    public static IReadOnlyList<string> Names(Configuration configuration) =>
        [.. All(configuration).SelectMany(zone => zone.Below.Prepend(zone.Name)).Distinct().Order(StringComparer.Ordinal)];

    /// <summary>What is wrong with the zones together, and with <c>node-zone</c> and <c>proxy-node</c> among them.</summary>
    public static void Check(Configuration configuration, List<Problem> problems)
    {
        var (all, tree) = (All(configuration), Tree(configuration));
        foreach (var (zone, index) in all.Select((zone, index) => (zone, index)))
        {
            if (all.Take(index).FirstOrDefault(other => other.Name == zone.Name) is { Source: { } first })
                problems.Add(Problem.At(zone.Source.Body, $"zone {zone.Name} is there already, in {first.Body.File}; keep one of the two"));
            foreach (var below in zone.Below.Where(below => below != zone.Name && tree.ParentOf(below) != zone.Name))
            {
                problems.Add(Problem.At(zone.Source.Body["sub-zones"]!, tree.ParentOf(below) is { } other
                    ? $"zone {below} is below {other} already; a zone has one zone above it"
                    : $"zone {below} cannot be below {zone.Name}: the zones make a ring, or are more than {ZoneTree.MaxDepth} deep"));
            }
        }
        var names = Names(configuration);
        var own = configuration.Agent["node-zone"];
        var name = own is { IsEmpty: false } ? own.Text : Detectors.OwnGroups.DefaultZone;
        if (own is not null && names.Count > 0 && !names.Contains(name))
        {
            problems.Add(Problem.At(own, $"no zone is called \"{name}\"{Spelling.Hint(name, names)}; the agent is in it all the same, below nobody; write "
                + $"one of {string.Join(", ", names.Take(8))}, or a zone object with that name") with
            { IsWarning = true });
        }
        if (GossipOptions.Read(configuration.Agent, []).IsProxy && tree.ParentOf(name) is null)
        {
            problems.Add(Problem.At(configuration.Agent["proxy-node"]!, $"proxy-node does nothing: no zone is above {name}; name it in the sub-zones of "
                + "another zone object") with
            { IsWarning = true });
        }
    }
}

/// <summary>Finds what is wrong with <c>zone</c> objects, and with the zone of this node.</summary>
internal sealed class ZoneChecker(ConfigStore store) : IConfigChecker
{
    /// <inheritdoc/>
    public string Kind => "zone";

    /// <inheritdoc/>
    public void CheckSettings(ConfigNode agent, List<Problem> problems) => ZoneObjects.Check(store.Current, problems);

    /// <inheritdoc/>
    public void Check(ConfigObject one, List<Problem> problems)
    {
        var reader = new ObjectReader(one.Body, problems);
        var name = reader.Text("name", one.Name);
        if (!GossipOptions.IsName(name) || name is "." or "..")
            reader.Complain(reader.Node("name") ?? one.Body, $"the zone is called \"{name}\"; write letters, digits, dots, dashes and underscores");
        foreach (var below in reader.Texts("sub-zones"))
        {
            if (!GossipOptions.IsName(below)) reader.Complain(reader.Node("sub-zones")!, $"\"{below}\" is no name of a zone");
            else if (below == name) reader.Complain(reader.Node("sub-zones")!, $"zone {name} cannot be below itself");
        }
        reader.Allow("id", "enabled", "notes");
        reader.RefuseTheRest("a zone");
    }
}
