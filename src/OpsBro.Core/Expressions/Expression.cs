namespace OpsBro.Core.Expressions;

/// <summary>A rule, compiled. Immutable: evaluated as often as wanted, by any thread, without allocation when it is numeric.</summary>
public sealed class Expression
{
    readonly Node tree;
    readonly int locals;

    Expression(string text, Node tree, int locals, IReadOnlyList<Reference> references) =>
        (Text, this.tree, this.locals, References) = (text, tree, locals, references);

    /// <summary>The rule as written.</summary>
    public string Text { get; }

    /// <summary>What it refers to, in the order of the text.</summary>
    public IReadOnlyList<Reference> References { get; }

    /// <summary>Compiles a rule.</summary>
    /// <exception cref="ExpressionException">It cannot be read, or names what is not known.</exception>
    public static Expression Compile(string text, FunctionTable functions)
    {
        var (tree, locals, references) = Parser.Parse(text, 0, text.Length, functions);
        return new Expression(text, tree, locals, references);
    }

    /// <summary>Compiles a text with <c>{{…}}</c> parts.</summary>
    internal static Expression CompileTemplate(string text, FunctionTable functions)
    {
        var (tree, locals, references) = Parser.ParseTemplate(text, functions);
        return new Expression(text, tree, locals, references);
    }

    /// <summary>Computes the value.</summary>
    /// <exception cref="ExpressionException">It has none: with the position of the part that failed.</exception>
    public Value Evaluate(IReferences references)
    {
        var run = new Evaluation(references, locals == 0 ? null : new Value[locals]);
        try
        {
            return tree.Evaluate(ref run);
        }
        catch (ExpressionException e)
        {
            e.At(run.At);
            throw;
        }
    }
}
