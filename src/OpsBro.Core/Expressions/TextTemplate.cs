namespace OpsBro.Core.Expressions;

/// <summary>
/// Plain text with <c>{{collector.a.b||default}}</c> parts, for instance the name of a group. What is in double braces and no reference is
/// an expression. Values are shown by str(); nothing that they hold is read as a rule.
/// </summary>
public sealed class TextTemplate
{
    readonly Expression expression;

    TextTemplate(Expression expression) => this.expression = expression;

    /// <summary>The text as written.</summary>
    public string Text => expression.Text;

    /// <summary>What it refers to.</summary>
    public IReadOnlyList<Reference> References => expression.References;

    /// <summary>Compiles a text.</summary>
    /// <exception cref="ExpressionException">A part in braces cannot be read.</exception>
    public static TextTemplate Compile(string text, FunctionTable functions) => new(Expression.CompileTemplate(text, functions));

    /// <summary>Makes the text.</summary>
    /// <exception cref="ExpressionException">A part has no value.</exception>
    public string Render(IReferences references) => expression.Evaluate(references).Str();
}
