using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace OpsBro.Api;

/// <summary>The index as text: for <c>curl …/api</c> and <c>opsbro api</c>.</summary>
/// <param name="addresses">What the agent listens on: the socket's path, addresses with http.</param>
internal sealed class ApiText(IReadOnlyList<string> addresses)
{
    /// <summary>Longest example shown, in characters.</summary>
    const int MaxExample = 2_000;

    static readonly JsonSerializerOptions indented = new()
    {
        WriteIndented = true,
        TypeInfoResolver = ApiJson.Default,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>The unix socket.</summary>
    public string Socket => addresses.FirstOrDefault(address => address.StartsWith('/')) ?? "/var/lib/opsbro/opsbro.sock";

    /// <summary>The first address over TCP, or the one that is usual.</summary>
    public string Url =>
        addresses.FirstOrDefault(address => address.StartsWith("http", StringComparison.Ordinal)) ?? $"http://127.0.0.1:{HttpOptions.DefaultPort}";

    /// <summary>The index.</summary>
    public string Of(IReadOnlyList<ApiRoute> routes, ApiDetail detail)
    {
        var text = new StringBuilder("OpsBro HTTP API. * changes something: unix socket or token only. Old paths come last in each part.\n");
        if (detail != ApiDetail.Full) text.Append("One route in full: opsbro api ROUTE, or GET /api/ROUTE. For programs: GET /openapi.json.\n");
        foreach (var slice in ApiIndex.Slices(routes))
        {
            text.Append($"\n{slice.Key}\n");
            foreach (var route in ApiIndex.Sorted(slice)) Add(text, route, detail);
        }
        return text.ToString();
    }

    void Add(StringBuilder text, ApiRoute route, ApiDetail detail)
    {
        var mark = route.Right == Right.Write ? "*" : " ";
        text.Append($"  {route.Method,-6}{mark} {route.PlainPath}{(route.IsLegacy ? "  (old path)" : "")}\n           {route.Summary}\n");
        if (detail == ApiDetail.List) return;
        foreach (var (line, index) in Parameters(route).Select((line, index) => (line, index)))
            text.Append($"           {(index == 0 ? "takes  " : "       ")} {line}\n");
        if (Body(route) is { } body) text.Append($"           body    {body}\n");
        text.Append($"           gives   {Answer(route)}\n");
        if (Errors(route) is { Length: > 0 } errors) text.Append($"           errors  {errors}\n");
        foreach (var call in Calls(route)) text.Append($"           {call}\n");
        if (detail == ApiDetail.Full) AddExamples(text, route);
        text.Append('\n');
    }

    static void AddExamples(StringBuilder text, ApiRoute route)
    {
        foreach (var (title, example) in Examples(route))
            text.Append($"\n           {title}\n             {example.ReplaceLineEndings("\n             ")}\n");
    }

    /// <summary>Each parameter as a line.</summary>
    public static IEnumerable<string> Parameters(ApiRoute route)
    {
        foreach (var part in route.Parts) yield return $"{{{part.Name}}}  {Meaning(part)}";
        foreach (var one in route.Query) yield return $"?{one.Name}=  {Meaning(one)}";
    }

    /// <summary>What a parameter is, what may be written, and what holds without it.</summary>
    public static string Meaning(ApiParameter parameter)
    {
        var kind = parameter.Kind;
        var notes = new List<string>();
        if (kind.Range.Length > 0) notes.Add(kind.Range);
        if (kind.IsRepeated) notes.Add("repeated");
        if (kind.IsRequired) notes.Add("must be given");
        if (kind.Default is { } otherwise && !kind.Words.SequenceEqual(Kind.Flag.Words)) notes.Add($"else {otherwise}");
        return notes.Count == 0 ? parameter.Meaning : $"{parameter.Meaning} ({string.Join("; ", notes)})";
    }

    /// <summary>What is sent; null when nothing is.</summary>
    public static string? Body(ApiRoute route) => route.Bodies.Count == 0 ? null
        : string.Join(" or ", route.Bodies.Select(body => body.ContentType)) + (route.IsBodyOptional ? ", instead of the query" : "");

    /// <summary>What comes back.</summary>
    public static string Answer(ApiRoute route)
    {
        var types = string.Join(" or ", route.Answers.Select(answer => answer.ContentType));
        return $"{route.GoodStatus} {types}{(route.IsEndless ? ", until the caller ends it" : "")}".TrimEnd();
    }

    /// <summary>The errors of this route, but for those that every one may give.</summary>
    public static string Errors(ApiRoute route) => string.Join("; ", Own(route).Select(failure => $"{failure.Status} {Lower(failure.When)}"));

    static IEnumerable<ApiFailure> Own(ApiRoute route) => route.Failures.Where(failure => failure.Status is not (401 or 403 or 421));

    static string Lower(string sentence) => char.ToLowerInvariant(sentence[0]) + sentence[1..].TrimEnd('.');

    /// <summary>The call over the socket and the one over TCP.</summary>
    public IEnumerable<string> Calls(ApiRoute route) => [ApiExamples.Curl(route, Socket, Url), ApiExamples.Curl(route, null, Url)];

    /// <summary>Bodies, answers and errors as they look.</summary>
    public static IEnumerable<(string Title, string Example)> Examples(ApiRoute route)
    {
        foreach (var body in route.Bodies.Where(body => !body.IsBinary)) yield return ($"a body, {body.ContentType}:", Shown(body.Example));
        foreach (var (type, answer) in ApiRecord.Answers(route)) yield return ($"an answer, {route.GoodStatus} {type}:", Shown(answer));
        foreach (var failure in Own(route)) yield return ($"{failure.Status}, {Lower(failure.When)}:", ApiExamples.Detail(route, failure));
    }

    static string Shown(JsonNode? example)
    {
        var text = example is JsonValue value && value.TryGetValue<string>(out var plain) ? plain.TrimEnd() : example?.ToJsonString(indented) ?? "null";
        return text.Length <= MaxExample ? text : text[..MaxExample] + "\n…";
    }
}
