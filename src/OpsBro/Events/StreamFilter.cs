using System.IO.Enumeration;
using OpsBro.Api;
using OpsBro.Config;

namespace OpsBro.Events;

/// <summary>
/// Which changes a reader wants. Each filter is a list of names parted by commas, of which one must fit; <c>*</c> and <c>?</c> stand for
/// any letters. A change that has nothing of what a filter asks for (a member has no check) does not pass it.
/// </summary>
internal sealed record StreamFilter
{
    /// <summary>Names of one filter.</summary>
    public const int MaxNames = 32;

    /// <summary>Letters of one filter.</summary>
    public const int MaxLetters = 1_024;

    /// <summary>The parameters and their meaning, for the list of routes.</summary>
    public static readonly IReadOnlyList<ApiParameter> Parameters =
    [
        ("topics", "member, group, check, event and kv, parted by commas; all unless told", "member,check"),
        ("node", "only about nodes of these names", "web*,db1"),
        ("zone", "only about nodes of these zones", "paris"),
        ("group", "only about nodes of these groups; of changes of groups, only these groups", "linux"),
        ("check", "only these checks", "linux/*"),
        ("state", "only what is now in these states: critical, or alive for members", "critical"),
        ("key", "only these keys", "shop/price"),
        ("prefix", "only keys that begin like this", "shop/"),
    ];

    /// <summary>The topics that are wanted; null for all.</summary>
    public IReadOnlyList<string>? Topics { get; init; }

    string[] Nodes { get; init; } = [];

    string[] Zones { get; init; } = [];

    string[] Groups { get; init; } = [];

    string[] Checks { get; init; } = [];

    string[] States { get; init; } = [];

    string[] Keys { get; init; } = [];

    string[] Prefixes { get; init; } = [];

    /// <summary>The same text for the same filter.</summary>
    public string Text => string.Join('\n', ((IReadOnlyList<string>?[])[Topics, Nodes, Zones, Groups, Checks, States, Keys, Prefixes])
        .Select(names => names is null ? "*" : string.Join('\t', names)));

    /// <summary>Reads the parameters of a request.</summary>
    /// <param name="query">A parameter by its name; null when it is not there.</param>
    /// <param name="topics">The topics there are.</param>
    /// <exception cref="ApiProblem">400 with the way out.</exception>
    public static StreamFilter Read(Func<string, string?> query, IReadOnlyList<string> topics)
    {
        string[]? wanted = query("topics") is { Length: > 0 } ? Names(query, "topics") : null;
        foreach (var topic in wanted ?? [])
        {
            if (!topics.Contains(topic))
                throw ApiProblem.Bad($"there is no topic \"{topic}\"{Spelling.Hint(topic, topics)}; there are {string.Join(", ", topics)}");
        }
        return new StreamFilter
        {
            Topics = wanted,
            Nodes = Names(query, "node"),
            Zones = Names(query, "zone"),
            Groups = Names(query, "group"),
            Checks = Names(query, "check"),
            States = Names(query, "state"),
            Keys = Names(query, "key"),
            Prefixes = Names(query, "prefix"),
        };
    }

    static string[] Names(Func<string, string?> query, string parameter)
    {
        if (query(parameter) is not { } text) return [];
        if (text.Length > MaxLetters) throw ApiProblem.Bad($"{parameter} has {text.Length} letters; at most {MaxLetters}");
        var names = text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        if (names.Length == 0) throw ApiProblem.Bad($"{parameter} is empty; write names parted by commas, or leave it out");
        if (names.Length > MaxNames) throw ApiProblem.Bad($"{parameter} has {names.Length} names; at most {MaxNames}, or use * in one of them");
        if (names.FirstOrDefault(name => name.Any(char.IsControl)) is not null)
            throw ApiProblem.Bad($"{parameter} has control characters in it; write names parted by commas");
        return names;
    }

    /// <summary>True when the reader wants the item.</summary>
    public bool Takes(StreamItem item)
    {
        var about = item.Subject;
        return Topics?.Contains(item.Topic) != false && Fits(Nodes, about.Node) && Fits(Zones, about.Zone) && Fits(Checks, about.Check)
            && Fits(States, about.State) && Fits(Keys, about.Key) && FitsOne(Groups, about.Groups)
            && (Prefixes.Length == 0 || (about.Key.Length > 0 && Prefixes.Any(p => about.Key.StartsWith(p, StringComparison.Ordinal))));
    }

    /// <summary>True when a node is part of the reader's picture of the whole.</summary>
    public bool TakesNode(StreamItem node) =>
        Topics?.Any(topic => topic is "member" or "group" or "check") != false && Keys.Length + Prefixes.Length == 0
        && Fits(Nodes, node.Subject.Node) && Fits(Zones, node.Subject.Zone) && FitsOne(Groups, node.Subject.Groups);

    static bool Fits(string[] patterns, string name)
    {
        if (patterns.Length == 0) return true;
        if (name.Length == 0) return false;
        foreach (var pattern in patterns)
            if (FileSystemName.MatchesSimpleExpression(pattern, name, ignoreCase: false)) return true;
        return false;
    }

    static bool FitsOne(string[] patterns, IReadOnlyList<string> names)
    {
        if (patterns.Length == 0) return true;
        foreach (var name in names)
            if (Fits(patterns, name)) return true;
        return false;
    }
}
