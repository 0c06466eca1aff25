using OpsBro.Core.Gossip;

namespace OpsBro.Gossip.Handlers;

/// <summary>
/// Which events somebody wants, in Serf's words.
/// <code>
/// filters = filter *("," filter)
/// filter  = "*" / "" / "member-join" / "member-leave" / "member-failed" / "member-update" / "member-reap"
///         / "user" [":" name] / "query" [":" name]
/// </code>
/// </summary>
/// <param name="Word">The event; <c>*</c> is any.</param>
/// <param name="Name">Of a user's event or a query; empty is any.</param>
internal sealed record EventFilter(string Word, string Name)
{
    /// <summary>Any event.</summary>
    public const string Any = "*";

    /// <summary>Every word that a filter may have.</summary>
    public static readonly IReadOnlyList<string> Words =
        [Any, "member-join", "member-leave", "member-failed", "member-update", "member-reap", GossipEvent.UserWord, GossipEvent.QueryWord];

    /// <summary>True when the event is wanted.</summary>
    public bool Wants(GossipEvent one) => (Word == Any || Word == one.Word) && (Name.Length == 0 || Name == one.Name);

    /// <inheritdoc/>
    public override string ToString() => Name.Length > 0 ? $"{Word}:{Name}" : Word;

    /// <summary>Reads filters; null when one is unknown, which <paramref name="unknown"/> then names.</summary>
    public static IReadOnlyList<EventFilter>? TryParse(string text, out string unknown)
    {
        unknown = "";
        var filters = new List<EventFilter>();
        foreach (var part in text.Split(',', StringSplitOptions.TrimEntries))
        {
            var colon = part.IndexOf(':');
            var (word, name) = colon < 0 ? (part, "") : (part[..colon], part[(colon + 1)..]);
            if (word.Length == 0 && colon < 0) word = Any;
            if (!Words.Contains(word) || (name.Length > 0 && word is not (GossipEvent.UserWord or GossipEvent.QueryWord)))
            {
                unknown = part;
                return null;
            }
            filters.Add(new EventFilter(word, name));
        }
        return filters;
    }
}

/// <summary>One line of <c>gossip: handlers:</c>.</summary>
/// <param name="Filters">Which events it wants.</param>
/// <param name="Script">What <c>/bin/sh -c</c> runs: the operator's own line, nothing is ever put into it.</param>
internal sealed record HandlerLine(IReadOnlyList<EventFilter> Filters, string Script)
{
    /// <summary>
    /// Reads <c>member-join,member-failed=/path/script</c>, <c>user:deploy=…</c>, or a script alone, which gets every event; null
    /// when it is none, with the reason.
    /// </summary>
    public static HandlerLine? TryParse(string text, out string problem)
    {
        problem = "";
        var equals = text.IndexOf('=');
        var left = equals < 0 ? "" : text[..equals].Trim();
        // "/usr/bin/env A=b run" is a script alone: no filter has a slash or a blank in it
        if (equals < 0 || left.AsSpan().IndexOfAny('/', ' ') >= 0) (left, equals) = (EventFilter.Any, -1);
        var script = text[(equals + 1)..].Trim();
        if (script.Length == 0)
        {
            problem = $"handler \"{text}\" names no program; write for instance member-join=/path/to/script";
            return null;
        }
        if (EventFilter.TryParse(left, out var unknown) is { } filters) return new HandlerLine(filters, script);
        var hint = Config.Spelling.Hint(unknown.Split(':')[0], EventFilter.Words);
        problem = $"handler \"{text}\": there is no event \"{unknown}\"{hint}; there are {string.Join(", ", EventFilter.Words)}, "
            + "user:NAME and query:NAME";
        return null;
    }

    /// <summary>As one writes it.</summary>
    public string Text => $"{string.Join(',', Filters)}={Script}";

    /// <summary>True when it wants the event.</summary>
    public bool Wants(GossipEvent one) => Filters.Any(filter => filter.Wants(one));
}
