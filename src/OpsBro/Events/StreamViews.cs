using System.Text.Json.Serialization;

namespace OpsBro.Events;

/// <summary>Sent first: where the stream stands, so that a reader can look at the whole state and miss nothing after it.</summary>
internal sealed record HelloView(long Sequence, string Node, DateTimeOffset At);

/// <summary>Sent instead of items that are gone; the whole state follows: an item of the topic member for each node, then its end.</summary>
/// <param name="Sequence">The number that the stream goes on after.</param>
/// <param name="Since">The number that the reader had.</param>
/// <param name="Reason">For people.</param>
internal sealed record SnapshotView(long Sequence, long Since, string Reason);

/// <summary>The whole state was sent; what follows are changes again.</summary>
internal sealed record SnapshotDoneView(long Sequence);

/// <summary>A member joined, left, failed, is suspected, changed or was forgotten.</summary>
internal sealed record MemberItem(
    long Sequence, DateTimeOffset At, string Topic, string Change, string Zone, string Node, string Address, string Status,
    IReadOnlyDictionary<string, string> Tags, string Cause);

/// <summary>An event of a user arrived. The payload is text when it is UTF-8, else base64.</summary>
internal sealed record UserItem(
    long Sequence, DateTimeOffset At, string Topic, string Zone, string Name, ulong LamportTime, string? Payload, string? PayloadBase64);

/// <summary>A node got or lost a group.</summary>
/// <param name="Change">added or removed.</param>
internal sealed record GroupItem(
    long Sequence, DateTimeOffset At, string Topic, string Change, string Zone, string Node, string Group, bool IsPresent, string By, string Cause);

/// <summary>A check of a node changed.</summary>
/// <param name="Change">added, removed, or state.</param>
/// <param name="IsHard">Its state is confirmed; other nodes are only told of hard ones.</param>
internal sealed record CheckItem(
    long Sequence, DateTimeOffset At, string Topic, string Change, string Zone, string Node, string Check, string State, string? Before,
    bool IsHard, string Output, string Cause);

/// <summary>The stream at a glance.</summary>
internal sealed record StreamStateView
{
    /// <summary>The websocket port is open.</summary>
    public required bool Enabled { get; init; }
    /// <summary>Where it listens.</summary>
    public required string[] Listens { get; init; }
    /// <summary>Why it does not listen, with the way out.</summary>
    public required string[] Problems { get; init; }
    /// <summary>Number of the newest change.</summary>
    public required long Sequence { get; init; }
    /// <summary>Changes kept for readers who come back.</summary>
    public required int Kept { get; init; }
    /// <summary>Their size.</summary>
    public required long KeptBytes { get; init; }
    /// <summary>The topics there are.</summary>
    public required string[] Topics { get; init; }
    /// <summary>Readers on the websocket port now.</summary>
    public required int Clients { get; init; }
    /// <summary>Most of them.</summary>
    public required int MaxClients { get; init; }
    /// <summary>Readers on the API's port and socket now.</summary>
    public required int ApiClients { get; init; }
    /// <summary>Readers that were welcomed on the websocket port since the start.</summary>
    public required long Welcomed { get; init; }
    /// <summary>Callers of it that were sent away: limits, wrong requests, foreign pages.</summary>
    public required long Refused { get; init; }
    /// <summary>Readers of it that were cut off because they took nothing, or did not answer a ping.</summary>
    public required long CutOff { get; init; }
    /// <summary>Times that a reader of it was given the whole state because it had lost changes.</summary>
    public required long Snapshots { get; init; }
    /// <summary>Bytes sent on it.</summary>
    public required long SentBytes { get; init; }
}

/// <summary>JSON of the stream.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = false,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(HelloView))]
[JsonSerializable(typeof(SnapshotView))]
[JsonSerializable(typeof(SnapshotDoneView))]
[JsonSerializable(typeof(MemberItem))]
[JsonSerializable(typeof(UserItem))]
[JsonSerializable(typeof(GroupItem))]
[JsonSerializable(typeof(CheckItem))]
[JsonSerializable(typeof(StreamStateView))]
internal sealed partial class EventsJson : JsonSerializerContext;
