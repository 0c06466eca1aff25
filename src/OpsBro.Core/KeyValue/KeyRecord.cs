using System.Runtime.InteropServices;

namespace OpsBro.Core.KeyValue;

/// <summary>One version of a key: a value or a removal. Never changes.</summary>
public sealed class KeyRecord
{
    /// <summary>When it was written, by the hybrid clock.</summary>
    public required long Version { get; init; }

    /// <summary>
    /// The version that clients see: of a write that had to be brought to a majority again, with a higher version of its own, the first one.
    /// </summary>
    public long Shown
    {
        get => field == 0 ? Version : field;
        init;
    }

    /// <summary>Which write it is.</summary>
    public required Dot Dot { get; init; }

    /// <summary>Name of the node that coordinated it.</summary>
    public required string Writer { get; init; }

    /// <summary>Unix milliseconds from which it is taken for a removal; 0 for never.</summary>
    public long ExpiresAt { get; init; }

    /// <summary>It is a removal.</summary>
    public bool IsDeleted { get; init; }

    /// <summary>The value went some time after it had expired.</summary>
    public bool IsStripped { get; init; }

    /// <summary>What it replaced (<see cref="Context"/>).</summary>
    public required Dot[] Context { get; init; }

    /// <summary>The value.</summary>
    public ReadOnlyMemory<byte> Value { get; init; }

    /// <summary>There is no value to show at this moment.</summary>
    public bool IsGone(long unixMilliseconds) => IsDeleted || IsStripped || ExpiresAt != 0 && ExpiresAt <= unixMilliseconds;

    /// <summary>Of two concurrent writes the one that wins.</summary>
    public static int Compare(KeyRecord a, KeyRecord b) =>
        a.Version != b.Version ? a.Version.CompareTo(b.Version)
        : a.Dot.Writer != b.Dot.Writer ? a.Dot.Writer.CompareTo(b.Dot.Writer)
        : a.Dot.Sequence.CompareTo(b.Dot.Sequence);

    /// <summary>It is, or it replaced, the write of this dot.</summary>
    public bool Includes(in Dot dot) => Dot == dot || KeyValue.Context.Covers(Context, dot);

    /// <summary>The same write without its value.</summary>
    public KeyRecord Stripped() => new()
    {
        Version = Version,
        Shown = Shown,
        Dot = Dot,
        Writer = Writer,
        ExpiresAt = ExpiresAt,
        IsDeleted = IsDeleted,
        IsStripped = true,
        Context = Context,
    };

    /// <summary>The same write for a list without values; never kept.</summary>
    internal KeyRecord WithoutValue() => new()
    {
        Version = Version,
        Shown = Shown,
        Dot = Dot,
        Writer = Writer,
        ExpiresAt = ExpiresAt,
        IsDeleted = IsDeleted,
        IsStripped = IsStripped,
        Context = KeyValue.Context.None,
    };

    /// <summary>The same write once more with a higher version, replacing this one and nothing else.</summary>
    internal KeyRecord Again(long version, Dot dot) => new()
    {
        Version = version,
        Shown = Shown,
        Dot = dot,
        Writer = Writer,
        ExpiresAt = ExpiresAt,
        IsDeleted = IsDeleted,
        IsStripped = IsStripped,
        Context = KeyValue.Context.After(this, []),
        Value = Value,
    };

    internal void Write(KeyValueWriter to)
    {
        to.Byte((byte)((IsDeleted ? 1 : 0) | (IsStripped ? 2 : 0)));
        to.Number(Version);
        to.Number(Version - Shown);
        to.Dot(Dot);
        to.Text(Writer);
        to.Number(ExpiresAt);
        to.Count(Context.Length);
        foreach (var dot in Context) to.Dot(dot);
        to.Bytes(Value.Span);
    }

    /// <summary>A small value of a large message is copied, or it would keep all of the message alive.</summary>
    static ReadOnlyMemory<byte> Own(ReadOnlyMemory<byte> value) =>
        MemoryMarshal.TryGetArray(value, out var segment) && segment.Array!.Length > 2 * value.Length + 512 ? value.ToArray() : value;

    internal static KeyRecord? Read(ref KeyValueReader from)
    {
        var flags = from.Byte();
        var (version, raised) = (from.Number(), from.Number());
        var dot = from.Dot();
        var writer = from.Text(KeyValueLimits.MaxName);
        var expires = from.Number();
        var count = from.Count(9);
        if (count > KeyValueLimits.MaxContext || flags > 3 || raised > version) from.Fail();
        if (!from.IsGood) return null;
        var context = count == 0 ? KeyValue.Context.None : new Dot[count];
        for (var i = 0; i < count; i++) context[i] = from.Dot();
        var value = Own(from.Bytes(KeyValueLimits.MaxValue));
        if (!from.IsGood || dot.Sequence < 1) return null;
        return new KeyRecord
        {
            Version = version,
            Shown = version - raised,
            Dot = dot,
            Writer = writer,
            ExpiresAt = expires,
            IsDeleted = (flags & 1) != 0,
            IsStripped = (flags & 2) != 0,
            Context = context,
            Value = value,
        };
    }
}
