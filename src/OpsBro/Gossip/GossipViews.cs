using System.Text;
using System.Text.Json.Serialization;
using OpsBro.Core.Wire;

namespace OpsBro.Gossip;

/// <summary>An event of a user.</summary>
/// <param name="At">When it arrived here.</param>
/// <param name="Zone">In which pool.</param>
/// <param name="Name">Its name.</param>
/// <param name="Payload">What comes with it, as text; null when it is none.</param>
/// <param name="PayloadBase64">The same in base64 when it is no text; null otherwise.</param>
/// <param name="LTime">Its Lamport time.</param>
/// <param name="Coalesce">Of several with this name, the last is enough.</param>
internal sealed record EventView(
    DateTimeOffset At, string Zone, string Name, string? Payload, string? PayloadBase64, ulong LTime, bool Coalesce)
{
    /// <summary>Of an event.</summary>
    public static EventView Of(UserEventArrived e)
    {
        var (text, base64) = Payloads.Split(e.Payload);
        return new EventView(e.At, e.Zone, e.Name, text, base64, e.LTime, e.Coalesce);
    }
}

/// <summary>Payloads are any bytes, and most are text.</summary>
internal static class Payloads
{
    static readonly UTF8Encoding strict = new(false, throwOnInvalidBytes: true);

    /// <summary>As text, or else as base64.</summary>
    public static (string? Text, string? Base64) Split(Bytes payload)
    {
        try
        {
            return (strict.GetString(payload.Span), null);
        }
        catch (DecoderFallbackException)
        {
            return (null, Convert.ToBase64String(payload.Span));
        }
    }
}

/// <summary>A new event: the body of <c>POST /v1/events</c>.</summary>
internal sealed record EventRequest
{
    /// <summary>Its name.</summary>
    public string? Name { get; set; }
    /// <summary>What comes with it.</summary>
    public string? Payload { get; set; }
    /// <summary>Of several with this name, the last is enough.</summary>
    public bool Coalesce { get; set; }
}

/// <summary>Whom to join.</summary>
internal sealed record JoinRequest
{
    /// <summary>host, host:port or name/host:port, each.</summary>
    public string[]? Addresses { get; set; }
    /// <summary>True to be told the events of the past as well.</summary>
    public bool Replay { get; set; }
}

/// <summary>How a join went.</summary>
/// <param name="Address">As it was typed.</param>
/// <param name="Joined">True when somebody answered.</param>
/// <param name="Error">Why not; empty when it did.</param>
internal sealed record JoinView(string Address, bool Joined, string Error);

/// <summary>Who leaves.</summary>
internal sealed record LeaveRequest
{
    /// <summary>A failed member; empty for this node.</summary>
    public string? Node { get; set; }
    /// <summary>Forget it at once.</summary>
    public bool Prune { get; set; }
}

/// <summary>How a ping went.</summary>
/// <param name="Node">Who was asked.</param>
/// <param name="State">Its state as this agent sees it.</param>
/// <param name="RoundTripMs">How long it took; null when no answer came.</param>
internal sealed record PingView(string Node, string State, double? RoundTripMs);

/// <summary>A question to the members.</summary>
internal sealed record QueryBody
{
    /// <summary>Its name.</summary>
    public string? Name { get; set; }
    /// <summary>What comes with it.</summary>
    public string? Payload { get; set; }
    /// <summary>Only these nodes.</summary>
    public string[]? Nodes { get; set; }
    /// <summary>Only nodes whose tags match these expressions.</summary>
    public Dictionary<string, string>? Tags { get; set; }
    /// <summary>Each node says at once that it has the query.</summary>
    public bool Ack { get; set; }
    /// <summary>Answers come by way of so many other members as well.</summary>
    public int Relay { get; set; }
    /// <summary>How long answers are taken; 0: as long as Serf would.</summary>
    public double TimeoutSeconds { get; set; }
}

/// <summary>What came back.</summary>
/// <param name="Acks">Who has the query.</param>
/// <param name="Answers">Who answered what.</param>
internal sealed record QueryView(string[] Acks, AnswerView[] Answers);

/// <summary>One answer.</summary>
internal sealed record AnswerView(string From, string? Payload, string? PayloadBase64);

/// <summary>A line of the history.</summary>
/// <param name="At">When.</param>
/// <param name="Node">About whom.</param>
/// <param name="From">The state before; empty for a line that is no change.</param>
/// <param name="To">The state after, or what happened: suspect, refute, conflict, ….</param>
/// <param name="Text">Why.</param>
internal sealed record GossipHistoryView(DateTimeOffset At, string Node, string From, string To, string Text);

/// <summary>This agent's gossip at a glance.</summary>
internal sealed record GossipView
{
    /// <summary>True when it is switched on.</summary>
    public required bool Enabled { get; init; }
    /// <summary>running, left, broken or off.</summary>
    public required string State { get; init; }
    /// <summary>Our name in the cluster.</summary>
    public required string Name { get; init; }
    /// <summary>Our zone.</summary>
    public required string Zone { get; init; }
    /// <summary>True for a node that speaks for its zone.</summary>
    public required bool IsProxy { get; init; }
    /// <summary>The pools that run: our zone's, and for a proxy node that of the zone above.</summary>
    public required PoolView[] Pools { get; init; }
    /// <summary>Configured addresses that are joined.</summary>
    public required string[] Seeds { get; init; }
    /// <summary>Port of LAN detection; 0 when it is off.</summary>
    public required int DetectPort { get; init; }
    /// <summary>What the operator should mend.</summary>
    public required string[] Problems { get; init; }
}

/// <summary>One pool at a glance.</summary>
internal sealed record PoolView
{
    /// <summary>Its zone.</summary>
    public required string Zone { get; init; }
    /// <summary>Where it listens.</summary>
    public required string Listens { get; init; }
    /// <summary>Where others reach it.</summary>
    public required string Address { get; init; }
    /// <summary>Where others reach it.</summary>
    public required int Port { get; init; }
    /// <summary>lan, wan or local.</summary>
    public required string Profile { get; init; }
    /// <summary>True when what is sent is encrypted.</summary>
    public required bool Encrypted { get; init; }
    /// <summary>Fingerprint of the primary key; empty without encryption.</summary>
    public required string KeyFingerprint { get; init; }
    /// <summary>Keys installed.</summary>
    public required int Keys { get; init; }
    /// <summary>Members by state, this node included.</summary>
    public required IReadOnlyDictionary<string, int> Members { get; init; }
    /// <summary>Local health: 0 is well, 7 the worst.</summary>
    public required int Health { get; init; }
    /// <summary>What the engine counted.</summary>
    public required IReadOnlyDictionary<string, long> Counters { get; init; }
}

/// <summary>A constant of the protocol: <c>gossip tuning</c>.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Lan">Its value on a LAN.</param>
/// <param name="Wan">Its value on a WAN.</param>
/// <param name="Local">Its value on one machine.</param>
/// <param name="Meaning">What it is.</param>
internal sealed record TuningView(string Name, string Lan, string Wan, string Local, string Meaning);

/// <summary>Keys of the cluster.</summary>
/// <param name="Nodes">Members asked.</param>
/// <param name="Answered">Members that answered.</param>
/// <param name="Errors">Members that could not.</param>
/// <param name="Keys">The keys.</param>
/// <param name="Messages">What members say, by name.</param>
internal sealed record KeysView(int Nodes, int Answered, int Errors, MemberKeyView[] Keys, IReadOnlyDictionary<string, string> Messages)
{
    /// <summary>Since when this node encrypts with the primary key; null when not known yet.</summary>
    public DateTimeOffset? PrimarySince { get; init; }
    /// <summary>When the key is replaced by itself, or what that waits for; without keys (and members asked), how to get one.</summary>
    public string Rotation { get; init; } = "";
}

/// <summary>How a rotation ended.</summary>
/// <param name="Done">True when every member encrypts with the new key.</param>
/// <param name="Text">What happened, and what to do when it is not done.</param>
/// <param name="Fingerprint">The primary key now.</param>
/// <param name="Before">The primary key before.</param>
/// <param name="Removed">Keys taken out.</param>
/// <param name="Nodes">Members asked last.</param>
/// <param name="Messages">Members that did not do the last step, and why.</param>
internal sealed record RotationView(
    bool Done, string Text, string Fingerprint, string Before, string[] Removed, int Nodes, IReadOnlyDictionary<string, string> Messages);

/// <summary>One key.</summary>
/// <param name="Fingerprint">Tells it from others.</param>
/// <param name="Key">The key in base64; null unless it was asked for.</param>
/// <param name="Nodes">Members that have it.</param>
/// <param name="Primary">Members that encrypt with it.</param>
internal sealed record MemberKeyView(string Fingerprint, string? Key, int Nodes, int Primary);

/// <summary>A key to install, use or remove.</summary>
internal sealed record KeyRequest
{
    /// <summary>In base64; for use and remove a fingerprint does too. Empty for rotate and generate: a new one is made.</summary>
    public string? Key { get; set; }
    /// <summary>The zone whose key it is; empty for our own. A proxy node may name the zone above.</summary>
    public string? Zone { get; set; }
    /// <summary>Rotate although members failed, who will not have the new key.</summary>
    public bool Force { get; set; }
    /// <summary>On this node only, for one that is shut out: <c>use</c> takes a key that is not installed yet.</summary>
    public bool Local { get; set; }
}

/// <summary>A zone.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Relation">own, above, below or other.</param>
/// <param name="Above">The zone directly above; empty at the top.</param>
/// <param name="Below">The zones directly below.</param>
/// <param name="HasKey">True when this agent holds a gossip key of it.</param>
/// <param name="KeyFingerprint">Fingerprint of that key; empty without one.</param>
/// <param name="Members">Members that this agent knows in it.</param>
internal sealed record ZoneView(string Name, string Relation, string Above, string[] Below, bool HasKey, string KeyFingerprint, int Members);

/// <summary>The name of a zone.</summary>
internal sealed record ZoneRequest
{
    /// <summary>The zone.</summary>
    public string? Name { get; set; }
}

/// <summary>A key of a zone.</summary>
internal sealed record ZoneKeyRequest
{
    /// <summary>In base64; empty: make one.</summary>
    public string? Key { get; set; }
    /// <summary>True to replace one that is there.</summary>
    public bool Erase { get; set; }
}

/// <summary>A key that was made: the only answers that hold one are those of the verbs that make or show keys.</summary>
internal sealed record NewKeyView(string Zone, string Fingerprint, string Key, string File);

/// <summary>Look for nodes on the local networks.</summary>
internal sealed record DetectRequest
{
    /// <summary>How long answers are taken; 0: as long as usual.</summary>
    public double TimeoutSeconds { get; set; }
    /// <summary>Join the preferred one.</summary>
    public bool AutoJoin { get; set; }
}

/// <summary>A node that answered LAN detection.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Zone">Its zone.</param>
/// <param name="Address">Where its gossip listens.</param>
/// <param name="IsProxy">It speaks for its zone.</param>
/// <param name="Version">Of OpsBro.</param>
internal sealed record DetectedView(string Name, string Zone, string Address, bool IsProxy, string Version);

/// <summary>What LAN detection found.</summary>
/// <param name="Nodes">Who answered; a proxy node first.</param>
/// <param name="Joined">The address that was joined; empty when none was.</param>
/// <param name="Problem">Why nothing could be sent or joined; empty when it could.</param>
internal sealed record DetectView(DetectedView[] Nodes, string Joined, string Problem);

/// <summary>A node that answered detection, with what the original showed of it.</summary>
internal sealed record LegacyDetected(string Name, string Addr, int Port, string Zone, bool IsProxy);

/// <summary>A node as the original showed it.</summary>
internal sealed record LegacyNode(
    string Uuid, string Name, string DisplayName, string Addr, int Port, string State, uint Incarnation, string Zone, bool IsProxy,
    string[] Groups, IReadOnlyDictionary<string, string> Services, IReadOnlyDictionary<string, LegacyCheckState> Checks, string Type);

/// <summary>A check of a node as the original showed it.</summary>
internal sealed record LegacyCheckState(int StateId);

/// <summary>The changes of one second as the original showed them.</summary>
internal sealed record LegacyMembersHistory(long Date, LegacyMemberChange[] Entries);

/// <summary>One of them.</summary>
internal sealed record LegacyMemberChange(string Type, string Uuid, string Name, string DisplayName, string OldState, string State);

/// <summary>An event as the original showed it.</summary>
internal sealed record LegacyEvent(string From, LegacyPayload Payload, long Ctime, string Eventid);

/// <summary>Its inside.</summary>
internal sealed record LegacyPayload(string Type);

/// <summary>Answers of the original's changing routes.</summary>
internal sealed record LegacyAnswer
{
    /// <summary>The state of a pinged node.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? State { get; init; }
    /// <summary>Why not.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Error { get; init; }
    /// <summary>Whether it was done.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public bool? Success { get; init; }
    /// <summary>What was done.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Text { get; init; }
}

/// <summary>JSON of the gossip noun.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(MemberView[]))]
[JsonSerializable(typeof(EventView[]))]
[JsonSerializable(typeof(EventRequest))]
[JsonSerializable(typeof(JoinRequest))]
[JsonSerializable(typeof(JoinView[]))]
[JsonSerializable(typeof(LeaveRequest))]
[JsonSerializable(typeof(PingView))]
[JsonSerializable(typeof(QueryBody))]
[JsonSerializable(typeof(QueryView))]
[JsonSerializable(typeof(GossipHistoryView[]))]
[JsonSerializable(typeof(GossipView))]
[JsonSerializable(typeof(TuningView[]))]
[JsonSerializable(typeof(KeysView))]
[JsonSerializable(typeof(KeyRequest))]
[JsonSerializable(typeof(RotationView))]
[JsonSerializable(typeof(Keys.KeyAgeRecord))]
[JsonSerializable(typeof(ZoneView[]))]
[JsonSerializable(typeof(ZoneRequest))]
[JsonSerializable(typeof(ZoneKeyRequest))]
[JsonSerializable(typeof(NewKeyView))]
[JsonSerializable(typeof(DetectRequest))]
[JsonSerializable(typeof(DetectView))]
[JsonSerializable(typeof(LegacyDetected[]))]
[JsonSerializable(typeof(LegacyNode))]
[JsonSerializable(typeof(Dictionary<string, LegacyNode>))]
[JsonSerializable(typeof(LegacyMembersHistory[]))]
[JsonSerializable(typeof(LegacyEvent))]
[JsonSerializable(typeof(LegacyAnswer))]
[JsonSerializable(typeof(string[]))]
[JsonSerializable(typeof(bool))]
internal sealed partial class GossipJson : JsonSerializerContext;
