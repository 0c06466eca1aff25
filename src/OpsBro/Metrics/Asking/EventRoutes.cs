using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using OpsBro.Api;
using OpsBro.Storage;

namespace OpsBro.Metrics.Asking;

/// <summary>
/// What changed on this host as Graphite events, which Grafana draws as annotations: states of checks, groups, collectors and members, and
/// what was posted to <c>/events/</c>.
/// </summary>
internal sealed class EventRoutes(HistoryLog history, TimeProvider time)
{
    /// <summary>Kind of the history's entries that callers posted.</summary>
    const string Posted = "annotation";

    /// <summary>Longest text of a part of a posted event.</summary>
    const int MaxText = 1000;

    static readonly string[] kinds = ["check", "group", "collector", "gossip", Posted];

    /// <summary>Maps the routes.</summary>
    public void MapTo(ApiRoutes api)
    {
        api.Foreign("GET", "/events/get_data", "What changed on this host: Grafana's annotations.", Right.Read, Reply.Of(Read),
                ("from", "start", Kind.Time, "-6h"), ("until", "end", Kind.Time.Else("now"), "now"),
                ("tags", "only events with one of these tags, separated by spaces", "deploy shop"),
                ("set", "intersection: only events with all of the tags", Kind.OneOf("union", "intersection").ElseFirst))
            .Gives("application/json", Schemas.Events);
        api.Foreign("POST", "/events", "Note an event, for instance a deployment.", Right.Write, Reply.Of(Write),
                ("what", "what it was", Kind.Text.Required, "deployed shop 2.4"), ("tags", "its tags, separated by spaces", "deploy shop"),
                ("data", "more of it", "by ann"), ("when", "Unix seconds; now unless told", Kind.Number(0..), "1764230400"))
            .Gives("text/plain").OrForm();
    }

    async Task Read(HttpContext context, AskRequest request)
    {
        var (now, zone) = (time.GetUtcNow().ToUnixTimeSeconds(), AskTimes.Zone(request));
        var from = AskTimes.Of(request, "from", 0, zone, now);
        var until = AskTimes.Of(request, "until", now, zone, now);
        var tags = string.Join(' ', request.Texts("tags")).Split((char[])[' ', ','], StringSplitOptions.RemoveEmptyEntries);
        var isAll = request.Text("set") switch
        {
            null or "union" => false,
            "intersection" => true,
            var set => throw ApiProblem.Bad($"set is \"{set}\"; write union or intersection"),
        };
        var events = Between(from, until)
            .Where(e => tags.Length == 0 || (isAll ? tags.All(e.Tags.Contains) : tags.Any(e.Tags.Contains))).ToList();
        await Reply.Json(context, writer =>
        {
            writer.WriteStartArray();
            foreach (var one in events) one.Write(writer);
            writer.WriteEndArray();
        }, request);
    }

    /// <summary>The times of events with these tags: what the function <c>events</c> counts.</summary>
    public IReadOnlyList<long> Times(IReadOnlyList<string> tags, long from, long until) =>
    [
        .. Between(from, until).Where(e => tags.Count == 0 || tags.Contains("*") || tags.Any(e.Tags.Contains)).Select(e => e.When),
    ];

    List<Event> Between(long from, long until)
    {
        var since = DateTimeOffset.FromUnixTimeSeconds(Math.Clamp(from, 0, DateTimeOffset.MaxValue.ToUnixTimeSeconds()));
        var ids = new Dictionary<long, int>();
        List<Event> events = [];
        foreach (var entry in kinds.SelectMany(kind => history.Read(kind, null, HistoryLog.MaxRead, since).Reverse()).OrderBy(e => e.At))
        {
            var milliseconds = entry.At.ToUnixTimeMilliseconds();
            var nth = ids[milliseconds] = ids.GetValueOrDefault(milliseconds, -1) + 1;
            if (entry.At.ToUnixTimeSeconds() is var when && (when < from || when > until)) continue;
            events.Add(Event.Of(entry, (milliseconds * 1000) + nth));
        }
        return events;
    }

    Task Write(HttpContext context, AskRequest request)
    {
        var what = request.Required("what", "deploy");
        var tags = string.Join(' ', request.Texts("tags")).Split((char[])[' ', ','], StringSplitOptions.RemoveEmptyEntries);
        var (data, joined) = (request.Text("data") ?? "", string.Join(' ', tags));
        foreach (var (name, text) in new[] { ("what", what), ("data", data), ("tags", joined) })
            if (text.Length > MaxText) throw ApiProblem.Bad($"{name} has {text.Length} characters; at most {MaxText}");
        var at = time.GetUtcNow();
        if (request.Text("when") is { } when)
        {
            if (!double.TryParse(when, NumberStyles.Float, CultureInfo.InvariantCulture, out var seconds) || seconds is < 0 or > 1e11)
                throw ApiProblem.Bad($"when is \"{when}\"; write seconds since 1970");
            at = DateTimeOffset.FromUnixTimeMilliseconds((long)(seconds * 1000));
        }
        history.Add(new HistoryEntry(at, Posted, what, "", joined, data));
        return Reply.Body(context, default, "text/plain");
    }

    /// <summary>One event.</summary>
    sealed record Event(long Id, string What, long When, string Data, string[] Tags)
    {
        public static Event Of(HistoryEntry entry, long id)
        {
            var when = entry.At.ToUnixTimeSeconds();
            if (entry.Kind == Posted) return new Event(id, entry.Name, when, entry.Text, entry.To.Split(' ', StringSplitOptions.RemoveEmptyEntries));
            var change = entry.From.Length > 0 ? $"{entry.From} -> {entry.To}" : entry.To;
            return new Event(id, $"{entry.Kind} {entry.Name}: {change}", when, entry.Text, ["opsbro", entry.Kind, entry.Name, entry.To]);
        }

        public void Write(Utf8JsonWriter writer)
        {
            writer.WriteStartObject();
            writer.WriteNumber("when", When);
            writer.WriteString("what", What);
            writer.WriteString("data", Data);
            writer.WriteStartArray("tags");
            foreach (var tag in Tags) writer.WriteStringValue(tag);
            writer.WriteEndArray();
            writer.WriteNumber("id", Id);
            writer.WriteEndObject();
        }
    }
}
