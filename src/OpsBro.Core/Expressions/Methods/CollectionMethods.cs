namespace OpsBro.Core.Expressions;

/// <summary>The methods of list, tuple, dict and set that change nothing. Where Python gives a view, these give a list.</summary>
static class CollectionMethods
{
    /// <summary>Adds all of them.</summary>
    public static void AddTo(MethodTable.Adder add)
    {
        foreach (var kind in (ValueKind[])[ValueKind.List, ValueKind.Tuple])
        {
            add(kind, "index(value, start=0, stop=..., /)", Index);
            add(kind, "count(value, /)", a => Value.Of(a.Self.AsList.Count(item => item.Equals(a[0]))));
        }
        add(ValueKind.List, "copy()", a => a.Self);
        AddDict(add);
        AddSet(add);
    }

    static Value Index(Arguments a)
    {
        var items = a.Self.AsList;
        var first = Bound(a, 1, items.Count);
        var last = a.Has(2) ? Bound(a, 2, items.Count) : items.Count;
        for (var i = first; i < Math.Min(last, items.Count); i++)
            if (items[i].Equals(a[0])) return Value.Of(i);
        throw a.Fail("the value is not in the list");
    }

    static int Bound(Arguments a, int at, int count)
    {
        if (!a[at].IsInt) throw new ExpressionException(ErrorKind.Type, "slice indices must be integers or have an __index__ method");
        var bound = a[at].Kind == ValueKind.BigInt ? a[at].AsBigInt.Sign * (long)int.MaxValue : a[at].AsInt;
        return (int)Math.Clamp(bound < 0 ? bound + count : bound, 0, int.MaxValue);
    }

    static void AddDict(MethodTable.Adder add)
    {
        add(ValueKind.Dict, "get(key, default=None, /)", a => a.Self.AsDict.TryGet(Hashing.Require(a[0]), out var value) ? value : a[1]);
        add(ValueKind.Dict, "keys()", a => Value.ListOf([.. a.Self.AsDict.Keys]));
        add(ValueKind.Dict, "values()", a => Value.ListOf([.. a.Self.AsDict.Entries.Select(entry => entry.Value)]));
        add(ValueKind.Dict, "items()",
            a => Value.ListOf([.. a.Self.AsDict.Entries.Select(entry => Value.TupleOf([entry.Key, entry.Value]))]));
        add(ValueKind.Dict, "copy()", a => a.Self);
    }

    static void AddSet(MethodTable.Adder add)
    {
        add(ValueKind.Set, "union(*others)", a => Combine(Operator.Or, a));
        add(ValueKind.Set, "intersection(*others)", a => Combine(Operator.And, a));
        add(ValueKind.Set, "difference(*others)", a => Combine(Operator.Subtract, a));
        add(ValueKind.Set, "symmetric_difference(other, /)", a => Sets.Combine(Operator.Xor, a.Self.AsDict, Sets.Of(a[0])));
        add(ValueKind.Set, "issubset(other, /)", a => Value.Of(Comparison.IsSubset(a.Self.AsDict, Sets.Of(a[0]))));
        add(ValueKind.Set, "issuperset(other, /)", a => Value.Of(IsSuperset(a)));
        add(ValueKind.Set, "isdisjoint(other, /)",
            a => Value.Of(!Collections.Items(a[0]).Exists(item => a.Self.AsDict.Has(Hashing.Require(item)))));
        add(ValueKind.Set, "copy()", a => a.Self);
    }

    /// <summary>Stops at the first item that is missing, so that an unhashable one behind it does no harm, as in Python.</summary>
    static bool IsSuperset(Arguments a) => Collections.Items(a[0]).TrueForAll(item => a.Self.AsDict.Has(Hashing.Require(item)));

    static Value Combine(Operator sign, Arguments a)
    {
        var set = a.Self;
        foreach (var other in a.Rest) set = Sets.Combine(sign, set.AsDict, Sets.Of(other));
        return set;
    }
}
