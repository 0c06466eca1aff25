using System.Globalization;
using System.Text;
using OpsBro.Core.KeyValue;

namespace OpsBro.Tests.Simulation.KeyValue;

/// <summary>What is known of an operation's effect.</summary>
enum Fate
{
    /// <summary>Nobody knows: no answer, or "unavailable". It may take effect at any later time, or never.</summary>
    Unknown,

    /// <summary>It was acknowledged.</summary>
    Done,

    /// <summary>It had no effect: refused.</summary>
    Refused,
}

/// <summary>One operation of a client, as the client saw it.</summary>
sealed class Attempt
{
    /// <summary>Its number from 1, which is the value that it puts as well.</summary>
    public required int Number { get; init; }

    /// <summary>The node that was asked.</summary>
    public required string Node { get; init; }

    /// <summary>What was asked.</summary>
    public required KeyValueOperation What { get; init; }

    /// <summary>Virtual time of the question.</summary>
    public required TimeSpan Begin { get; init; }

    /// <summary>Lowest wall clock of any node from the beginning to the answer, unix milliseconds.</summary>
    public long Slowest { get; set; }

    /// <summary>Highest wall clock of any node until the answer.</summary>
    public long Fastest { get; set; }

    /// <summary>
    /// For compare and set: number of the put whose value had the expected version; 0 for "must not exist", -1 for a version that nobody has.
    /// </summary>
    public int Expected { get; init; }

    /// <summary>Virtual time of the answer; null without one.</summary>
    public TimeSpan? End { get; set; }

    /// <summary>The answer.</summary>
    public KeyValueResult? Result { get; set; }

    /// <summary>Wall clock of the asked node at the answer.</summary>
    public long WallAtEnd { get; set; }

    /// <summary>It changes the key.</summary>
    public bool IsWrite => What.Verb is KeyValueVerb.Put or KeyValueVerb.Delete;

    /// <summary>What is known of its effect.</summary>
    public Fate Fate => Result?.Status switch
    {
        null or KeyValueStatus.Unavailable => Fate.Unknown,
        KeyValueStatus.Ok => Fate.Done,
        _ => Fate.Refused,
    };

    /// <summary>The version that an acknowledged write got; 0 when it is not known.</summary>
    public long Version => IsWrite && Fate == Fate.Done ? Result!.Entry?.Version ?? 0 : 0;

    /// <summary>The value that an attempt puts: its number, and what fills it up.</summary>
    public static byte[] ValueOf(int number, int size)
    {
        var text = number.ToString(CultureInfo.InvariantCulture) + ".";
        return Encoding.ASCII.GetBytes(text.PadRight(Math.Max(size, text.Length), '~'));
    }

    /// <summary>The number of the attempt that put a value; -1 when no attempt can have made it.</summary>
    public static int NumberOf(ReadOnlyMemory<byte> value)
    {
        var span = value.Span;
        var point = span.IndexOf((byte)'.');
        if (point < 1 || !int.TryParse(span[..point], NumberStyles.None, CultureInfo.InvariantCulture, out var number)) return -1;
        return span[(point + 1)..].ContainsAnyExcept((byte)'~') ? -1 : number;
    }

    /// <summary>The number of the put that an entry shows; 0 for nothing.</summary>
    public static int NumberOf(KeyValueEntry? entry) => entry is null || entry.IsDeleted ? 0 : NumberOf(entry.Value);

    /// <summary>A line for people.</summary>
    public override string ToString()
    {
        var line = new StringBuilder(string.Create(CultureInfo.InvariantCulture, $"{Begin.TotalSeconds,9:0.000} #{Number} {Node}: {What.Verb} {What.Key}"));
        if (What.Verb == KeyValueVerb.Put) line.Append(CultureInfo.InvariantCulture, $" {NumberOf(What.Value)}");
        if (What.TimeToLive > 0) line.Append(CultureInfo.InvariantCulture, $" ttl {What.TimeToLive} ms");
        if (What.Expected is { } expected) line.Append(CultureInfo.InvariantCulture, $" if {expected} (value {Expected})");
        line.Append(IsWrite ? $" w={What.Acknowledgement}" : $" from {What.Consistency}");
        if (End is not { } end) return line.Append(" -> never answered").ToString();
        line.Append(CultureInfo.InvariantCulture, $" -> {end.TotalSeconds:0.000} {Result!.Status} {Show(Result.Entry)}");
        if (Result.Copies > 0) line.Append(CultureInfo.InvariantCulture, $" copies {Result.Copies}");
        return line.Append(Result.Reason.Length > 0 ? $" ({Result.Reason})" : "").ToString();
    }

    /// <summary>An entry for people.</summary>
    public static string Show(KeyValueEntry? entry)
    {
        if (entry is null) return "nothing";
        var text = string.Create(CultureInfo.InvariantCulture,
            $"{(entry.IsDeleted ? "removal" : $"value {NumberOf(entry.Value)}")} @{entry.Version} by {entry.Writer}");
        if (entry.ExpiresAt > 0) text += string.Create(CultureInfo.InvariantCulture, $" until {entry.ExpiresAt}");
        return entry.Conflicts.Count == 0 ? text : $"{text} over [{string.Join(", ", entry.Conflicts.Select(Show))}]";
    }
}
