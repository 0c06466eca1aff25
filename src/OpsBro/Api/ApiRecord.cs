using System.Text.Json.Nodes;

namespace OpsBro.Api;

/// <summary>
/// What no declaration says: the meaning of each field, taken from the doc comments of the source, and an answer of each route, taken from a
/// running agent. A test makes the file (record.json) and fails when it is not true any more.
/// </summary>
internal static class ApiRecord
{
    static readonly Lazy<JsonNode> all = new(() =>
    {
        using var file = typeof(ApiRecord).Assembly.GetManifestResourceStream("api-record.json")
            ?? throw new InvalidOperationException("api-record.json is not in the program; see OpsBro.csproj");
        return JsonNode.Parse(file)!;
    });

    /// <summary>What a field is; null when nothing is known.</summary>
    public static string? Field(Type type, string name) => all.Value["fields"]?[type.Name]?[name]?.GetValue<string>();

    /// <summary>A good answer of a route in each of its forms.</summary>
    public static IReadOnlyDictionary<string, JsonNode?> Answers(ApiRoute route) =>
        all.Value["answers"]?[$"{route.Method} {route.PlainPath}"] is JsonObject known
            ? known.ToDictionary(entry => entry.Key, entry => entry.Value)
            : [];
}
