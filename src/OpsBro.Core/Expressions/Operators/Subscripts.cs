namespace OpsBro.Core.Expressions;

/// <summary><c>a[b]</c> and <c>a[start:stop:step]</c>.</summary>
static class Subscripts
{
    /// <summary>One item.</summary>
    public static Value Item(Value container, Value key)
    {
        switch (container.Kind)
        {
            case ValueKind.Dict:
                if (container.AsDict.TryGet(Hashing.Require(key), out var value)) return value;
                throw new ExpressionException(ErrorKind.Key, $"the dict has no key {Short(key)}{Hint(container.AsDict, key)}");
            case ValueKind.List or ValueKind.Tuple:
                var items = container.AsList;
                return items[Index(key, items.Count, container.TypeName)];
            case ValueKind.String:
                var text = container.AsString;
                if (!CodePoints.HasWide(text)) return Value.Of(text[Index(key, text.Length, "string")].ToString());
                var points = CodePoints.Of(text);
                return Value.Of(CodePoints.Text(points.AsSpan(Index(key, points.Length, "string"), 1)));
            default:
                throw new ExpressionException(ErrorKind.Type, $"'{container.TypeName}' object is not subscriptable");
        }
    }

    static string Short(Value key) => key.Weight > 1 ? $"of type {key.TypeName}" : key.Repr();

    static string Hint(DictValue dict, Value key) => key.Kind == ValueKind.String
        ? Spelling.Hint(key.AsString, dict.Keys.Where(k => k.Kind == ValueKind.String).Select(k => k.AsString))
        : "";

    static int Index(Value key, int count, string what)
    {
        if (!key.IsInt) throw new ExpressionException(ErrorKind.Type, $"{what} indices must be integers or slices, not {key.TypeName}");
        if (key.Kind == ValueKind.BigInt) throw new ExpressionException(ErrorKind.Index, "cannot fit 'int' into an index-sized integer");
        var index = key.AsInt < 0 ? key.AsInt + count : key.AsInt;
        if (index < 0 || index >= count)
            throw new ExpressionException(ErrorKind.Index, $"{what} index out of range: {key.AsInt}, the length is {count}");
        return (int)index;
    }

    /// <summary>A part; bounds beyond the ends are cut, as in Python.</summary>
    public static Value Slice(Value container, Value start, Value stop, Value step)
    {
        if (container.IsSequence)
        {
            var items = container.AsList;
            var (first, count, by) = Range(items.Count, start, stop, step);
            var part = new List<Value>(count);
            for (var i = 0; i < count; i++) part.Add(items[first + i * by]);
            return Collections.Sequence(container.Kind, part);
        }
        if (container.Kind == ValueKind.String)
        {
            var text = container.AsString;
            if (CodePoints.HasWide(text))
            {
                var points = CodePoints.Of(text);
                var (first, count, by) = Range(points.Length, start, stop, step);
                var part = new int[count];
                for (var i = 0; i < count; i++) part[i] = points[first + i * by];
                return Value.Of(CodePoints.Text(part));
            }
            else
            {
                var (first, count, by) = Range(text.Length, start, stop, step);
                if (by == 1) return Value.Of(text.Substring(first, count));
                return Value.Of(string.Create(count, (text, first, by), static (part, from) =>
                {
                    for (var i = 0; i < part.Length; i++) part[i] = from.text[from.first + i * from.by];
                }));
            }
        }
        throw new ExpressionException(ErrorKind.Type, container.Kind is ValueKind.Dict
            ? "unhashable type: 'slice'"
            : $"'{container.TypeName}' object is not subscriptable");
    }

    static (int First, int Count, int By) Range(int length, Value start, Value stop, Value step)
    {
        var by = Bound(step) ?? 1;
        if (by == 0) throw new ExpressionException(ErrorKind.Value, "slice step cannot be zero");
        long least = by > 0 ? 0 : -1, most = by > 0 ? length : length - 1;
        var first = Cut(Bound(start) ?? (by > 0 ? 0 : long.MaxValue), length, least, most);
        var last = Bound(stop) is { } end ? Cut(end, length, least, most) : by > 0 ? length : -1;
        var distance = by > 0 ? last - first : first - last;
        if (distance <= 0) return (0, 0, 1);
        var size = by == long.MinValue ? long.MaxValue : Math.Abs(by);
        var count = (distance - 1) / size + 1;
        return ((int)first, (int)count, (int)Math.Clamp(by, int.MinValue, int.MaxValue));
    }

    static long Cut(long bound, int length, long least, long most) => Math.Clamp(bound < 0 ? bound + length : bound, least, most);

    static long? Bound(Value value) => value.Kind switch
    {
        ValueKind.None => null,
        ValueKind.Bool or ValueKind.Int => value.AsInt,
        ValueKind.BigInt => value.AsBigInt.Sign < 0 ? long.MinValue : long.MaxValue,
        _ => throw new ExpressionException(ErrorKind.Type, "slice indices must be integers or None"),
    };
}
