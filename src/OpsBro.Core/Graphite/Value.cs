namespace OpsBro.Core.Graphite;

/// <summary>What an argument is worth.</summary>
public abstract record Value
{
    /// <summary>As Python's <c>str()</c> writes it: names of results are made of it.</summary>
    public abstract string Text { get; }

    /// <summary>As Python's <c>repr()</c> writes it: for messages.</summary>
    public virtual string Shown => Text;

    /// <summary>A whole number.</summary>
    public static Value Of(long number) => new NumberValue(number, IsInteger: true);

    /// <summary>A number with a fraction, such as 2.0.</summary>
    public static Value Of(double number) => new NumberValue(number, IsInteger: false);

    /// <summary>A text.</summary>
    public static Value Of(string text) => new TextValue(text);

    /// <summary>True or false.</summary>
    public static Value Of(bool flag) => flag ? FlagValue.True : FlagValue.False;
}

/// <summary>A number. Python writes 2 and 2.0 differently, and so do the names of results.</summary>
public sealed record NumberValue(double Number, bool IsInteger) : Value
{
    /// <inheritdoc/>
    public override string Text => IsInteger ? PythonText.Integer(Number) : PythonText.Float(Number);
}

/// <summary>A text, without its quotes; backslashes stay as they are.</summary>
public sealed record TextValue(string Content) : Value
{
    /// <inheritdoc/>
    public override string Text => Content;

    /// <inheritdoc/>
    public override string Shown => $"'{Content}'";
}

/// <summary>True or false.</summary>
public sealed record FlagValue(bool IsTrue) : Value
{
    /// <summary>The one that is true.</summary>
    public static readonly FlagValue True = new(true);

    /// <summary>The one that is false.</summary>
    public static readonly FlagValue False = new(false);

    /// <inheritdoc/>
    public override string Text => IsTrue ? "True" : "False";
}

/// <summary><c>none</c>: as if the argument were not there.</summary>
public sealed record NothingValue : Value
{
    /// <summary>The only one.</summary>
    public static readonly NothingValue Instance = new();

    /// <inheritdoc/>
    public override string Text => "None";
}

/// <summary>Series, in order.</summary>
public sealed record SeriesValue(IReadOnlyList<Series> Series) : Value
{
    /// <inheritdoc/>
    public override string Text => $"{Series.Count} series";
}

/// <summary>Lists of series, as <c>mapSeries</c> answers and <c>reduceSeries</c> takes.</summary>
public sealed record SeriesListsValue(IReadOnlyList<IReadOnlyList<Series>> Lists) : Value
{
    /// <inheritdoc/>
    public override string Text => $"{Lists.Count} lists of series";
}
