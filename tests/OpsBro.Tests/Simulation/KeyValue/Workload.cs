using OpsBro.Core.Gossip;
using OpsBro.Core.KeyValue;

namespace OpsBro.Tests.Simulation.KeyValue;

/// <summary>A client: what it saw last of the keys that it compares.</summary>
sealed class Client
{
    readonly Dictionary<string, (long Version, int Value)> seen = [];

    /// <summary>It got an answer, or none.</summary>
    public void Saw(Attempt attempt)
    {
        if (attempt.Result is not { } result || attempt.What.Verb == KeyValueVerb.List) return;
        if (result.Entry is { IsDeleted: false } entry && !(attempt.What.Verb == KeyValueVerb.Delete && attempt.Fate == Fate.Done))
            seen[attempt.What.Key] = (entry.Version, Attempt.NumberOf(entry));
        else if (result.Status is KeyValueStatus.NotFound or KeyValueStatus.Ok or KeyValueStatus.Conflict) seen[attempt.What.Key] = (0, 0);
    }

    /// <summary>The version and the value of a key that it saw last; none when it saw nothing.</summary>
    public (long Version, int Value) Known(string key) => seen.GetValueOrDefault(key);
}

/// <summary>
/// What clients ask for. The first letter of a key says what is done to it: <c>r</c> registers that are compared and set only; <c>m</c> registers that are
/// put as well; <c>h</c> a few hot keys and <c>c</c> many cold ones with everything else; <c>t</c> keys with a time to live; <c>d</c> keys that are
/// removed often.
/// </summary>
sealed record Workload
{
    /// <summary>Usual time between an answer and the next question of a client.</summary>
    public TimeSpan Think { get; init; } = TimeSpan.FromMilliseconds(150);

    /// <summary>Registers.</summary>
    public int Registers { get; init; } = 3;

    /// <summary>Cold keys.</summary>
    public int Cold { get; init; } = 60;

    /// <summary>Part of the questions whose client does not wait.</summary>
    public double Impatience { get; init; } = 0.01;

    /// <summary>Part of the acknowledged writes after which another node is asked at once.</summary>
    public double Recheck { get; init; }

    /// <summary>Nothing but compare and set.</summary>
    public bool IsRegistersOnly { get; init; }

    /// <summary>Bytes of most values at most.</summary>
    public int ValueSize { get; init; } = 40;

    /// <summary>Longest time to live, in milliseconds.</summary>
    public int TimeToLive { get; init; } = 20_000;

    /// <summary>The next question of a client.</summary>
    public (KeyValueOperation What, int Expected) Choose(Chance chance, Client client, int number) => (IsRegistersOnly ? 0 : chance.Below(20)) switch
    {
        < 5 => Register(chance, client, number, $"r/{chance.Below(Registers)}", isMixed: false),
        < 8 => Register(chance, client, number, $"m/{chance.Below(Registers)}", isMixed: true),
        < 12 => (Plain(chance, number, $"h/{chance.Below(4)}", removals: 1), 0),
        < 15 => (Plain(chance, number, $"c/{chance.Below(Cold)}", removals: 2), 0),
        < 17 => (Plain(chance, number, $"t/{chance.Below(8)}", removals: 1, withTime: true), 0),
        < 19 => (Plain(chance, number, $"d/{chance.Below(12)}", removals: 5), 0),
        _ => (List(chance), 0),
    };

    (KeyValueOperation What, int Expected) Register(Chance chance, Client client, int number, string key, bool isMixed)
    {
        var (version, value) = client.Known(key);
        var kind = IsRegistersOnly ? 5 + chance.Below(5) : chance.Below(10);
        if (isMixed && kind < 2) return (Put(key, number) with { Acknowledgement = Acknowledgement.Quorum }, 0);
        if (isMixed && kind == 2) return (new() { Verb = KeyValueVerb.Delete, Key = key }, 0);
        if (kind < 5) return (new() { Verb = KeyValueVerb.Get, Key = key }, 0);
        if (kind == 9 && version > 0) return (new() { Verb = KeyValueVerb.Delete, Key = key, Expected = version }, value);
        return chance.Below(12) == 0 ? (Put(key, number) with { Expected = 12_345 }, -1) : (Put(key, number) with { Expected = version }, value);
    }

    KeyValueOperation Plain(Chance chance, int number, string key, int removals, bool withTime = false)
    {
        var kind = chance.Below(12);
        if (kind < removals) return new() { Verb = KeyValueVerb.Delete, Key = key, Acknowledgement = Any(chance) };
        if (kind >= 7) return new() { Verb = KeyValueVerb.Get, Key = key, Consistency = (Consistency)Math.Max(0, chance.Below(5) - 2) };
        var put = Put(key, number, chance.Below(30) == 0 ? 3_000 : chance.Below(ValueSize));
        return put with { Acknowledgement = Any(chance), TimeToLive = withTime && chance.Below(4) > 0 ? 1 + chance.Below(TimeToLive) : 0 };
    }

    static KeyValueOperation List(Chance chance) => new()
    {
        Verb = KeyValueVerb.List,
        Key = chance.Below(3) switch { 0 => "", 1 => "c/", _ => "h" },
        After = chance.Below(2) == 0 ? "" : "c/2",
        Limit = 1 + chance.Below(30),
        WithValues = chance.Below(2) == 0,
    };

    /// <summary>A put whose value is its number.</summary>
    public static KeyValueOperation Put(string key, int number, int size = 0) =>
        new() { Verb = KeyValueVerb.Put, Key = key, Value = Attempt.ValueOf(number, size) };

    static Acknowledgement Any(Chance chance) => chance.Below(6) switch { 0 => Acknowledgement.All, 1 => Acknowledgement.One, _ => Acknowledgement.Quorum };
}
