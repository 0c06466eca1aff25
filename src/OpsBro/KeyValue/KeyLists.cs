using Microsoft.AspNetCore.Http;
using OpsBro.Api;
using OpsBro.Core.KeyValue;

namespace OpsBro.KeyValue;

/// <summary>Keys below a prefix, on all nodes: <c>GET /v1/kv</c>.</summary>
/// <param name="loop">The engine.</param>
/// <param name="streams">Those who wait for changes.</param>
/// <param name="time">Wall clock.</param>
internal sealed class KeyLists(KeyValueLoop loop, KeyStreams streams, TimeProvider time)
{
    /// <summary>Keys of one answer unless told.</summary>
    public const int DefaultLimit = 1_000;

    /// <summary>Most keys of one answer.</summary>
    public const int MaxLimit = 10_000;

    /// <summary>Most keys of one answer with values.</summary>
    public const int MaxValues = 1_000;

    /// <summary>Bytes of values after which an answer is cut, and goes on after the last key.</summary>
    const int MaxBytes = 4 * 1024 * 1024;

    /// <summary>Questions to the engine for one list: with very many folders the answer is cut, and goes on after the last one.</summary>
    const int MaxRounds = 200;

    /// <summary>Keys asked for at once.</summary>
    const int Page = 1_000;

    /// <summary>Maps it.</summary>
    public void MapTo(ApiRoutes api) => api.Raw("GET", "/v1/kv", "Keys that begin with a prefix, on all nodes.", Right.Read, List, false,
        ("prefix", "what the keys begin with; all unless told", "a/"), ("recurse", "all below it; else one level, and folders", Kind.Flag),
        ("separator", "what parts the levels", Kind.Text.Else("/"), "/"), ("keys", "names only", Kind.Flag),
        ("values", $"with values, at most {MaxValues} keys", Kind.Flag), ("limit", "how many at most", Kind.Number(1..MaxLimit, DefaultLimit)),
        ("after", "keys after this one: the answer's next", "a/key"),
        ("index", "wait until the list is another one than the answer with this index", Kind.Number(0..)),
        ("wait", "how long to wait for that, 1m unless told, 10m at most", Kind.Duration, "1s"),
        ("watch", "every change below the prefix as it happens: server-sent events", Kind.Flag))
        .Gives(KeyValueJson.Default.KeyListView).Gives("text/event-stream").Fails(503, "Too few of the nodes that keep keys can be reached.");

    Task List(HttpContext context)
    {
        var query = context.Request.Query;
        var prefix = context.Query("prefix") ?? "";
        if (KeyRoutes.IsAsked(query, "watch") || context.Request.Headers.Accept.ToString().Contains("text/event-stream", StringComparison.Ordinal))
            return streams.Follow(context, prefix, isPrefix: true);
        return query.ContainsKey("index") ? Wait(context, prefix) : Answer(context, prefix);
    }

    async Task Answer(HttpContext context, string prefix) =>
        await KeyAnswers.Json(context, await Make(context, prefix), KeyValueJson.Default.KeyListView);

    async Task Wait(HttpContext context, string prefix)
    {
        var index = KeyRoutes.Number(context, "index");
        var view = await streams.Other(context, prefix, isPrefix: true, async () =>
        {
            var made = await Make(context, prefix);
            return (made, made.Index == index);
        });
        await KeyAnswers.Json(context, view, KeyValueJson.Default.KeyListView);
    }

    async Task<KeyListView> Make(HttpContext context, string prefix)
    {
        var query = context.Request.Query;
        var (hasValues, isNames) = (KeyRoutes.IsAsked(query, "values"), KeyRoutes.IsAsked(query, "keys"));
        var limit = context.QueryNumber("limit", DefaultLimit, 1, hasValues ? MaxValues : MaxLimit);
        var separator = KeyRoutes.IsAsked(query, "recurse") ? "" : context.Query("separator") is { Length: > 0 } given ? given : "/";
        var found = await Find(loop, prefix, separator, context.Query("after") ?? "", limit, hasValues && !isNames);
        if (found.Failure is { } failure)
        {
            context.Response.Headers.RetryAfter = "1";
            throw new ApiProblem(failure.Status == KeyValueStatus.Invalid ? 400 : 503, failure.Reason);
        }
        var now = time.GetUtcNow().ToUnixTimeMilliseconds();
        return new KeyListView
        {
            Prefix = prefix,
            Index = KeyText.IndexOf(found.Entries.Select(entry => (entry.Key, entry.Version)).Concat(found.Folders.Select(folder => (folder, 0L)))),
            Keys = [.. found.Entries.Select(entry => entry.Key)],
            Entries = isNames ? null : [.. found.Entries.Select(entry => KeyView.Of(entry, hasValues, hasConflicts: false, now))],
            Folders = [.. found.Folders],
            Next = found.Next,
        };
    }

    /// <summary>What was found.</summary>
    sealed record Found(List<KeyValueEntry> Entries, List<string> Folders)
    {
        public string? Next { get; init; }
        public KeyValueResult? Failure { get; init; }
    }

    /// <summary>Keys in order; of a folder one key is met, and the rest is skipped.</summary>
    static async Task<Found> Find(KeyValueLoop loop, string prefix, string separator, string after, int limit, bool hasValues)
    {
        var (found, bytes) = (new Found([], []), 0L);
        for (var round = 0; round < MaxRounds; round++)
        {
            var left = limit - found.Entries.Count - found.Folders.Count;
            var page = await loop.Ask(new KeyValueOperation
            {
                Verb = KeyValueVerb.List,
                Key = prefix,
                After = after,
                Limit = Math.Min(separator.Length == 0 ? left + 1 : Page, Page),   // one more tells whether there is one
                WithValues = hasValues,
            });
            if (page.Status != KeyValueStatus.Ok) return found with { Failure = page };
            foreach (var entry in page.Entries)
            {
                if (IsBefore(entry.Key, after)) continue;   // of a folder that was met already
                if (found.Entries.Count + found.Folders.Count == limit || bytes > MaxBytes) return found with { Next = after };
                var folder = separator.Length > 0 && entry.Key.IndexOf(separator, prefix.Length, StringComparison.Ordinal) is >= 0 and var at
                    ? entry.Key[..(at + separator.Length)]
                    : null;
                if (folder is null)
                {
                    found.Entries.Add(entry);
                    bytes += entry.Value.Length;
                    after = entry.Key;
                    continue;
                }
                found.Folders.Add(folder);
                after = folder + char.MaxValue;   // after every key of the folder, as keys are sorted
            }
            if (!page.HasMore) return found;
        }
        return found with { Next = after };
    }

    static bool IsBefore(string key, string after) => string.CompareOrdinal(key, after) <= 0;

    /// <summary>Every key below a prefix with its version; null as the last one when too few nodes can be reached.</summary>
    public static async IAsyncEnumerable<KeyValueEntry?> All(KeyValueLoop loop, string prefix, int most)
    {
        var after = "";
        for (var count = 0; count < most;)
        {
            var page = await loop.Ask(new KeyValueOperation { Verb = KeyValueVerb.List, Key = prefix, After = after, Limit = Page });
            if (page.Status != KeyValueStatus.Ok)
            {
                yield return null;
                yield break;
            }
            foreach (var entry in page.Entries)
            {
                yield return entry;
                (after, count) = (entry.Key, count + 1);
            }
            if (!page.HasMore || page.Entries.Count == 0) yield break;
        }
    }
}
