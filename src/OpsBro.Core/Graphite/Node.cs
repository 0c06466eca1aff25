namespace OpsBro.Core.Graphite;

/// <summary>A part of a target as it is written.</summary>
/// <param name="Column">Where it begins, counted from 1.</param>
public abstract record Node(int Column);

/// <summary>A pattern of series names, escapes resolved.</summary>
public sealed record PathNode(string Path, int Column) : Node(Column);

/// <summary>A call; what is piped into it is its first argument.</summary>
/// <param name="Function">Name of the function.</param>
/// <param name="Arguments">Arguments by position.</param>
/// <param name="Named">Arguments by name.</param>
/// <param name="Text">The call as it is written, without what is piped into it.</param>
/// <param name="Column">Where it begins.</param>
public sealed record CallNode(
    string Function, IReadOnlyList<Node> Arguments, IReadOnlyList<KeyValuePair<string, Node>> Named, string Text, int Column) : Node(Column);

/// <summary><c>template(inner, …)</c>: the values take the places of <c>$name</c> in the paths of the inner target.</summary>
public sealed record TemplateNode(Node Inner, IReadOnlyList<KeyValuePair<string, Value>> Values, int Column) : Node(Column);

/// <summary>A number, a text, true, false, none or inf.</summary>
public sealed record ConstantNode(Value Value, int Column) : Node(Column);
