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
}

/// <summary>Finds what is wrong with a <c>zone</c> object.</summary>
internal sealed class ZoneChecker : IConfigChecker
{
    /// <inheritdoc/>
    public string Kind => "zone";

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
