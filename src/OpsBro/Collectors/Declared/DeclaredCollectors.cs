using OpsBro.Config;
using OpsBro.Core.Expressions;

namespace OpsBro.Collectors.Declared;

/// <summary>
/// The <c>collector:</c> objects of packs and of the configuration directory. One that cannot be read any more stays as
/// it was; one that says the same keeps its instance, with schedule and counters, since the loop compares what it says.
/// </summary>
internal sealed class DeclaredCollectors : ICollectorSource
{
    /// <summary>Most declared collectors of one agent.</summary>
    public const int MaxCollectors = 500;

    Dictionary<string, CollectorDefinition> good = [];

    /// <summary>Every collector of a configuration that can be made, with the object it is made from.</summary>
    public static IReadOnlyList<(ConfigObject Object, ICollector Collector)> From(
        Configuration configuration, List<Problem> problems) =>
    [
        .. from made in configuration.Of("collector")
           let settings = new CollectorBinder(made, problems).Read()
           where settings is not null
           select (made, (ICollector)new DeclaredCollector(settings)),
    ];

    /// <inheritdoc/>
    public IReadOnlyList<CollectorDefinition> Read(Configuration configuration, List<Problem> problems)
    {
        var next = new Dictionary<string, CollectorDefinition>();
        foreach (var made in configuration.Of("collector"))
        {
            if (next.Count == MaxCollectors)
            {
                problems.Add(Problem.At(made.Body,
                    $"more than {MaxCollectors} collectors; this one and the next are left out"));
                break;
            }
            var binder = new CollectorBinder(made, problems);
            if (binder.Read() is { } settings)
            {
                next[made.Id] = new CollectorDefinition(
                    made.Name, () => new DeclaredCollector(settings),
                    WithProgramFile(made.Body, binder.ProgramFile), ParametersOf(made));
            }
            else if (good.TryGetValue(made.Id, out var before)) next[made.Id] = before;
        }
        good = next;
        return [.. next.Values];
    }

    static Value ParametersOf(ConfigObject made) => made.Pack?.Parameters ?? Value.Of(new DictValue());

    /// <summary>
    /// What the object says, with the path that "./x" means now: a pack copied to a higher level must start its own
    /// program.
    /// </summary>
    static ConfigNode WithProgramFile(ConfigNode body, string file)
    {
        if (file.Length == 0) return body;
        var key = new ConfigNode(ConfigNodeKind.Scalar, body.File, body.Line, body.Column) { Text = "program file" };
        return body with { Entries = [.. body.Entries, new(key, key with { Text = file })] };
    }
}
