using OpsBro.Config;

namespace OpsBro.Collectors;

/// <summary>What agent.yml says of one collector: <c>collectors: {NAME: {enabled, interval, deadline}}</c>.</summary>
/// <param name="IsEnabled">False when the operator does not want it.</param>
/// <param name="Interval">Time between two runs.</param>
/// <param name="Deadline">A run past this is stuck.</param>
internal sealed record CollectorSettings(bool IsEnabled, TimeSpan Interval, TimeSpan Deadline)
{
    /// <summary>Shortest interval.</summary>
    public static readonly TimeSpan LeastInterval = TimeSpan.FromSeconds(1);

    /// <summary>Longest interval.</summary>
    public static readonly TimeSpan MostInterval = TimeSpan.FromDays(1);

    /// <summary>Shortest deadline.</summary>
    public static readonly TimeSpan LeastDeadline = TimeSpan.FromMilliseconds(100);

    /// <summary>Longest deadline.</summary>
    public static readonly TimeSpan MostDeadline = TimeSpan.FromMinutes(10);

    /// <summary>What the collector itself asks for.</summary>
    public static CollectorSettings Of(ICollector collector) => new(true, collector.Interval, collector.Deadline);

    /// <summary>What agent.yml says of one collector; its own wishes where it says nothing.</summary>
    public static CollectorSettings Read(ConfigNode agent, ICollector collector, List<Problem> problems)
    {
        var own = Of(collector);
        if (agent["collectors"] is not { Kind: ConfigNodeKind.Map } section || section[collector.Name] is not { } node) return own;
        if (node.Kind != ConfigNodeKind.Map)
        {
            if (!node.IsEmpty)
                problems.Add(Problem.At(node, $"{collector.Name} must hold keys and values, for instance {{enabled: false}} or {{interval: 30s}}"));
            return own;
        }
        var reader = new ObjectReader(node, problems);
        var read = new CollectorSettings(
            reader.Flag("enabled", own.IsEnabled),
            reader.Duration("interval", own.Interval, LeastInterval, MostInterval),
            reader.Duration("deadline", own.Deadline, LeastDeadline, MostDeadline));
        reader.RefuseTheRest($"collectors.{collector.Name}");
        return read;
    }

    /// <summary>Complains about each name in the section that is no collector.</summary>
    public static void CheckNames(ConfigNode agent, IReadOnlyCollection<string> known, List<Problem> problems)
    {
        if (agent["collectors"] is not { IsEmpty: false } section) return;
        if (section.Kind != ConfigNodeKind.Map)
        {
            problems.Add(Problem.At(section, "collectors must hold names of collectors, for instance collectors: {redis: {interval: 30s}}"));
            return;
        }
        foreach (var (key, _) in section.Entries)
        {
            if (known.Contains(key.Text)) continue;
            problems.Add(Problem.At(key,
                $"no collector is named \"{key.Text}\"{Spelling.Hint(key.Text, known)}; \"opsbro collectors list\" names them all"));
        }
    }
}
