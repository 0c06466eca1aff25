using System.Numerics;

namespace OpsBro.Core.Expressions;

/// <summary>Functions over lists, tuples, dicts and sets. Where Python gives an iterator, these give a list.</summary>
static partial class Builtins
{
    static void AddCollections(FunctionTable table)
    {
        table.Add("len(obj, /)", "Number of items or characters.", a => Value.Of(Length(a[0])));
        table.Add("min(*items, default=...)", "The least of the arguments, or of the items of the only one.",
            a => Extreme(a, Comparator.Less));
        table.Add("max(*items, default=...)", "The greatest of the arguments, or of the items of the only one.",
            a => Extreme(a, Comparator.Greater));
        table.Add("sum(iterable, /, start=0)", "The sum of the items.", Sum);
        table.Add("sorted(iterable, /, *, reverse=False)", "A list of the items in order.", Sorted);
        table.Add("reversed(sequence, /)", "A list of the items from the last to the first.", a => Reversed(a[0]));
        table.Add("any(iterable, /)", "True when an item is true.", a => Value.Of(a.Items(0).Exists(item => item.IsTrue)));
        table.Add("all(iterable, /)", "True when every item is true.", a => Value.Of(a.Items(0).TrueForAll(item => item.IsTrue)));
        table.Add("list(iterable=(), /)", "A list of the items.", a => Value.ListOf([.. a.Items(0)]));
        table.Add("tuple(iterable=(), /)", "A tuple of the items.", a => Value.TupleOf([.. a.Items(0)]));
        table.Add("set(iterable=(), /)", "A set of the items.", a => Value.SetOf(Sets.Of(a.Items(0))));
        table.Add("dict(pairs=(), /, **named)", "A dict of a dict or of pairs, and of the named arguments.", Dict);
        table.Add("range(start, stop=..., step=1, /)", "A list of ints from start, or 0, to before stop.", Range);
        table.Add("enumerate(iterable, start=0)", "A list of tuples (number, item).", Enumerate);
        table.Add("zip(*iterables, strict=False)", "A list of tuples of the first items, the second ones and so on.", Zip);
    }

    static long Length(Value value) => value.Kind switch
    {
        ValueKind.String => CodePoints.Count(value.AsString),
        ValueKind.List or ValueKind.Tuple => value.AsList.Count,
        ValueKind.Dict or ValueKind.Set => value.AsDict.Count,
        _ => throw new ExpressionException(ErrorKind.Type, $"object of type '{value.TypeName}' has no len()"),
    };

    static Value Extreme(Arguments a, Comparator better)
    {
        if (a.Rest.Count == 0) throw new ExpressionException(ErrorKind.Type, "min() and max() need at least one argument");
        if (a.Rest.Count > 1 && a.Has(0))
            throw new ExpressionException(ErrorKind.Type, "min() and max() take a default with a single iterable only");
        var items = a.Rest.Count == 1 ? Collections.Items(a.Rest[0]) : a.Rest;
        if (items.Count == 0) return a.Has(0) ? a[0] : throw a.Fail("the iterable is empty; give a default=");
        var best = items[0];
        for (var i = 1; i < items.Count; i++)
            if (Comparison.Order(better, items[i], best)) best = items[i];
        return best;
    }

    static Value Sum(Arguments a)
    {
        var sum = a[1];
        if (sum.Kind == ValueKind.String) throw new ExpressionException(ErrorKind.Type, "sum() can't sum strings; use ''.join(list)");
        var run = new Evaluation(NoReferences.Instance, null);   // a sum of lists copies each of them again and again
        foreach (var item in a.Items(0)) sum = Arithmetic.Binary(ref run, Operator.Add, sum, item);
        a.Spent = run.Spent;
        return sum;
    }

    static Value Sorted(Arguments a)
    {
        var items = a.Items(0);
        if (!a[1].IsInt) throw BadType("sorted", a[1]);
        return Value.ListOf(Sorting.Sort(items, a.Flag(1)));
    }

    static Value Reversed(Value value)
    {
        if (value.Kind == ValueKind.Set) throw new ExpressionException(ErrorKind.Type, "'set' object is not reversible");
        var items = new List<Value>(Collections.Items(value));
        items.Reverse();
        return Value.ListOf(items);
    }

    static Value Dict(Arguments a)
    {
        var dict = new DictValue();
        if (a[0].Kind == ValueKind.Dict)
        {
            foreach (var (key, value) in a[0].AsDict.Entries) dict[key] = value;
        }
        else
        {
            foreach (var item in a.Items(0))
            {
                if (!item.IsSequence && item.Kind is not (ValueKind.String or ValueKind.Dict or ValueKind.Set))
                    throw new ExpressionException(ErrorKind.Type, "dict() takes a dict or pairs");
                var pair = Collections.Items(item);
                if (pair.Count != 2) throw a.Fail($"an item has {pair.Count} parts; a pair has 2");
                dict[Hashing.Require(pair[0])] = pair[1];
            }
        }
        foreach (var (name, value) in a.Pairs) dict[name] = value;
        return Value.Of(dict);
    }

    static Value Range(Arguments a)
    {
        for (var i = 0; i < 3; i++)
        {
            if (i == 1 && !a.Has(1)) continue;
            if (!a[i].IsInt) throw new ExpressionException(ErrorKind.Type, $"'{a[i].TypeName}' object cannot be interpreted as an integer");
        }
        var (start, stop) = a.Has(1) ? (a[0].ToBigInteger(), a[1].ToBigInteger()) : (BigInteger.Zero, a[0].ToBigInteger());
        var step = a[2].ToBigInteger();
        if (step.IsZero) throw a.Fail("step must not be zero");
        var distance = step.Sign > 0 ? stop - start : start - stop;
        if (distance.Sign <= 0) return Value.ListOf([]);
        var count = (distance - 1) / BigInteger.Abs(step) + 1;
        if (count > Limits.Items) throw Limits.Exceeded($"the range would have more than {Limits.Items} items");
        var items = new List<Value>((int)count);
        for (var value = start; items.Count < count; value += step) items.Add(Value.Of(value));
        return Value.ListOf(items);
    }

    static Value Enumerate(Arguments a)
    {
        if (!a[1].IsInt) throw new ExpressionException(ErrorKind.Type, $"'{a[1].TypeName}' object cannot be interpreted as an integer");
        var first = a[1].ToBigInteger();
        var items = a.Items(0);
        var pairs = new List<Value>(items.Count);
        for (var i = 0; i < items.Count; i++) pairs.Add(Value.TupleOf([Value.Of(first + i), items[i]]));
        return Value.ListOf(pairs);
    }

    static Value Zip(Arguments a)
    {
        var columns = a.Rest.Select(Collections.Items).ToList();
        var count = columns.Count == 0 ? 0 : columns.Min(column => column.Count);
        if (a.Flag(0) && columns.Exists(column => column.Count != count)) throw a.Fail("the arguments are not of one length");
        var rows = new List<Value>(count);
        for (var i = 0; i < count; i++) rows.Add(Value.TupleOf([.. columns.Select(column => column[i])]));
        return Value.ListOf(rows);
    }
}
