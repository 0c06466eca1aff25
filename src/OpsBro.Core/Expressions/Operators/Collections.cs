using System.Text;

namespace OpsBro.Core.Expressions;

/// <summary>Operators of texts, lists, tuples, dicts and sets.</summary>
static class Collections
{
    /// <summary>Two operands of which at least one is no number, or whose operator numbers of that kind do not have.</summary>
    public static Value Binary(ref Evaluation run, Operator sign, Value a, Value b)
    {
        switch (sign)
        {
            case Operator.Add when a.Kind == ValueKind.String && b.Kind == ValueKind.String:
                Limits.CheckText((long)a.AsString.Length + b.AsString.Length);
                return Value.Of(a.AsString + b.AsString);
            case Operator.Add when a.IsSequence && a.Kind == b.Kind:
                Limits.CheckItems((long)a.AsList.Count + b.AsList.Count);
                return Sequence(a.Kind, [.. a.AsList, .. b.AsList]);
            case Operator.Multiply when b.IsInt && (a.IsSequence || a.Kind == ValueKind.String):
                return Repeat(ref run, a, b);
            case Operator.Multiply when a.IsInt && (b.IsSequence || b.Kind == ValueKind.String):
                return Repeat(ref run, b, a);
            case Operator.Modulo when a.Kind == ValueKind.String:
                var formatted = Value.Of(PercentFormat.Format(a.AsString, b));
                run.Charge(formatted.Weight);   // a width makes much of little
                return formatted;
            case Operator.Or when a.Kind == ValueKind.Dict && b.Kind == ValueKind.Dict:
                return Merge(a.AsDict, b.AsDict);
            case Operator.Or or Operator.And or Operator.Xor or Operator.Subtract when a.Kind == ValueKind.Set && b.Kind == ValueKind.Set:
                return Sets.Combine(sign, a.AsDict, b.AsDict);
        }
        throw NotSupported(sign, a, b);
    }

    static ExpressionException NotSupported(Operator sign, Value a, Value b)
    {
        var hint = sign == Operator.Add && (a.Kind == ValueKind.String || b.Kind == ValueKind.String) ? "; use str() or '%s' %" : "";
        return new ExpressionException(ErrorKind.Type,
            $"unsupported operand type(s) for {sign.Sign()}: '{a.TypeName}' and '{b.TypeName}'{hint}");
    }

    /// <summary>A list or a tuple.</summary>
    public static Value Sequence(ValueKind kind, List<Value> items) => kind == ValueKind.Tuple ? Value.TupleOf(items) : Value.ListOf(items);

    static Value Repeat(ref Evaluation run, Value value, Value count)
    {
        var times =
            count.Kind == ValueKind.BigInt ? (count.AsBigInt.Sign < 0 ? 0 : int.MaxValue) : Math.Clamp(count.AsInt, 0, int.MaxValue);
        if (value.Kind == ValueKind.String)
        {
            var text = value.AsString;
            var length = Limits.CheckText(text.Length * times);
            if (length == 0) return Value.Of("");
            run.Charge(length / Limits.CharactersPerStep);
            return Value.Of(new StringBuilder(length).Insert(0, text, (int)times).ToString());
        }
        var items = value.AsList;
        var all = Limits.CheckItems(items.Count * times);
        if (all == 0) return Sequence(value.Kind, []);
        run.Charge(all);
        var result = new List<Value>(all);
        for (var i = 0; i < times; i++) result.AddRange(items);
        return Sequence(value.Kind, result);
    }

    static Value Merge(DictValue a, DictValue b)
    {
        var all = new DictValue();
        foreach (var (key, value) in a.Entries) all[key] = value;
        foreach (var (key, value) in b.Entries) all[key] = value;
        Limits.CheckItems(all.Count);
        return Value.Of(all);
    }

    /// <summary>
    /// The items that a loop over the value gives: of a list, tuple or set the items, of a dict the keys, of a text the characters.
    /// </summary>
    /// <exception cref="ExpressionException">TypeError: there is nothing to loop over.</exception>
    public static List<Value> Items(Value value)
    {
        switch (value.Kind)
        {
            case ValueKind.List or ValueKind.Tuple:
                return value.AsList;
            case ValueKind.Dict or ValueKind.Set:
                return [.. value.AsDict.Keys];
            case ValueKind.String:
                Limits.CheckItems(value.AsString.Length);
                var characters = new List<Value>(value.AsString.Length);
                foreach (var rune in value.AsString.EnumerateRunes()) characters.Add(Value.Of(CodePoints.Text(rune)));
                return characters;
            default:
                throw new ExpressionException(ErrorKind.Type, $"'{value.TypeName}' object is not iterable");
        }
    }
}

/// <summary>Operators of sets.</summary>
static class Sets
{
    /// <summary>A set of the items of a loop over the value.</summary>
    public static DictValue Of(Value value)
    {
        if (value.Kind is ValueKind.Set or ValueKind.Dict) return value.AsDict;
        return Of(Collections.Items(value));
    }

    /// <summary>A set of items.</summary>
    public static DictValue Of(List<Value> items)
    {
        var set = new DictValue();
        foreach (var item in items)
            if (!set.Has(Hashing.Require(item))) set[item] = Value.None;
        return set;
    }

    /// <summary>Union, intersection, difference, symmetric difference.</summary>
    public static Value Combine(Operator sign, DictValue a, DictValue b)
    {
        // Python keeps the items of the smaller set, which shows where 1, 1.0 and True meet
        if (sign == Operator.And && b.Count <= a.Count) (a, b) = (b, a);
        var all = new DictValue();
        foreach (var key in a.Keys)
            if (sign == Operator.Or || b.Has(key) == (sign == Operator.And)) all[key] = Value.None;
        if (sign is Operator.Or or Operator.Xor)
            foreach (var key in b.Keys)
                if (!a.Has(key)) all[key] = Value.None;
        Limits.CheckItems(all.Count);
        return Value.SetOf(all);
    }
}
