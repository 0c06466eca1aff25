namespace OpsBro.Config;

/// <summary>
/// Binds objects of one kind and settings of one section without doing anything with them: how <c>opsbro config check</c> finds a
/// wrong rule without an agent. A slice registers one in <c>AddTo</c>; its kind counts as active from then on.
/// </summary>
internal interface IConfigChecker
{
    /// <summary>The kind of its objects, for instance <c>check</c>; empty when it only looks at settings.</summary>
    string Kind { get; }

    /// <summary>Adds what is wrong with one object.</summary>
    void Check(ConfigObject one, List<Problem> problems) { }

    /// <summary>Adds what is wrong with the slice's section of agent.yml.</summary>
    void CheckSettings(ConfigNode agent, List<Problem> problems) { }
}

/// <summary>Runs every checker over a configuration.</summary>
internal static class ConfigCheck
{
    /// <summary>What the loader found, then what the checkers find, sorted by place; each once.</summary>
    public static List<Problem> ProblemsOf(Configuration configuration, IEnumerable<IConfigChecker> checkers)
    {
        var problems = new List<Problem>(configuration.Problems);
        foreach (var checker in checkers)
        {
            checker.CheckSettings(configuration.Agent, problems);
            if (checker.Kind.Length == 0) continue;
            foreach (var one in configuration.Of(checker.Kind)) checker.Check(one, problems);
        }
        return [.. problems.Distinct().OrderBy(p => p.File, StringComparer.Ordinal).ThenBy(p => p.Line).ThenBy(p => p.Column)];
    }
}
