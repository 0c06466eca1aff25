using Microsoft.AspNetCore.Http;
using OpsBro.Api;
using OpsBro.Cli;
using OpsBro.Core.KeyValue;

namespace OpsBro.KeyValue;

/// <summary>Who keeps keys and values, and how the store of this agent does.</summary>
internal sealed record KeyStateView
{
    /// <summary>ok; moving while keys find their place after a change of members; read-only while the disk refuses; starting.</summary>
    public required string State { get; init; }
    /// <summary>This agent is a member of group kv.</summary>
    public required bool IsMember { get; init; }
    /// <summary>Keys that this agent keeps.</summary>
    public required int Keys { get; init; }
    /// <summary>Bytes of its keys and values, and what each key takes in memory beside them.</summary>
    public required long Bytes { get; init; }
    /// <summary>Most bytes that it keeps: kv.max_size.</summary>
    public required long MaxBytes { get; init; }
    /// <summary>Removed and expired keys that are remembered until every member knows of them.</summary>
    public required int Removals { get; init; }
    /// <summary>Keys with concurrent versions that lost and can be looked at.</summary>
    public required int Conflicts { get; init; }
    /// <summary>Of 256 parts of all keys, those of which this agent is the owner.</summary>
    public required int PartitionsOwned { get; init; }
    /// <summary>Those of which it keeps a copy.</summary>
    public required int PartitionsCopied { get; init; }
    /// <summary>Those that it keeps until others have them.</summary>
    public required int PartitionsHeldForOthers { get; init; }
    /// <summary>Hash of the members: equal on all that see the same ones.</summary>
    public required string Ring { get; init; }
    /// <summary>Of a member: every member sees the same ring, and has what is its own.</summary>
    public required bool IsSettled { get; init; }
    /// <summary>Operations under way.</summary>
    public required int UnderWay { get; init; }
    /// <summary>The members of group kv in this zone.</summary>
    public required KeyMemberView[] Members { get; init; }
    /// <summary>With ?key: the nodes that keep it, the owner first.</summary>
    public IReadOnlyList<string>? Owners { get; init; }
    /// <summary>Callers that wait for changes here.</summary>
    public required int Watches { get; init; }
    /// <summary>What was counted since the start, by name.</summary>
    public required IReadOnlyDictionary<string, long> Counters { get; init; }
    /// <summary>What the operator should mend.</summary>
    public required string[] Problems { get; init; }
}

/// <summary>A member of group kv.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Id">Its id.</param>
/// <param name="State">alive, failed or left.</param>
/// <param name="Announcement">What its engine says of itself to the others.</param>
internal sealed record KeyMemberView(string Name, string Id, string State, string Announcement);

/// <summary>The route <c>/v1/kv-state</c>.</summary>
/// <param name="loop">The engine.</param>
/// <param name="self">This agent's id.</param>
internal sealed class KeyState(KeyValueLoop loop, string self)
{
    /// <summary>Maps it.</summary>
    public void MapTo(ApiRoutes api) => api.Get("/v1/kv-state", "Who keeps keys and values, and how the store of this agent does.",
        KeyValueJson.Default.KeyStateView, Now, ("key", "also which nodes keep this key", "a/key"));

    KeyStateView Now(HttpContext context)
    {
        var members = loop.Members;
        var isMember = members.Any(member => member.Id == self);
        var (now, isReadOnly) = loop.Look(engine => ((KeyValueStatistics?)engine.Statistics, engine.DiskProblem.Length > 0), (null, false));
        return new KeyStateView
        {
            State = loop.NotReady.Length > 0 ? "starting" : isReadOnly ? "read-only" : isMember && now?.IsSettled == false ? "moving" : "ok",
            IsMember = isMember,
            Keys = now?.Keys ?? 0,
            Bytes = now?.Bytes ?? 0,
            MaxBytes = now?.MaxBytes ?? 0,
            Removals = now?.Removals ?? 0,
            Conflicts = now?.Conflicts ?? 0,
            PartitionsOwned = now?.Owned ?? 0,
            PartitionsCopied = now?.Copied ?? 0,
            PartitionsHeldForOthers = now?.HeldForOthers ?? 0,
            Ring = now?.RingHash ?? "",
            IsSettled = now?.IsSettled ?? false,
            UnderWay = now?.UnderWay ?? 0,
            Members = [.. members.Select(m => new KeyMemberView(m.Name, m.Id, m.Standing.ToString().ToLowerInvariant(), m.Announcement))],
            Owners = context.Query("key") is { Length: > 0 } key ? loop.Look(engine => engine.Owners(key), []) : null,
            Watches = loop.Watches.Count,
            Counters = now?.Counters ?? new Dictionary<string, long>(),
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
        const double megabyte = 1 << 20;
        terminal.Section("Keys and values");
        terminal.Field("State", terminal.State(view.State));
        terminal.Field("Keeps keys", view.IsMember ? "yes" : "no: this agent is not in group kv");
        terminal.Field("Keys", $"{view.Keys} ({view.Bytes / megabyte:0.0} of {view.MaxBytes / megabyte:0} MB), {view.Removals} removals remembered");
        terminal.Field("Partitions", $"{view.PartitionsOwned} owned, {view.PartitionsCopied} copied, {view.PartitionsHeldForOthers} held for others");
        if (view.Conflicts > 0) terminal.Field("Conflicts", $"{view.Conflicts} keys with concurrent values that lost; see opsbro kv get KEY --json");
        if (view.IsMember) terminal.Field("Settled", view.IsSettled ? "yes" : "no: keys find their place after a change of members");
        terminal.Section("Members");
        if (view.Members.Length == 0) terminal.Line("nobody is in group kv: each agent keeps what is written there, and hands it over when one appears");
        else terminal.Table(["NAME", "STATE"], view.Members.Select(member => new[] { member.Name, terminal.State(member.State) }));
        foreach (var problem in view.Problems) terminal.Line(Tone.Bad, problem);
    }
}
