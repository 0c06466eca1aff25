using OpsBro.Config;
using OpsBro.Platform;

namespace OpsBro.Checks;

/// <summary>The section <c>checks</c> of agent.yml: what holds for every check that says nothing else.</summary>
internal sealed record CheckSettings
{
    /// <summary>Scripts that run at the same time at most. More finish a burst sooner and take more of the host from others.</summary>
    public int Concurrency { get; set; } = 16;

    /// <summary>Time between two runs.</summary>
    public TimeSpan Interval { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Longest time of a script.</summary>
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Results that are not OK before a state is hard.</summary>
    public int MaxAttempts { get; set; } = 1;

    /// <summary>Whether states that change all the time are found out.</summary>
    public bool DetectsFlapping { get; set; } = true;

    /// <summary>Environment of the scripts: a clean one, and what the section's <c>environment</c> adds.</summary>
    public IReadOnlyList<string> Environment { get; set; } = ProgramStart.CleanEnvironment;

    /// <summary>Reads the section; what cannot be read is a problem and has its default.</summary>
    public static CheckSettings Read(ConfigNode agent, List<Problem> problems)
    {
        var settings = new CheckSettings();
        if (agent["checks"] is not { IsEmpty: false } section) return settings;
        if (section.Kind != ConfigNodeKind.Map)
        {
            problems.Add(Problem.At(section, "checks must hold keys and values, for instance checks: {concurrency: 16}"));
            return settings;
        }
        var reader = new ObjectReader(section, problems);
        settings.Concurrency = reader.Number("concurrency", settings.Concurrency, 1, 256);
        settings.Interval = reader.Duration("interval", settings.Interval, CheckDefinition.LeastInterval, CheckDefinition.MostInterval);
        settings.Timeout = reader.Duration("timeout", settings.Timeout, TimeSpan.FromMilliseconds(100), TimeSpan.FromHours(1));
        settings.MaxAttempts = reader.Number("max_attempts", settings.MaxAttempts, 1, CheckDefinition.MostAttempts);
        settings.DetectsFlapping = reader.Flag("flap_detection", settings.DetectsFlapping);
        if (reader.Section("environment") is { } variables)
            settings.Environment = Merge(ProgramStart.CleanEnvironment, variables.Entries.Select(e => (e.Key.Text, e.Value.Text)));
        reader.RefuseTheRest("checks");
        return settings;
    }

    static IReadOnlyList<string> Merge(IReadOnlyList<string> clean, IEnumerable<(string Name, string Value)> more)
    {
        var added = more.ToList();
        return
        [
            .. clean.Where(c => !added.Exists(a => c.StartsWith(a.Name + "=", StringComparison.Ordinal))),
            .. added.Select(a => $"{a.Name}={a.Value}"),
        ];
    }
}
