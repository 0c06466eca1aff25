using System.Text.Json;
using Microsoft.AspNetCore.Http;
using OpsBro.Api;
using OpsBro.Core.TimeSeries;

namespace OpsBro.Metrics.Asking;

/// <summary>The routes below <c>/tags</c> in the shapes of graphite-web.</summary>
internal sealed class TagRoutes(MetricAsk ask, MetricStore store)
{
    /// <summary>Names that a completion gives unless asked for more, as graphite-web.</summary>
    const int DefaultCompletion = 100;

    /// <summary>Most tags or values that one answer lists.</summary>
    const int MaxListed = 100_000;

    /// <summary>Maps the routes.</summary>
    public void MapTo(ApiRoutes api)
    {
        ApiParameter expr = ("expr", "tag=value, tag!=value, tag=~regex or tag!=~regex; all must hold", Kind.Text.Repeated, "name=disk.used"),
            pretty = ("pretty", "indented JSON", Kind.Flag), limit = ("limit", "how many at most", Kind.Number(1..MaxListed, DefaultCompletion)),
            filter = ("filter", "only those that this regular expression matches", "^na"),
            path = ("path", "name;tag=value", Kind.Text.Required, "disk.used;host=a"),
            paths = ("path", "name;tag=value", Kind.Text.Required.Repeated, "disk.used;host=a");
        foreach (var method in new[] { "GET", "POST" })
        {
            Tags(method, "/tags/findSeries", "Names of the series with these tags.", FindSeries, Schemas.Texts,
                expr with { Kind = expr.Kind.Required }, limit with { Kind = Kind.Number(1..MaxListed, MaxListed) }, pretty);
            Tags(method, "/tags/autoComplete/tags", "Names of tags, for an editor.", CompleteTags, Schemas.Texts,
                expr, ("tagPrefix", "how they begin", "na"), limit, pretty);
            Tags(method, "/tags/autoComplete/values", "Values of a tag, for an editor.", CompleteValues, Schemas.Texts,
                ("tag", "the tag", Kind.Text.Required, "name"), expr, ("valuePrefix", "how they begin", "di"), limit, pretty);
        }
        Tags("GET", "/tags", "Every tag.", All, Schemas.Tags, filter, limit, pretty);
        Tags("GET", "/tags/{tag}", "The values of one tag, or null.", One, Schemas.Tag, ("tag", "a tag", "name"), filter, limit, pretty).Never(404);
        Tags("POST", "/tags/tagSeries", "The canonical name of a series; it is kept from its first number on.",
            (context, request) => Reply.Json(context, writer => writer.WriteStringValue(Paths(request)[0].Canonical), request), Schemas.Text, path);
        Tags("POST", "/tags/tagMultiSeries", "The same for many series.",
            (context, request) => Reply.Texts(context, Paths(request).Select(p => p.Canonical), request), Schemas.Texts, paths);
        api.Foreign("POST", "/tags/delSeries", "Forget series with all their numbers.", Right.Write, Reply.Of(Delete, true), paths)
            .ErrorsAs(ErrorForm.Object).Gives("application/json", Schemas.Flag).OrForm();

        ApiRoute Tags(
            string method, string path, string summary, Func<HttpContext, AskRequest, Task> answer, string schema, params ApiParameter[] parameters)
        {
            var route = api.Foreign(method, path, summary, Right.Read, Reply.Of(answer, true), parameters)
                .ErrorsAs(ErrorForm.Object).Gives("application/json", schema);
            return method == "POST" ? route.OrForm() : route;
        }
    }

    static TagExpression[] Conditions(AskRequest request) =>
    [
        .. request.Texts("expr").Select(text => TagExpression.Parse(text)
            ?? throw ApiProblem.Bad($"\"{text}\" is no tag expression; write tag=value, tag!=value, tag=~regex or tag!=~regex")),
    ];

    static int Limit(AskRequest request, int otherwise) => Math.Min(request.Count("limit") ?? otherwise, MaxListed);

    static T Said<T>(HttpContext context, Asked<T> asked)
    {
        Reply.SayUnanswered(context, asked.Unanswered);
        return asked.Answer;
    }

    async Task All(HttpContext context, AskRequest request)
    {
        var filter = request.Text("filter") is { } text ? TaggedName.Pattern(text) : null;
        var tags = Said(context, await ask.TagNames([], "", MaxListed, context.RequestAborted)).Index().ToList();
        await Reply.Json(context, writer =>
        {
            writer.WriteStartArray();
            foreach (var (index, tag) in tags.Where(t => filter is null || filter.IsMatch(t.Item)).Take(Limit(request, MaxListed)))
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
        var values = Said(context, await ask.TagValues(tag, [], "", MaxListed, context.RequestAborted)).Index().ToList();
        var tags = (await ask.TagNames([], "", MaxListed, context.RequestAborted)).Answer.ToList();
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
            foreach (var (index, (value, count)) in values.Where(v => filter is null || filter.IsMatch(v.Item.Value)).Take(Limit(request, MaxListed)))
            {
                writer.WriteStartObject();
                writer.WriteNumber("id", index + 1);
                writer.WriteString("value", value);
                writer.WriteNumber("count", count);
                writer.WriteEndObject();
            }
            writer.WriteEndArray();
            writer.WriteEndObject();
        }, request);
    }

    async Task FindSeries(HttpContext context, AskRequest request)
    {
        if (request.Texts("expr").Count == 0) throw ApiProblem.Bad("expr is missing; write for instance expr=name=disk.used");
        await Reply.Texts(context, Said(context, await ask.FindTagged(Conditions(request), Limit(request, MaxListed), context.RequestAborted)), request);
    }

    async Task CompleteTags(HttpContext context, AskRequest request) => await Reply.Texts(context, Said(context,
        await ask.TagNames(Conditions(request), request.Text("tagPrefix") ?? "", Limit(request, DefaultCompletion), context.RequestAborted)), request);

    async Task CompleteValues(HttpContext context, AskRequest request)
    {
        var values = await ask.TagValues(request.Required("tag", "host"), Conditions(request), request.Text("valuePrefix") ?? "",
            Limit(request, DefaultCompletion), context.RequestAborted);
        await Reply.Texts(context, Said(context, values).Select(value => value.Value), request);
    }

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
