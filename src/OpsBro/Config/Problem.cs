namespace OpsBro.Config;

/// <summary>Something in a file that the operator must mend. Printed as <c>file:line:column: message</c>.</summary>
/// <param name="File">Absolute path.</param>
/// <param name="Line">From 1; 0 when the whole file is meant.</param>
/// <param name="Column">From 1; 0 when the whole line is meant.</param>
/// <param name="Message">What is wrong, with the value, and what to write instead. One line.</param>
internal sealed record Problem(string File, int Line, int Column, string Message)
{
    /// <summary>True for something that was understood all the same; it does not make a check of the configuration fail.</summary>
    public bool IsWarning { get; init; }

    string Text => IsWarning ? "warning: " + Message : Message;

    /// <summary>A problem at a node.</summary>
    public static Problem At(ConfigNode node, string message) => new(node.File, node.Line, node.Column, message);

    /// <summary>
    /// A problem inside a node's text, for instance at an operator of a rule. On text of one line the column points at it;
    /// on block and folded text the node is named, for its lines are not those of the file.
    /// </summary>
    /// <param name="node">A scalar.</param>
    /// <param name="position">Offset in its text, in characters, from 0; negative when it is not known.</param>
    /// <param name="message">What is wrong.</param>
    public static Problem In(ConfigNode node, int position, string message) =>
        position < 0 || node.Text.Contains('\n')
            ? At(node, message)
            : new(node.File, node.Line, node.Column + position + (node.IsQuoted ? 1 : 0), message);

    /// <inheritdoc/>
    public override string ToString() => (Line, Column) switch
    {
        (0, _) => $"{File}: {Text}",
        (_, 0) => $"{File}:{Line}: {Text}",
        _ => $"{File}:{Line}:{Column}: {Text}",
    };
}
