using OpsBro.Api;
using OpsBro.Core.Graphite;

namespace OpsBro.Metrics.Asking;

/// <summary>Times and zone of a request.</summary>
internal static class AskTimes
{
    /// <summary>The time that a value names, in Unix seconds.</summary>
    /// <exception cref="ApiProblem">400 when it is no time.</exception>
    public static long Of(AskRequest request, string name, long otherwise, TimeZoneInfo zone, long now)
    {
        if (request.Text(name) is not { } text) return otherwise;
        try
        {
            return AtTime.Parse(text, zone, now);
        }
        catch (GraphiteException e)
        {
            throw ApiProblem.Bad($"{name} is {e.Message}");
        }
    }

    /// <summary>The zone that <c>tz</c> names; UTC for none.</summary>
    /// <exception cref="ApiProblem">400 when there is no such zone on this host.</exception>
    public static TimeZoneInfo Zone(AskRequest request)
    {
        if (request.Text("tz") is not { } name) return TimeZoneInfo.Utc;
        return TimeZoneInfo.TryFindSystemTimeZoneById(name, out var zone)
            ? zone
            : throw ApiProblem.Bad($"tz is \"{name}\", which this host does not know; write for instance UTC or Europe/Paris");
    }
}
