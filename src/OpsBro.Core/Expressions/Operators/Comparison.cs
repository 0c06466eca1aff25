namespace OpsBro.Core.Expressions;

/// <summary>Python's comparisons: equality of everything, order of numbers, texts, lists, tuples and sets, and membership.</summary>
static class Comparison
{
    /// <summary>One pair of a comparison.</summary>
    public static bool Test(ref Evaluation run, Comparator sign, Value left, Value right)
    {
        if (left.Kind == ValueKind.Int && right.Kind == ValueKind.Int && sign <= Comparator.GreaterOrEqual)
            return Holds(sign, left.AsInt.CompareTo(right.AsInt));
        if (!left.IsNumber || !right.IsNumber) run.Charge(Math.Min(left.Weight, right.Weight));
        return sign switch
        {
            Comparator.Equal => left.Equals(right),
            Comparator.NotEqual => !left.Equals(right),
            Comparator.In => Contains(ref run, right, left),
            Comparator.NotIn => !Contains(ref run, right, left),
            Comparator.Is => IsSame(left, right),
            Comparator.IsNot => !IsSame(left, right),
            _ => Order(sign, left, right),
        };
    }

    static bool Holds(Comparator sign, int order) => sign switch
    {
        Comparator.Equal => order == 0,
        Comparator.NotEqual => order != 0,
        Comparator.Less => order < 0,
        Comparator.LessOrEqual => order <= 0,
        Comparator.Greater => order > 0,
        _ => order >= 0,
    };

    /// <summary>One of &lt; &lt;= &gt; &gt;=.</summary>
    /// <exception cref="ExpressionException">TypeError: these types have no order.</exception>
    public static bool Order(Comparator sign, Value left, Value right)
    {
        if (left.IsNumber && right.IsNumber) return Numbers.TryCompare(left, right, out var order) && Holds(sign, order);
        if (left.Kind == ValueKind.String && right.Kind == ValueKind.String)
            return Holds(sign, CodePoints.Compare(left.AsString, right.AsString));
        if (left.IsSequence && left.Kind == right.Kind) return OrderItems(sign, left.AsList, right.AsList);
        if (left.Kind == ValueKind.Set && right.Kind == ValueKind.Set) return OrderSets(sign, left.AsDict, right.AsDict);
        throw new ExpressionException(ErrorKind.Type,
            $"'{sign.Sign()}' not supported between instances of '{left.TypeName}' and '{right.TypeName}'");
    }

    static bool OrderItems(Comparator sign, List<Value> left, List<Value> right)
    {
        for (var i = 0; i < left.Count && i < right.Count; i++)
            if (!left[i].Equals(right[i])) return Order(sign, left[i], right[i]);
        return Holds(sign, left.Count.CompareTo(right.Count));
    }

    static bool OrderSets(Comparator sign, DictValue left, DictValue right) => sign switch
    {
        Comparator.Less => left.Count < right.Count && IsSubset(left, right),
        Comparator.LessOrEqual => IsSubset(left, right),
        Comparator.Greater => right.Count < left.Count && IsSubset(right, left),
        _ => IsSubset(right, left),
    };

    /// <summary>True when <paramref name="whole"/> has every key of <paramref name="part"/>.</summary>
    public static bool IsSubset(DictValue part, DictValue whole)
    {
        if (part.Count > whole.Count) return false;
        foreach (var key in part.Keys)
            if (!whole.Has(key)) return false;
        return true;
    }

    /// <summary>Python's <c>in</c>.</summary>
    static bool Contains(ref Evaluation run, Value container, Value item)
    {
        switch (container.Kind)
        {
            case ValueKind.String:
                if (item.Kind != ValueKind.String)
                    throw new ExpressionException(ErrorKind.Type, $"'in <string>' requires string as left operand, not {item.TypeName}");
                run.ChargeProduct(container.Weight, item.Weight);
                return container.AsString.Contains(item.AsString, StringComparison.Ordinal);
            case ValueKind.List or ValueKind.Tuple:
                run.Charge(container.Weight);
                foreach (var each in container.AsList)
                    if (each.Equals(item)) return true;
                return false;
            case ValueKind.Set when item.Kind == ValueKind.Set:
                return container.AsDict.Has(item);   // Python looks a set up as a frozenset, which no rule can have put in
            case ValueKind.Dict or ValueKind.Set:
                run.Charge(item.Weight);
                return container.AsDict.Has(Hashing.Require(item));
            default:
                throw new ExpressionException(ErrorKind.Type, $"argument of type '{container.TypeName}' is not iterable");
        }
    }

    /// <summary>
    /// Python's <c>is</c>: for None, True and False as there; equal numbers and texts of one type are the same object here.
    /// </summary>
    static bool IsSame(Value left, Value right) => left.Kind == right.Kind && left.IsSameObject(right);
}

/// <summary>What may be a key of a dict or an item of a set.</summary>
static class Hashing
{
    /// <summary>The value, when it can be a key.</summary>
    /// <exception cref="ExpressionException">TypeError: it is or holds a list, dict or set.</exception>
    public static Value Require(Value value)
    {
        if (value.Kind is ValueKind.List or ValueKind.Dict or ValueKind.Set)
            throw new ExpressionException(ErrorKind.Type, $"unhashable type: '{value.TypeName}'");
        if (value.Kind == ValueKind.Tuple)
            foreach (var item in value.AsList) Require(item);
        return value;
    }
}
