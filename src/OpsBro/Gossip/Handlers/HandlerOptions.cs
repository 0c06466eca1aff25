using OpsBro.Config;

namespace OpsBro.Gossip.Handlers;

/// <summary>The keys <c>handlers</c> and <c>handler_timeout</c> of the section <c>gossip</c>.</summary>
/// <param name="Lines">Which program runs for what, in their order.</param>
/// <param name="Timeout">Longest time that one may run; then it is ended with all that it started.</param>
internal sealed record HandlerOptions(IReadOnlyList<HandlerLine> Lines, TimeSpan Timeout)
{
    /// <summary>Most lines.</summary>
    public const int MaxLines = 64;

    /// <summary>Unless <c>handler_timeout</c> says otherwise.</summary>
    public static readonly TimeSpan DefaultTimeout = TimeSpan.FromSeconds(60);

    /// <summary>No programs.</summary>
    public static HandlerOptions None { get; } = new([], DefaultTimeout);

    /// <summary>Reads them; a line with a problem is left out, the others stay.</summary>
    public static HandlerOptions Read(ObjectReader gossip)
    {
        var timeout = gossip.Duration("handler_timeout", DefaultTimeout, TimeSpan.FromMilliseconds(100), TimeSpan.FromHours(1));
        if (gossip.Node("handlers") is not { } node) return new HandlerOptions([], timeout);
        if (node.Kind == ConfigNodeKind.Map)
        {
            gossip.Complain(node, "handlers must be a list; write for instance [\"member-join=/path/to/script\"]");
            return new HandlerOptions([], timeout);
        }
        // one line alone is a list of one: its commas part filters
        var lines = new List<HandlerLine>();
        foreach (var item in node.Kind == ConfigNodeKind.List ? node.Items : [node])
        {
            if (item.Kind != ConfigNodeKind.Scalar) gossip.Complain(item, "a handler is one text; quote it: \"user:deploy=/path/to/script\"");
            else if (lines.Count == MaxLines) gossip.Complain(item, $"there are more than {MaxLines} handlers; this one is left out");
            else if (HandlerLine.TryParse(item.Text, out var problem) is { } line) lines.Add(line);
            else gossip.Complain(item, problem);
        }
        return new HandlerOptions(lines, timeout);
    }
}
