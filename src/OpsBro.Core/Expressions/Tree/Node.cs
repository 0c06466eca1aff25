namespace OpsBro.Core.Expressions;

/// <summary>A part of a compiled rule. Immutable; evaluated by many threads at once.</summary>
abstract class Node
{
    /// <param name="position">Offset in the rule's text, for errors.</param>
    /// <param name="children">The parts below, to bound the height of the tree: evaluation recurses.</param>
    protected Node(int position, params ReadOnlySpan<Node?> children)
    {
        Position = position;
        foreach (var child in children)
            if (child is not null) Height = Math.Max(Height, child.Height + 1);
        if (Height > Limits.TreeHeight)
            throw new ExpressionException(ErrorKind.Limit, $"the rule is nested more than {Limits.TreeHeight} deep; part it", position);
    }

    /// <summary>Offset in the rule's text.</summary>
    public int Position { get; }

    int Height { get; }

    /// <summary>Computes the value.</summary>
    public abstract Value Evaluate(ref Evaluation run);
}

/// <summary>A literal.</summary>
sealed class ConstantNode(Value value, int position) : Node(position)
{
    public Value Value => value;

    public override Value Evaluate(ref Evaluation run) => value;
}

/// <summary>A name that a comprehension binds.</summary>
sealed class LocalNode(int slot, int position) : Node(position)
{
    public override Value Evaluate(ref Evaluation run) => run.Locals![slot];
}

/// <summary>Data that is looked up: the alternatives in order, then the default.</summary>
sealed class ReferenceNode(Reference[] alternatives, Node? otherwise, int position) : Node(position, otherwise)
{
    public override Value Evaluate(ref Evaluation run)
    {
        run.Charge(1);
        var problem = "";
        foreach (var reference in alternatives)
        {
            run.At = Position;
            if (run.References.TryResolve(reference, out var value, out var why)) return value;
            if (problem.Length == 0) problem = why;
        }
        if (otherwise is not null) return otherwise.Evaluate(ref run);
        throw new ExpressionException(ErrorKind.MissingData, $"{alternatives[0].Text} has no value: {problem}", Position);
    }
}

/// <summary><c>a if condition else b</c>.</summary>
sealed class ConditionalNode(Node then, Node condition, Node otherwise, int position) : Node(position, then, condition, otherwise)
{
    public override Value Evaluate(ref Evaluation run) =>
        condition.Evaluate(ref run).IsTrue ? then.Evaluate(ref run) : otherwise.Evaluate(ref run);
}

/// <summary><c>a and b and …</c>, <c>a or b or …</c>: the first operand that decides, or the last.</summary>
sealed class BooleanNode(Node[] operands, bool stopAt, int position) : Node(position, operands)
{
    public override Value Evaluate(ref Evaluation run)
    {
        run.Charge(1);
        for (var i = 0; ; i++)
        {
            var value = operands[i].Evaluate(ref run);
            if (i == operands.Length - 1 || value.IsTrue == stopAt) return value;
        }
    }
}

/// <summary><c>not a</c>.</summary>
sealed class NotNode(Node operand, int position) : Node(position, operand)
{
    public override Value Evaluate(ref Evaluation run) => Value.Of(!operand.Evaluate(ref run).IsTrue);
}
