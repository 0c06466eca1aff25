namespace OpsBro.Core.Expressions;

/// <summary><c>-a</c>, <c>+a</c>, <c>~a</c>.</summary>
sealed class UnaryNode(char sign, Node operand, int position) : Node(position, operand)
{
    public override Value Evaluate(ref Evaluation run)
    {
        var value = operand.Evaluate(ref run);
        run.At = Position;
        return Arithmetic.Unary(sign, value);
    }
}

/// <summary>Two operands of arithmetic.</summary>
sealed class BinaryNode(Operator sign, Node left, Node right, int position) : Node(position, left, right)
{
    public override Value Evaluate(ref Evaluation run)
    {
        var a = left.Evaluate(ref run);
        var b = right.Evaluate(ref run);
        run.At = Position;
        run.Charge(1);
        return Arithmetic.Binary(ref run, sign, a, b);
    }
}

/// <summary><c>a &lt; b &lt;= c …</c>: each pair in turn, each operand computed once.</summary>
sealed class CompareNode(Node first, (Comparator Sign, Node Operand, int Position)[] rest, int position)
    : Node(position, [first, .. rest.Select(r => r.Operand)])
{
    public override Value Evaluate(ref Evaluation run)
    {
        var left = first.Evaluate(ref run);
        foreach (var (sign, operand, place) in rest)
        {
            var right = operand.Evaluate(ref run);
            run.At = place;
            run.Charge(1);
            if (!Comparison.Test(ref run, sign, left, right)) return Value.Of(false);
            left = right;
        }
        return Value.Of(true);
    }
}

/// <summary><c>a[b]</c>.</summary>
sealed class SubscriptNode(Node container, Node key, int position) : Node(position, container, key)
{
    public override Value Evaluate(ref Evaluation run)
    {
        var value = container.Evaluate(ref run);
        var at = key.Evaluate(ref run);
        run.At = Position;
        run.Charge(value.Kind == ValueKind.String ? value.Weight : 1 + at.Weight);
        return Subscripts.Item(value, at);
    }
}

/// <summary><c>a[start:stop:step]</c>.</summary>
sealed class SliceNode(Node container, Node? start, Node? stop, Node? step, int position) : Node(position, container, start, stop, step)
{
    public override Value Evaluate(ref Evaluation run)
    {
        var value = container.Evaluate(ref run);
        var from = start?.Evaluate(ref run) ?? Value.None;
        var to = stop?.Evaluate(ref run) ?? Value.None;
        var by = step?.Evaluate(ref run) ?? Value.None;
        run.At = Position;
        run.Charge(value.Weight);
        return Subscripts.Slice(value, from, to, by);
    }
}
