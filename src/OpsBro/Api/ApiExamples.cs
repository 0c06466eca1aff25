using System.Text;
using System.Text.Json.Nodes;

namespace OpsBro.Api;

/// <summary>Calls and errors as they would really be, put together from what a route declares.</summary>
internal static class ApiExamples
{
    /// <summary>A host name for addresses on the unix socket: curl wants one.</summary>
    const string AnyHost = "http://opsbro";

    /// <summary>The path with an example for each of its parts.</summary>
    public static string Path(ApiRoute route)
    {
        var takesSlashes = route.Path.Contains("{**", StringComparison.Ordinal);
        return route.Parts.Aggregate(route.PlainPath, (path, part) => path.Replace($"{{{part.Name}}}", takesSlashes
            ? string.Join('/', part.Shown.Split('/').Select(Uri.EscapeDataString))
            : Uri.EscapeDataString(part.Shown)));
    }

    /// <summary>The path and the query that must be given; with <paramref name="isFull"/> all of the query.</summary>
    public static string Address(ApiRoute route, bool isFull = false)
    {
        var query = route.IsBodyOptional ? "" : Query(route.Query.Where(p => isFull || p.Kind.IsRequired));
        return query.Length > 0 ? $"{Path(route)}?{query}" : Path(route);
    }

    /// <summary>Parameters with their examples, as in an address or a form.</summary>
    public static string Query(IEnumerable<ApiParameter> parameters) =>
        string.Join('&', parameters.Select(p => $"{p.Name}={Uri.EscapeDataString(p.Shown)}"));

    /// <summary>A call with curl.</summary>
    /// <param name="route">What is called.</param>
    /// <param name="socket">The unix socket; null for TCP.</param>
    /// <param name="url">Base address for TCP.</param>
    public static string Curl(ApiRoute route, string? socket, string url)
    {
        var text = new StringBuilder();
        var body = route.Bodies.Count > 0 ? route.Bodies[0] : null;
        if (body is { IsBinary: true }) text.Append($"echo '{body.Example}' | base64 -d | ");
        text.Append("curl");
        if (route.IsEndless) text.Append(" -N");
        if (route.Method != "GET" && !(route.Method == "POST" && body is not null)) text.Append($" -X {route.Method}");
        if (socket is not null) text.Append($" --unix-socket {socket}");
        else if (route.Right == Right.Write) text.Append(" -H \"Authorization: Bearer $TOKEN\"");
        if (body is not null)
        {
            text.Append($" -H {Quoted($"Content-Type: {body.ContentType}")}");
            if (body.IsBinary) text.Append(" --data-binary @-");
            else text.Append($" --data-binary {Quoted(Body(body))}");
        }
        return text.Append($" {Quoted((socket is null ? url : AnyHost) + Address(route))}").ToString();
    }

    /// <summary>A body as it is sent: JSON, or the text that stands for another content.</summary>
    public static string Body(ApiContent content) => content.Example switch
    {
        null => "",
        JsonValue value when !content.IsJson => value.GetValue<string>(),
        var json => json.ToJsonString(),
    };

    /// <summary>The sentence of an error.</summary>
    public static string Detail(ApiRoute route, ApiFailure failure)
    {
        var sentence = char.ToLowerInvariant(failure.When[0]) + failure.When[1..].TrimEnd('.');
        return failure.Status switch
        {
            404 when route.Parts.FirstOrDefault() is { } part => $"no {part.Name} is named \"nonsense\"; see /api",
            413 => $"Request body too large. The max request body size is {route.MaxBody} bytes.",
            400 when Bad(route) is { } bad => bad.Sentence,
            400 when route.RefusesUnknownQuery => ApiGate.Unknown(Path(route), "nonsense", route),
            _ => sentence,
        };
    }

    /// <summary>A parameter and a value that it refuses, with the sentence; null when every parameter takes any text.</summary>
    public static (ApiParameter Parameter, string Value, string Sentence)? Bad(ApiRoute route)
    {
        foreach (var parameter in route.Query)
            if (parameter.Kind.Refusal(parameter.Name, "nonsense") is { } sentence) return (parameter, "nonsense", sentence);
        return null;
    }

    static string Quoted(string text) => $"'{text.Replace("'", @"'\''")}'";
}
