namespace OpsBro.Core.Expressions;

/// <summary>A parameter of a function.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Default">Its value when left out.</param>
/// <param name="IsRequired">True when it may not be left out.</param>
sealed record Parameter(string Name, Value Default, bool IsRequired);

/// <summary>How a call's arguments go to a function's parameters; read from its prototype.</summary>
sealed class Signature
{
    readonly List<Parameter> parameters = [];
    int positionalOnly;
    int positional;
    bool takesRest, takesPairs;

    /// <summary>Number of slots of <see cref="Arguments"/>.</summary>
    public int Count => parameters.Count;

    /// <summary>The parameters in order.</summary>
    public IReadOnlyList<Parameter> Parameters => parameters;

    /// <summary>Reads a prototype, written by us.</summary>
    public static Signature Parse(string prototype)
    {
        var signature = new Signature();
        var positionalIsOver = false;
        var open = prototype.IndexOf('(');
        foreach (var part in prototype[(open + 1)..^1].Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            if (part == "/")
            {
                signature.positionalOnly = signature.parameters.Count;
            }
            else if (part.StartsWith("**", StringComparison.Ordinal))
            {
                signature.takesPairs = true;
            }
            else if (part[0] == '*')
            {
                signature.takesRest = part.Length > 1;
                positionalIsOver = true;
            }
            else
            {
                var equals = part.IndexOf('=');
                var name = equals < 0 ? part : part[..equals];
                var value = equals < 0 || part[(equals + 1)..] is "..." ? Value.None : Parser.ParseLiteral(part[(equals + 1)..]);
                signature.parameters.Add(new Parameter(name, value, equals < 0));
                if (!positionalIsOver) signature.positional++;
            }
        }
        return signature;
    }

    /// <summary>Puts the arguments of a call in their slots.</summary>
    /// <exception cref="ExpressionException">TypeError: they do not fit; the message has the prototype.</exception>
    public Binding Bind(FunctionDoc doc, IReadOnlyList<Node> given, IReadOnlyList<(string Name, Node Value)> named)
    {
        var slots = new Node?[parameters.Count];
        var rest = new List<Node>();
        var pairs = new List<(string, Node)>();
        for (var i = 0; i < given.Count; i++)
        {
            if (i < positional) slots[i] = given[i];
            else if (takesRest) rest.Add(given[i]);
            else throw Misfit(doc, $"takes {positional} argument{(positional == 1 ? "" : "s")} at most, not {given.Count}");
        }
        foreach (var (name, value) in named)
        {
            var at = parameters.FindIndex(positionalOnly, p => p.Name == name);
            if (at >= 0 && slots[at] is null) slots[at] = value;
            else if (at >= 0) throw Misfit(doc, $"got {name} twice");
            else if (takesPairs && pairs.All(p => p.Item1 != name)) pairs.Add((name, value));
            else throw Misfit(doc, $"has no argument {name}{Spelling.Hint(name, parameters.Skip(positionalOnly).Select(p => p.Name))}");
        }
        for (var i = 0; i < slots.Length; i++)
            if (slots[i] is null && parameters[i].IsRequired) throw Misfit(doc, $"needs {parameters[i].Name}");
        return new Binding(slots, [.. rest], [.. pairs]);
    }

    static ExpressionException Misfit(FunctionDoc doc, string what) => new(ErrorKind.Type, $"{doc.Name}() {what}: {doc.Usage}");
}

/// <summary>A call's arguments in their slots, not yet computed.</summary>
sealed record Binding(Node?[] Slots, Node[] Rest, (string Name, Node Value)[] Pairs)
{
    /// <summary>Computes the arguments.</summary>
    public Arguments Evaluate(ref Evaluation run, Function function, Value self)
    {
        var values = new Value[Slots.Length];
        var given = 0UL;
        var weight = 0L;
        for (var i = 0; i < values.Length; i++)
        {
            if (Slots[i] is { } node)
            {
                values[i] = node.Evaluate(ref run);
                given |= 1UL << i;
                weight = DictValue.AddWeights(weight, values[i].Weight);
            }
            else
            {
                values[i] = function.Signature.Parameters[i].Default;
            }
        }
        var rest = Rest.Length == 0 ? [] : new Value[Rest.Length];
        for (var i = 0; i < rest.Length; i++)
        {
            rest[i] = Rest[i].Evaluate(ref run);
            weight = DictValue.AddWeights(weight, rest[i].Weight);
        }
        var pairs = Pairs.Length == 0 ? [] : new (string, Value)[Pairs.Length];
        for (var i = 0; i < pairs.Length; i++)
        {
            pairs[i] = (Pairs[i].Name, Pairs[i].Value.Evaluate(ref run));
            weight = DictValue.AddWeights(weight, pairs[i].Item2.Weight);
        }
        return new Arguments(function, self, values, given, rest, pairs, weight);
    }
}
