using System.Numerics;

namespace OpsBro.Core.Expressions;

/// <summary>The types a rule can hold; the names are Python's.</summary>
public enum ValueKind : byte
{
    /// <summary>None.</summary>
    None,
    /// <summary>bool.</summary>
    Bool,
    /// <summary>int that fits 64 bits.</summary>
    Int,
    /// <summary>int beyond 64 bits.</summary>
    BigInt,
    /// <summary>float.</summary>
    Float,
    /// <summary>str.</summary>
    String,
    /// <summary>list.</summary>
    List,
    /// <summary>tuple.</summary>
    Tuple,
    /// <summary>dict.</summary>
    Dict,
    /// <summary>set.</summary>
    Set,
}

/// <summary>
/// A value of the rule language and of everything that rules read: collector trees, parameters, variables.
/// Numbers are held in place, so that a numeric rule allocates nothing.
/// </summary>
public readonly partial struct Value
{
    readonly object? reference;
    readonly long bits;

    Value(ValueKind kind, long bits, object? reference) => (Kind, this.bits, this.reference) = (kind, bits, reference);

    /// <summary>The type of this value.</summary>
    public ValueKind Kind { get; }

    /// <summary>None, also the default of the struct.</summary>
    public static Value None => default;

    /// <summary>A bool.</summary>
    public static Value Of(bool value) => new(ValueKind.Bool, value ? 1 : 0, null);

    /// <summary>An int.</summary>
    public static Value Of(long value) => new(ValueKind.Int, value, null);

    /// <summary>An int of any size; one that fits 64 bits becomes a plain Int.</summary>
    public static Value Of(BigInteger value) => value >= long.MinValue && value <= long.MaxValue
        ? Of((long)value)
        : new(ValueKind.BigInt, 0, value);

    /// <summary>A float.</summary>
    public static Value Of(double value) => new(ValueKind.Float, BitConverter.DoubleToInt64Bits(value), null);

    /// <summary>A str.</summary>
    public static Value Of(string value) => new(ValueKind.String, 0, value);

    /// <summary>A list. The caller gives the items away: they may not change any more.</summary>
    public static Value ListOf(List<Value> items) => new(ValueKind.List, 0, items);

    /// <summary>A tuple. The caller gives the items away.</summary>
    public static Value TupleOf(List<Value> items) => new(ValueKind.Tuple, 0, items);

    /// <summary>A dict. The caller gives it away.</summary>
    public static Value Of(DictValue dict) => new(ValueKind.Dict, 0, dict);

    /// <summary>The bool; only when <see cref="Kind"/> is Bool.</summary>
    public bool AsBool => bits != 0;

    /// <summary>The int; only when <see cref="Kind"/> is Int or Bool.</summary>
    public long AsInt => bits;

    /// <summary>The float; only when <see cref="Kind"/> is Float.</summary>
    public double AsFloat => BitConverter.Int64BitsToDouble(bits);

    /// <summary>The int beyond 64 bits; only when <see cref="Kind"/> is BigInt.</summary>
    public BigInteger AsBigInt => (BigInteger)reference!;

    /// <summary>The text; only when <see cref="Kind"/> is String.</summary>
    public string AsString => (string)reference!;

    /// <summary>The items; only when <see cref="Kind"/> is List or Tuple.</summary>
    public List<Value> AsList => (List<Value>)reference!;

    /// <summary>The entries; only when <see cref="Kind"/> is Dict.</summary>
    public DictValue AsDict => (DictValue)reference!;

    /// <summary>True for Bool, Int, BigInt and Float.</summary>
    public bool IsNumber => Kind is ValueKind.Bool or ValueKind.Int or ValueKind.BigInt or ValueKind.Float;

    /// <summary>The number as a double, for metrics and charts; NaN when this is not a number.</summary>
    public double ToDouble() => Kind switch
    {
        ValueKind.Bool or ValueKind.Int => bits,
        ValueKind.Float => AsFloat,
        ValueKind.BigInt => (double)AsBigInt,
        _ => double.NaN,
    };
}
