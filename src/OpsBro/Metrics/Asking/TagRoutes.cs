using System.Text.Json;
using Microsoft.AspNetCore.Http;
using OpsBro.Api;

namespace OpsBro.Metrics.Asking;

/// <summary>The routes below <c>/tags</c> in the shapes of graphite-web.</summary>
internal sealed class TagRoutes(MetricAsk ask, MetricStore store)
{
    /// <summary>Names that a completion gives unless asked for more, as graphite-web.</summary>
    const int DefaultCompletion = 100;

    /// <summary>Maps the routes.</summary>
    public void MapTo(ApiRoutes api)
    {
        (string, string) expr = ("expr", "tag=value, tag!=value, tag=~regex or tag!=~regex; repeated, all must hold"),
            pretty = ("pretty", "1 for indented JSON"), limit = ("limit", "how many at most"),
            filter = ("filter", "only those that this regular expression matches");
        foreach (var method in new[] { "GET", "POST" })
        {
            api.Foreign(method, "/tags/findSeries", "Names of the series with these tags.", Right.Read, Reply.Of(FindSeries, true), expr, limit, pretty);
            api.Foreign(method, "/tags/autoComplete/tags", "Names of tags, for an editor.", Right.Read, Reply.Of(CompleteTags, true),
                expr, ("tagPrefix", "how they begin"), limit, pretty);
            api.Foreign(method, "/tags/autoComplete/values", "Values of a tag, for an editor.", Right.Read, Reply.Of(CompleteValues, true),
                ("tag", "the tag"), expr, ("valuePrefix", "how they begin"), limit, pretty);
        }
        api.Foreign("GET", "/tags", "Every tag.", Right.Read, Reply.Of(All, true), filter, limit, pretty);
        api.Foreign("GET", "/tags/{tag}", "The values of one tag.", Right.Read, Reply.Of(One, true), filter, limit, pretty);
        api.Foreign("POST", "/tags/tagSeries", "The canonical name of a series; it is kept from its first number on.", Right.Read,
            Reply.Of((context, request) => Reply.Json(context, writer => writer.WriteStringValue(Paths(request)[0].Canonical), request), true),
            ("path", "name;tag=value"));
        api.Foreign("POST", "/tags/tagMultiSeries", "The same for many series.", Right.Read,
            Reply.Of((context, request) => Reply.Texts(context, Paths(request).Select(p => p.Canonical), request), true), ("path", "name;tag=value; repeated"));
        api.Foreign("POST", "/tags/delSeries", "Forget series with all their numbers.", Right.Write, Reply.Of(Delete, true),
            ("path", "name;tag=value; repeated"));
    }

    async Task<List<TaggedName>> Tagged(HttpContext context, AskRequest request, bool needsExpression)
    {
        var matches = TaggedName.Matcher(request.Texts("expr"), mayBeEmpty: !needsExpression);
        var names = await ask.Names(context.RequestAborted);
        Reply.SayUnanswered(context, names.Unanswered);
        return [.. TaggedName.Among(names.Answer).Where(matches)];
    }

    async Task All(HttpContext context, AskRequest request)
    {
        var filter = request.Text("filter") is { } text ? TaggedName.Pattern(text) : null;
        var tags = (await Tagged(context, request, false)).SelectMany(name => name.Tags.Keys).Distinct().Order(StringComparer.Ordinal).Index().ToList();
        await Reply.Json(context, writer =>
        {
            writer.WriteStartArray();
            foreach (var (index, tag) in tags.Where(t => filter is null || TaggedName.IsMatch(filter, t.Item)).Take(request.Count("limit") ?? int.MaxValue))
            {
                writer.WriteStartObject();
                writer.WriteNumber("id", index + 1);
                writer.WriteString("tag", tag);
                writer.WriteEndObject();
            }
            writer.WriteEndArray();
        }, request);
    }

    async Task One(HttpContext context, AskRequest request)
    {
        var (tag, filter) = (context.Part("tag"), request.Text("filter") is { } text ? TaggedName.Pattern(text) : null);
        var names = await Tagged(context, request, false);
        var tags = names.SelectMany(name => name.Tags.Keys).Distinct().Order(StringComparer.Ordinal).ToList();
        var values = names.Where(name => name.Tags.ContainsKey(tag)).CountBy(name => name.Tags[tag])
            .OrderBy(value => value.Key, StringComparer.Ordinal).Index().ToList();
        await Reply.Json(context, writer =>
        {
            if (values.Count == 0)
            {
                writer.WriteNullValue();   // what graphite-web says of a tag that is not there
                return;
            }
            writer.WriteStartObject();
            writer.WriteNumber("id", tags.IndexOf(tag) + 1);
            writer.WriteString("tag", tag);
            writer.WriteStartArray("values");
            foreach (var (index, value) in values.Where(v => filter is null || TaggedName.IsMatch(filter, v.Item.Key))
                .Take(request.Count("limit") ?? int.MaxValue))
            {
                writer.WriteStartObject();
                writer.WriteNumber("id", index + 1);
                writer.WriteString("value", value.Key);
                writer.WriteNumber("count", value.Value);
                writer.WriteEndObject();
            }
            writer.WriteEndArray();
            writer.WriteEndObject();
        }, request);
    }

    async Task FindSeries(HttpContext context, AskRequest request)
    {
        if (request.Texts("expr").Count == 0) throw ApiProblem.Bad("expr is missing; write for instance expr=name=disk.used");
        var names = await Tagged(context, request, true);
        await Reply.Texts(context, names.Select(name => name.Canonical).Order(StringComparer.Ordinal).Take(request.Count("limit") ?? int.MaxValue), request);
    }

    async Task CompleteTags(HttpContext context, AskRequest request)
    {
        var names = await Tagged(context, request, false);
        var known = request.Texts("expr").Select(e => Core.TimeSeries.TagExpression.Parse(e)!.Tag).ToHashSet();
        await Complete(context, request, "tagPrefix", names.SelectMany(name => name.Tags.Keys).Where(tag => !known.Contains(tag)));
    }

    async Task CompleteValues(HttpContext context, AskRequest request)
    {
        var tag = request.Required("tag", "host");
        var names = await Tagged(context, request, false);
        await Complete(context, request, "valuePrefix", names.Where(name => name.Tags.ContainsKey(tag)).Select(name => name.Tags[tag]));
    }

    static Task Complete(HttpContext context, AskRequest request, string prefix, IEnumerable<string> texts) =>
        Reply.Texts(context, texts.Where(text => text.StartsWith(request.Text(prefix) ?? "", StringComparison.Ordinal)).Distinct()
            .Order(StringComparer.Ordinal).Take(request.Count("limit") ?? DefaultCompletion), request);

    Task Delete(HttpContext context, AskRequest request)
    {
        foreach (var path in Paths(request)) store.Delete(path.Canonical);
        return Reply.Json(context, writer => writer.WriteBooleanValue(true), request);
    }

    static List<TaggedName> Paths(AskRequest request)
    {
        if (request.Texts("path").Count == 0) throw ApiProblem.Bad("path is missing; write for instance path=disk.used;host=a");
        return [.. request.Texts("path").Select(path => TaggedName.Parse(path)
            ?? throw ApiProblem.Bad($"path is \"{path}\"; write name;tag=value;tag=value"))];
    }
}
