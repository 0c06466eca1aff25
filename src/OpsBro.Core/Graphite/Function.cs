namespace OpsBro.Core.Graphite;

/// <summary>A function of the target language.</summary>
/// <param name="Name">How it is called.</param>
/// <param name="Group">Where an editor lists it.</param>
/// <param name="Description">What it does, in one or two sentences.</param>
/// <param name="Params">Its parameters, in order.</param>
/// <param name="Run">Works out one call.</param>
public sealed record Function(string Name, string Group, string Description, IReadOnlyList<Param> Params, Func<FunctionCall, Value> Run)
{
    /// <summary>A function that answers series.</summary>
    public Function(string name, string group, string description, IReadOnlyList<Param> parameters, Func<FunctionCall, IReadOnlyList<Series>> run)
        : this(name, group, description, parameters, call => new SeriesValue(run(call)))
    {
    }

    /// <summary>The same function under another name.</summary>
    public Function Also(string name) => this with { Name = name };

    /// <summary>How a call looks: <c>scale(seriesList, factor)</c>.</summary>
    public string Usage => $"{Name}({string.Join(", ", Params.Select(Written))})";

    static string Written(Param param) =>
        param.IsMultiple ? "*" + param.Name
        : param.IsRequired ? param.Name
        : $"{param.Name}={param.Default?.Shown ?? "None"}";
}

/// <summary>The groups under which editors list functions.</summary>
public static class FunctionGroup
{
    /// <summary>Many series become one.</summary>
    public const string Combine = "Combine";
    /// <summary>Each series becomes another.</summary>
    public const string Transform = "Transform";
    /// <summary>Something new is worked out of each series.</summary>
    public const string Calculate = "Calculate";
    /// <summary>Some series go, some stay.</summary>
    public const string Filter = "Filter Series";
    /// <summary>Values go.</summary>
    public const string FilterData = "Filter Data";
    /// <summary>The order of series changes.</summary>
    public const string Sorting = "Sorting";
    /// <summary>The name of series changes.</summary>
    public const string Alias = "Alias";
    /// <summary>How series are drawn.</summary>
    public const string Graph = "Graph";
    /// <summary>All else.</summary>
    public const string Special = "Special";
}
