using OpsBro.Collectors.Declared;
using OpsBro.Config;

namespace OpsBro.Collectors;

/// <summary>Finds what is wrong in the section <c>collectors</c> of agent.yml without running any: for <c>config check</c>.</summary>
internal sealed class CollectorSettingsChecker(ConfigStore config) : IConfigChecker
{
    /// <inheritdoc/>
    public string Kind => "";

    /// <inheritdoc/>
    public void CheckSettings(ConfigNode agent, List<Problem> problems)
    {
        // what is wrong with the declared ones themselves is told by their own checker
        ICollector[] all = [.. CollectorCatalogue.Create(), .. DeclaredCollectors.From(config.Current, []).Select(one => one.Collector)];
        foreach (var collector in all) _ = CollectorSettings.Read(agent, collector, problems);
        // one that is not read is a problem of its own, not a name that nobody knows
        var names = all.Select(collector => collector.Name).Concat(config.Current.Of("collector").Select(one => one.Name));
        CollectorSettings.CheckNames(agent, [.. names], problems);
    }
}
