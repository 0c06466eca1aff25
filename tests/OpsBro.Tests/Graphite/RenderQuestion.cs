using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using OpsBro.Core.Graphite;

namespace OpsBro.Tests.Graphite;

/// <summary>A target at a time, for both sides.</summary>
sealed record RenderQuestion(string Target, long From, long Until, int? MaxDataPoints)
{
    static readonly (int From, int Until)[] times = [(3600, 0), (1800, 0), (900, 0), (7200, 1800), (605, 0), (300, 0), (3605, 17), (90_000, 82_000)];

    /// <summary>The target at one of several times, every fifth with a wish for fewer points.</summary>
    public static RenderQuestion Of(string target, int index)
    {
        var (from, until) = times[index % times.Length];
        return new(target, OracleData.Now - from, OracleData.Now - until, index % 5 == 0 ? 1 + (index % 97) : null);
    }

    /// <summary>For the oracle.</summary>
    public JsonObject ToJson()
    {
        List<(string, string)> fields =
        [
            ("target", Target), ("format", "json"), ("from", From.ToString(CultureInfo.InvariantCulture)),
            ("until", Until.ToString(CultureInfo.InvariantCulture)), ("now", OracleData.Now.ToString(CultureInfo.InvariantCulture)),
        ];
        if (MaxDataPoints is { } most) fields.Add(("maxDataPoints", most.ToString(CultureInfo.InvariantCulture)));
        return GraphiteOracle.Get("/render", [.. fields]);
    }

    /// <summary>Our answer.</summary>
    public RenderedSeries[] Ours(OracleData data) => RenderedSeries.Of(TargetEvaluator.Default.Evaluate(Target, new RenderContext
    {
        From = From,
        Until = Until,
        Now = OracleData.Now,
        Source = data,
        MaxDataPoints = MaxDataPoints,
        Events = (_, _, _) => [],
    }), MaxDataPoints);

    /// <inheritdoc/>
    public override string ToString() =>
        $"{Target}   from {From - OracleData.Now} until {Until - OracleData.Now}{(MaxDataPoints is { } m ? $" maxDataPoints {m}" : "")}";
}

/// <summary>What came of one target.</summary>
sealed record Verdict(RenderQuestion Question, string Kind, string Text)
{
    public const string Alike = "alike", BothRefuse = "refused by both", Different = "different", TheyCrash = "crash graphite-web";

    /// <summary>A status of 500 is a slip of graphite-web (an exception of Python), not an answer: nothing is compared then, but ours must not crash.</summary>
    public static Verdict On(RenderQuestion question, JsonElement answer, OracleData data)
    {
        var status = answer.GetProperty("status").GetInt32();
        var body = answer.GetProperty("body").GetString()!;
        RenderedSeries[] ours;
        try
        {
            ours = question.Ours(data);
        }
        catch (GraphiteException refusal)
        {
            return status == 400 ? new(question, BothRefuse, refusal.Message)
                : status >= 500 ? new(question, TheyCrash, "")
                : new(question, Different, $"we refuse: {refusal.Message}");
        }
        if (status >= 500) return new(question, TheyCrash, body.Length > 300 ? body[^300..] : body);
        if (status != 200) return new(question, Different, $"they refuse: {body}");
        return RenderedSeries.Difference(RenderedSeries.Read(body), ours) is { } difference ? new(question, Different, difference) : new(question, Alike, "");
    }
}
