using static OpsBro.Core.Graphite.Param;
using static OpsBro.Core.Graphite.ParamType;

namespace OpsBro.Core.Graphite.Functions;

/// <summary>Where series are going: moving means that forget, and straight lines.</summary>
static class Trends
{
    const int Places = 6;

    public static IEnumerable<Function> All { get; } =
    [
        new("exponentialMovingAverage", FunctionGroup.Calculate, "A moving mean in which older points weigh less and less.",
            [Param.Series, Required("windowSize", IntOrInterval)], MovingAverage),
        new("linearRegression", FunctionGroup.Calculate, "The straight line that is nearest to the series between two times, or in the whole request.",
            [Param.Series, Optional("startSourceAt", Date), Optional("endSourceAt", Date)], Regression),
    ];

    static IReadOnlyList<Series> MovingAverage(FunctionCall call)
    {
        var series = call.Series();
        if (series.Count == 0) return [];
        var window = Window.Of(call, 1, series);
        // with an interval the weight goes by seconds, not by points: so does graphite-web
        var weight = 2.0 / ((window.Points ?? window.Seconds) + 1);
        var shown = window.Points is null ? $"\"{call.Text(1)}\"" : call.Text(1);
        return [.. call.Again(call.Context with { From = call.Context.From - window.Seconds }).Select(Averaged)];

        Series Averaged(Series past)
        {
            var points = (int)Math.Min(past.Values.Length, window.Points ?? (window.Seconds / past.Step));
            var first = Aggregation.Average(past.Values.AsSpan(0, points));
            var average = double.IsNaN(first) ? 0 : first;
            var values = new double[past.Values.Length - points + 1];
            values[0] = PythonText.Round(average, Places);
            for (var i = points; i < past.Values.Length; i++)
            {
                var value = past.Values[i];
                if (!double.IsNaN(value)) average = (weight * value) + ((1 - weight) * average);
                values[i - points + 1] = double.IsNaN(value) ? double.NaN : PythonText.Round(average, Places);
            }
            return past.Named($"exponentialMovingAverage({past.Name},{shown})").With(past.Start + window.Seconds, past.Step, values, past.End)
                with
            { Tags = past.Tags.With("exponentialMovingAverage", call.Text(1)) };
        }
    }

    static IReadOnlyList<Series> Regression(FunctionCall call)
    {
        var context = call.Context with { From = Time(call, 1, call.Context.From), Until = Time(call, 2, call.Context.Until) };
        if (context.From >= context.Until) throw call.Refusal("startSourceAt is not before endSourceAt");
        var times = $"{context.From}, {context.Until}";
        return [.. call.Again(context).Zip(call.Series()).Select(p => Line(p.First, p.Second)).OfType<Series>()];

        Series? Line(Series source, Series series)
        {
            if (Analyse(source) is not { } line) return null;
            var values = new double[series.Values.Length];
            for (var i = 0; i < values.Length; i++) values[i] = line.Offset + ((series.Start + ((long)i * series.Step)) * line.Factor);
            return series.Named($"linearRegression({series.Name}, {times})").WithValues(values)
                with
            { Consolidation = "average", Tags = series.Tags.With("linearRegressions", times) };
        }
    }

    static long Time(FunctionCall call, int index, long otherwise) =>
        call.TextOrNull(index) is { } text ? AtTime.Parse(text, call.Context.Zone, call.Context.Now) : otherwise;

    /// <summary>Least squares over time; null when there are not two points.</summary>
    static (double Factor, double Offset)? Analyse(Series series)
    {
        double count = 0, sumIndex = 0, sumValue = 0, sumSquare = 0, sumProduct = 0;
        for (var i = 0; i < series.Values.Length; i++)
        {
            var value = series.Values[i];
            if (double.IsNaN(value)) continue;
            count++;
            sumIndex += i;
            sumValue += value;
            sumSquare += (double)i * i;
            sumProduct += i * value;
        }
        var denominator = (count * sumSquare) - (sumIndex * sumIndex);
        if (denominator == 0) return null;
        var factor = ((count * sumProduct) - (sumIndex * sumValue)) / denominator / series.Step;
        return (factor, (((sumSquare * sumValue) - (sumProduct * sumIndex)) / denominator) - (factor * series.Start));
    }
}
