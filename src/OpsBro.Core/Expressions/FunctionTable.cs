using System.Diagnostics.CodeAnalysis;

namespace OpsBro.Core.Expressions;

/// <summary>What <c>evaluator list</c> and docs/rules.md say of a function.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Group">A word that groups functions: basic, filesystem, network…</param>
/// <param name="Prototype">
/// Name and parameters as in Python, <c>check_tcp(host, port, timeout=10)</c>; calls are bound by it. Defaults are literals;
/// <c>=...</c> is a parameter that may be left out, <c>*items</c> takes all others, <c>/</c> ends the ones without a name.
/// </param>
/// <param name="Summary">One sentence.</param>
public sealed record FunctionDoc(string Name, string Group, string Prototype, string Summary)
{
    /// <summary>The prototype for people: without the marks <c>/</c> and <c>*</c>.</summary>
    public string Usage => Prototype.Replace(", /", "").Replace("*, ", "").Replace(", default=...", "").Replace("=...", "=None");
}

/// <summary>A function that rules can call.</summary>
public sealed class Function
{
    internal Function(FunctionDoc doc, Func<Arguments, Value> call) => (Doc, Call, Signature) = (doc, call, Signature.Parse(doc.Prototype));

    /// <summary>Its documentation.</summary>
    public FunctionDoc Doc { get; }

    internal Func<Arguments, Value> Call { get; }

    internal Signature Signature { get; }
}

/// <summary>The functions that rules can call. Filled once; then read by many threads.</summary>
public sealed class FunctionTable
{
    readonly Dictionary<string, Function> functions = [];
    readonly Dictionary<string, string> aliases = [];

    /// <summary>Every function, by group and name; without the aliases.</summary>
    public IEnumerable<Function> All => functions.Values
        .OrderBy(f => f.Doc.Group, StringComparer.Ordinal).ThenBy(f => f.Doc.Name, StringComparer.Ordinal);

    /// <summary>Old names and the names they stand for.</summary>
    public IReadOnlyDictionary<string, string> Aliases => aliases;

    /// <summary>A table with every function that needs nothing but its arguments.</summary>
    public static FunctionTable Pure()
    {
        var table = new FunctionTable();
        Builtins.AddTo(table);
        return table;
    }

    /// <summary>Adds a function.</summary>
    /// <param name="doc">Its documentation; the prototype binds the arguments.</param>
    /// <param name="call">Computes the value. It may throw ExpressionException and nothing else; called by many threads at once.</param>
    public void Add(FunctionDoc doc, Func<Arguments, Value> call) => functions.Add(doc.Name, new Function(doc, call));

    /// <summary>Lets an old name stand for a function.</summary>
    public void AddAlias(string alias, string name) => aliases.Add(alias, name);

    internal bool TryGet(string name, [NotNullWhen(true)] out Function? function) =>
        functions.TryGetValue(aliases.GetValueOrDefault(name, name), out function);

    internal IEnumerable<string> Names => functions.Keys.Concat(aliases.Keys);
}
