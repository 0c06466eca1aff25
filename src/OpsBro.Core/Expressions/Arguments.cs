namespace OpsBro.Core.Expressions;

/// <summary>The arguments of one call, in the order of the function's prototype, with defaults filled in.</summary>
public sealed class Arguments
{
    readonly Function function;
    readonly Value[] values;
    readonly ulong given;

    internal Arguments(Function function, Value self, Value[] values, ulong given, Value[] rest, (string Name, Value Value)[] pairs, long weight) =>
        (this.function, Self, this.values, this.given, Rest, Pairs, Weight) = (function, self, values, given, rest, pairs, weight);

    /// <summary>Of a method: the value before the dot.</summary>
    public Value Self { get; }

    /// <summary>Arguments that go to <c>*name</c>.</summary>
    public IReadOnlyList<Value> Rest { get; }

    /// <summary>Arguments that go to <c>**name</c>.</summary>
    public IReadOnlyList<(string Name, Value Value)> Pairs { get; }

    internal long Weight { get; }

    /// <summary>Steps that the function took beyond those for its arguments and its result; charged to the rule afterwards.</summary>
    internal long Spent { get; set; }

    /// <summary>An argument, or its default.</summary>
    public Value this[int at] => values[at];

    /// <summary>True when the call gave it.</summary>
    public bool Has(int at) => (given >> at & 1) != 0;

    /// <summary>An argument that is a text.</summary>
    /// <exception cref="ExpressionException">TypeError: it is something else.</exception>
    public string Text(int at) => values[at].Kind == ValueKind.String ? values[at].AsString : throw Misfit(at, "a str");

    /// <summary>An argument that is an int.</summary>
    /// <exception cref="ExpressionException">TypeError: it is something else. OverflowError: it does not fit 64 bits.</exception>
    public long Int(int at)
    {
        if (values[at].Kind is ValueKind.Int or ValueKind.Bool) return values[at].AsInt;
        throw values[at].Kind == ValueKind.BigInt
            ? new ExpressionException(ErrorKind.Overflow, $"{function.Doc.Name}(): {Name(at)} does not fit 64 bits")
            : Misfit(at, "an int");
    }

    /// <summary>An argument that is an int within limits.</summary>
    /// <exception cref="ExpressionException">TypeError or ValueError.</exception>
    public long Int(int at, long least, long most) => Int(at) is var number && number >= least && number <= most
        ? number
        : throw new ExpressionException(ErrorKind.Value, $"{function.Doc.Name}(): {Name(at)} is {number}; use {least} to {most}");

    /// <summary>An argument that is a number, as a float.</summary>
    /// <exception cref="ExpressionException">TypeError: it is something else.</exception>
    public double Number(int at) => values[at].IsNumber ? Numbers.ToFloat(values[at]) : throw Misfit(at, "a number");

    /// <summary>The truth of an argument.</summary>
    public bool Flag(int at) => values[at].IsTrue;

    /// <summary>The items of an argument that can be looped over: list, tuple, set, keys of a dict, characters of a text.</summary>
    /// <exception cref="ExpressionException">TypeError: it is something else.</exception>
    public List<Value> Items(int at) => Collections.Items(values[at]);

    /// <summary>A ValueError of this function.</summary>
    public ExpressionException Fail(string message) => new(ErrorKind.Value, $"{function.Doc.Name}(): {message}");

    ExpressionException Misfit(int at, string wanted) =>
        new(ErrorKind.Type, $"{function.Doc.Name}(): {Name(at)} must be {wanted}, not {values[at].TypeName}");

    string Name(int at) => function.Signature.Parameters[at].Name;
}
