using Microsoft.AspNetCore.Http;
using OpsBro.Api;
using OpsBro.Cli;
using OpsBro.Core.KeyValue;

namespace OpsBro.KeyValue;

/// <summary>Who keeps keys and values, and how the store of this agent does.</summary>
internal sealed record KeyStateView
{
    /// <summary>ok, or what is wrong in a word: starting, broken, full.</summary>
    public required string State { get; init; }
    /// <summary>This agent is a member of group kv.</summary>
    public required bool IsMember { get; init; }
    /// <summary>The members of group kv in this zone.</summary>
    public required KeyMemberView[] Members { get; init; }
    /// <summary>With ?key: the nodes that keep it, the owner first.</summary>
    public IReadOnlyList<string>? Owners { get; init; }
    /// <summary>Callers that wait for changes here.</summary>
    public required int Watches { get; init; }
    /// <summary>What the operator should mend.</summary>
    public required string[] Problems { get; init; }
}

/// <summary>A member of group kv.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Id">Its id.</param>
/// <param name="State">alive, failed or left.</param>
/// <param name="Announcement">What its engine says of itself.</param>
internal sealed record KeyMemberView(string Name, string Id, string State, string Announcement);

/// <summary>The route <c>/v1/kv-state</c>.</summary>
/// <param name="loop">The engine.</param>
/// <param name="self">This agent's id.</param>
internal sealed class KeyState(KeyValueLoop loop, string self)
{
    /// <summary>Maps it.</summary>
    public void MapTo(ApiRoutes api) => api.Get("/v1/kv-state", "Who keeps keys and values, and how the store of this agent does.",
        KeyValueJson.Default.KeyStateView, Now, ("key", "also which nodes keep this key"));

    KeyStateView Now(HttpContext context)
    {
        var members = loop.Members;
        return new KeyStateView
        {
            State = loop.NotReady.Length > 0 ? "starting" : "ok",
            IsMember = members.Any(member => member.Id == self),
            Members = [.. members.Select(m => new KeyMemberView(m.Name, m.Id, m.Standing.ToString().ToLowerInvariant(), m.Announcement))],
            Owners = context.Query("key") is { Length: > 0 } key ? loop.Look(engine => engine.Owners(key), []) : null,
            Watches = loop.Watches.Count,
            Problems = [.. loop.Problems],
        };
    }
}

/// <summary>The same for people.</summary>
internal static class KeyStateText
{
    /// <summary>Prints it.</summary>
    public static void Print(Terminal terminal, KeyStateView view)
    {
        terminal.Section("Keys and values");
        terminal.Field("State", view.State);
        terminal.Field("Keeps keys", view.IsMember ? "yes" : "no: this agent is not in group kv");
    }
}
