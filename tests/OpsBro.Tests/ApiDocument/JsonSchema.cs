using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace OpsBro.Tests.ApiDocument;

/// <summary>
/// Holds values against JSON schemas (draft 2020-12, the keywords that our documents use; another one is a fault of the schema).
/// References lead into one document.
/// </summary>
sealed class JsonSchema(JsonNode document)
{
    /// <summary>Deepest nesting that is looked at.</summary>
    const int MaxDepth = 64;

    static readonly string[] known =
    [
        "type", "properties", "required", "items", "prefixItems", "enum", "const", "additionalProperties", "$ref", "anyOf", "minimum", "maximum", "pattern",
        "minItems", "maxItems", "minLength", "format", "description", "default", "not",
    ];

    static readonly string[] types = ["object", "array", "string", "number", "integer", "boolean", "null"];

    /// <summary>What is wrong with a value, each with its place; empty when nothing is.</summary>
    public IReadOnlyList<string> Faults(JsonNode? schema, JsonNode? value)
    {
        var faults = new List<string>();
        Check(schema, value, "$", faults, 0);
        return faults;
    }

    /// <summary>The node that a reference leads to; null when there is none.</summary>
    public JsonNode? Resolve(string reference)
    {
        if (!reference.StartsWith("#/", StringComparison.Ordinal)) return null;
        var node = document;
        foreach (var part in reference[2..].Split('/'))
        {
            var name = Uri.UnescapeDataString(part).Replace("~1", "/").Replace("~0", "~");
            node = node switch
            {
                JsonObject map => map[name],
                JsonArray list when int.TryParse(name, out var index) && index < list.Count => list[index],
                _ => null,
            };
            if (node is null) return null;
        }
        return node;
    }

    void Check(JsonNode? schema, JsonNode? value, string at, List<string> faults, int depth)
    {
        if (depth > MaxDepth)
        {
            faults.Add($"{at}: nested deeper than {MaxDepth}");
            return;
        }
        if (schema is JsonValue truth && truth.TryGetValue<bool>(out var any))
        {
            if (!any) faults.Add($"{at}: nothing may be here");
            return;
        }
        if (schema is not JsonObject map)
        {
            faults.Add($"{at}: there is no schema");
            return;
        }
        if (map["$ref"] is { } reference)
        {
            if (Resolve($"{reference}") is { } target) Check(target, value, at, faults, depth + 1);
            else faults.Add($"{at}: {reference} leads nowhere");
        }
        if (map["type"] is { } type && !(type is JsonArray several ? several : [type.DeepClone()]).Any(one => IsOfType($"{one}", value)))
            faults.Add($"{at}: is {Word(value)}, and must be {type.ToJsonString()}");
        if (map["enum"] is JsonArray words && !words.Any(word => JsonNode.DeepEquals(word, value)))
            faults.Add($"{at}: is {Word(value)}, and must be one of {words.ToJsonString()}");
        if (map.TryGetPropertyValue("const", out var only) && !JsonNode.DeepEquals(only, value)) faults.Add($"{at}: is not {only?.ToJsonString()}");
        if (map["anyOf"] is JsonArray choices && !choices.Any(choice => IsFree(choice, value, at, depth)))
            faults.Add($"{at}: {Word(value)} is none of the {choices.Count} forms");
        if (map["not"] is { } not && IsFree(not, value, at, depth)) faults.Add($"{at}: is what it must not be");
        if (value is JsonObject fields) CheckObject(map, fields, at, faults, depth);
        if (value is JsonArray items) CheckArray(map, items, at, faults, depth);
        CheckScalar(map, value, at, faults);
    }

    bool IsFree(JsonNode? schema, JsonNode? value, string at, int depth)
    {
        var faults = new List<string>();
        Check(schema, value, at, faults, depth + 1);
        return faults.Count == 0;
    }

    void CheckObject(JsonObject schema, JsonObject value, string at, List<string> faults, int depth)
    {
        foreach (var name in schema["required"] as JsonArray ?? [])
            if (!value.ContainsKey($"{name}")) faults.Add($"{at}: {name} is missing");
        var properties = schema["properties"] as JsonObject ?? [];
        foreach (var (name, item) in value)
        {
            if (properties.TryGetPropertyValue(name, out var own)) Check(own, item, $"{at}.{name}", faults, depth + 1);
            else if (schema["additionalProperties"] is { } others) Check(others, item, $"{at}.{name}", faults, depth + 1);
        }
    }

    void CheckArray(JsonObject schema, JsonArray value, string at, List<string> faults, int depth)
    {
        if (schema["minItems"] is { } least && value.Count < least.GetValue<int>()) faults.Add($"{at}: has {value.Count} items, fewer than {least}");
        if (schema["maxItems"] is { } most && value.Count > most.GetValue<int>()) faults.Add($"{at}: has {value.Count} items, more than {most}");
        var first = schema["prefixItems"] as JsonArray ?? [];
        for (var i = 0; i < value.Count; i++)
        {
            if (i < first.Count) Check(first[i], value[i], $"{at}[{i}]", faults, depth + 1);
            else if (schema["items"] is { } items) Check(items, value[i], $"{at}[{i}]", faults, depth + 1);
        }
    }

    static void CheckScalar(JsonObject schema, JsonNode? value, string at, List<string> faults)
    {
        if (value?.GetValueKind() == JsonValueKind.Number)
        {
            var number = Number(value);
            if (schema["minimum"] is { } least && number < Number(least)) faults.Add($"{at}: {value} is less than {least}");
            if (schema["maximum"] is { } most && number > Number(most)) faults.Add($"{at}: {value} is more than {most}");
        }
        if (value?.GetValueKind() != JsonValueKind.String) return;
        var text = value.GetValue<string>();
        if (schema["minLength"] is { } length && text.Length < length.GetValue<int>()) faults.Add($"{at}: is shorter than {length}");
        if (schema["pattern"] is { } pattern && !Regex.IsMatch(text, $"{pattern}")) faults.Add($"{at}: \"{text}\" is not like {pattern}");
        if ($"{schema["format"]}" == "date-time" && !DateTimeOffset.TryParse(text, out _)) faults.Add($"{at}: \"{text}\" is no time");
    }

    static double Number(JsonNode node) => double.Parse(node.ToJsonString(), System.Globalization.CultureInfo.InvariantCulture);

    static bool IsOfType(string type, JsonNode? value) => (type, value?.GetValueKind() ?? JsonValueKind.Null) switch
    {
        ("object", JsonValueKind.Object) or ("array", JsonValueKind.Array) or ("string", JsonValueKind.String) or ("number", JsonValueKind.Number) => true,
        ("boolean", JsonValueKind.True or JsonValueKind.False) or ("null", JsonValueKind.Null) => true,
        ("integer", JsonValueKind.Number) => Number(value!) % 1 == 0,
        _ => false,
    };

    static string Word(JsonNode? value) => value?.ToJsonString() is { } text ? text.Length > 60 ? text[..60] + "…" : text : "null";

    /// <summary>What is wrong with a schema itself.</summary>
    public IReadOnlyList<string> FaultsOf(JsonNode? schema, string at)
    {
        if (schema is JsonValue truth && truth.TryGetValue<bool>(out _)) return [];
        if (schema is not JsonObject map) return [$"{at}: a schema is an object, true or false"];
        var faults = new List<string>();
        foreach (var (word, value) in map)
        {
            switch (word)
            {
                case "$ref" when Resolve($"{value}") is null:
                    faults.Add($"{at}: {value} leads nowhere");
                    break;
                case "type":
                    faults.AddRange((value is JsonArray several ? several : [value?.DeepClone()]).Where(one => !types.Contains($"{one}"))
                        .Select(one => $"{at}: there is no type {one}"));
                    break;
                case "properties":
                    foreach (var (name, one) in value as JsonObject ?? []) faults.AddRange(FaultsOf(one, $"{at}.{name}"));
                    break;
                case "items" or "additionalProperties" or "not":
                    faults.AddRange(FaultsOf(value, $"{at}.{word}"));
                    break;
                case "anyOf" or "prefixItems":
                    if (value is not JsonArray { Count: > 0 } list) faults.Add($"{at}: {word} must hold schemas");
                    else foreach (var one in list) faults.AddRange(FaultsOf(one, $"{at}.{word}"));
                    break;
                case "required" or "enum" when value is not JsonArray { Count: > 0 }:
                    faults.Add($"{at}: {word} must be a list that is not empty");
                    break;
                case var other when !known.Contains(other):
                    faults.Add($"{at}: the word {other} is not known to this checker; teach it, or leave it out");
                    break;
            }
        }
        return faults;
    }
}
