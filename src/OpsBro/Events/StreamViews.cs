using System.Text.Json.Serialization;

namespace OpsBro.Events;

/// <summary>Sent first: where the stream stands, so that a reader can look at the whole state and miss nothing after it.</summary>
internal sealed record HelloView(long Sequence, string Node, DateTimeOffset At);

/// <summary>Sent instead of items that are gone: look at the whole state again.</summary>
/// <param name="Since">The number that the reader had.</param>
/// <param name="Sequence">The number that the stream goes on after.</param>
/// <param name="Reason">For people.</param>
internal sealed record SnapshotNeededView(long Since, long Sequence, string Reason);

/// <summary>A member joined, left, failed, changed or was forgotten.</summary>
internal sealed record MemberItem(
    long Sequence, DateTimeOffset At, string Topic, string Change, string Zone, string Node, string Address, string Status,
    IReadOnlyDictionary<string, string> Tags, string Cause);

/// <summary>An event of a user arrived. The payload is text when it is UTF-8, else base64.</summary>
internal sealed record UserItem(
    long Sequence, DateTimeOffset At, string Topic, string Zone, string Name, ulong LamportTime, string? Payload, string? PayloadBase64);

/// <summary>A node got or lost a group.</summary>
internal sealed record GroupItem(
    long Sequence, DateTimeOffset At, string Topic, string Zone, string Node, string Group, bool IsPresent, string By);

/// <summary>A check of a node changed.</summary>
/// <param name="IsHard">Its state is confirmed; other nodes are only told of hard ones.</param>
internal sealed record CheckItem(
    long Sequence, DateTimeOffset At, string Topic, string Zone, string Node, string Check, string State, string? Before, bool IsHard,
    string Output);

/// <summary>JSON of the stream.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = false,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(HelloView))]
[JsonSerializable(typeof(SnapshotNeededView))]
[JsonSerializable(typeof(MemberItem))]
[JsonSerializable(typeof(UserItem))]
[JsonSerializable(typeof(GroupItem))]
[JsonSerializable(typeof(CheckItem))]
internal sealed partial class EventsJson : JsonSerializerContext;
