using OpsBro.Config;

namespace OpsBro.Detectors;

/// <summary>One <c>detector:</c> object, read and compiled. Immutable.</summary>
/// <param name="Id">Unique and stable over restarts.</param>
/// <param name="Name">What people see and type.</param>
/// <param name="Body">The object as configured: two rules are the same when their bodies say the same.</param>
/// <param name="Pack">The pack it belongs to; null for a file in the configuration directory itself.</param>
/// <param name="Text">The text of <c>apply_if</c>.</param>
/// <param name="GroupTexts">The texts of <c>groups</c> and <c>add_groups</c>.</param>
/// <param name="Interval">Time between two evaluations.</param>
/// <param name="IfGroup">The rule is asked only while the agent has this group; empty or <c>*</c> for always.</param>
/// <param name="IsEnabled">False when the operator switched it off.</param>
/// <param name="Notes">For people.</param>
/// <param name="Place"><c>file:line</c> of the rule.</param>
/// <param name="Program">The compiled rule.</param>
internal sealed record DetectorRule(
    string Id, string Name, ConfigNode Body, Pack? Pack, string Text, IReadOnlyList<string> GroupTexts, TimeSpan Interval,
    string IfGroup, bool IsEnabled, string Notes, string Place, RuleProgram Program)
{
    /// <summary>True when <paramref name="other"/> would behave the same: its schedule and its groups can stay.</summary>
    public bool IsSameAs(DetectorRule other) =>
        Name == other.Name && IsEnabled == other.IsEnabled && Body.SaysTheSameAs(other.Body)
        && Pack?.Name == other.Pack?.Name && Pack?.Signature == other.Pack?.Signature;
}

/// <summary>What the binder made of one object: a rule, or the problems that stand against it.</summary>
/// <param name="Id">The object's id.</param>
/// <param name="Name">The object's name.</param>
/// <param name="Rule">Null when there are problems.</param>
/// <param name="Problems">Each with its place.</param>
internal sealed record BoundDetector(string Id, string Name, DetectorRule? Rule, IReadOnlyList<Problem> Problems);
