using System.Text.Json;
using Microsoft.AspNetCore.Http;
using OpsBro.Api;

namespace OpsBro.Metrics.Asking;

/// <summary>The tree of names in the shapes of graphite-web: <c>/metrics/find</c>, <c>expand</c>, <c>index.json</c>, <c>get-metadata</c>.</summary>
internal sealed class FindRoutes(MetricAsk ask, PrometheusPage page)
{
    /// <summary>Most nodes that one answer lists.</summary>
    public const int MaxNodes = 100_000;

    /// <summary>Maps the routes.</summary>
    public void MapTo(ApiRoutes api)
    {
        ApiParameter[] find =
        [
            ("query", "pattern of names: * ? [a-c] {x,y}", Kind.Text.Required, "*"),
            ("format", "form of the answer", Kind.OneOf("treejson", "completer", "nodelist").ElseFirst), ("wildcards", "an entry * as well", Kind.Flag),
            ("from", "taken and not needed: names are kept as long as their numbers", Kind.Time), ("until", "the same", Kind.Time, "now"),
        ];
        ApiParameter[] expand =
        [
            ("query", "patterns of names", Kind.Text.Repeated, "*"), ("groupByExpr", "one list for each pattern", Kind.Flag),
            ("leavesOnly", "series only", Kind.Flag),
        ];
        ApiParameter[] metadata =
        [
            ("metric", "names of series", Kind.Text.Repeated, "web-1.loadaverage.load1"), ("key", "what of it", Kind.OneOf("aggregationMethod").ElseFirst),
        ];
        const string many = "More names match than one answer may list.";
        foreach (var method in new[] { "GET", "POST" })
        {
            ApiRoute[] routes =
            [
                api.Foreign(method, "/metrics/find", "The nodes of the tree of names that a pattern matches, as Grafana asks for them.",
                    Right.Read, Reply.Of(Find), find).Gives("application/json", Schemas.Find).Fails(413, many),
                api.Foreign(method, "/metrics/expand", "The paths that patterns match.", Right.Read, Reply.Of(Expand), expand)
                    .Gives("application/json", Schemas.Expand).Fails(413, many),
                api.Foreign(method, "/metrics/index.json", "The name of every series without tags.", Right.Read, Reply.Of(Index))
                    .Gives("application/json", Schemas.Texts),
                api.Foreign(method, "/metrics/get-metadata", "How the buckets of series are put together.", Right.Read, Reply.Of(Metadata), metadata)
                    .Gives("application/json", Schemas.Metadata),
            ];
            if (method == "POST") foreach (var route in routes.Where(r => r.Parameters.Count > 0)) route.OrForm();
        }
        api.Foreign("GET", "/metrics", "Prometheus: the agent's own counters and the numbers of every collector. With query: /metrics/find.", Right.Read,
            async context =>
            {
                if (context.Request.Query.ContainsKey("query")) await Reply.Of(Find)(context);
                else await Reply.Body(context, System.Text.Encoding.UTF8.GetBytes(page.Text()), PrometheusPage.ContentType);
            }, [new ApiParameter("query", find[0].Meaning, Kind.Text, "*"), ("format", "with query: form of the answer", "treejson"), .. find[2..]])
            .Gives("text/plain").Gives("application/json", Schemas.Find).Fails(413, many);
        api.Foreign("POST", "/metrics", "The same as /metrics/find.", Right.Read, Reply.Of(Find), find).Gives("application/json", Schemas.Find).Fails(413, many)
            .OrForm();
    }

    async Task<IReadOnlyList<FoundName>> Nodes(HttpContext context, string pattern)
    {
        var found = await ask.Find(pattern, context.RequestAborted);
        Reply.SayUnanswered(context, found.Unanswered);
        if (found.Answer.Count > MaxNodes)
            throw new ApiProblem(413, $"\"{pattern}\" matches {found.Answer.Count} names, more than {MaxNodes}; write a narrower pattern");
        return found.Answer;
    }

    async Task Find(HttpContext context, AskRequest request)
    {
        var (query, format) = (request.Required("query", "*"), request.Text("format") ?? "treejson");
        switch (format)
        {
            case "treejson":
                var nodes = await Nodes(context, query);
                await Reply.Json(context, writer => Tree(writer, query, nodes, request.Flag("wildcards")), request);
                break;
            case "completer":
                var matched = await Nodes(context, query.Replace("..", "*.", StringComparison.Ordinal) is var q && q.EndsWith('*') ? q : q + "*");
                await Reply.Json(context, writer => Completer(writer, matched, request.Flag("wildcards")), request);
                break;
            case "nodelist":
                var listed = await Nodes(context, query);
                await Reply.Json(context, writer =>
                {
                    writer.WriteStartObject();
                    writer.WriteStartArray("nodes");
                    foreach (var name in listed.Select(NameOf).Distinct().Order(StringComparer.Ordinal)) writer.WriteStringValue(name);
                    writer.WriteEndArray();
                    writer.WriteEndObject();
                }, request);
                break;
            default:
                throw ApiProblem.Bad($"format is \"{format}\"; write treejson, completer or nodelist");
        }
    }

    static string NameOf(FoundName node) => node.Path[(node.Path.LastIndexOf('.') + 1)..];

    /// <summary>One entry for each name; ids keep the pattern, so that the next question has it too. Branches come first.</summary>
    static void Tree(Utf8JsonWriter writer, string query, IReadOnlyList<FoundName> nodes, bool hasWildcards)
    {
        var parent = query.LastIndexOf('.') is >= 0 and var dot ? query[..(dot + 1)] : "";
        // a name may be a branch on one host and a series on another: it can be opened
        var names = nodes.GroupBy(NameOf).Select(same => (Name: same.Key, IsBranch: same.Any(n => n.HasChildren)))
            .OrderBy(n => !n.IsBranch).ThenBy(n => n.Name, StringComparer.Ordinal).ToList();
        writer.WriteStartArray();
        if (hasWildcards && names.Count > 1) Entry("*", names.Exists(n => n.IsBranch));
        foreach (var (name, isBranch) in names) Entry(name, isBranch);
        writer.WriteEndArray();

        void Entry(string name, bool isBranch)
        {
            writer.WriteStartObject();
            writer.WriteString("text", name);
            writer.WriteString("id", parent + name);
            writer.WriteNumber("allowChildren", isBranch ? 1 : 0);
            writer.WriteNumber("expandable", isBranch ? 1 : 0);
            writer.WriteNumber("leaf", isBranch ? 0 : 1);
            writer.WriteEndObject();
        }
    }

    /// <summary>Paths that can go on end with a dot; is_leaf is a text, as graphite-web has it.</summary>
    static void Completer(Utf8JsonWriter writer, IReadOnlyList<FoundName> nodes, bool hasWildcards)
    {
        writer.WriteStartObject();
        writer.WriteStartArray("metrics");
        foreach (var node in nodes.OrderBy(n => n.Path, StringComparer.Ordinal))
        {
            if (node.HasChildren) Entry(node, node.Path + ".", "0");
            if (node.IsLeaf) Entry(node, node.Path, "1");
        }
        if (hasWildcards && nodes.Count > 1)
        {
            writer.WriteStartObject();
            writer.WriteString("name", "*");
            writer.WriteEndObject();
        }
        writer.WriteEndArray();
        writer.WriteEndObject();

        void Entry(FoundName node, string path, string isLeaf)
        {
            writer.WriteStartObject();
            writer.WriteString("path", path);
            writer.WriteString("name", NameOf(node));
            writer.WriteString("is_leaf", isLeaf);
            writer.WriteEndObject();
        }
    }

    async Task Expand(HttpContext context, AskRequest request)
    {
        var leavesOnly = request.Flag("leavesOnly");
        var lists = new List<(string Query, IEnumerable<string> Paths)>();
        foreach (var query in request.Texts("query"))
        {
            var nodes = await Nodes(context, query);
            lists.Add((query, nodes.Where(n => n.IsLeaf || !leavesOnly).Select(n => n.Path).Order(StringComparer.Ordinal)));
        }
        await Reply.Json(context, writer =>
        {
            writer.WriteStartObject();
            if (request.Flag("groupByExpr"))
            {
                writer.WriteStartObject("results");
                foreach (var (query, paths) in lists.DistinctBy(l => l.Query))
                {
                    writer.WriteStartArray(query);
                    foreach (var path in paths) writer.WriteStringValue(path);
                    writer.WriteEndArray();
                }
                writer.WriteEndObject();
            }
            else
            {
                writer.WriteStartArray("results");
                foreach (var path in lists.SelectMany(l => l.Paths).Distinct().Order(StringComparer.Ordinal)) writer.WriteStringValue(path);
                writer.WriteEndArray();
            }
            writer.WriteEndObject();
        }, request);
    }

    async Task Index(HttpContext context, AskRequest request)
    {
        var names = await ask.Names(context.RequestAborted);
        Reply.SayUnanswered(context, names.Unanswered);
        await Reply.Texts(context, names.Answer.Where(name => !name.Contains(';')), request);
    }

    async Task Metadata(HttpContext context, AskRequest request)
    {
        var key = request.Text("key") ?? "aggregationMethod";
        if (key != "aggregationMethod") throw ApiProblem.Bad($"key is \"{key}\"; only aggregationMethod is known");
        var names = (await ask.Names(context.RequestAborted)).Answer.ToHashSet(StringComparer.Ordinal);
        await Reply.Json(context, writer =>
        {
            writer.WriteStartObject();
            foreach (var metric in request.Texts("metric").Distinct())
            {
                writer.WriteStartObject(metric);
                if (names.Contains(metric)) writer.WriteString("value", "average");
                else writer.WriteString("error", $"there is no series \"{metric}\"; see /metrics/index.json");
                writer.WriteEndObject();
            }
            writer.WriteEndObject();
        }, request);
    }
}
