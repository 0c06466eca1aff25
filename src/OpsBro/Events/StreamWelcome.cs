using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.WebUtilities;
using OpsBro.Api;

namespace OpsBro.Events;

/// <summary>
/// Receives callers of the websocket port: reads their request, lets them in or says why not. A websocket is spoken at <c>/</c>, as the
/// original did, and at <c>/v1/stream</c>; server-sent events at <c>/v1/stream</c>.
/// </summary>
internal sealed class StreamWelcome(StreamHub hub, StreamPump pump, StreamGuests guests)
{
    /// <summary>The stream.</summary>
    public const string Path = "/v1/stream";

    /// <summary>A caller has said what it wants, and has taken the answer, within this time.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>What the kernel holds for a reader that is slow, in bytes; it doubles it.</summary>
    public const int SendBuffer = 64 * 1024;

    long count;

    /// <summary>Readers let in since the start.</summary>
    public long Count => Interlocked.Read(ref count);

    /// <summary>Receives one caller.</summary>
    public async Task Receive(Socket socket, IPAddress source)
    {
        if (!guests.Enter(source))
        {
            guests.Refuse();
            socket.Dispose();
            return;
        }
        var isIn = false;
        try
        {
            using var patience = new CancellationTokenSource(Patience);
            isIn = await Answer(socket, source, patience.Token);
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            guests.Refuse();   // it went, or took too long
        }
        finally
        {
            if (!isIn)
            {
                socket.Dispose();
                guests.Exit(source);
            }
        }
    }

    /// <returns>True when it became a reader.</returns>
    async Task<bool> Answer(Socket socket, IPAddress source, CancellationToken patience)
    {
        socket.NoDelay = true;
        socket.SendBufferSize = SendBuffer;
        var buffer = new byte[StreamRequest.MaxHead];
        var (length, end) = (0, -1);
        while ((end = buffer.AsSpan(0, length).IndexOf("\r\n\r\n"u8)) < 0)
        {
            if (length == buffer.Length)
                return await Refuse(socket, new ApiProblem(431, $"the head of the request is larger than {length} bytes"), "/", patience);
            var read = await socket.ReceiveAsync(buffer.AsMemory(length), patience);
            if (read == 0) return false;
            length += read;
        }
        StreamRequest? request = null;
        try
        {
            request = StreamRequest.Read(buffer.AsSpan(0, end));
            var early = buffer.AsMemory(end + 4, length - end - 4);
            return await LetIn(socket, source, request, early, patience);
        }
        catch (ApiProblem problem)
        {
            return await Refuse(socket, problem, request?.Path ?? "/", patience);
        }
    }

    async Task<bool> LetIn(Socket socket, IPAddress source, StreamRequest request, ReadOnlyMemory<byte> early, CancellationToken patience)
    {
        var isWebSocket = StreamDoor.AsksForWebSocket(request.Header);
        if (request.Path is not ("/" or Path)) throw new ApiProblem(404, $"{request.Path} is not here; this port has {Path}, the API the rest");
        if (!isWebSocket && request.Path == "/") throw new ApiProblem(426, $"this port speaks websocket; for server-sent events, ask for {Path}");
        hub.Door.Check(new StreamCaller(StreamDoor.HostPart(request.Header("Host")!), request.Header("Origin"),
            StreamDoor.TokenOf(request.Header, request.Query)));
        StreamParameters.RefuseOthers(request.Path, request.Parameters);
        var (wishes, since) = StreamParameters.Read(isWebSocket, request.Query, request.Header("Last-Event-ID"), hub.Ring.Topics);
        var head = isWebSocket ? WebSocketHead(request) : EventsHead(request);
        if (request.Method == "HEAD")
        {
            await SendAll(socket, head, patience);
            return false;
        }
        if (guests.Welcome(source) is { } reason) throw new ApiProblem(reason.Status, reason.Reason);
        var client = Client(socket, source, wishes, since);
        var isIn = false;
        try
        {
            await SendAll(socket, head, patience);
            socket.Blocking = false;   // the pump never waits for one
            isIn = true;
        }
        finally
        {
            if (!isIn) GiveBack(client);
        }
        Interlocked.Increment(ref count);
        pump.Add(client);
        _ = client.Listen(early.ToArray(), pump.Wake);
        return true;
    }

    StreamClient Client(Socket socket, IPAddress source, StreamWishes wishes, long? since)
    {
        var view = pump.ViewFor(wishes);
        return new StreamClient(socket, source, hub.Session(view, since), view);
    }

    void GiveBack(StreamClient client)
    {
        pump.Leave(client.View);
        guests.Unwelcome();
    }

    static byte[] WebSocketHead(StreamRequest request) => Head([
        "HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade",
        .. StreamDoor.Welcome(request.Header).Select(h => $"{h.Name}: {h.Value}"),
    ]);

    static byte[] EventsHead(StreamRequest request)
    {
        var lines = new List<string> { "HTTP/1.1 200 OK", "Content-Type: text/event-stream", "Cache-Control: no-cache", "Connection: close" };
        // the page stands on the API's port, which is another origin; the door has looked at it
        if (request.Header("Origin") is { } origin) lines.AddRange([$"Access-Control-Allow-Origin: {origin}", "Vary: Origin"]);
        return Head(lines);
    }

    static byte[] Head(IEnumerable<string> lines) => Encoding.ASCII.GetBytes(string.Concat(lines.Select(line => $"{line}\r\n")) + "\r\n");

    /// <returns>False: it is no reader.</returns>
    async Task<bool> Refuse(Socket socket, ApiProblem problem, string path, CancellationToken patience)
    {
        guests.Refuse();
        var title = ReasonPhrases.GetReasonPhrase(problem.Status);
        var body = JsonSerializer.SerializeToUtf8Bytes(new ProblemView("about:blank", title, problem.Status, problem.Message, path),
            ApiJson.Default.ProblemView);
        var lines = new List<string>
        {
            $"HTTP/1.1 {problem.Status} {title}", "Content-Type: application/problem+json", "Connection: close",
            string.Create(CultureInfo.InvariantCulture, $"Content-Length: {body.Length}"),
        };
        if (problem.Status == 401) lines.Add("WWW-Authenticate: Bearer");
        if (problem.Status == 405) lines.Add("Allow: GET, HEAD");
        if (problem.Status == 426) lines.AddRange(["Upgrade: websocket", "Sec-WebSocket-Version: 13"]);
        await SendAll(socket, (byte[])[.. Head(lines), .. body], patience);
        // what is closed with something unread may lose our answer on its way
        socket.Shutdown(SocketShutdown.Send);
        var rest = new byte[1024];
        for (var i = 0; i < StreamRequest.MaxHead / rest.Length && await socket.ReceiveAsync(rest, patience) > 0; i++) ;
        return false;
    }

    static async Task SendAll(Socket socket, ReadOnlyMemory<byte> bytes, CancellationToken patience)
    {
        while (!bytes.IsEmpty) bytes = bytes[await socket.SendAsync(bytes, patience)..];
    }
}
