using OpsBro.Collectors;
using OpsBro.Collectors.Declared;
using OpsBro.Config;
using OpsBro.Core.Expressions;
using OpsBro.Platform;

namespace OpsBro.Tests;

/// <summary>Collectors made from files, as an agent makes them, run by hand at chosen times.</summary>
static class DeclaredRun
{
    /// <summary>The definitions of a configuration; the test fails when there is a problem.</summary>
    public static IReadOnlyList<CollectorDefinition> Read(Configuration configuration)
    {
        var problems = new List<Problem>(configuration.Problems);
        var definitions = new DeclaredCollectors().Read(configuration, problems);
        Assert.Empty(problems);
        return definitions;
    }

    /// <summary>One run of a collector: its tree.</summary>
    public static DictValue Run(ICollector collector, Value parameters, double seconds = 0, string group = "")
    {
        var data = new DataWriter();
        var run = new CollectorRun(
            new HostFiles(), data, TimeSpan.FromSeconds(seconds), DateTimeOffset.UnixEpoch, CancellationToken.None)
        {
            Parameters = parameters,
            HasGroup = has => has == group,
        };
        Assert.Null(collector.Collect(run).NotEligible);
        return data.Tree.AsDict;
    }
}
