using OpsBro.Config;
using OpsBro.Core.Expressions;

namespace OpsBro.Detectors;

/// <summary>The compiled rule of one detector. Any thread may evaluate it.</summary>
/// <param name="condition"><c>apply_if</c>.</param>
/// <param name="conditionNode">Where it stands.</param>
/// <param name="groups">The group texts and where they stand.</param>
internal sealed class RuleProgram(
    Expression condition, ConfigNode conditionNode, IReadOnlyList<(ConfigNode Node, GroupTemplate Text)> groups)
{
    /// <summary>Asks the rule once. Never throws for what the rule or the data does.</summary>
    public Verdict Evaluate(RuleReferences references)
    {
        var node = conditionNode;
        try
        {
            if (!condition.Evaluate(references).IsTrue)
                return Verdict.False with { Data = references.Data, Facts = references.Facts };
            var given = new List<string>();
            foreach (var (place, text) in groups)
            {
                node = place;
                given.AddRange(text.Groups(references));
            }
            return new Verdict(true, [.. given.Distinct(StringComparer.Ordinal)], references.Facts, references.Data);
        }
        catch (ExpressionException e)
        {
            return Verdict.Failed(Problem.In(node, e.Position, e.Message).ToString(), references.Data);
        }
    }
}
