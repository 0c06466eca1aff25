using OpsBro.Config;

namespace OpsBro.Detectors;

/// <summary>
/// The groups that no rule gives and no rule takes: <c>groups:</c> of agent.yml, and <c>zone::NAME</c> from its <c>node-zone</c>.
/// </summary>
internal static class OwnGroups
{
    /// <summary>The zone of an agent whose agent.yml has no <c>node-zone</c>.</summary>
    public const string DefaultZone = "internet";

    /// <summary>Reads them from agent.yml.</summary>
    public static IReadOnlyList<(string Group, GroupReason Reason)> Of(ConfigNode agent, List<Problem> problems)
    {
        var reader = new ObjectReader(agent, problems);
        var groups = new List<(string, GroupReason)>();
        foreach (var name in reader.Texts("groups").Distinct(StringComparer.Ordinal))
        {
            if (GroupName.Problem(name) is { } problem) reader.Complain(agent["groups"]!, problem);
            else groups.Add((name, new GroupReason(GroupSource.Static, "", "", "", PlaceOf(agent["groups"]!), [])));
        }
        var zone = reader.Text("node-zone", DefaultZone);
        if (GroupName.Problem(zone) is { } zoneProblem)
        {
            reader.Complain(agent["node-zone"]!, zoneProblem);
            zone = DefaultZone;
        }
        var place = agent["node-zone"] is { } node ? PlaceOf(node) : "";
        groups.Add(($"zone::{zone}", new GroupReason(GroupSource.BuiltIn, "", "", "", place, [])));
        return groups;
    }

    static string PlaceOf(ConfigNode node) => $"{node.File}:{node.Line}";
}

/// <summary>What a group may be called.</summary>
internal static class GroupName
{
    /// <summary>Longest name, in characters: a name travels in gossip and in DNS questions.</summary>
    public const int MaxLength = 128;

    /// <summary>Why the text cannot be a group; null when it can.</summary>
    public static string? Problem(string name)
    {
        if (name.Length == 0) return "a group cannot be empty; remove it or write its name";
        if (name.Length > MaxLength) return $"group \"{name[..32]}…\" has {name.Length} characters; use at most {MaxLength}";
        if (name.AsSpan().IndexOfAnyInRange('\0', ' ') >= 0 || name.Contains(','))
            return $"group \"{name}\" holds a space or a comma; use letters, digits and -_.:/";
        return null;
    }
}
