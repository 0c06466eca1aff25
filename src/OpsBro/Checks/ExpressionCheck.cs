using OpsBro.Config;
using OpsBro.Core.Checks;
using OpsBro.Core.Expressions;

namespace OpsBro.Checks;

/// <summary>One rule of a check, with the place it was read from.</summary>
/// <param name="Key">Its key in the check.</param>
/// <param name="Node">Where it stands.</param>
/// <param name="Expression">Compiled.</param>
/// <param name="OnlyComputes">False when it calls a function that looks at files, packages or the network, and so may wait.</param>
internal sealed record CheckRule(string Key, ConfigNode Node, Expression Expression, bool OnlyComputes);

/// <summary>A state and the rule that leads to it.</summary>
/// <param name="State">Critical or warning.</param>
/// <param name="If">True means this state.</param>
/// <param name="Output">Makes the text; null for a text made of the rule.</param>
internal sealed record CheckBranch(CheckState State, CheckRule If, CheckRule? Output);

/// <summary>
/// A check that judges what collectors measured. Order: variables, CRITICAL, WARNING, else OK. Any part without a value (data missing or
/// stale, a rule that fails) makes the result UNKNOWN with the reason and its place: never OK.
/// </summary>
internal sealed class ExpressionCheck(
    CheckReferences references, (string Name, CheckRule Rule)[] variables, CheckBranch[] branches, CheckRule? okOutput)
    : ICheckKind
{
    /// <inheritdoc/>
    public string Word => "expression";

    /// <summary>True when no rule can wait for the disk or the network: it may be judged on the loop's own thread.</summary>
    public bool OnlyComputes { get; } = Rules(variables, branches, okOutput).All(r => r.OnlyComputes);

    static IEnumerable<CheckRule> Rules(
        (string Name, CheckRule Rule)[] variables, CheckBranch[] branches, CheckRule? ok)
    {
        foreach (var (_, rule) in variables) yield return rule;
        foreach (var branch in branches)
        {
            yield return branch.If;
            if (branch.Output is { } output) yield return output;
        }
        if (ok is not null) yield return ok;
    }

    /// <summary>Judges.</summary>
    /// <param name="now">Monotonic time, for the age of data.</param>
    /// <param name="failed">True when a rule failed for another reason than missing data.</param>
    public CheckResult Run(TimeSpan now, out bool failed)
    {
        failed = false;
        CheckRule? current = null;
        try
        {
            references.Begin(now);
            foreach (var (name, rule) in variables) references.Set(name, (current = rule).Expression.Evaluate(references));
            foreach (var branch in branches)
            {
                if (!(current = branch.If).Expression.Evaluate(references).IsTrue) continue;
                current = branch.Output;
                return Result(branch.State,
                    current?.Expression.Evaluate(references).Str() ?? $"{branch.If.Key} is true: {branch.If.Node.Text}");
            }
            current = okOutput;
            return Result(CheckState.Ok, current?.Expression.Evaluate(references).Str() ?? "ok");
        }
        catch (ExpressionException e)
        {
            failed = e.Kind != ErrorKind.MissingData;
            return new CheckResult(CheckState.Unknown, Explain(current!, e));
        }
        catch (Exception e)
        {
            // whatever a function forgot to name: one check must never end the loop of all
            failed = true;
            var problem = Problem.At(current!.Node, $"{current.Key}: {e.GetType().Name}: {e.Message}");
            return new CheckResult(CheckState.Unknown, problem.ToString());
        }
    }

    static CheckResult Result(CheckState state, string text)
    {
        text = PluginOutput.Clean(text);
        var end = text.IndexOf('\n');
        if (end < 0 && text.Length <= PluginOutput.MaxText) return new CheckResult(state, text);
        var trimmed = text.Trim('\n');
        end = trimmed.IndexOf('\n');
        return new CheckResult(state, PluginOutput.Cut(end < 0 ? trimmed : trimmed[..end].TrimEnd(), PluginOutput.MaxText))
        {
            LongOutput = end < 0 ? "" : PluginOutput.Cut(trimmed[(end + 1)..], PluginOutput.MaxLongText),
        };
    }

    /// <summary>For missing data the reason stands first, for a failing rule its place: that is what the operator has to look at.</summary>
    static string Explain(CheckRule rule, ExpressionException e)
    {
        var problem = Problem.In(rule.Node, e.Position, $"{rule.Key}: {e.Message}");
        return PluginOutput.Cut(e.Kind == ErrorKind.MissingData
            ? $"{e.Message} ({problem.File}:{problem.Line}:{problem.Column})"
            : problem.ToString(), PluginOutput.MaxText);
    }
}
