using System.Globalization;

namespace OpsBro.Core.Graphite;

/// <summary>Puts the arguments of a call in the places of the function's parameters, each as the type that the parameter asks for.</summary>
static class ArgumentCheck
{
    /// <summary>A value for each parameter (null: not given), and all of the last parameter if it takes many.</summary>
    public static (Value?[] Values, IReadOnlyList<Value> Others) Bind(
        Function function, Value[] positional, KeyValuePair<string, Value>[] named, int column)
    {
        var parameters = function.Params;
        var takesMany = parameters is [.., { IsMultiple: true }];
        if (positional.Length > parameters.Count && !takesMany)
            throw new GraphiteException($"{function.Name} takes at most {parameters.Count} arguments, not {positional.Length}: {function.Usage}", column);
        var values = new Value?[parameters.Count];
        List<Value> rest = [];
        for (var i = 0; i < positional.Length; i++)
        {
            var at = Math.Min(i, parameters.Count - 1);
            var value = Checked(function, parameters[at], positional[i], column);
            if (parameters[at].IsMultiple) rest.Add(value ?? NothingValue.Instance);
            values[at] ??= value;
        }
        foreach (var (name, value) in named)
        {
            var at = parameters.Index().Where(p => p.Item.Name == name).Select(p => p.Index).FirstOrDefault(-1);
            if (at < 0)
                throw new GraphiteException(
                    $"{function.Name} has no parameter \"{name}\"{Spelling.Hint(name, parameters.Select(p => p.Name))}: {function.Usage}", column);
            if (at < positional.Length) throw new GraphiteException($"{function.Name}: {name} is given twice", column);
            values[at] = Checked(function, parameters[at], value, column);
            if (parameters[at].IsMultiple && values[at] is { } one) rest.Add(one);
        }
        for (var i = 0; i < values.Length; i++)
            if (values[i] is null && parameters[i].IsRequired && parameters[i].Default is null)
                throw new GraphiteException($"{function.Name} needs {parameters[i].Name}: {function.Usage}", column);
        return (values, rest);
    }

    static Value? Checked(Function function, Param param, Value value, int column)
    {
        if (value is NothingValue) return null;
        if (param.Options.Count > 0 && !param.IsLoose && param.Type is not (ParamType.AggFunc or ParamType.AggOrSeriesFunc)
            && !param.Options.Contains(value.Text))
            throw new GraphiteException(
                $"{function.Name}: {param.Name} is {value.Shown}{Spelling.Hint(value.Text, param.Options)}; "
                + $"it may be {string.Join(", ", param.Options)}", column);
        return Converted(param.Type, value) ?? (param.IsLoose ? value : null)
            ?? throw new GraphiteException($"{function.Name}: {param.Name} is {value.Shown}; it must be {Wanted(param.Type)}: {function.Usage}", column);
    }

    static Value? Converted(ParamType type, Value value) => type switch
    {
        ParamType.Boolean => Flag(value),
        ParamType.Float => Float(value),
        ParamType.Integer or ParamType.Node => Integer(value),
        ParamType.IntOrInf => value is NumberValue { Number: double.PositiveInfinity } or TextValue { Content: "inf" }
            ? Value.Of(double.PositiveInfinity) : Integer(value),
        ParamType.Interval => value is TextValue text && AtTime.TryOffset(text.Content, out _) ? value : null,
        ParamType.AggFunc => Aggregation.IsKnown(value.Text) ? value : null,
        ParamType.AggOrSeriesFunc => value is TextValue ? value : null,
        ParamType.SeriesList => value is SeriesValue or SeriesListsValue ? value : null,
        ParamType.SeriesLists => value is SeriesListsValue or SeriesValue ? value : null,
        ParamType.String or ParamType.Tag or ParamType.Date => value is SeriesValue or SeriesListsValue ? null : value,
        ParamType.IntOrInterval or ParamType.NodeOrTag => value is SeriesValue or SeriesListsValue or FlagValue ? null : value,
        _ => value,
    };

    static FlagValue? Flag(Value value) => value switch
    {
        FlagValue flag => flag,
        NumberValue { Number: 0 } => FlagValue.False,
        NumberValue { Number: 1 } => FlagValue.True,
        TextValue text when text.Content.Equals("true", StringComparison.OrdinalIgnoreCase) => FlagValue.True,
        TextValue text when text.Content.Equals("false", StringComparison.OrdinalIgnoreCase) => FlagValue.False,
        _ => null,
    };

    static Value? Float(Value value) => value switch
    {
        NumberValue number => Value.Of(number.Number),
        FlagValue flag => Value.Of(flag.IsTrue ? 1.0 : 0.0),
        TextValue text when double.TryParse(text.Content, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) => Value.Of(number),
        _ => null,
    };

    static Value? Integer(Value value) => value switch
    {
        NumberValue { IsInteger: true } => value,
        FlagValue flag => Value.Of(flag.IsTrue ? 1L : 0L),
        TextValue text when long.TryParse(text.Content, NumberStyles.AllowLeadingSign | NumberStyles.AllowLeadingWhite | NumberStyles.AllowTrailingWhite,
            CultureInfo.InvariantCulture, out var number) => Value.Of(number),
        _ => null,
    };

    static string Wanted(ParamType type) => type switch
    {
        ParamType.Boolean => "true or false",
        ParamType.Float => "a number",
        ParamType.Integer or ParamType.Node => "a whole number",
        ParamType.IntOrInf => "a whole number or inf",
        ParamType.Interval => "an interval such as '5min' or '-1d'",
        ParamType.IntOrInterval => "a number of points or an interval such as '5min'",
        ParamType.NodeOrTag => "a position in the name or a tag",
        ParamType.AggFunc or ParamType.AggOrSeriesFunc => "one of " + string.Join(", ", Aggregation.Names),
        ParamType.SeriesList or ParamType.SeriesLists => "series",
        _ => "a text",
    };
}
