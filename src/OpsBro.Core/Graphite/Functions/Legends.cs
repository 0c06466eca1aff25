using OpsBro.Core.Expressions;
using static OpsBro.Core.Graphite.Param;
using static OpsBro.Core.Graphite.ParamType;

namespace OpsBro.Core.Graphite.Functions;

/// <summary>Values written into names.</summary>
static class Legends
{
    static readonly (string Prefix, double Size)[] si =
        [("P", 1e15), ("T", 1e12), ("G", 1e9), ("M", 1e6), ("k", 1e3)];

    static readonly (string Prefix, double Size)[] binary =
        [("Pi", 1L << 50), ("Ti", 1L << 40), ("Gi", 1L << 30), ("Mi", 1L << 20), ("Ki", 1L << 10)];

    public static IEnumerable<Function> All { get; } =
    [
        new("legendValue", FunctionGroup.Alias, "Adds values of the series to its name: aggregations, at the end \"si\" or \"binary\" for units.",
            [
                Param.Series,
                Many("valuesTypes", ParamType.String) with
                {
                    IsLoose = true,
                    Options =
                    [
                        .. Aggregation.Names.Concat(Aggregation.Names.Select(n => n + "Series")).Append("si").Append("binary").Order(StringComparer.Ordinal),
                    ],
                },
            ],
            Legend),
        new("cactiStyle", FunctionGroup.Special, "Names in columns with the current, greatest and least value.",
            [Param.Series, Optional("system", ParamType.String, "si", "binary"), Optional("units", ParamType.String)], Cacti),
    ];

    static IReadOnlyList<Series> Legend(FunctionCall call)
    {
        var types = call.Rest.Select(t => t.Text).ToArray();
        if (types.Length == 0) throw call.Refusal("needs a kind of value, such as 'last'");
        var system = types[^1] is "si" or "binary" ? types[^1] : null;
        if (system is not null) types = types[..^1];
        return [.. call.Series().Select(s => s.Alias(types.Aggregate(s.Name, (name, type) => Added(name, s, type, system))))];
    }

    static string Added(string name, Series series, string type, string? system)
    {
        var isKnown = Aggregation.Short(type) == type && Aggregation.IsKnown(type);
        var value = isKnown ? Aggregation.Get(type)(series.Values) : double.NaN;
        if (system is null)
        {
            var shown = !isKnown ? "(?)" : double.IsNaN(value) ? "None" : type == "count" ? PythonText.Whole(value) : PythonText.Float(value);
            return $"{name} ({type}: {shown})";
        }
        var formatted = !isKnown ? "(?)" : double.IsNaN(value) ? "None" : WithUnit(value, system, "");
        return $"{name,-20}{type,-5}{formatted,-10}";
    }

    /// <summary>Two digits and a prefix such as k or Mi.</summary>
    static string WithUnit(double value, string? system, string unit)
    {
        foreach (var (prefix, size) in system is null ? [] : system == "si" ? si : binary)
            if (Math.Abs(value) >= size) return Fixed(Floored(value / size, value)) + Spaced(prefix + unit, unit);
        return Fixed(Floored(value, value)) + Spaced(unit, unit);
    }

    static string Spaced(string suffix, string unit) => unit.Length > 0 ? " " + suffix : suffix;

    /// <summary>Whole when it is next to whole.</summary>
    static double Floored(double scaled, double value)
    {
        const double near = 0.00000000001;
        return scaled - Math.Floor(scaled) < near && value > 1 ? Math.Floor(scaled) : scaled;
    }

    static string Fixed(double value) => PercentFormat.Format("%.2f", Expressions.Value.Of(value));

    static IReadOnlyList<Series> Cacti(FunctionCall call)
    {
        const int gap = 3;
        var (series, system, unit) = (call.Series(), call.TextOrNull(1), call.TextOrNull(2) ?? "");
        var nameWidth = series.Select(s => s.Name.Length).DefaultIfEmpty().Max();
        var (last, greatest, least) = (Column(Aggregation.Last), Column(Aggregation.Max), Column(Aggregation.Min));
        return [.. series.Select(s => s.Alias($"{s.Name.PadRight(nameWidth)} Current:{last(s)} Max:{greatest(s)} Min:{least(s)} "))];

        Func<Series, string> Column(RowFunction how)
        {
            // the width is that of the whole numbers, and of 3 for those that have none or 0, as in graphite-web
            var width = series.Select(s => how(s.Values))
                .Select(v => Formatted(double.IsNaN(v) || v == 0 ? 3 : Math.Truncate(v)).Length).DefaultIfEmpty().Max() + gap;
            return s => Formatted(how(s.Values)).PadRight(width);
        }

        string Formatted(double value) =>
            double.IsNaN(value) ? "nan" : system is { Length: > 0 } ? WithUnit(value, system, unit) : Fixed(value) + Spaced(unit, unit);
    }
}
