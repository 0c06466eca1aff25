using OpsBro.Config;
using OpsBro.Core.Expressions;

namespace OpsBro.Collectors.Declared;

/// <summary>
/// A value of a collector object with <c>{{parameters.x}}</c> or <c>{{parameters.x||default}}</c> in it, filled in at
/// each run. A text without double braces stands for itself, whatever it holds: <c>{print $1}</c>.
/// </summary>
internal sealed class DeclaredText
{
    static readonly FunctionTable functions = FunctionTable.Pure();

    readonly TextTemplate? template;

    /// <summary>As written, for messages.</summary>
    public string Source { get; }

    /// <summary>True when nothing in it is to be filled in, not even something that was written wrongly.</summary>
    public bool IsPlain { get; private init; }

    DeclaredText(string source, TextTemplate? template) => (Source, this.template) = (source, template);

    /// <summary>A text without parameters.</summary>
    public static DeclaredText Plain(string plain) => new(plain, null) { IsPlain = true };

    /// <summary>Reads a node; what is wrong goes to the problems, at its column.</summary>
    public static DeclaredText Read(ConfigNode node, List<Problem> problems)
    {
        if (!node.Text.Contains("{{", StringComparison.Ordinal)) return Plain(node.Text);
        try
        {
            var template = TextTemplate.Compile(node.Text, functions);
            foreach (var reference in template.References)
                if (reference.Root != "parameters") problems.Add(Problem.In(node, reference.Position, Foreign(reference)));
            return new DeclaredText(node.Text, template);
        }
        catch (ExpressionException e)
        {
            problems.Add(Problem.In(node, e.Position, e.Message));
            return new DeclaredText(node.Text, null);
        }
    }

    /// <summary>
    /// Reads an argument of a program: braces without parameters stand for themselves, so that a program's own
    /// templates (<c>docker stats --format "{{json .}}"</c>) can be written.
    /// </summary>
    public static DeclaredText ReadArgument(ConfigNode node, List<Problem> problems) =>
        node.Text.Contains("parameters.", StringComparison.Ordinal) ? Read(node, problems) : Plain(node.Text);

    static string Foreign(Reference reference) =>
        $"{{{{{reference.Text}}}}}: a collector reads its pack's parameters; write {{{{parameters.NAME}}}}";

    /// <summary>The text with the parameters filled in.</summary>
    /// <exception cref="FormatException">A parameter is not there, or an expression has no value.</exception>
    public string Fill(Value parameters)
    {
        if (template is null) return Source;
        try
        {
            return template.Render(new PackParameters(parameters));
        }
        catch (ExpressionException e)
        {
            throw new FormatException($"\"{Source}\": {e.Message}");
        }
    }

    /// <summary>What <c>{{parameters.x}}</c> finds.</summary>
    sealed class PackParameters(Value parameters) : IReferences
    {
        public bool TryResolve(Reference reference, out Value value, out string problem) =>
            ReferencePath.TryWalk(parameters, reference.Path, out value, out problem);
    }
}
