using System.Globalization;
using System.Net.WebSockets;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;
using OpsBro.Api;
using OpsBro.Platform;
using static OpsBro.Tests.LoopHost;

namespace OpsBro.Tests.Api;

/// <summary>What clients of every kind see of a connection that the thread of the sockets serves: the same as of .NET's own transport.</summary>
public sealed class LoopConnectionTests
{
    const int Megabyte = 1024 * 1024;

    static string Digest(byte[] bytes) => Convert.ToHexString(SHA256.HashData(bytes));

    /// <summary>Answers with length and digest of the body.</summary>
    static async Task Digested(HttpContext context)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body);
        await Say(context, $"{body.Length} {Digest(body.ToArray())}");
    }

    [Theory, InlineData(true), InlineData(false)]
    public async Task A_request_that_comes_one_byte_at_a_time_is_answered(bool isLoop)
    {
        await using var host = await LoopHost.Start(isLoop, Echo);
        using var client = new RawClient(host);

        for (var i = 0; i < 3; i++)
        {
            foreach (var one in "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello") await client.Send($"{one}");
            Assert.Equal("POST /a hello", (await client.Answer()).Body);
        }
    }

    [Theory, InlineData(true, false), InlineData(true, true), InlineData(false, false)]
    public async Task Requests_that_do_not_wait_for_answers_are_answered_in_their_order(bool isLoop, bool isAway)
    {
        const int count = 3000;
        await using var host = await LoopHost.Start(isLoop, isAway ? Away(Echo) : Echo);
        using var client = new RawClient(host);

        var sending = client.Send(string.Concat(Enumerable.Range(0, count).Select(i => $"PUT /{i} HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\n{i:0000}")));
        for (var i = 0; i < count; i++) Assert.Equal($"PUT /{i} {i:0000}", (await client.Answer()).Body);
        await sending;
    }

    [Fact]
    public async Task A_quick_request_is_served_on_the_thread_of_the_sockets_and_another_one_is_not()
    {
        static string Thread() => System.Threading.Thread.CurrentThread.Name ?? "";
        using var waits = new SemaphoreSlim(0);
        var away = Away(async context =>
        {
            var begin = Thread();
            for (var isOver = false; !isOver; begin += Thread())
            {
                var read = context.Request.Body.ReadAsync(new byte[1]).AsTask();
                waits.Release();
                isOver = await read == 0;
            }
            await Say(context, $"away {begin.Contains("sockets", StringComparison.Ordinal)}");
        });
        await using var host = await LoopHost.Start(isLoop: true, context => context.Request.Method == "GET" ? Say(context, Thread()) : away(context));
        using var client = new RawClient(host);

        for (var isHere = false; !isHere; isHere = (await client.Answer()).Body == "sockets") await client.Ask("/");   // the first comes with the connection
        await client.Send("PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n");
        for (var i = 0; i < 9; i++)
        {
            Assert.True(await waits.WaitAsync(Patience));
            await client.Send("x");
        }
        Assert.Equal("away False", (await client.Answer()).Body);
        for (var isHere = false; !isHere; isHere = (await client.Answer()).Body == "sockets") await client.Ask("/");
    }

    [Fact]
    public async Task A_quick_request_that_hangs_holds_up_nobody_else()
    {
        using var release = new ManualResetEventSlim();
        var hangs = new TaskCompletionSource();
        await using var host = await LoopHost.Start(isLoop: true, context =>
        {
            if (context.Request.Path == "/hang" && SocketLoop.IsHere)
            {
                hangs.TrySetResult();
                release.Wait();
            }
            return Say(context, $"{context.Request.Path} {SocketLoop.IsHere}");
        });
        using RawClient one = new(host), another = new(host);
        // on a thread of the pool at first
        for (var isHere = false; !isHere; isHere = (await one.Answer()).Body.EndsWith("True", StringComparison.Ordinal)) await one.Ask("/");

        await one.Send("GET /hang HTTP/1.1\r\nHost: x\r\n\r\nGET /after HTTP/1.1\r\nHost: x\r\n\r\n");
        await hangs.Task.WaitAsync(Patience);
        for (var i = 0; i < 5; i++)
        {
            await another.Ask("/");
            Assert.StartsWith("/ ", (await another.Answer()).Body, StringComparison.Ordinal);
        }
        release.Set();

        Assert.StartsWith("/hang", (await one.Answer()).Body, StringComparison.Ordinal);
        Assert.StartsWith("/after", (await one.Answer()).Body, StringComparison.Ordinal);
    }

    [Theory, InlineData(true, false), InlineData(true, true), InlineData(false, false)]
    public async Task Large_bodies_are_taken_whole(bool isLoop, bool isAway)
    {
        await using var host = await LoopHost.Start(isLoop, isAway ? Away(Digested) : Digested, kestrel => kestrel.Limits.MaxRequestBodySize = null);
        using var client = new RawClient(host);

        // more than the pipe holds, too
        foreach (var length in (int[])[Megabyte, 1, 0, 12 * Megabyte, 4096, Megabyte + 1])
        {
            var body = new byte[length];
            new Random(length).NextBytes(body);
            await client.Send($"PUT /kv/a HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\n{Encoding.Latin1.GetString(body)}");
            Assert.Equal($"{length} {Digest(body)}", (await client.Answer()).Body);
        }
    }

    [Theory, InlineData(true), InlineData(false)]
    public async Task A_body_that_is_read_late_waits_and_is_taken_whole(bool isLoop)
    {
        var late = new TaskCompletionSource();
        await using var host = await LoopHost.Start(isLoop, async context =>
        {
            await late.Task;
            await Digested(context);
        }, kestrel => (kestrel.Limits.MaxRequestBodySize, kestrel.Limits.MinRequestBodyDataRate) = (null, null));
        using var client = new RawClient(host);
        var body = new byte[24 * Megabyte];
        new Random(1).NextBytes(body);

        var sending = client.Send($"PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: {body.Length}\r\n\r\n{Encoding.Latin1.GetString(body)}");
        using var other = new RawClient(host);
        late.SetResult();
        await sending;

        Assert.Equal($"{body.Length} {Digest(body)}", (await client.Answer()).Body);
    }

    [Theory, InlineData(true, false), InlineData(true, true), InlineData(false, false)]
    public async Task A_large_answer_waits_for_a_slow_client(bool isLoop, bool isAway)
    {
        const int count = 256;
        var written = 0;
        async Task Answer(HttpContext context)
        {
            context.Response.ContentLength = count * 64 * 1024;
            var piece = new byte[64 * 1024];
            for (var i = 0; i < count; i++)
            {
                Array.Fill(piece, (byte)('a' + (i % 26)));
                await context.Response.Body.WriteAsync(piece);
                Volatile.Write(ref written, i + 1);
            }
        }
        await using var host = await LoopHost.Start(isLoop, isAway ? Away(Answer) : Answer);
        using var client = new RawClient(host);

        await client.Ask("/");
        await Until(() => Volatile.Read(ref written) > 0, "the first piece is written");
        var body = (await client.Answer()).Body;

        Assert.Equal(count * 64 * 1024, body.Length);
        for (var i = 0; i < count; i++) Assert.Equal(-1, body.AsSpan(i * 64 * 1024, 64 * 1024).IndexOfAnyExcept((char)('a' + (i % 26))));
    }

    [Theory, InlineData(true), InlineData(false)]
    public async Task Who_waits_to_be_asked_for_the_body_is_asked(bool isLoop)
    {
        await using var host = await LoopHost.Start(isLoop, Echo);
        using var client = new RawClient(host);

        for (var i = 0; i < 2; i++)
        {
            await client.Send("PUT /a HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n");
            Assert.StartsWith("HTTP/1.1 100", (await client.Answer()).Head, StringComparison.Ordinal);
            await client.Send("abc");
            Assert.Equal("PUT /a abc", (await client.Answer()).Body);
        }
    }

    [Theory]
    [InlineData(true, "GET /a HTTP/1.0\r\n\r\n"), InlineData(false, "GET /a HTTP/1.0\r\n\r\n")]
    [InlineData(true, "GET /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"), InlineData(false, "GET /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")]
    public async Task A_client_that_wants_one_answer_is_given_it_and_the_end(bool isLoop, string request)
    {
        await using var host = await LoopHost.Start(isLoop, Echo);
        using var client = new RawClient(host);

        await client.Send(request);

        Assert.EndsWith("\r\n\r\nGET /a ", await client.Rest(), StringComparison.Ordinal);
        await host.Ends();
    }

    [Theory, InlineData(true), InlineData(false)]
    public async Task What_is_no_request_is_answered_so(bool isLoop)
    {
        await using var host = await LoopHost.Start(isLoop, Echo);
        using var client = new RawClient(host);

        await client.Send("nonsense\r\n\r\n");

        Assert.StartsWith("HTTP/1.1 400", await client.Rest(), StringComparison.Ordinal);
        await host.Ends();
    }

    [Theory, InlineData(true), InlineData(false)]
    public async Task A_web_socket_says_back_what_it_hears(bool isLoop)
    {
        await using var host = await LoopHost.Start(isLoop, Away(async context =>
        {
            using var socket = await context.WebSockets.AcceptWebSocketAsync();
            var buffer = new byte[64 * 1024];
            while (await socket.ReceiveAsync(buffer.AsMemory(), default) is { MessageType: not WebSocketMessageType.Close } part)
                await socket.SendAsync(buffer.AsMemory(0, part.Count), part.MessageType, part.EndOfMessage, default);
            await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, "", default);
        }));
        using var client = new ClientWebSocket();
        await client.ConnectAsync(new Uri($"ws://127.0.0.1:{host.Port}/"), default).WaitAsync(Patience);

        foreach (var length in (int[])[1, 0, 125, 126, 70_000, 300_000])
        {
            var (message, heard) = (new byte[length], new MemoryStream());
            new Random(length).NextBytes(message);
            var sending = client.SendAsync(message, WebSocketMessageType.Binary, endOfMessage: true, default);
            var buffer = new byte[64 * 1024];
            for (var isEnd = false; !isEnd;)
            {
                var part = await client.ReceiveAsync(buffer.AsMemory(), default).AsTask().WaitAsync(Patience);
                heard.Write(buffer, 0, part.Count);
                isEnd = part.EndOfMessage;
            }
            await sending;
            Assert.Equal(message, heard.ToArray());
        }
        await client.CloseAsync(WebSocketCloseStatus.NormalClosure, "", default).WaitAsync(Patience);
        await host.Ends();
    }

    [Theory, InlineData(true), InlineData(false)]
    public async Task Events_reach_the_client_one_by_one_until_it_goes(bool isLoop)
    {
        var gone = new TaskCompletionSource();
        var next = new SemaphoreSlim(0);
        await using var host = await LoopHost.Start(isLoop, Away(async context =>
        {
            context.Response.ContentType = "text/event-stream";
            try
            {
                for (var i = 0; ; i++)
                {
                    await next.WaitAsync(context.RequestAborted);
                    await context.Response.WriteAsync($"data: {i}\n\n");
                    await context.Response.Body.FlushAsync();
                }
            }
            catch (OperationCanceledException)
            {
                gone.TrySetResult();
            }
        }));
        using var client = new RawClient(host);

        await client.Ask("/events");
        for (var i = 0; i < 20; i++)
        {
            next.Release();
            await client.Find(string.Create(CultureInfo.InvariantCulture, $"data: {i}\n\n"));
        }
        client.Dispose();

        await gone.Task.WaitAsync(Patience);
        await host.Ends();
    }
}
