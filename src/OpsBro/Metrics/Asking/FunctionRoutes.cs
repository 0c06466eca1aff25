using System.Text.Json;
using Microsoft.AspNetCore.Http;
using OpsBro.Api;
using OpsBro.Core.Graphite;

namespace OpsBro.Metrics.Asking;

/// <summary><c>/functions</c> and <c>/version</c>: by them an editor learns what it can offer.</summary>
internal static class FunctionRoutes
{
    /// <summary>The graphite-web whose behaviour this is: from 1.1 on, Grafana uses tags and <c>/functions</c>.</summary>
    public const string Version = "1.1.8";

    /// <summary>Where graphite-web keeps its functions; editors show it.</summary>
    const string Module = "graphite.render.functions";

    /// <summary>Maps the routes.</summary>
    public static void MapTo(ApiRoutes api)
    {
        ApiParameter pretty = ("pretty", "indented JSON", Kind.Flag);
        api.Foreign("GET", "/version", "The version of graphite-web that these routes follow.", Right.Read,
            context => Reply.Body(context, System.Text.Encoding.ASCII.GetBytes(Version + "\n"), "text/plain; charset=utf-8")).Never(400);
        api.Foreign("GET", "/functions", "Every function of the target language.", Right.Read, Reply.Of(All, true),
                ("grouped", "a map by groups", Kind.Flag), ("group", "only this group", "Combine"), pretty)
            .ErrorsAs(ErrorForm.Object).Gives("application/json", Schemas.Functions);
        api.Foreign("GET", "/functions/{name}", "One function of the target language.", Right.Read, Reply.Of(One, true),
                ("name", "a function", "sumSeries"), pretty)
            .ErrorsAs(ErrorForm.Object).Gives("application/json", Schemas.Function);
    }

    static Task All(HttpContext context, AskRequest request)
    {
        var functions = GraphiteFunctions.Default.All.Where(f => request.Text("group") is not { } group || f.Group == group);
        return Reply.Json(context, writer =>
        {
            writer.WriteStartObject();
            if (request.Flag("grouped"))
            {
                foreach (var group in functions.GroupBy(f => f.Group).OrderBy(g => g.Key, StringComparer.Ordinal))
                {
                    writer.WriteStartObject(group.Key);
                    foreach (var function in group) Write(writer, function, function.Name);
                    writer.WriteEndObject();
                }
            }
            else
            {
                foreach (var function in functions) Write(writer, function, function.Name);
            }
            writer.WriteEndObject();
        }, request);
    }

    static Task One(HttpContext context, AskRequest request)
    {
        var name = context.Part("name");
        var function = GraphiteFunctions.Default.Find(name)
            ?? throw ApiProblem.NotFound("function", name, "/functions", GraphiteFunctions.Default.All.Select(f => f.Name));
        return Reply.Json(context, writer => Write(writer, function, null), request);
    }

    static void Write(Utf8JsonWriter writer, Function function, string? key)
    {
        if (key is null) writer.WriteStartObject();
        else writer.WriteStartObject(key);
        writer.WriteString("name", function.Name);
        writer.WriteString("function", function.Usage);
        writer.WriteString("description", function.Description);
        writer.WriteString("module", Module);
        writer.WriteString("group", function.Group);
        writer.WriteStartArray("params");
        foreach (var param in function.Params)
        {
            writer.WriteStartObject();
            writer.WriteString("name", param.Name);
            writer.WriteString("type", param.TypeName);
            if (param.IsRequired) writer.WriteBoolean("required", true);
            if (param.IsMultiple) writer.WriteBoolean("multiple", true);
            if (param.Default is { } value) Write(writer, "default", value);
            if (param.Options.Count > 0)
            {
                writer.WriteStartArray("options");
                foreach (var option in param.Options) writer.WriteStringValue(option);
                writer.WriteEndArray();
            }
            if (param.Suggestions.Count > 0)
            {
                writer.WriteStartArray("suggestions");
                foreach (var suggestion in param.Suggestions) Write(writer, null, suggestion);
                writer.WriteEndArray();
            }
            writer.WriteEndObject();
        }
        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    /// <summary>JSON has no infinity: where graphite-web writes one, and breaks the parsers of browsers, here is a text.</summary>
    static void Write(Utf8JsonWriter writer, string? name, Value value)
    {
        if (name is not null) writer.WritePropertyName(name);
        switch (value)
        {
            case NumberValue { IsInteger: true } number when double.IsFinite(number.Number):
                writer.WriteNumberValue((long)number.Number);
                break;
            case NumberValue number when double.IsFinite(number.Number):
                writer.WriteNumberValue(number.Number);
                break;
            case FlagValue flag:
                writer.WriteBooleanValue(flag.IsTrue);
                break;
            case NothingValue:
                writer.WriteNullValue();
                break;
            default:
                writer.WriteStringValue(value.Text);
                break;
        }
    }
}
