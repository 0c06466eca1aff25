namespace OpsBro.Core.Expressions;

/// <summary>The methods of each type. There is no other access to attributes.</summary>
static class MethodTable
{
    static readonly Dictionary<(ValueKind Kind, string Name), Function> Methods = [];

    static MethodTable()
    {
        StrMethods.AddTo(Add);
        CollectionMethods.AddTo(Add);
        NumberMethods.AddTo(Add);
    }

    /// <summary>Adds a method of one type.</summary>
    public delegate void Adder(ValueKind kind, string prototype, Func<Arguments, Value> call);

    static void Add(ValueKind kind, string prototype, Func<Arguments, Value> call)
    {
        var name = prototype[..prototype.IndexOf('(')];
        Methods.Add((kind, name), new Function(new FunctionDoc(name, "method", prototype, ""), call));
    }

    /// <summary>The kind under which the methods of a value stand.</summary>
    public static ValueKind KindOf(Value value) => value.Kind is ValueKind.BigInt or ValueKind.Bool ? ValueKind.Int : value.Kind;

    /// <summary>The methods of that name.</summary>
    public static IEnumerable<(ValueKind Kind, Function Function)> Named(string name) =>
        from method in Methods where method.Key.Name == name select (method.Key.Kind, method.Value);

    /// <summary>Names of all methods.</summary>
    public static IEnumerable<string> Names => Methods.Keys.Select(m => m.Name).Distinct();

    /// <summary>Names and prototypes of the methods of one kind, for the documentation.</summary>
    public static IEnumerable<FunctionDoc> DocsOf(ValueKind kind) =>
        from method in Methods where method.Key.Kind == kind select method.Value.Doc;

    /// <summary>Names of the methods of a value.</summary>
    public static IEnumerable<string> NamesOf(Value value) =>
        from method in Methods.Keys where method.Kind == KindOf(value) select method.Name;
}
