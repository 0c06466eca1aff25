namespace OpsBro.Core.Expressions;

/// <summary><c>[a, b]</c> and <c>(a, b)</c>.</summary>
sealed class SequenceNode(ValueKind kind, Node[] items, int position) : Node(position, items)
{
    public override Value Evaluate(ref Evaluation run)
    {
        run.Charge(items.Length);
        var values = new List<Value>(items.Length);
        foreach (var item in items) values.Add(item.Evaluate(ref run));
        return Collections.Sequence(kind, values);
    }
}

/// <summary><c>{a: b}</c>.</summary>
sealed class DictNode(Node[] keys, Node[] values, int position) : Node(position, [.. keys, .. values])
{
    public override Value Evaluate(ref Evaluation run)
    {
        run.Charge(keys.Length);
        var dict = new DictValue();
        for (var i = 0; i < keys.Length; i++)
        {
            var key = keys[i].Evaluate(ref run);
            var value = values[i].Evaluate(ref run);
            run.At = keys[i].Position;
            run.Charge(key.Weight);
            dict[Hashing.Require(key)] = value;
        }
        return Value.Of(dict);
    }
}

/// <summary><c>{a, b}</c>.</summary>
sealed class SetNode(Node[] items, int position) : Node(position, items)
{
    public override Value Evaluate(ref Evaluation run)
    {
        var values = new List<Value>(items.Length);
        foreach (var item in items)
        {
            values.Add(item.Evaluate(ref run));
            run.Charge(values[^1].Weight);
        }
        run.At = Position;
        return Value.SetOf(Sets.Of(values));
    }
}

/// <summary>One <c>for … in … if …</c>.</summary>
/// <param name="Slots">Where the names are.</param>
/// <param name="Unpacks">True for <c>for a, b in …</c>.</param>
/// <param name="Items">What is looped over.</param>
/// <param name="Conditions">All must be true.</param>
sealed record ComprehensionClause(int[] Slots, bool Unpacks, Node Items, Node[] Conditions);

/// <summary><c>[a for b in c]</c>, and the same for sets and dicts.</summary>
sealed class ComprehensionNode(ValueKind kind, Node element, Node? value, ComprehensionClause[] clauses, int position)
    : Node(position, [element, value, .. clauses.SelectMany(c => new[] { c.Items }.Concat(c.Conditions))])
{
    public override Value Evaluate(ref Evaluation run)
    {
        var items = new List<Value>();
        var dict = new DictValue();
        Loop(ref run, 0, items, dict);
        return kind switch
        {
            ValueKind.List => Value.ListOf(items),
            ValueKind.Set => Value.SetOf(dict),
            _ => Value.Of(dict),
        };
    }

    void Loop(ref Evaluation run, int depth, List<Value> items, DictValue dict)
    {
        if (depth == clauses.Length)
        {
            Add(ref run, items, dict);
            return;
        }
        var clause = clauses[depth];
        var source = clause.Items.Evaluate(ref run);
        run.At = clause.Items.Position;
        run.Charge(1);
        foreach (var item in Collections.Items(source))
        {
            run.Charge(1);
            Assign(ref run, clause, item);
            if (Holds(ref run, clause.Conditions)) Loop(ref run, depth + 1, items, dict);
        }
    }

    static bool Holds(ref Evaluation run, Node[] conditions)
    {
        foreach (var condition in conditions)
            if (!condition.Evaluate(ref run).IsTrue) return false;
        return true;
    }

    static void Assign(ref Evaluation run, ComprehensionClause clause, Value item)
    {
        if (!clause.Unpacks)
        {
            run.Locals![clause.Slots[0]] = item;
            return;
        }
        run.At = clause.Items.Position;
        var parts = Collections.Items(item);
        if (parts.Count != clause.Slots.Length)
            throw new ExpressionException(ErrorKind.Value, $"an item has {parts.Count} parts where {clause.Slots.Length} names stand");
        for (var i = 0; i < parts.Count; i++) run.Locals![clause.Slots[i]] = parts[i];
    }

    void Add(ref Evaluation run, List<Value> items, DictValue dict)
    {
        var item = element.Evaluate(ref run);
        var itsValue = value?.Evaluate(ref run) ?? Value.None;
        run.At = Position;
        run.Charge(kind == ValueKind.List ? 1 : item.Weight);
        if (kind == ValueKind.List) items.Add(item);
        else dict[Hashing.Require(item)] = itsValue;
        Limits.CheckItems(Math.Max(items.Count, dict.Count));
    }
}
