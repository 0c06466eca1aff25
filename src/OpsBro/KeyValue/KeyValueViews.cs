using System.Text.Json.Serialization;
using OpsBro.Core.KeyValue;

namespace OpsBro.KeyValue;

/// <summary>A key with its value.</summary>
internal sealed record KeyView
{
    /// <summary>The key.</summary>
    public required string Key { get; init; }
    /// <summary>The value, when it is text in UTF-8; left out otherwise, and in lists without values.</summary>
    public string? Value { get; init; }
    /// <summary>The value in base64; left out in lists without values.</summary>
    public string? ValueBase64 { get; init; }
    /// <summary>Its version: grows with each write of the key.</summary>
    public required long Version { get; init; }
    /// <summary>When it was written, by the clock of the node that coordinated the write.</summary>
    public required DateTimeOffset Time { get; init; }
    /// <summary>The node that coordinated the write.</summary>
    public required string Writer { get; init; }
    /// <summary>When it vanishes; left out when it stays.</summary>
    public DateTimeOffset? Expires { get; init; }
    /// <summary>Seconds until then.</summary>
    public double? Ttl { get; init; }
    /// <summary>Bytes of the value.</summary>
    public required int Size { get; init; }
    /// <summary>It is a removal; only among versions that lost.</summary>
    public bool? Deleted { get; init; }
    /// <summary>Concurrent versions that lost against this one, and are kept until the next write.</summary>
    public required int ConflictCount { get; init; }
    /// <summary>Those versions, the newest first; with ?conflicts.</summary>
    public KeyView[]? Conflicts { get; init; }

    /// <summary>Of what the engine says.</summary>
    /// <param name="entry">The entry.</param>
    /// <param name="hasValue">With the value.</param>
    /// <param name="hasConflicts">With the versions that lost.</param>
    /// <param name="now">Unix milliseconds.</param>
    public static KeyView Of(KeyValueEntry entry, bool hasValue, bool hasConflicts, long now) => new()
    {
        Key = entry.Key,
        Value = hasValue && !entry.IsDeleted ? KeyText.TextOf(entry.Value.Span) : null,
        ValueBase64 = hasValue && !entry.IsDeleted ? Convert.ToBase64String(entry.Value.Span) : null,
        Version = entry.Version,
        Time = DateTimeOffset.FromUnixTimeMilliseconds(entry.Version >> KeyText.VersionBits),
        Writer = entry.Writer,
        Expires = entry.ExpiresAt > 0 ? DateTimeOffset.FromUnixTimeMilliseconds(entry.ExpiresAt) : null,
        Ttl = entry.ExpiresAt > 0 ? Math.Max(entry.ExpiresAt - now, 0) / 1000.0 : null,
        Size = entry.Size,
        Deleted = entry.IsDeleted ? true : null,
        ConflictCount = entry.Conflicts.Count,
        Conflicts = hasConflicts ? [.. entry.Conflicts.Select(lost => Of(lost, hasValue, hasConflicts: false, now))] : null,
    };
}

/// <summary>A write that was acknowledged.</summary>
/// <param name="Version">The version that the key has now; of a removal, the removal's.</param>
/// <param name="Copies">Nodes that have it on disk, as far as it was waited for.</param>
internal sealed record KeyWrittenView(long Version, int Copies);

/// <summary>Keys below a prefix.</summary>
internal sealed record KeyListView
{
    /// <summary>The prefix.</summary>
    public required string Prefix { get; init; }
    /// <summary>Stands for what is listed: another one when a key came, went or changed. For ?index=.</summary>
    public required long Index { get; init; }
    /// <summary>The keys, sorted.</summary>
    public required string[] Keys { get; init; }
    /// <summary>The keys with what is known of them; left out with ?keys.</summary>
    public KeyView[]? Entries { get; init; }
    /// <summary>What further keys begin with, up to the separator; empty with ?recurse.</summary>
    public required string[] Folders { get; init; }
    /// <summary>Give it as ?after= for what comes next; left out at the end.</summary>
    public string? Next { get; init; }
}

/// <summary>One operation of a batch.</summary>
internal sealed record KeyBatchItem
{
    /// <summary>get, put or delete.</summary>
    public string? Op { get; set; }
    /// <summary>The key.</summary>
    public string? Key { get; set; }
    /// <summary>The value to put, as text.</summary>
    public string? Value { get; set; }
    /// <summary>The value to put, in base64.</summary>
    public string? ValueBase64 { get; set; }
    /// <summary>The version that the key must have; 0 when it must not be there.</summary>
    public long? Cas { get; set; }
    /// <summary>Seconds until it vanishes.</summary>
    public double? Ttl { get; set; }
}

/// <summary>How one operation of a batch ended.</summary>
internal sealed record KeyBatchResult
{
    /// <summary>get, put or delete.</summary>
    public required string Op { get; init; }
    /// <summary>The key.</summary>
    public required string Key { get; init; }
    /// <summary>ok, not_found, conflict, unavailable, no_space or invalid.</summary>
    public required string Status { get; init; }
    /// <summary>Why, when it is not ok.</summary>
    public string? Reason { get; init; }
    /// <summary>The version written, read, or, on a conflict, the one that is there.</summary>
    public long? Version { get; init; }
    /// <summary>What was read.</summary>
    public KeyView? Entry { get; init; }
}

/// <summary>A refusal: an RFC 9457 problem with the version that is there.</summary>
internal sealed record KeyProblemView(string Type, string Title, int Status, string Detail, string Instance)
{
    /// <summary>On a conflict: the version that the key has; 0 when it is not there.</summary>
    public long? Version { get; init; }
}

/// <summary>A change of a key, on the agent's event stream and on those of single keys.</summary>
/// <param name="Sequence">On the agent's event stream: its number there.</param>
/// <param name="At">When this agent heard of it.</param>
/// <param name="Topic">kv.</param>
/// <param name="Node">This agent.</param>
/// <param name="Change">put, delete, expire; left-out when more changed in one second than are told.</param>
/// <param name="Key">The key.</param>
/// <param name="Version">Its version now.</param>
/// <param name="Writer">The node that coordinated the write.</param>
/// <param name="IsConflict">A concurrent version lost against it.</param>
internal sealed record KeyItem(
    long Sequence, DateTimeOffset At, string Topic, string Node, string Change, string Key, long Version, string Writer, bool IsConflict)
{
    /// <summary>The word of a change.</summary>
    public static string Word(in KeyChange change) => change switch
    {
        { IsExpired: true } => "expire",
        { IsDeleted: true } => "delete",
        _ => "put",
    };

    /// <summary>Of a change that the engine tells.</summary>
    public static KeyItem Of(DateTimeOffset at, string node, in KeyChange change) =>
        new(0, at, KeyValueComponent.Noun, node, Word(change), change.Key, change.Version, change.Writer, change.IsConflict);

    /// <summary>More changed than is told.</summary>
    public static KeyItem LeftOut(DateTimeOffset at, string node) => new(0, at, KeyValueComponent.Noun, node, "left-out", "", 0, "", false);
}

/// <summary>A message of the stream of single keys.</summary>
/// <param name="Change">put, delete or expire; current for what is there when the stream begins.</param>
/// <param name="Key">The key.</param>
/// <param name="Version">Its version now; 0 when it was never there.</param>
/// <param name="Entry">What is there now; left out when it is gone, and in streams of a prefix.</param>
internal sealed record KeyWatchItem(string Change, string Key, long Version, KeyView? Entry);

/// <summary>JSON of keys and values.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = false,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(KeyView))]
[JsonSerializable(typeof(KeyWrittenView))]
[JsonSerializable(typeof(KeyListView))]
[JsonSerializable(typeof(KeyBatchItem[]))]
[JsonSerializable(typeof(KeyBatchResult[]))]
[JsonSerializable(typeof(KeyProblemView))]
[JsonSerializable(typeof(KeyItem))]
[JsonSerializable(typeof(KeyWatchItem))]
[JsonSerializable(typeof(KeyStateView))]
[JsonSerializable(typeof(KeyExportLine))]
[JsonSerializable(typeof(string[]))]
internal sealed partial class KeyValueJson : JsonSerializerContext;
