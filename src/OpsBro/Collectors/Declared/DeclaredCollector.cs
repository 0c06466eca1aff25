using OpsBro.Core.Expressions;

namespace OpsBro.Collectors.Declared;

/// <summary>A <c>collector:</c> object, read and checked.</summary>
/// <param name="Name">The word in rules.</param>
/// <param name="Source">Where the bytes come from.</param>
/// <param name="Format">Makes a tree of them; throws FormatException with line and column.</param>
internal sealed record DeclaredSettings(string Name, ISource Source, Func<ReadOnlyMemory<byte>, DictValue> Format)
{
    /// <summary>One line for people.</summary>
    public string Summary { get; init; } = "";

    /// <summary>The group that this host must have; empty or <c>*</c> for none.</summary>
    public string IfGroup { get; init; } = "";

    /// <summary>Time between two runs.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>For one answer.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Old and new path.</summary>
    public IReadOnlyList<(string Old, string New)> Renames { get; init; } = [];

    /// <summary>Unit by path, for people.</summary>
    public IReadOnlyList<(string Path, string Unit)> Units { get; init; } = [];

    /// <summary>What becomes a rate.</summary>
    public IReadOnlyList<Counter> Counters { get; init; } = [];
}

/// <summary>
/// A collector that an operator wrote as YAML: a program or a URL, a format, and names. As good as a built-in one.
/// </summary>
internal sealed class DeclaredCollector(DeclaredSettings settings) : ICollector
{
    /// <summary>
    /// What a run may take beyond its timeout: a program that ignores SIGTERM is killed, then given a second to go.
    /// </summary>
    static readonly TimeSpan grace = TimeSpan.FromSeconds(3);

    readonly Renames renames = new(settings.Renames);
    readonly Counters counters = new(settings.Counters);

    /// <inheritdoc/>
    public string Name => settings.Name;

    /// <inheritdoc/>
    public string Summary => settings.Summary.Length > 0 ? settings.Summary : settings.Source.Summary;

    /// <inheritdoc/>
    public TimeSpan Interval => settings.Interval;

    /// <inheritdoc/>
    public TimeSpan Deadline => settings.Timeout + grace;

    /// <inheritdoc/>
    public bool NeedsTwoRuns => settings.Counters.Count > 0;

    /// <inheritdoc/>
    public IReadOnlyList<KeyDoc> Keys { get; } =
    [
        .. settings.Units.Select(pair => new KeyDoc(pair.Path, pair.Unit, "")),
        .. from counter in settings.Counters
           from name in counter.Names.Count > 0 ? counter.Names : [Counter.RateOf(counter.Path[^1])]
           select new KeyDoc(string.Join('.', [.. counter.Path.SkipLast(1), name]),
               "1/s", $"{counter.Path[^1]} a second."),
    ];

    /// <inheritdoc/>
    public Outcome Collect(CollectorRun run)
    {
        if (settings.IfGroup is not ("" or "*") && !run.HasGroup(settings.IfGroup))
            return Outcome.None($"this host is not in group {settings.IfGroup}");
        var answer = settings.Source.Read(run.Parameters, settings.Timeout, run.Cancel);
        DictValue tree;
        try
        {
            tree = settings.Format(answer.Bytes);
        }
        catch (FormatException e)
        {
            throw new FormatException($"{answer.Where}: {e.Message}");
        }
        tree = renames.Apply(tree);
        counters.AddRates(tree, run.Now);
        foreach (var (key, value) in tree.Entries) run.Data.Set(key.AsString, value);
        return Outcome.Ok;
    }
}
