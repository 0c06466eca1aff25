using static OpsBro.Core.Graphite.Param;
using static OpsBro.Core.Graphite.ParamType;

namespace OpsBro.Core.Graphite.Functions;

/// <summary>
/// Forecasts by the method of Holt and Winters with an additive season (P. R. Winters, Management Science 6, 1960), with the deviations
/// of Brutlag (LISA 2000). The past before the shown time trains it.
/// </summary>
static class HoltWinters
{
    const double Alpha = 0.1, Beta = 0.0035, Gamma = 0.1;

    static readonly Param delta = Optional("delta", Integer, Value.Of(3L)) with { IsLoose = true };
    static readonly Param bootstrap = Suggesting(Optional("bootstrapInterval", ParamType.Interval, Value.Of("7d")), "7d", "30d");
    static readonly Param season = Suggesting(Optional("seasonality", ParamType.Interval, Value.Of("1d")), "1d", "7d");

    public static IEnumerable<Function> All { get; } =
    [
        New("holtWintersForecast", "What the past lets expect, with a season that repeats.", [Param.Series, bootstrap, season], Forecast),
        New("holtWintersConfidenceBands", "The lower and the upper border of what the past lets expect: the forecast less and plus delta deviations.",
            [Param.Series, delta, bootstrap, season], Bands),
        New("holtWintersAberration", "How far values lie outside of the borders of what the past lets expect; 0 inside.",
            [Param.Series, delta, bootstrap, season], Aberration),
        New("holtWintersConfidenceArea", "The area between the borders of what the past lets expect.",
            [Param.Series, delta, bootstrap, season], Area),
    ];

    static Param Suggesting(Param param, params string[] texts) => param with { Suggestions = [.. texts.Select(Value.Of)] };

    static Function New(string name, string description, Param[] parameters, Func<FunctionCall, IReadOnlyList<Series>> run) =>
        new(name, FunctionGroup.Calculate, description, parameters, run);

    /// <summary>A series with its training before it, and what was reckoned of it.</summary>
    readonly record struct Analysis(Series Series, long Preview, double[] Predictions, double[] Deviations)
    {
        /// <summary>The tags that the analysis leaves.</summary>
        public SeriesTags Tags => Series.Tags.With("holtWintersForecast", "1").With("holtWintersDeviation", "1");

        int Window => (int)Math.Min(Predictions.Length, Preview / Series.Step);

        /// <summary>A result without the training.</summary>
        public Series Shown(string function, double[] values) =>
            (Series.Named($"{function}({Series.Name})") with { Consolidation = "average" })
            .With(Series.Start + Preview, Series.Step, values[Window..], Series.End);
    }

    static IEnumerable<Analysis> Analyses(FunctionCall call, int bootstrapIndex)
    {
        var preview = Seconds(call, bootstrapIndex);
        var seasonSeconds = Seconds(call, bootstrapIndex + 1);
        foreach (var series in call.Again(call.Context with { From = call.Context.From - preview }))
        {
            if (seasonSeconds < series.Step) throw call.Refusal($"the season, {call.Text(bootstrapIndex + 1)}, is shorter than a step of \"{series.Name}\"");
            call.Context.Cost.Compute(series.Values.Length * 2L);
            var (predictions, deviations) = Analyse(series.Values, (int)Math.Min(int.MaxValue / 2, seasonSeconds / series.Step));
            yield return new Analysis(series, preview, predictions, deviations);
        }
    }

    static long Seconds(FunctionCall call, int index) =>
        AtTime.TryOffset(call.Text(index), out var seconds) && seconds >= 0
            ? seconds
            : throw call.Refusal($"{call.Function.Params[index].Name} is {call[index].Shown}; it must be an interval such as '7d'");

    static (double[] Predictions, double[] Deviations) Analyse(double[] values, int season)
    {
        var (predictions, deviations, seasonals) = (new double[values.Length], new double[values.Length], new double[values.Length]);
        double intercept = double.NaN, slope = 0, next = double.NaN;
        for (var i = 0; i < values.Length; i++)
        {
            var actual = values[i];
            if (double.IsNaN(actual))
            {
                // a gap ends what was learnt of level and trend; the next value begins anew
                (predictions[i], next, intercept, slope) = (next, double.NaN, double.NaN, 0);
                continue;
            }
            var prediction = i == 0 ? actual : next;
            if (double.IsNaN(intercept)) intercept = actual;
            var before = (Intercept: intercept, Slope: slope);
            var lastSeasonal = At(seasonals, i - season);
            intercept = (Alpha * (actual - lastSeasonal)) + ((1 - Alpha) * (before.Intercept + before.Slope));
            slope = (Beta * (intercept - before.Intercept)) + ((1 - Beta) * before.Slope);
            seasonals[i] = (Gamma * (actual - intercept)) + ((1 - Gamma) * lastSeasonal);
            next = intercept + slope + At(seasonals, i + 1 - season);
            var known = double.IsNaN(prediction) ? 0 : prediction;
            deviations[i] = (Gamma * Math.Abs(actual - known)) + ((1 - Gamma) * At(deviations, i - season));
            predictions[i] = prediction;
        }
        return (predictions, deviations);
    }

    static double At(double[] values, int index) => index >= 0 ? values[index] : 0;

    static IReadOnlyList<Series> Forecast(FunctionCall call) =>
        [.. Analyses(call, 1).Select(a => a.Shown("holtWintersForecast", a.Predictions) with { Tags = a.Tags })];

    static IReadOnlyList<Series> Bands(FunctionCall call) => [.. Analyses(call, 2).SelectMany(a => BandsOf(a, call.Float(1)))];

    static IEnumerable<Series> BandsOf(Analysis analysis, double deviations)
    {
        var tags = analysis.Tags.With("holtWintersConfidenceUpper", "1").With("holtWintersConfidenceLower", "1");
        foreach (var (name, factor) in new[] { ("holtWintersConfidenceLower", -deviations), ("holtWintersConfidenceUpper", deviations) })
        {
            var border = new double[analysis.Predictions.Length];
            for (var i = 0; i < border.Length; i++) border[i] = analysis.Predictions[i] + (factor * analysis.Deviations[i]);
            yield return analysis.Shown(name, border) with { Tags = tags, PathExpression = analysis.Series.PathExpression };
        }
    }

    static IReadOnlyList<Series> Aberration(FunctionCall call)
    {
        var bands = Bands(call);
        Dictionary<string, Series> byName = new(StringComparer.Ordinal);
        foreach (var band in bands) byName[band.Name] = band;
        return [.. call.Series().Select(s => Outside(call, s, byName))];
    }

    static Series Outside(FunctionCall call, Series series, Dictionary<string, Series> bands)
    {
        if (!bands.TryGetValue($"holtWintersConfidenceLower({series.Name})", out var lower)
            || !bands.TryGetValue($"holtWintersConfidenceUpper({series.Name})", out var upper))
            throw call.Refusal($"\"{series.Name}\" has no past to learn from");
        var values = new double[series.Values.Length];
        for (var i = 0; i < values.Length; i++)
        {
            var actual = series.Values[i];
            var (least, most) = (Border(lower, i), Border(upper, i));
            values[i] = actual > most ? actual - most : actual < least ? actual - least : 0;
        }
        return series.Named($"holtWintersAberration({series.Name})").WithValues(values)
            with
        { Consolidation = "average", Tags = series.Tags.With("holtWintersAberration", "1") };
    }

    static double Border(Series band, int index) => index < band.Values.Length ? band.Values[index] : double.NaN;

    static IReadOnlyList<Series> Area(FunctionCall call) =>
    [
        .. Drawing.AreaBetween(call, Bands(call)).Select(s =>
            s.Named(s.Name.Replace("areaBetween", "holtWintersConfidenceArea", StringComparison.Ordinal))
                with { Tags = s.Tags.Without("areaBetween").With("holtWintersConfidenceArea", "1") }),
    ];
}
