namespace OpsBro.Core.Expressions;

/// <summary>A call of a function.</summary>
sealed class CallNode(Function function, Binding binding, int position, Node[] children) : Node(position, children)
{
    public override Value Evaluate(ref Evaluation run)
    {
        var arguments = binding.Evaluate(ref run, function, Value.None);
        run.At = Position;
        run.Charge(1 + arguments.Weight * CallCost.OfAnItem);
        var result = function.Call(arguments);
        run.Charge(result.Weight + arguments.Spent);
        return result;
    }
}

/// <summary>What functions cost.</summary>
static class CallCost
{
    /// <summary>Steps for each item or 16 characters given to a function: sorting, hashing and building cost more than reading.</summary>
    public const long OfAnItem = 4;
}

/// <summary>A call of a method: which one it is depends on the type of the value before the dot.</summary>
sealed class MethodNode(Node receiver, string name, MethodNode.Choice[] choices, int position, Node[] children)
    : Node(position, [receiver, .. children])
{
    /// <summary>The method of one type, or why the arguments do not fit it.</summary>
    public sealed record Choice(ValueKind Kind, Function Function, Binding? Binding, ExpressionException? Misfit);

    public override Value Evaluate(ref Evaluation run)
    {
        var self = receiver.Evaluate(ref run);
        run.At = Position;
        foreach (var choice in choices)
        {
            if (choice.Kind != MethodTable.KindOf(self)) continue;
            if (choice.Binding is null) throw new ExpressionException(ErrorKind.Type, choice.Misfit!.Message, Position);
            var arguments = choice.Binding.Evaluate(ref run, choice.Function, self);
            run.At = Position;
            if (self.Kind == ValueKind.String) run.ChargeProduct(self.Weight, CallCost.OfAnItem + arguments.Weight);
            else run.Charge(self.Weight + arguments.Weight * CallCost.OfAnItem);
            var result = choice.Function.Call(arguments);
            run.Charge(result.Weight);
            return result;
        }
        throw new ExpressionException(ErrorKind.Attribute,
            $"'{self.TypeName}' has no method {name}(){Spelling.Hint(name, MethodTable.NamesOf(self))}");
    }
}
