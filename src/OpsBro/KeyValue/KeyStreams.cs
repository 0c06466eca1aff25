using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Hosting;
using OpsBro.Api;
using OpsBro.Core.KeyValue;

namespace OpsBro.KeyValue;

/// <summary>
/// Those who wait for changes: blocking queries, and streams of server-sent events (WHATWG HTML, section 9.2). A change that another node
/// could not tell us is found by looking again, so that nobody waits for ever.
/// </summary>
/// <param name="loop">The engine.</param>
/// <param name="lifetime">Ends them with the agent.</param>
/// <param name="time">Wall clock.</param>
internal sealed class KeyStreams(KeyValueLoop loop, IHostApplicationLifetime lifetime, TimeProvider time)
{
    /// <summary>A blocking query waits so long unless told.</summary>
    public static readonly TimeSpan DefaultWait = TimeSpan.FromMinutes(1);

    /// <summary>The longest that it waits.</summary>
    public static readonly TimeSpan MaxWait = TimeSpan.FromMinutes(10);

    /// <summary>Looks again after so long, though nobody told of a change.</summary>
    public static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(5);

    /// <summary>A comment is sent when nothing else was for so long: proxies close what is silent.</summary>
    public static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(15);

    /// <summary>A reader takes a message within this time, or is cut off.</summary>
    public static readonly TimeSpan WritePatience = TimeSpan.FromSeconds(20);

    /// <summary>Keys of a prefix that a stream looks at again; of more, only what it is told of is sent.</summary>
    public const int MaxFollowed = 10_000;

    /// <summary>Reads until what is read is another thing, or the request's <c>wait</c> is over.</summary>
    /// <param name="context">The request.</param>
    /// <param name="key">The key, or the prefix.</param>
    /// <param name="isPrefix">It is a prefix.</param>
    /// <param name="read">Reads once, and says whether it is still the same.</param>
    public async Task<T> Other<T>(HttpContext context, string key, bool isPrefix, Func<Task<(T Read, bool IsSame)>> read)
    {
        var wait = context.QueryDuration("wait", DefaultWait);
        var end = Platform.Monotonic.Now + (wait < MaxWait ? wait : MaxWait);
        // before the first look: what changes after it is told
        using var watch = loop.Watches.Add(key, isPrefix) ?? throw TooMany();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, lifetime.ApplicationStopping);
        while (true)
        {
            var (now, isSame) = await read();
            var left = end - Platform.Monotonic.Now;
            if (!isSame || left <= TimeSpan.Zero || lifetime.ApplicationStopping.IsCancellationRequested) return now;
            try
            {
                await watch.Next(left < LookAgain ? left : LookAgain, stop.Token);
            }
            catch (OperationCanceledException) when (!context.RequestAborted.IsCancellationRequested)
            {
                return now;   // the agent stops
            }
            while (watch.Changes.TryRead(out _)) continue;
        }
    }

    static ApiProblem TooMany() => new(503, $"{KeyWatches.MaxWatches} callers wait for changes here already; ask again later, or another agent");

    /// <summary>Sends what is there, then every change, until the reader goes.</summary>
    public async Task Follow(HttpContext context, string key, bool isPrefix)
    {
        if (HttpMethods.IsHead(context.Request.Method))
        {
            context.Response.ContentType = "text/event-stream";
            return;
        }
        using var watch = loop.Watches.Add(key, isPrefix) ?? throw TooMany();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, lifetime.ApplicationStopping);
        var stream = new Stream(loop, time, context, key, isPrefix, stop.Token);
        try
        {
            await stream.Run(watch);
        }
        catch (OperationCanceledException)
        {
            context.Abort();   // the reader has gone or takes nothing, or the agent stops: the connection is of no use any more
        }
    }

    /// <summary>One reader.</summary>
    sealed class Stream(KeyValueLoop loop, TimeProvider time, HttpContext context, string key, bool isPrefix, CancellationToken stop)
    {
        /// <summary>The version that the reader was told last; negative when it was told that the key is gone.</summary>
        readonly Dictionary<string, long> known = new(StringComparer.Ordinal);
        readonly StringBuilder text = new();
        bool hasBegun, isComplete;

        public async Task Run(KeyWatches.KeyWatch watch)
        {
            var (looked, sent) = (Platform.Monotonic.Now, Platform.Monotonic.Now);
            await Look();
            await Flush();
            while (true)
            {
                if (await watch.Next(LookAgain, stop))
                    while (text.Length < 64 * 1024 && watch.Changes.TryRead(out var change)) await Take(change);
                var now = Platform.Monotonic.Now;
                if (watch.HasLost() || now - looked > LookAgain)
                {
                    await Look();
                    looked = now;
                }
                if (text.Length == 0 && now - sent > Heartbeat) text.Append(": alive\n\n");
                if (text.Length == 0) continue;
                await Flush();
                sent = now;
            }
        }

        async Task Take(KeyChange change)
        {
            var (had, isGone) = What(change.Key);
            // seen by looking; what expires keeps its version
            if (change.Version < had || (change.Version == had && (isGone || !change.IsDeleted))) return;
            KeyView? view = null;
            if (!isPrefix && !change.IsDeleted)
            {
                var read = await loop.Ask(new KeyValueOperation { Verb = KeyValueVerb.Get, Key = change.Key });
                if (read.Entry is { } entry && read.Status == KeyValueStatus.Ok) view = View(entry);
            }
            var version = Math.Max(view?.Version ?? 0, change.Version);
            Remember(change.Key, version, change.IsDeleted);
            Add(KeyItem.Word(change), change.Key, version, view);
        }

        /// <summary>What the reader was told of a key last.</summary>
        (long Version, bool IsGone) What(string name) => known.TryGetValue(name, out var told) ? (Math.Abs(told), told < 0) : (0, true);

        /// <summary>What is not remembered is told again when it is looked at.</summary>
        void Remember(string name, long version, bool isGone)
        {
            if (known.Count < MaxFollowed || known.ContainsKey(name)) known[name] = isGone ? -version : version;
        }

        /// <summary>Compares what is there with what was sent.</summary>
        async Task Look()
        {
            if (!isPrefix)
            {
                var read = await loop.Ask(new KeyValueOperation { Verb = KeyValueVerb.Get, Key = key });
                if (read.Status == KeyValueStatus.Ok && read.Entry is { } entry) Seen(entry.Key, entry.Version, View(entry));
                else if (read.Status == KeyValueStatus.NotFound) Gone(key);
                else if (!hasBegun) throw new ApiProblem(503, read.Reason);
                return;
            }
            if (hasBegun && !isComplete) return;
            var there = new HashSet<string>(StringComparer.Ordinal);
            await foreach (var entry in KeyLists.All(loop, key, MaxFollowed + 1))
            {
                if (entry is null)
                {
                    if (!hasBegun) throw new ApiProblem(503, "too few of the nodes that keep these keys can be reached; ask again in a moment");
                    return;   // not now: the next look may
                }
                if (there.Count == MaxFollowed) return;
                there.Add(entry.Key);
                Seen(entry.Key, entry.Version, null);
            }
            isComplete = true;
            foreach (var name in known.Keys.Where(name => !there.Contains(name)).ToList())
            {
                Gone(name);
                known.Remove(name);
            }
        }

        void Seen(string name, long version, KeyView? view)
        {
            if (version <= What(name).Version) return;
            Add(hasBegun ? "put" : "current", name, version, view);
            Remember(name, version, isGone: false);
        }

        void Gone(string name)
        {
            var (had, isGone) = What(name);
            if (!isGone) Add("delete", name, had, null);
            else if (!hasBegun) Add("current", name, 0, null);
            if (!isGone) Remember(name, had, isGone: true);
        }

        KeyView View(KeyValueEntry entry) => KeyView.Of(entry, hasValue: true, hasConflicts: false, time.GetUtcNow().ToUnixTimeMilliseconds());

        /// <summary>JSON has no line ends, so its data is one line.</summary>
        void Add(string change, string name, long version, KeyView? view) => text.Append("event: ").Append(change).Append("\ndata: ")
            .Append(JsonSerializer.Serialize(new KeyWatchItem(change, name, version, view), KeyValueJson.Default.KeyWatchItem)).Append("\n\n");

        async Task Flush()
        {
            if (!hasBegun)
            {
                context.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
                context.Response.ContentType = "text/event-stream";
                context.Response.Headers.CacheControl = "no-cache";
                hasBegun = true;
                if (text.Length == 0) text.Append(": nothing yet\n\n");
            }
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(stop);
            patience.CancelAfter(WritePatience);
            await context.Response.Body.WriteAsync(Encoding.UTF8.GetBytes(text.ToString()), patience.Token);
            await context.Response.Body.FlushAsync(patience.Token);
            text.Clear();
        }
    }
}
