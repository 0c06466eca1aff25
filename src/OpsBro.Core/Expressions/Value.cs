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

    /// <summary>A str that is looked up in dicts again and again: it knows its hash.</summary>
    public static Value Key(string text) => new(ValueKind.String, HashOf(text), text);

    /// <summary>A float.</summary>
    public static Value Of(double value) => new(ValueKind.Float, BitConverter.DoubleToInt64Bits(value), null);

    /// <summary>A str.</summary>
    public static Value Of(string value) => new(ValueKind.String, 0, value);

    /// <summary>A list. The caller gives the items away: they may not change any more.</summary>
    public static Value ListOf(List<Value> items) => new(ValueKind.List, WeightOf(items), items);

    /// <summary>A tuple. The caller gives the items away.</summary>
    public static Value TupleOf(List<Value> items) => new(ValueKind.Tuple, WeightOf(items), items);

    /// <summary>A set of the keys of <paramref name="keys"/>. The caller gives it away.</summary>
    public static Value SetOf(DictValue keys) => new(ValueKind.Set, 0, keys);

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

    /// <summary>The entries; only when <see cref="Kind"/> is Dict, or Set, whose items are the keys.</summary>
    public DictValue AsDict => (DictValue)reference!;

    /// <summary>True for Bool, Int, BigInt and Float.</summary>
    public bool IsNumber => Kind is ValueKind.Bool or ValueKind.Int or ValueKind.BigInt or ValueKind.Float;

    /// <summary>True for Bool, Int and BigInt: what Python takes where it wants an int.</summary>
    public bool IsInt => Kind is ValueKind.Bool or ValueKind.Int or ValueKind.BigInt;

    /// <summary>True for List and Tuple, whose items are <see cref="AsList"/>.</summary>
    public bool IsSequence => Kind is ValueKind.List or ValueKind.Tuple;

    /// <summary>The int of any size; only when <see cref="IsInt"/>.</summary>
    public BigInteger ToBigInteger() => Kind == ValueKind.BigInt ? AsBigInt : bits;

    /// <summary>
    /// Work to read all of this value once, in steps of <see cref="Limits.Steps"/>; an item that stands in two places counts twice.
    /// </summary>
    internal long Weight => Kind switch
    {
        ValueKind.String => 1 + AsString.Length / Limits.CharactersPerStep,
        ValueKind.BigInt => 1 + (AsBigInt.GetBitLength() / (Limits.CharactersPerStep * 8)),
        ValueKind.List or ValueKind.Tuple => bits,
        ValueKind.Dict or ValueKind.Set => AsDict.Weight,
        _ => 1,
    };

    static long WeightOf(List<Value> items)
    {
        var weight = 1L;
        foreach (var item in items) weight = DictValue.AddWeights(weight, item.Weight);
        return weight;
    }

    /// <summary>The number as a double, for metrics and charts; NaN when this is not a number.</summary>
    public double ToDouble() => Kind switch
    {
        ValueKind.Bool or ValueKind.Int => bits,
        ValueKind.Float => AsFloat,
        ValueKind.BigInt => Numbers.ToDouble(AsBigInt),
        _ => double.NaN,
    };
}
