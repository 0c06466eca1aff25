using System.Text.Json.Serialization;

namespace OpsBro.Metrics.Exporters;

/// <summary>One sink as the API shows it; counts are since the agent started.</summary>
/// <param name="Name">Key in the section <c>forward</c>.</param>
/// <param name="Kind">graphite, remote_write or influx.</param>
/// <param name="Target">Where its numbers go.</param>
/// <param name="State">ok, behind or down.</param>
/// <param name="Since">Since when it is so.</param>
/// <param name="LastError">Why it was down or refused points last; empty when it never did.</param>
/// <param name="LastErrorAt">When that was.</param>
/// <param name="BehindPoints">Points that wait for it on disk.</param>
/// <param name="BehindSeconds">Age of the oldest of them, by its own time; 0 when it is up to date.</param>
/// <param name="SentPoints">Points that it has.</param>
/// <param name="LastSentAt">When it took the last of them.</param>
/// <param name="SentBytes">Bytes of the requests that it took.</param>
/// <param name="Requests">Requests that it took.</param>
/// <param name="Retries">Tries that failed and were made again.</param>
/// <param name="FilteredPoints">Points that include and exclude left out.</param>
/// <param name="ReplacedPoints">Points of the same series and second as a later one, which went instead.</param>
/// <param name="RefusedPoints">Points that it refused, and that are given up.</param>
/// <param name="Refused">The same by reason.</param>
/// <param name="LostPoints">Points given up because the queue was full.</param>
internal sealed record ForwardView(
    string Name, string Kind, string Target, string State, DateTimeOffset Since, string LastError, DateTimeOffset? LastErrorAt,
    long BehindPoints, long BehindSeconds, long SentPoints, DateTimeOffset? LastSentAt, long SentBytes, long Requests, long Retries,
    long FilteredPoints, long ReplacedPoints, long RefusedPoints, Dictionary<string, long> Refused, long LostPoints)
{
    /// <summary>The view of a worker.</summary>
    public static ForwardView Of(SinkWorker worker, long behind, DateTimeOffset at)
    {
        var (options, now) = (worker.Options, worker.Report.Now);
        var age = now.Oldest == 0 || behind == 0 ? 0 : Math.Max(0, at.ToUnixTimeSeconds() - now.Oldest);
        return new ForwardView(
            options.Name, options.KindWord, options.Target, Word(now.State), now.Since, now.Error, now.ErrorAt, behind, age, now.Sent, now.SentAt,
            now.Bytes, now.Requests, now.Retries, now.Filtered, now.Replaced, now.RefusedPoints, now.Refused, now.Lost);
    }

    static string Word(SinkState state) => state switch
    {
        SinkState.Ok => "ok",
        SinkState.Behind => "behind",
        _ => "down",
    };
}

/// <summary>What a sink answered to one point.</summary>
/// <param name="Name">The sink.</param>
/// <param name="Target">Where the point went.</param>
/// <param name="Ok">It took it.</param>
/// <param name="Answer">What it said; "taken" when all is well.</param>
/// <param name="TookSeconds">How long it took, with the connection.</param>
internal sealed record ForwardTestView(string Name, string Target, bool Ok, string Answer, double TookSeconds);

/// <summary>JSON of the noun <c>forward</c>.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = false)]
[JsonSerializable(typeof(ForwardView[]))]
[JsonSerializable(typeof(ForwardTestView))]
internal sealed partial class ForwardJson : JsonSerializerContext;
