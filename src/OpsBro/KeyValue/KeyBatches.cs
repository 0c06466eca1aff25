using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using OpsBro.Api;
using OpsBro.Config;
using OpsBro.Core.KeyValue;

namespace OpsBro.KeyValue;

/// <summary>
/// Many operations in one request: <c>POST /v1/kv</c>. Each has its own result; it is no transaction. Operations of one key are done in
/// the order of the list, those of others at the same time.
/// </summary>
/// <param name="loop">The engine.</param>
/// <param name="time">Wall clock.</param>
internal sealed class KeyBatches(KeyValueLoop loop, TimeProvider time)
{
    /// <summary>Largest body: values in base64, and the words around them.</summary>
    public const int MaxBody = 2 * 1024 * 1024;

    /// <summary>Maps it.</summary>
    public void MapTo(ApiRoutes api) => api.Raw("POST", "/v1/kv",
        $"Many operations, each with its own result; no transaction. At most {KeyValueLimits.MaxBatchOperations}, and {KeyValueLimits.MaxBatch} bytes "
        + "of keys and values.", Right.Write, Answer)
        .WithBody(KeyValueJson.Default.KeyBatchItemArray,
            [new KeyBatchItem { Op = "put", Key = "a/key", Value = "a value", Ttl = 60 }, new KeyBatchItem { Op = "get", Key = "a/key" }])
        .Gives(KeyValueJson.Default.KeyBatchResultArray).UpTo(MaxBody).Fails(413, "The body, or what it holds, is too large.");

    async Task Answer(HttpContext context)
    {
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size) size.MaxRequestBodySize = MaxBody;
        var items = await context.Body(KeyValueJson.Default.KeyBatchItemArray);
        if (items.Length > KeyValueLimits.MaxBatchOperations)
            throw new ApiProblem(413, $"the batch has {items.Length} operations; {KeyValueLimits.MaxBatchOperations} are the most, send several batches");
        var operations = new KeyValueOperation[items.Length];
        var bytes = 0L;
        for (var i = 0; i < items.Length; i++)
        {
            operations[i] = Read(items[i], i);
            bytes += operations[i].Key.Length + operations[i].Value.Length;
        }
        if (bytes > KeyValueLimits.MaxBatch)
            throw new ApiProblem(413, $"the batch has {bytes} bytes of keys and values; {KeyValueLimits.MaxBatch} are the most, send several batches");
        await KeyAnswers.Json(context, await Run(operations), KeyValueJson.Default.KeyBatchResultArray);
    }

    static readonly string[] words = ["get", "put", "delete"];

    static KeyValueOperation Read(KeyBatchItem? item, int index)
    {
        var at = $"operation {index + 1}";
        var verb = item?.Op switch
        {
            "get" => KeyValueVerb.Get,
            "put" => KeyValueVerb.Put,
            "delete" => KeyValueVerb.Delete,
            var other => throw ApiProblem.Bad($"{at} has the op \"{other}\"{Spelling.Hint(other ?? "", words)}; write get, put or delete"),
        };
        if (item.Key is not { Length: > 0 } key) throw ApiProblem.Bad($"{at} has no key");
        if (item is { Value: not null, ValueBase64: not null }) throw ApiProblem.Bad($"{at} has value and value_base64; write one of them");
        if (verb == KeyValueVerb.Put && item is { Value: null, ValueBase64: null }) throw ApiProblem.Bad($"{at} has no value; write value or value_base64");
        if (item.Cas < 0) throw ApiProblem.Bad($"{at} has the cas {item.Cas}; write a version, or 0 for a key that is not there");
        var timeToLive = 0L;
        if (item.Ttl is { } seconds)
        {
            timeToLive = (long)(seconds * 1000);
            if (!(seconds > 0) || timeToLive < 1 || seconds > KeyValueLimits.MaxTimeToLive.TotalSeconds)
                throw ApiProblem.Bad($"{at} has the ttl {seconds}; write seconds, up to {KeyValueLimits.MaxTimeToLive.TotalSeconds:0}");
        }
        return new KeyValueOperation { Verb = verb, Key = key, Value = ValueOf(item, at), Expected = item.Cas, TimeToLive = timeToLive };
    }

    static byte[] ValueOf(KeyBatchItem item, string at)
    {
        if (item.Value is { } text) return System.Text.Encoding.UTF8.GetBytes(text);
        if (item.ValueBase64 is not { } base64) return [];
        try
        {
            return Convert.FromBase64String(base64);
        }
        catch (FormatException)
        {
            throw ApiProblem.Bad($"{at}: value_base64 is no base64");
        }
    }

    async Task<KeyBatchResult[]> Run(KeyValueOperation[] operations)
    {
        var results = new KeyBatchResult[operations.Length];
        var running = new Dictionary<string, (int Index, ValueTask<KeyValueResult> Asked)>(StringComparer.Ordinal);
        for (var i = 0; i < operations.Length; i++)
        {
            if (running.Remove(operations[i].Key, out var before)) results[before.Index] = View(operations[before.Index], await before.Asked);
            running[operations[i].Key] = (i, loop.Ask(operations[i]));
        }
        foreach (var (index, asked) in running.Values) results[index] = View(operations[index], await asked);
        return results;
    }

    KeyBatchResult View(KeyValueOperation operation, KeyValueResult result) => new()
    {
        Op = operation.Verb switch { KeyValueVerb.Get => "get", KeyValueVerb.Put => "put", _ => "delete" },
        Key = operation.Key,
        Status = KeyAnswers.Word(result.Status),
        Reason = result.Reason.Length > 0 ? result.Reason : null,
        Version = operation.Verb != KeyValueVerb.Get && result.Status == KeyValueStatus.Ok ? result.Entry?.Version : KeyText.Present(result),
        Entry = operation.Verb == KeyValueVerb.Get && result is { Status: KeyValueStatus.Ok, Entry: { } entry }
            ? KeyView.Of(entry, hasValue: true, hasConflicts: false, time.GetUtcNow().ToUnixTimeMilliseconds())
            : null,
    };
}
