using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using OpsBro.Tests.EndToEnd;

namespace OpsBro.Tests.ApiDocument;

/// <summary>
/// src/OpsBro/Api/record.json: answers of a scratch agent, cut short and without its names, and the meaning of fields from the doc comments.
/// With OPSBRO_RECORD=1 the tests write it; without, they fail where it lacks something or is not true any more.
/// </summary>
sealed partial class ApiRecord
{
    /// <summary>What to do when it is not up to date.</summary>
    public const string Help = "record it: OPSBRO_RECORD=1 dotnet test tests/OpsBro.Tests --filter FullyQualifiedName~ApiDocument, and build again";

    const int MaxText = 160, MaxLines = 6, MaxItems = 2;

    static readonly JsonSerializerOptions compact = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    static readonly Lock writing = new();

    readonly JsonObject answers;
    readonly (string From, string To)[] names;
    JsonSchema? schema;

    ApiRecord(JsonObject answers, (string, string)[] names)
    {
        this.answers = answers;
        this.names = names;
    }

    static string File => Repository.PathOf("src", "OpsBro", "Api", "record.json");

    static JsonObject Read() => JsonNode.Parse(System.IO.File.ReadAllText(File))!.AsObject();

    static bool IsRecording => Environment.GetEnvironmentVariable("OPSBRO_RECORD") == "1";

    /// <summary>The record, for answers of this agent.</summary>
    public static async Task<ApiRecord> Of(RunningAgent agent)
    {
        var info = (await agent.Ask("/v1/agent/info"))!.Value;
        return new ApiRecord((JsonObject)Read()["answers"]!.DeepClone(),
        [
            (agent.Config, "/etc/opsbro"), (agent.Data, "/var/lib/opsbro"), (AppContext.BaseDirectory.TrimEnd('/'), "/usr/lib/opsbro"),
            ($"{info.GetProperty("uuid")}", "3f2504e0-4f89-41d3-9a0c-0305e82c3301"), (agent.Address, "192.0.2.7"),
            ($"127.0.0.1:{agent.Port}", "127.0.0.1:6768"), ($"{info.GetProperty("name")}", "web-1"),
            ($"{info.GetProperty("local_address")}", "192.0.2.7"),
        ]);
    }

    /// <summary>Takes an answer, when there is none of this form yet, or an older one that does not fit any more.</summary>
    public async Task Add(ApiOperation operation, HttpResponseMessage answer)
    {
        if (answer.Content.Headers.ContentType?.MediaType is not { } type || type == "text/event-stream") return;
        schema ??= new JsonSchema(operation.Document);
        var shape = operation.Response((int)answer.StatusCode)!["content"]![type]!["schema"]!;
        if (answers[operation.Name] is not JsonObject own) answers[operation.Name] = own = [];
        if (own.TryGetPropertyValue(type, out var old) && schema.Faults(shape, old).Count == 0) return;
        var text = await answer.Content.ReadAsStringAsync();
        foreach (var (from, to) in names) if (from.Length > 3) text = text.Replace(from, to);
        text = Key().Replace(text, "\"key\":\"ZXZlcnlvbmUga25vd3MgdGhpcyBvbmU6IG5vIGtleSE=\"");
        own[type] = type == "application/json" ? Shortened(shape, JsonNode.Parse(text)) : string.Concat(text.Split('\n').Take(MaxLines).Select(Line));
    }

    static string Line(string line) => (line.Length > MaxText ? line[..MaxText] + "…" : line) + "\n";

    /// <summary>The same with few items; the fields that the schema names all stay.</summary>
    JsonNode? Shortened(JsonNode? shape, JsonNode? value)
    {
        if (shape is not JsonObject) shape = null;   // true: anything
        if (shape?["$ref"] is { } reference) return Shortened(schema!.Resolve($"{reference}"), value);
        if (shape?["anyOf"] is JsonArray choices) return Shortened(choices.FirstOrDefault(choice => schema!.Faults(choice, value).Count == 0), value);
        switch (value)
        {
            case JsonObject map:
                var fields = shape?["properties"] as JsonObject;
                var shorter = new JsonObject();
                foreach (var (name, item) in map.Take(fields is null ? MaxItems : int.MaxValue))
                    shorter[name] = Shortened(fields is null ? shape?["additionalProperties"] : fields[name], item);
                return shorter;
            case JsonArray list:
                return new JsonArray([.. list.Take(MaxItems).Select(item => Shortened(shape?["items"], item))]);
            case JsonValue text when text.GetValueKind() == JsonValueKind.String && text.GetValue<string>() is { Length: > MaxText } much:
                return much[..MaxText] + "…";
            default:
                return value?.DeepClone();
        }
    }

    /// <summary>What the record lacks; nothing while recording, for it is written then.</summary>
    public IEnumerable<string> Faults(IReadOnlyList<ApiOperation> all)
    {
        var gone = answers.Select(entry => entry.Key).Except(all.Select(one => one.Name)).ToList();
        foreach (var name in gone) answers.Remove(name);
        if (IsRecording)
        {
            Write(record => record["answers"] = answers.DeepClone());
            return [];
        }
        var known = Read()["answers"]!.AsObject();
        return
        [
            .. gone.Select(name => $"record.json has {name}, which is not there any more; {Help}"),
            .. answers.SelectMany(entry => entry.Value!.AsObject(), (entry, form) => (entry.Key, Type: form.Key, form.Value))
                .Where(form => !JsonNode.DeepEquals(known[form.Key]?[form.Type], form.Value))
                .Select(form => $"record.json has no answer of {form.Key} ({form.Type}) that fits its schema; {Help}"),
        ];
    }

    /// <summary>What the record says wrongly of fields.</summary>
    public static IEnumerable<string> Faults(JsonObject fields)
    {
        if (IsRecording)
        {
            Write(record => record["fields"] = fields.DeepClone());
            return [];
        }
        var known = Read()["fields"]!.AsObject();
        return fields.Select(type => type.Key).Union(known.Select(type => type.Key)).Where(type => !JsonNode.DeepEquals(fields[type], known[type]))
            .Select(type => $"record.json does not say what the doc comments of {type} say; {Help}");
    }

    /// <summary>One line an entry, so that changes can be read.</summary>
    static void Write(Action<JsonObject> change)
    {
        lock (writing)
        {
            var record = Read();
            change(record);
            var text = new StringBuilder("{\n");
            foreach (var (part, index) in new[] { "fields", "answers" }.Select((part, index) => (part, index)))
            {
                var lines = record[part]!.AsObject().OrderBy(entry => entry.Key, StringComparer.Ordinal)
                    .Select(entry => $"    {JsonSerializer.Serialize(entry.Key, compact)}: {entry.Value!.ToJsonString(compact)}");
                text.Append($"  \"{part}\": {{\n{string.Join(",\n", lines)}\n  }}{(index == 0 ? "," : "")}\n");
            }
            System.IO.File.WriteAllText(File, text.Append("}\n").ToString());
        }
    }

    [GeneratedRegex("\"key\":\"[A-Za-z0-9+/]{43}=\"")]
    private static partial Regex Key();
}
