namespace OpsBro.Core.Graphite;

/// <summary>What an argument must be. The names on the wire are those of graphite-web's <c>/functions</c>.</summary>
public enum ParamType
{
    /// <summary>Anything.</summary>
    Any,
    /// <summary>Name of an aggregation.</summary>
    AggFunc,
    /// <summary>Name of an aggregation or of a function that aggregates.</summary>
    AggOrSeriesFunc,
    /// <summary>true, false, 1 or 0.</summary>
    Boolean,
    /// <summary>Point in time, see <see cref="AtTime"/>.</summary>
    Date,
    /// <summary>Number.</summary>
    Float,
    /// <summary>Whole number.</summary>
    Integer,
    /// <summary>Whole number or inf.</summary>
    IntOrInf,
    /// <summary>Whole number of points, or interval.</summary>
    IntOrInterval,
    /// <summary>Length of time such as 5min.</summary>
    Interval,
    /// <summary>Which dotted part of a name, from 0; negative from the end.</summary>
    Node,
    /// <summary>Dotted part of a name, or tag.</summary>
    NodeOrTag,
    /// <summary>Series.</summary>
    SeriesList,
    /// <summary>Lists of series.</summary>
    SeriesLists,
    /// <summary>Text.</summary>
    String,
    /// <summary>Name of a tag.</summary>
    Tag,
}

/// <summary>One parameter of a function.</summary>
/// <param name="Name">How it is called when it is given by name.</param>
/// <param name="Type">What it must be.</param>
/// <param name="IsRequired">Whether a call without it is refused.</param>
/// <param name="Default">What it is worth when it is not given; null: nothing.</param>
/// <param name="IsMultiple">Whether the last parameter takes all further arguments.</param>
/// <param name="Options">The texts it may be; empty: any.</param>
/// <param name="Suggestions">What an editor proposes.</param>
public sealed record Param(
    string Name, ParamType Type, bool IsRequired, Value? Default, bool IsMultiple, IReadOnlyList<string> Options, IReadOnlyList<Value> Suggestions)
{
    static readonly IReadOnlyList<Value> Windows =
        [Value.Of(5L), Value.Of(7L), Value.Of(10L), Value.Of("1min"), Value.Of("5min"), Value.Of("10min"), Value.Of("30min"), Value.Of("1hour")];

    static readonly IReadOnlyList<Value> Intervals =
        [Value.Of("10min"), Value.Of("1h"), Value.Of("1d")];

    /// <summary>Whether what is none of the options, or of another type, is let through to the function.</summary>
    public bool IsLoose { get; init; }

    /// <summary>What <c>/functions</c> shows as the default where the function itself has none.</summary>
    public Value? ShownDefault { get; init; }

    /// <summary>A parameter that a call must have.</summary>
    public static Param Required(string name, ParamType type, params string[] options) =>
        new(name, type, IsRequired: true, Default: null, IsMultiple: false, OptionsOf(type, options), SuggestionsOf(type));

    /// <summary>A parameter without which it is nothing.</summary>
    public static Param Optional(string name, ParamType type, params string[] options) =>
        new(name, type, IsRequired: false, Default: null, IsMultiple: false, OptionsOf(type, options), SuggestionsOf(type));

    /// <summary>A parameter with a default.</summary>
    public static Param Optional(string name, ParamType type, Value value, params string[] options) =>
        new(name, type, IsRequired: false, value, IsMultiple: false, OptionsOf(type, options), SuggestionsOf(type));

    /// <summary>The last parameter, which takes none or many arguments.</summary>
    public static Param Many(string name, ParamType type) => Optional(name, type) with { IsMultiple = true };

    /// <summary>The last parameter, which takes at least one argument.</summary>
    public static Param OneOrMany(string name, ParamType type) => Required(name, type) with { IsMultiple = true };

    /// <summary>The series that most functions take first.</summary>
    public static Param Series { get; } = Required("seriesList", ParamType.SeriesList);

    /// <summary>The name of the type in <c>/functions</c>.</summary>
    public string TypeName => char.ToLowerInvariant(Type.ToString()[0]) + Type.ToString()[1..];

    static IReadOnlyList<string> OptionsOf(ParamType type, string[] options) =>
        options.Length > 0 ? [.. options.Order(StringComparer.Ordinal)]
        : type == ParamType.AggFunc ? Aggregation.Names
        : type == ParamType.AggOrSeriesFunc ? Aggregation.NamesWithFunctions
        : [];

    static IReadOnlyList<Value> SuggestionsOf(ParamType type) => type switch
    {
        ParamType.IntOrInterval => Windows,
        ParamType.Interval => Intervals,
        _ => [],
    };
}
