using System.Globalization;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Hosting;
using OpsBro.Api;

namespace OpsBro.Events;

/// <summary>
/// <c>GET /v1/stream</c>: changes as server-sent events (WHATWG HTML, section 9.2). A reader resumes with <c>Last-Event-ID</c> or
/// <c>?since=</c>. One that does not take what it is sent for <see cref="WritePatience"/> is cut off; it learns what it lost when it
/// comes back.
/// </summary>
internal sealed class EventStream(EventRing ring, Telemetry telemetry, IHostApplicationLifetime lifetime, TimeProvider clock, Func<string> node)
{
    /// <summary>Readers at the same time.</summary>
    public const int MaxClients = 64;

    /// <summary>Time after which a comment is sent when nothing else was: proxies close what is silent.</summary>
    public static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(15);

    /// <summary>A reader takes a batch within this time, or is cut off.</summary>
    public static readonly TimeSpan WritePatience = TimeSpan.FromSeconds(20);

    /// <summary>The topics there are.</summary>
    public static readonly IReadOnlyList<string> Topics = ["member", "group", "check", "event"];

    readonly Meter meter = telemetry.Of("events", "stream");
    int clients;

    /// <summary>Answers one reader until it goes.</summary>
    public async Task Serve(HttpContext context)
    {
        var topics = TopicsOf(context);
        var since = Since(context);
        if (HttpMethods.IsHead(context.Request.Method))
        {
            context.Response.ContentType = "text/event-stream";
            return;
        }
        if (Interlocked.Increment(ref clients) > MaxClients)
        {
            Interlocked.Decrement(ref clients);
            meter.Drop();
            throw new ApiProblem(503, $"{MaxClients} readers of the stream are here already; close one of them");
        }
        var began = Platform.Monotonic.Now;
        var failed = false;
        try
        {
            // nobody may hold the answer back until it is complete
            context.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
            context.Response.ContentType = "text/event-stream";
            context.Response.Headers.CacheControl = "no-cache";
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, lifetime.ApplicationStopping);
            await Send(context, since, topics, stop.Token);
        }
        catch (OperationCanceledException)
        {
            // the reader has gone, was too slow, or the agent stops: the connection is of no use any more
            failed = !context.RequestAborted.IsCancellationRequested && !lifetime.ApplicationStopping.IsCancellationRequested;
            if (failed) meter.Drop();
            context.Abort();
        }
        finally
        {
            Interlocked.Decrement(ref clients);
            meter.Ran(Platform.Monotonic.Now - began, failed);
        }
    }

    async Task Send(HttpContext context, long? since, HashSet<string>? topics, CancellationToken stop)
    {
        var newest = ring.Newest;
        var position = since ?? newest;
        await Write(context, Message("hello", position == newest ? newest : null,
            JsonSerializer.SerializeToUtf8Bytes(new HelloView(newest, node(), clock.GetUtcNow()), EventsJson.Default.HelloView)), stop);
        while (true)
        {
            var batch = ring.After(position, out var next);
            if (batch.Lost)
            {
                var lost = new SnapshotNeededView(position, batch.Newest,
                    $"changes after {position} are not here any more; look at the whole state, then read on");
                await Write(context, Message("snapshot-needed", batch.Newest,
                    JsonSerializer.SerializeToUtf8Bytes(lost, EventsJson.Default.SnapshotNeededView)), stop);
            }
            position = batch.Newest;
            using var text = new MemoryStream();
            foreach (var item in batch.Items)
                if (topics?.Contains(item.Topic) != false) text.Write(Message(item.Topic, item.Sequence, item.Json));
            if (text.Length > 0) await Write(context, text.ToArray(), stop);
            if (next.IsCompleted) continue;
            try
            {
                await next.WaitAsync(Heartbeat, clock, stop);
            }
            catch (TimeoutException)
            {
                // a number without data only moves the reader's position: past what it did not want, too
                await Write(context, Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $": alive\nid: {position}\n\n")), stop);
            }
        }
    }

    async Task Write(HttpContext context, byte[] text, CancellationToken stop)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(stop);
        patience.CancelAfter(WritePatience);
        await context.Response.Body.WriteAsync(text, patience.Token);
        await context.Response.Body.FlushAsync(patience.Token);
    }

    /// <summary>One message: JSON has no line ends, so its data is one line.</summary>
    static byte[] Message(string type, long? id, ReadOnlySpan<byte> json)
    {
        var head = id is { } number
            ? string.Create(CultureInfo.InvariantCulture, $"id: {number}\nevent: {type}\ndata: ")
            : $"event: {type}\ndata: ";
        return [.. Encoding.UTF8.GetBytes(head), .. json, (byte)'\n', (byte)'\n'];
    }

    static long? Since(HttpContext context)
    {
        // a browser that comes back says where it was by the header; the address it was given first still has the old number
        var header = context.Request.Headers["Last-Event-ID"].ToString();
        var (text, from) = header.Length > 0 ? (header, "Last-Event-ID") : (context.Query("since") ?? "", "since");
        if (text.Length == 0) return null;
        return long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : throw ApiProblem.Bad($"{from} is \"{text}\"; write the number of the last change that you have");
    }

    static HashSet<string>? TopicsOf(HttpContext context)
    {
        if (context.Query("topics") is not { Length: > 0 } text) return null;
        var topics = text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        foreach (var topic in topics)
        {
            if (!Topics.Contains(topic))
                throw ApiProblem.Bad($"there is no topic \"{topic}\"{Config.Spelling.Hint(topic, Topics)}; there are {string.Join(", ", Topics)}");
        }
        return [.. topics];
    }
}
