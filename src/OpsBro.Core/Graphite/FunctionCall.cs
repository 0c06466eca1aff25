namespace OpsBro.Core.Graphite;

/// <summary>One call while it is worked out: its arguments, checked against the function's parameters and told by their position there.</summary>
public sealed class FunctionCall
{
    readonly Value?[] values;
    readonly IReadOnlyList<Value> rest;
    readonly CallNode node;
    readonly TargetEvaluator evaluator;

    internal FunctionCall(Function function, Value?[] values, IReadOnlyList<Value> rest, CallNode node, TargetEvaluator evaluator, RenderContext context)
    {
        (Function, Context) = (function, context);
        (this.values, this.rest, this.node, this.evaluator) = (values, rest, node, evaluator);
    }

    /// <summary>The function; its name is the one that the target uses.</summary>
    public Function Function { get; }

    /// <summary>What is asked: times, source, costs.</summary>
    public RenderContext Context { get; }

    /// <summary>Whether the argument is there and not none.</summary>
    public bool Has(int index) => values[index] is not null;

    /// <summary>The argument as it is, or its default; nothing when there is neither.</summary>
    public Value this[int index] => values[index] ?? Function.Params[index].Default ?? NothingValue.Instance;

    /// <summary>A list of series.</summary>
    public IReadOnlyList<Series> Series(int index = 0) => SeriesOf(this[index]) ?? [];

    /// <summary>The series of a value that is series; null when it is something else.</summary>
    public static IReadOnlyList<Series>? SeriesOf(Value value) => value switch
    {
        SeriesValue s => s.Series,
        SeriesListsValue l => [.. l.Lists.SelectMany(s => s)],
        _ => null,
    };

    /// <summary>All series of a parameter that takes many lists, one after the other.</summary>
    public IReadOnlyList<Series> AllSeries() => rest.Count == 1 ? SeriesOf(rest[0]) ?? [] : [.. rest.SelectMany(r => SeriesOf(r) ?? [])];

    /// <summary>All arguments of the last parameter, which takes many.</summary>
    public IReadOnlyList<Value> Rest => rest;

    /// <summary>The arguments of the last parameter as whole numbers.</summary>
    public IReadOnlyList<int> RestIntegers => [.. rest.OfType<NumberValue>().Select(r => (int)r.Number)];

    /// <summary>A number.</summary>
    /// <exception cref="GraphiteException">It is none: parameters that are loose let anything through.</exception>
    public double Float(int index) => this[index] is NumberValue number
        ? number.Number
        : throw Refusal($"{Function.Params[index].Name} is {this[index].Shown}; it must be a number");

    /// <summary>A number; null when it is not given.</summary>
    public double? FloatOrNull(int index) => (this[index] as NumberValue)?.Number;

    /// <summary>A whole number; those out of range become the nearest.</summary>
    public int Integer(int index) => (int)Math.Clamp(Float(index), int.MinValue, int.MaxValue);

    /// <summary>A whole number; null when it is not given.</summary>
    public int? IntegerOrNull(int index) => this[index] is NumberValue ? Integer(index) : null;

    /// <summary>A text.</summary>
    public string Text(int index) => this[index].Text;

    /// <summary>A text; null when it is not given.</summary>
    public string? TextOrNull(int index) => this[index] is NothingValue ? null : this[index].Text;

    /// <summary>True or false; false when it is not given.</summary>
    public bool Flag(int index) => this[index] is FlagValue { IsTrue: true };

    /// <summary>The first argument, worked out again under another context: for functions that look at other times.</summary>
    public IReadOnlyList<Series> Again(RenderContext context) => SeriesOf(evaluator.Evaluate(node.Arguments[0], context)) ?? [];

    /// <summary>Another target under this context or another.</summary>
    public IReadOnlyList<Series> Evaluate(string target, RenderContext? context = null) =>
        evaluator.EvaluateInner(target, context ?? Context);

    /// <summary>Calls a function by name with values, as if it stood in the target.</summary>
    public Value Invoke(string function, IReadOnlyList<Value> arguments) =>
        evaluator.Invoke(new CallNode(function, [.. arguments.Select(a => new ConstantNode(a, node.Column))], [], function, node.Column), Context);

    /// <summary>A refusal that names this function and its place in the target.</summary>
    public GraphiteException Refusal(string sentence) => new($"{Function.Name}: {sentence}", node.Column);
}
