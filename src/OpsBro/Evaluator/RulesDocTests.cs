using OpsBro.Core.Expressions;
using OpsBro.Evaluator;
using OpsBro.Tests.Expressions;

namespace OpsBro.Tests.Evaluator;

/// <summary>docs/rules.md says what there is, and its examples are true.</summary>
public class RulesDocTests
{
    static readonly FunctionTable Functions = WorldFunctions.Table(new WorldHooks(_ =>
        false, _ => false, () => "internet", TimeProvider.System));

    static readonly string[] Lines = File.ReadAllLines(Repository.PathOf("docs", "rules.md"));

    [Fact]
    public void The_table_has_every_function()
    {
        var missing = from function in Functions.All
                      let doc = function.Doc
                      let old = string.Join(", ", Functions.Aliases.Where(alias => alias.Value == doc.Name).Select(alias => $"`{alias.Key}`"))
                      let row = $"| {doc.Group} | `{doc.Usage}` | {doc.Summary}{(old.Length > 0 ? $" Also {old}." : "")} |"
                      where !Lines.Contains(row.Replace("||", "\\|\\|"))
                      select row;

        Assert.True(!missing.Any(), "docs/rules.md lacks:\n" + string.Join("\n", missing));
    }

    [Fact]
    public void The_list_of_methods_is_complete()
    {
        var missing = from kind in Enum.GetValues<ValueKind>()
                      from doc in MethodTable.DocsOf(kind)
                      where !Lines.Any(line => line.Contains($"`{doc.Name}`", StringComparison.Ordinal))
                      select $"{kind}.{doc.Name}";

        Assert.Empty(missing);
    }

    /// <summary>Rows <c>| `rule` | `repr` |</c>.</summary>
    [Fact]
    public void The_examples_have_the_values_they_show()
    {
        var examples = (from line in Lines
                        let cells = line.Split("` | `")
                        where cells.Length == 2 && cells[0].StartsWith("| `", StringComparison.Ordinal) && cells[1].EndsWith("` |", StringComparison.Ordinal)
                        select (Rule: cells[0][3..].Replace("\\|", "|"), Repr: cells[1][..^3])).ToList();

        Assert.True(examples.Count > 10);
        Assert.All(examples, example =>
            Assert.Equal(example.Repr, Expression.Compile(example.Rule, Functions).Evaluate(SampleReferences.Sample).Repr()));
    }
}
