using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using OpsBro.Api;
using OpsBro.Core.Graphite;
using OpsBro.Core.TimeSeries;

namespace OpsBro.Metrics.Asking;

/// <summary>Asking for numbers: Graphite's routes, the page for Prometheus, and our own below <c>/v1/metrics</c>.</summary>
internal sealed class MetricRoutes(MetricAsk ask, MetricStore store, Rendering rendering, TimeProvider time)
{
    /// <summary>Most names in one list.</summary>
    public const int MaxNames = 100_000;

    /// <summary>Most series that <c>top</c> looks at: their values are all fetched.</summary>
    public const int MaxTop = 10_000;

    /// <summary>Lines of <c>top</c> unless asked for more.</summary>
    const int DefaultTop = 20;

    /// <summary>Values that show the course of a series of <c>top</c>.</summary>
    const int CourseValues = 20;

    /// <summary>Registers what answers.</summary>
    public static void AddTo(IServiceCollection services) => services.AddSingleton<MetricAsk>().AddSingleton<EventRoutes>().AddSingleton<Rendering>()
        .AddSingleton<PrometheusPage>().AddSingleton<FindRoutes>().AddSingleton<TagRoutes>().AddSingleton<RenderRoute>()
        .AddSingleton<MetricExport>().AddSingleton<MetricRoutes>();

    /// <summary>Maps every route.</summary>
    public static void MapTo(ApiRoutes api, IServiceProvider services)
    {
        services.GetRequiredService<RenderRoute>().MapTo(api);
        services.GetRequiredService<FindRoutes>().MapTo(api);
        FunctionRoutes.MapTo(api);
        services.GetRequiredService<TagRoutes>().MapTo(api);
        services.GetRequiredService<EventRoutes>().MapTo(api);
        services.GetRequiredService<MetricExport>().MapTo(api);
        services.GetRequiredService<MetricRoutes>().MapTo(api);
    }

    void MapTo(ApiRoutes api)
    {
        ApiParameter pattern = ("pattern", "* ? [a-c] {x,y}; what names a branch takes all below it", "*.loadaverage"),
            from = ("from", "start", Kind.Time.Else("-1h"), "-1h"), until = ("until", "end", Kind.Time.Else("now"), "now");
        api.Get("/v1/metrics", "Names of series.", AskingJson.Default.MetricNamesView, List,
            pattern, ("prefix", "how they begin", "web-1."), ("limit", "how many at most", Kind.Number(1..MaxNames, MaxNames)));
        api.Get("/v1/metrics/query", "The values of Graphite targets.", AskingJson.Default.MetricQueryView, Query,
                ("target", "patterns of names, or functions of them", Kind.Text.Required.Repeated, "*.loadaverage.load1"),
                ("from", "start", Kind.Time.Else("-1d"), "-1h"), until, ("points", "most points a series", Kind.Number(1..), "800"),
                ("tz", "zone of days", Kind.Text.Else("UTC"), "UTC"))
            .Fails(422, Schemas.TooMuch).Fails(503, Schemas.Busy);
        api.Get("/v1/metrics/top", "The series that are highest, or moved most.", AskingJson.Default.MetricTopViewArray, Top,
                pattern, ("by", "what is compared", Kind.OneOf("max", "avg", "last", "change").ElseFirst), from, until,
                ("limit", "how many at most", Kind.Number(1..MaxTop, DefaultTop)))
            .Fails(413, $"More than {MaxTop} series match.");
        api.Get("/v1/metrics/sources", "Who brings numbers, and what became of them.", AskingJson.Default.MetricSourceViewArray, _ => Sources());
        api.Change("DELETE", "/v1/metrics/{name}", "Forget a series with all its numbers.", AskingJson.Default.MetricDeletedView, Delete,
            ("name", "a series", "disk.used;host=a"));
    }

    async Task<MetricNamesView> List(HttpContext context)
    {
        var limit = context.QueryNumber("limit");
        var (names, unanswered) = await Names(context);
        return new MetricNamesView([.. names.Take(limit)], names.Count, [.. unanswered]);
    }

    /// <summary>The names that <c>pattern</c> and <c>prefix</c> of a request take.</summary>
    async Task<(List<string> Names, IReadOnlyList<string> Unanswered)> Names(HttpContext context)
    {
        var (pattern, prefix) = (context.Query("pattern") ?? "", context.Query("prefix") ?? "");
        // a beginning is a pattern as well: only those who may have such names are asked
        if (pattern.Length == 0 && prefix.Length > 0 && prefix.AsSpan().IndexOfAny("*?[{") < 0) pattern = prefix + "*";
        var (names, unanswered) = await ask.Names(context.RequestAborted, pattern);
        return (prefix.Length == 0 ? [.. names] : [.. names.Where(name => name.StartsWith(prefix, StringComparison.Ordinal))], unanswered);
    }

    async Task<MetricQueryView> Query(HttpContext context)
    {
        var request = await AskRequest.Read(context);
        if (request.Texts("target").Count == 0) throw ApiProblem.Bad("target is missing; write for instance target=cpustats.cpu_all.*");
        try
        {
            var rendered = await rendering.Of(request, "points", context.RequestAborted);
            return new MetricQueryView(rendered.From, rendered.Until,
                [.. rendered.Series.Select(s => new MetricSeriesView(s.Name, s.Tags.ToDictionary(t => t.Key, t => t.Value), s.Start, s.Step, Known(s.Values)))],
                [.. rendered.Unanswered]);
        }
        catch (GraphiteException e)
        {
            throw Reply.Problem(e);
        }
    }

    static double?[] Known(double[] values) => Array.ConvertAll(values, value => double.IsFinite(value) ? value : (double?)null);

    async Task<MetricTopView[]> Top(HttpContext context)
    {
        var request = await AskRequest.Read(context);
        var by = context.Query("by") ?? "max";
        Func<MetricTopView, double> measure = by switch
        {
            "max" => view => view.Max,
            "avg" => view => view.Average,
            "last" => view => view.Last,
            "change" => view => Math.Abs(view.Change),
            _ => throw ApiProblem.Bad($"by is \"{by}\"; write max, avg, last or change"),
        };
        var limit = context.QueryNumber("limit");
        var (from, until) = Span(request, time);
        var (names, unanswered) = await Names(context);
        Reply.SayUnanswered(context, unanswered);
        if (names.Count > MaxTop) throw new ApiProblem(413, $"{names.Count} series match, more than the {MaxTop} that top looks at; give a narrower pattern");
        List<MetricTopView> views = [];
        await foreach (var slice in ask.Each(names, from, until, context.RequestAborted))
            if (TopOf(slice) is { } view) views.Add(view);
        return [.. views.OrderByDescending(measure).ThenBy(view => view.Name, StringComparer.Ordinal).Take(limit)];
    }

    /// <summary>The time that a request of ours names: an hour until now unless it says otherwise.</summary>
    public static (long From, long Until) Span(AskRequest request, TimeProvider time)
    {
        var now = time.GetUtcNow().ToUnixTimeSeconds();
        var from = AskTimes.Of(request, "from", now - 3600, TimeZoneInfo.Utc, now);
        var until = AskTimes.Of(request, "until", now, TimeZoneInfo.Utc, now);
        return from < until ? (from, until) : throw ApiProblem.Bad($"from ({from}) is not before until ({until}); ask for a time that is not empty");
    }

    static MetricTopView? TopOf(SeriesSlice slice)
    {
        var known = slice.Values.Where(double.IsFinite).ToArray();
        if (known.Length == 0) return null;
        var (wide, course) = (Math.Max(1, (slice.Values.Length + CourseValues - 1) / CourseValues), new List<double?>());
        foreach (var part in slice.Values.Chunk(wide))
            course.Add(part.Any(double.IsFinite) ? part.Where(double.IsFinite).Max() : null);
        return new MetricTopView(slice.Name, known[^1], known.Min(), known.Average(), known.Max(), known[^1] - known[0], [.. course]);
    }

    MetricSourceView[] Sources() =>
    [
        .. store.Sources.OrderBy(source => source.Name, StringComparer.Ordinal).Select(source => new MetricSourceView(
            source.Name, source.Accepted, source.Series,
            Enum.GetValues<Refusal>().Where(reason => source.Refused(reason) > 0).ToDictionary(reason => reason.Word(), source.Refused),
            Enum.GetValues<Refusal>().Where(reason => source.LastRefused(reason).Length > 0)
                .ToDictionary(reason => reason.Word(), source.LastRefused))),
    ];

    Task<MetricDeletedView> Delete(HttpContext context)
    {
        var name = context.Part("name");
        if (!store.Delete(TaggedName.Parse(name)?.Canonical ?? name)) throw ApiProblem.NotFound("series", name, "opsbro metrics list");
        return Task.FromResult(new MetricDeletedView(name));
    }
}
