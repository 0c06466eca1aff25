using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Hosting;
using OpsBro.Api;
using OpsBro.Platform;

namespace OpsBro.Events;

/// <summary>
/// <c>GET /v1/stream</c> on the API's port and socket: changes as server-sent events (WHATWG HTML, section 9.2), or as a websocket when that
/// is asked for. A reader resumes with <c>Last-Event-ID</c> or <c>?since=</c>. One that does not take what it is sent is cut off; it learns
/// what it lost when it comes back.
/// </summary>
internal sealed class EventStream(StreamHub hub, Telemetry telemetry, IHostApplicationLifetime lifetime, TimeProvider clock)
{
    /// <summary>Readers at the same time; the websocket port takes more.</summary>
    public const int MaxClients = 64;

    const int ReadBytes = 256;

    readonly Meter meter = telemetry.Of("events", "stream");
    int clients;

    /// <summary>Readers now.</summary>
    public int Clients => Volatile.Read(ref clients);

    /// <summary>
    /// HTTP/2 asks for a websocket by CONNECT (RFC 8441), as browsers do once they have such a connection to us: it is the GET of HTTP/1.1.
    /// </summary>
    public static Task AsGet(HttpContext context, RequestDelegate next)
    {
        if (context.Request.Path == StreamWelcome.Path && Connect(context)?.Protocol == "websocket") context.Request.Method = HttpMethods.Get;
        return next(context);
    }

    static IHttpExtendedConnectFeature? Connect(HttpContext context) =>
        context.Features.Get<IHttpExtendedConnectFeature>() is { IsExtendedConnect: true } connect ? connect : null;

    /// <summary>Answers one reader until it goes.</summary>
    public async Task Serve(HttpContext context)
    {
        var extended = Connect(context);
        var isWebSocket = extended?.Protocol == "websocket" || StreamDoor.AsksForWebSocket(Header);
        if (!ApiGate.IsLocal(context)) hub.Door.Check(new StreamCaller(context.Request.Host.Host, Header("Origin"), StreamDoor.TokenOf(Header, context.Query)));
        var (wishes, since) = StreamParameters.Read(isWebSocket, context.Query, Header("Last-Event-ID"), hub.Ring.Topics);
        if (HttpMethods.IsHead(context.Request.Method))
        {
            context.Response.ContentType = "text/event-stream";
            return;
        }
        if (Interlocked.Increment(ref clients) > MaxClients)
        {
            Interlocked.Decrement(ref clients);
            meter.Drop();
            throw new ApiProblem(503, $"{MaxClients} readers of the stream are here already; close one of them, or use the websocket port");
        }
        var began = Monotonic.Now;
        var failed = false;
        try
        {
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, lifetime.ApplicationStopping);
            var session = hub.Session(new StreamView(hub.Ring, wishes), since);
            if (isWebSocket) await Speak(context, extended, session, stop.Token);
            else await Tell(context, session, stop.Token);
            failed = session.IsMute;
        }
        catch (Exception e) when (e is OperationCanceledException or IOException)
        {
            // the reader has gone, was too slow, or the agent stops: the connection is of no use any more
            failed = !context.RequestAborted.IsCancellationRequested && !lifetime.ApplicationStopping.IsCancellationRequested;
            context.Abort();
        }
        finally
        {
            Interlocked.Decrement(ref clients);
            if (failed) meter.Drop();
            meter.Ran(Monotonic.Now - began, failed);
        }

        string? Header(string name) => context.Request.Headers.TryGetValue(name, out var values) ? values.ToString() : null;
    }

    async Task Tell(HttpContext context, StreamSession session, CancellationToken stop)
    {
        // nobody may hold the answer back until it is complete
        context.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        context.Response.ContentType = "text/event-stream";
        context.Response.Headers.CacheControl = "no-cache";
        if (context.Request.Headers.Origin.ToString() is { Length: > 0 } origin)
        {
            context.Response.Headers.AccessControlAllowOrigin = origin;   // the door has looked at it
            context.Response.Headers.Vary = "Origin";
        }
        await Send(context.Response.Body, session, new WakeUp(), stop);
    }

    async Task Speak(HttpContext context, IHttpExtendedConnectFeature? extended, StreamSession session, CancellationToken stop)
    {
        var upgrade = context.Features.Get<IHttpUpgradeFeature>();
        if (extended is null && upgrade is not { IsUpgradableRequest: true }) throw ApiProblem.Bad("this connection cannot become a websocket; use HTTP/1.1");
        foreach (var (name, value) in StreamDoor.Welcome(name => context.Request.Headers[name].ToString(), hasKey: extended is null))
            context.Response.Headers[name] = value;
        if (extended is null)
        {
            context.Response.Headers.Upgrade = "websocket";
            context.Response.Headers.Connection = "Upgrade";
        }
        await using var stream = extended is null ? await upgrade!.UpgradeAsync() : await extended.AcceptAsync();
        using var over = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted);
        var wake = new WakeUp();
        await using var stopping = stop.Register(() =>
        {
            session.End(WebSocketFrames.GoingAway, "the agent stops");
            wake.Call();
        });
        var listening = Listen(stream, session, wake, over.Token);
        try
        {
            await Send(stream, session, wake, over.Token);
        }
        finally
        {
            await over.CancelAsync();
            await listening;
        }
    }

    static async Task Listen(Stream stream, StreamSession session, WakeUp wake, CancellationToken over)
    {
        var buffer = new byte[ReadBytes];
        try
        {
            while (await stream.ReadAsync(buffer, over) is > 0 and var count)
                if (session.Hear(buffer.AsSpan(0, count), Monotonic.Now)) wake.Call();
        }
        catch (Exception e) when (e is OperationCanceledException or IOException)
        {
            // it is over, or the reader has gone
        }
        session.End(WebSocketFrames.Normal, "");
        wake.Call();
    }

    /// <summary>Sends until it is over.</summary>
    async Task Send(Stream to, StreamSession session, WakeUp wake, CancellationToken stop)
    {
        var called = wake.Wait(stop);
        while (!session.IsOver)
        {
            if (called.IsCompleted) called = wake.Wait(stop);
            var now = Monotonic.Now;
            var bytes = session.Next(now);
            if (!bytes.IsEmpty)
            {
                using var patience = CancellationTokenSource.CreateLinkedTokenSource(stop);
                patience.CancelAfter(StreamSession.WritePatience);
                await to.WriteAsync(bytes, patience.Token);
                await to.FlushAsync(patience.Token);
                continue;
            }
            if (session.IsOver) break;
            var left = session.Due - now;
            if (left <= TimeSpan.Zero) continue;
            try
            {
                await Task.WhenAny(session.Cursor.More, called).WaitAsync(left, clock, stop);
            }
            catch (TimeoutException)
            {
                // it is time for a ping or a sign of life
            }
        }
    }
}
