using System.Buffers;
using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using OpsBro.Api;
using OpsBro.Config;
using OpsBro.Core.KeyValue;

namespace OpsBro.KeyValue;

/// <summary>Get, put and delete of single keys: <c>/v1/kv/KEY</c>, and <c>/kv/KEY</c> in the original's shape.</summary>
/// <param name="loop">The engine.</param>
/// <param name="streams">Those who wait for changes.</param>
/// <param name="time">Wall clock.</param>
internal sealed class KeyRoutes(KeyValueLoop loop, KeyStreams streams, TimeProvider time)
{
    const string Prefix = "/v1/kv/", LegacyPrefix = "/kv/";

    /// <summary>Keys that <c>GET /kv/</c> names at most.</summary>
    public const int MaxLocal = 100_000;

    /// <summary>Keys that are looked up under the engine's lock at once.</summary>
    const int LocalPage = 1_000;

    /// <summary>Maps them.</summary>
    public void MapTo(ApiRoutes api)
    {
        ApiParameter key = ("key", "the key; it may hold slashes, and anything else percent-encoded", "a/key");
        ApiParameter[] reading =
        [
            key, ("consistency", "quorum asks a majority of the copies, owner one, local only this agent", Kind.OneOf("quorum", "owner", "local").ElseFirst),
            ("raw", "the bytes of the value and nothing else", Kind.Flag), ("conflicts", "with the concurrent versions that lost", Kind.Flag),
            ("index", "wait until the version is another one; 0 while the key is not there", Kind.Number(0..)),
            ("wait", "how long to wait for that, 1m unless told, 10m at most", Kind.Duration, "1s"),
            ("watch", "every change of the key as it happens: server-sent events", Kind.Flag),
        ];
        ApiParameter[] writing =
        [
            key, ("w", "on how many nodes' disks it is before the answer: a majority of the copies, one, or all", Kind.OneOf("quorum", "one", "all").ElseFirst),
            ("cas", "only when the key has this version; 0: only when it is not there", Kind.Number(0..)),
        ];
        var json = KeyValueJson.Default;
        Described(api.Raw("GET", "/v1/kv/{**key}", "One key: its value and version.", Right.Read, Get, false, reading)
            .Gives(json.KeyView).Gives("application/octet-stream").Gives("text/event-stream"));
        Described(api.Raw("PUT", "/v1/kv/{**key}", "Write a key: the body is the value.", Right.Write, Put, false,
            [.. writing, ("ttl", "seconds, or a duration, until it vanishes", "10m")])
            .Takes("application/octet-stream", "a value").Gives(json.KeyWrittenView).UpTo(KeyValueLimits.MaxValue))
            .Fails(409, "The key has not the version of ?cas.").Fails(412, "The key has not the version of If-Match.")
            .Fails(507, "The store is full, or the disk refuses.").Never(404);
        Described(api.Raw("DELETE", "/v1/kv/{**key}", "Remove a key.", Right.Write, Delete, false, writing).Gives(json.KeyWrittenView))
            .Fails(409, "The key has not the version of ?cas.").Fails(412, "The key has not the version of If-Match.")
            .Fails(507, "The disk refuses.").Never(404);
        api.Raw("GET", "/kv", "The keys that this agent keeps.", Right.Read, Local, true).Gives(json.StringArray).Fails(503, "The file cannot be read.");
        Described(api.Raw("GET", "/kv/{**key}", "The value of a key in base64; ?raw the bytes.", Right.Read, Legacy, true, key, ("raw", "the bytes", Kind.Flag))
            .Gives("text/plain").Gives("application/octet-stream"));
        Described(api.Raw("PUT", "/kv/{**key}", "Write a key: the body is the value.", Right.Write, LegacyPut, true, key,
            ("ttl", "seconds until it vanishes", "60")).Takes("application/octet-stream", "a value").Gives(json.KeyWrittenView).UpTo(KeyValueLimits.MaxValue))
            .Fails(507, "The store is full, or the disk refuses.").Never(404);
        Described(api.Raw("DELETE", "/kv/{**key}", "Remove a key.", Right.Write, LegacyDelete, true, key).Gives(json.KeyWrittenView))
            .Fails(507, "The disk refuses.").Never(404);
    }

    static ApiRoute Described(ApiRoute route) =>
        route.Quick().Fails(400, "The key or a parameter is not as it must be.")
            .Fails(503, "Too few of the nodes that keep the key can be reached.");

    Task Get(HttpContext context)
    {
        if (!TryKey(context, Prefix, out var key)) return BadKey(context);
        var isStream = context.Request.Headers.Accept.ToString().Contains("text/event-stream", StringComparison.Ordinal);
        if (!context.Request.QueryString.HasValue && !isStream) return Read(context, key, Consistency.Quorum, default);
        var query = context.Request.Query;
        var consistency = ConsistencyOf(context);
        if (isStream || IsAsked(query, "watch")) return streams.Follow(context, key, isPrefix: false);
        var form = new Form(IsAsked(query, "raw"), IsBase64: false, IsAsked(query, "conflicts"));
        return query.ContainsKey("index") ? Wait(context, key, consistency, form) : Read(context, key, consistency, form);
    }

    Task Legacy(HttpContext context) => !TryKey(context, LegacyPrefix, out var key)
        ? BadKey(context)
        : Read(context, key, Consistency.Quorum, new Form(IsAsked(context.Request.Query, "raw"), IsBase64: true, HasConflicts: false));

    /// <summary>How a value is answered.</summary>
    readonly record struct Form(bool IsRaw, bool IsBase64, bool HasConflicts);

    Task Read(HttpContext context, string key, Consistency consistency, Form form)
    {
        var asked = loop.Ask(new KeyValueOperation { Verb = KeyValueVerb.Get, Key = key, Consistency = consistency });
        return asked.IsCompletedSuccessfully ? Answer(context, key, asked.Result, form) : Later(this, context, key, asked, form);

        static async Task Later(KeyRoutes routes, HttpContext context, string key, ValueTask<KeyValueResult> asked, Form form) =>
            await routes.Answer(context, key, await asked, form);
    }

    Task Answer(HttpContext context, string key, KeyValueResult result, Form form)
    {
        if (result is not { Status: KeyValueStatus.Ok, Entry: { } entry }) return KeyAnswers.Refusal(context, key, result);
        if (form.IsRaw) return KeyAnswers.Bytes(context, entry);
        if (form.IsBase64) return KeyAnswers.Base64(context, entry);
        return KeyAnswers.Entry(context, KeyView.Of(entry, hasValue: true, form.HasConflicts, time.GetUtcNow().ToUnixTimeMilliseconds()));
    }

    async Task Wait(HttpContext context, string key, Consistency consistency, Form form)
    {
        var index = Number(context, "index") ?? 0;
        var result = await streams.Other(context, key, isPrefix: false, async () =>
        {
            var read = await loop.Ask(new KeyValueOperation { Verb = KeyValueVerb.Get, Key = key, Consistency = consistency });
            return (read, read.Status is KeyValueStatus.Ok or KeyValueStatus.NotFound && KeyText.Present(read) == index);
        });
        await Answer(context, key, result, form);
    }

    Task Put(HttpContext context) => TryKey(context, Prefix, out var key) ? Write(context, key, isModern: true) : BadKey(context);

    Task LegacyPut(HttpContext context) => TryKey(context, LegacyPrefix, out var key) ? Write(context, key, isModern: false) : BadKey(context);

    async Task Write(HttpContext context, string key, bool isModern)
    {
        var (expected, isHeader) = isModern ? Expected(context) : (null, false);
        var timeToLive = context.Request.QueryString.HasValue ? TimeToLive(context) : 0;
        if (context.Request.ContentLength > KeyValueLimits.MaxValue || await Body(context) is not { } value)
        {
            await KeyAnswers.Refuse(context, 413, $"the value is longer than {KeyValueLimits.MaxValue} bytes; store it elsewhere, and its place here");
            return;
        }
        await Finish(context, key, isHeader, new KeyValueOperation
        {
            Verb = KeyValueVerb.Put,
            Key = key,
            Value = value,
            TimeToLive = timeToLive,
            Expected = expected,
            Acknowledgement = isModern ? Acknowledged(context) : Acknowledgement.Quorum,
        });
    }

    Task Delete(HttpContext context)
    {
        if (!TryKey(context, Prefix, out var key)) return BadKey(context);
        var (expected, isHeader) = Expected(context);
        return Finish(context, key, isHeader,
            new KeyValueOperation { Verb = KeyValueVerb.Delete, Key = key, Expected = expected, Acknowledgement = Acknowledged(context) });
    }

    Task LegacyDelete(HttpContext context) => TryKey(context, LegacyPrefix, out var key)
        ? Finish(context, key, isHeader: false, new KeyValueOperation { Verb = KeyValueVerb.Delete, Key = key })
        : BadKey(context);

    async Task Finish(HttpContext context, string key, bool isHeader, KeyValueOperation operation)
    {
        var result = await loop.Ask(operation);
        await (result.Status == KeyValueStatus.Ok ? KeyAnswers.Written(context, result) : KeyAnswers.Refusal(context, key, result, isHeader));
    }

    Task Local(HttpContext context)
    {
        var keys = new List<string>();
        for (var count = LocalPage; count == LocalPage && keys.Count < MaxLocal;)   // others are let in between two pages
        {
            var page = loop.Look(engine => engine.LocalEntries("", keys.LastOrDefault("")).Take(LocalPage).Select(entry => entry.Key).ToArray(), null);
            if (page is null) return KeyAnswers.Refuse(context, 503, loop.NotReady);
            keys.AddRange(page);
            count = page.Length;
        }
        return KeyAnswers.Json(context, [.. keys], KeyValueJson.Default.StringArray);
    }

    /// <summary>The whole body; null when it is longer than a value may be. The engine keeps it, so it has its own memory.</summary>
    static async ValueTask<byte[]?> Body(HttpContext context)
    {
        var reader = context.Request.BodyReader;
        if (context.Request.ContentLength is { } length)
        {
            if (length == 0) return [];
            var all = await reader.ReadAtLeastAsync((int)length, context.RequestAborted);
            var value = all.Buffer.ToArray();
            reader.AdvanceTo(all.Buffer.End);
            return value;
        }
        while (true)
        {
            var read = await reader.ReadAsync(context.RequestAborted);
            if (read.IsCompleted || read.Buffer.Length > KeyValueLimits.MaxValue)
            {
                var value = read.Buffer.Length > KeyValueLimits.MaxValue ? null : read.Buffer.ToArray();
                reader.AdvanceTo(read.Buffer.End);
                return value;
            }
            reader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        }
    }

    static bool TryKey(HttpContext context, string prefix, out string key) =>
        KeyText.TryKey(context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget, prefix, out key) && key.Length > 0;

    static Task BadKey(HttpContext context) => KeyAnswers.Refuse(context, 400,
        $"\"{context.Request.Path}\" names no key; write it after /v1/kv/ in UTF-8, what is no letter, digit or one of -._~/ percent-encoded");

    /// <summary>True for <c>?raw</c>, <c>?raw=1</c> and <c>?raw=true</c>.</summary>
    public static bool IsAsked(IQueryCollection query, string name) => query.TryGetValue(name, out var values) && values.ToString() is "" or "1" or "true";

    /// <summary>Where a read looks.</summary>
    public static Consistency ConsistencyOf(HttpContext context) => context.Query("consistency") switch
    {
        null or "" or "quorum" => Consistency.Quorum,
        "owner" => Consistency.Owner,
        "local" => Consistency.Local,
        var other => throw ApiProblem.Bad($"consistency is \"{other}\"{Spelling.Hint(other, ["quorum", "owner", "local"])}; write quorum, owner or local"),
    };

    static Acknowledgement Acknowledged(HttpContext context) => !context.Request.QueryString.HasValue ? Acknowledgement.Quorum : context.Query("w") switch
    {
        null or "" or "quorum" => Acknowledgement.Quorum,
        "one" => Acknowledgement.One,
        "all" => Acknowledgement.All,
        var other => throw ApiProblem.Bad($"w is \"{other}\"{Spelling.Hint(other, ["quorum", "one", "all"])}; write one, quorum or all"),
    };

    static long TimeToLive(HttpContext context) => context.Query("ttl") is not { } text ? 0
        : KeyText.TimeToLive(text) ?? throw ApiProblem.Bad(
            $"ttl is \"{text}\"; write seconds or a duration, for instance 60 or 10m, up to {KeyValueLimits.MaxTimeToLive.TotalDays:0} days");

    /// <summary>A version in the query.</summary>
    public static long? Number(HttpContext context, string name)
    {
        if (context.Query(name) is not { } text) return null;
        return long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number
            : throw ApiProblem.Bad($"{name} is \"{text}\"; write the number of a version, or 0 for a key that is not there");
    }

    /// <summary>The version that the key must have, and whether a header says it.</summary>
    static (long? Version, bool IsHeader) Expected(HttpContext context)
    {
        var headers = context.Request.Headers;
        var expected = context.Request.QueryString.HasValue ? Number(context, "cas") : null;
        if (headers.IfMatch.Count == 0 && headers.IfNoneMatch.Count == 0) return (expected, false);
        if (expected is not null) throw ApiProblem.Bad("cas and If-Match say the same; send one of them");
        if (headers.IfNoneMatch.Count > 0)
        {
            return headers.IfNoneMatch.ToString() == "*" ? (0, true)
                : throw ApiProblem.Bad($"If-None-Match is {headers.IfNoneMatch}; only * is taken: the key must not be there");
        }
        return long.TryParse(headers.IfMatch.ToString().AsSpan().Trim('"'), NumberStyles.None, CultureInfo.InvariantCulture, out var version) ? (version, true)
            : throw ApiProblem.Bad($"If-Match is {headers.IfMatch}; send the ETag of an earlier answer");
    }
}
