using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;
using OpsBro.Api;
using OpsBro.Platform;
using static OpsBro.Tests.LoopHost;

namespace OpsBro.Tests.Api;

/// <summary>How a connection that the thread of the sockets serves ends, whoever ends it: nothing is left of it, and nobody calls it a fault.</summary>
public sealed class LoopConnectionEndTests
{
    /// <summary>Writes until the client has gone.</summary>
    static async Task Endless(HttpContext context, TaskCompletionSource begun)
    {
        var piece = new byte[64 * 1024];
        while (!context.RequestAborted.IsCancellationRequested)
        {
            await context.Response.Body.WriteAsync(piece);
            begun.TrySetResult();
        }
    }

    [Theory, InlineData(true, false), InlineData(true, true), InlineData(false, false)]
    public async Task A_client_that_reads_nothing_is_gone_after_a_stop(bool isLoop, bool isAway)
    {
        TaskCompletionSource begun = new(), over = new();
        async Task Answer(HttpContext context)
        {
            await Endless(context, begun);
            over.TrySetResult();
        }
        await using var host = await LoopHost.Start(isLoop, isAway ? Away(Answer) : Answer, kestrel => kestrel.Limits.MinResponseDataRate = null);
        using var client = new RawClient(host);
        await client.Ask("/");
        await begun.Task.WaitAsync(Patience);

        await host.Stop(new CancellationToken(true));

        await over.Task.WaitAsync(Patience);
        await host.Ends();
    }

    [Theory]
    [InlineData(true, true, false), InlineData(true, false, false), InlineData(true, true, true), InlineData(true, false, true)]
    [InlineData(false, true, false), InlineData(false, false, false)]
    public async Task A_client_that_goes_away_ends_what_is_written_to_it_and_that_is_no_fault(bool isLoop, bool isReset, bool isAway)
    {
        TaskCompletionSource begun = new(), over = new();
        async Task Answer(HttpContext context)
        {
            await Endless(context, begun);
            over.TrySetResult();
        }
        await using var host = await LoopHost.Start(isLoop, isAway ? Away(Answer) : Answer);
        using var client = new RawClient(host);
        await client.Ask("/");
        await begun.Task.WaitAsync(Patience);

        if (isReset) client.Reset();
        else client.Dispose();

        await over.Task.WaitAsync(Patience);
        await host.Ends();
    }

    [Theory]
    [InlineData(true, true, false), InlineData(true, false, false), InlineData(true, true, true), InlineData(true, false, true)]
    [InlineData(false, true, false), InlineData(false, false, false)]
    public async Task A_handler_that_waits_is_told_that_its_client_has_gone(bool isLoop, bool isReset, bool isAway)
    {
        TaskCompletionSource begun = new(), told = new();
        async Task Wait(HttpContext context)
        {
            var gone = new TaskCompletionSource();
            using var registered = context.RequestAborted.Register(() => gone.TrySetResult());
            begun.TrySetResult();
            await gone.Task;
            told.TrySetResult();
        }
        await using var host = await LoopHost.Start(isLoop, isAway ? Away(Wait) : Wait);
        using var client = new RawClient(host);
        await client.Ask("/");
        await begun.Task.WaitAsync(Patience);

        if (isReset) client.Reset();
        else client.Socket.Shutdown(SocketShutdown.Send);

        await told.Task.WaitAsync(Patience);
        await host.Ends();
    }

    [Theory, InlineData(true), InlineData(false)]
    public async Task A_client_that_breaks_off_in_the_middle_is_forgotten(bool isLoop)
    {
        var before = SocketLoop.Shared.Count;
        await using var host = await LoopHost.Start(isLoop, Echo);

        const string head = "PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n";
        foreach (var part in (string[])["", "G", head[..20], head, $"{head}abc"])
        {
            for (var i = 0; i < 60; i++)
            {
                var client = new RawClient(host);
                await client.Send(part);
                if (i % 3 == 0) client.Reset();
                else if (i % 3 == 1) client.Socket.Shutdown(SocketShutdown.Send);
                if (i % 3 == 1) await client.Rest();
                client.Dispose();
            }
        }

        await host.Ends();
        await Until(() => SocketLoop.Shared.Count < before + 100, "the places are left");   // other tests have some
    }

    [Theory, InlineData(true), InlineData(false)]
    public async Task Half_a_client_is_given_the_end_after_what_it_asked(bool isLoop)
    {
        await using var host = await LoopHost.Start(isLoop, Echo);
        using var client = new RawClient(host);
        await client.Ask("/");
        await client.Answer();

        await client.Ask("/last");
        client.Socket.Shutdown(SocketShutdown.Send);

        var rest = await client.Rest();
        Assert.True(rest.Length == 0 || rest.EndsWith("GET /last ", StringComparison.Ordinal), rest);   // Kestrel gives no promise of an answer
        await host.Ends();
    }

    [Theory, InlineData(true), InlineData(false)]
    public async Task Idle_connections_do_not_hold_up_a_stop(bool isLoop)
    {
        await using var host = await LoopHost.Start(isLoop, Echo);
        var clients = Enumerable.Range(0, 20).Select(_ => new RawClient(host)).ToList();
        foreach (var client in clients.Take(10))
        {
            await client.Ask("/");
            await client.Answer();
        }
        await clients[0].Send("GET /half HTTP/1.1\r\n");   // not idle, but nothing that is waited for

        await Until(() => host.CountOpen() == 20, "all are accepted");
        var stop = host.Stop();   // without a limit
        foreach (var client in clients.Skip(1)) Assert.Equal("", await client.Rest());
        clients[0].Dispose();
        await stop;

        foreach (var client in clients) client.Dispose();
        await host.Ends();
    }

    [Theory, InlineData(true), InlineData(false)]
    public async Task A_connection_that_stays_idle_too_long_is_closed(bool isLoop)
    {
        await using var host = await LoopHost.Start(isLoop, Echo, kestrel =>
            (kestrel.Limits.KeepAliveTimeout, kestrel.Limits.RequestHeadersTimeout) = (TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1)));
        using RawClient idle = new(host), half = new(host);
        await idle.Ask("/");
        await idle.Answer();
        await half.Send("GET / HT");

        Assert.Equal("", await idle.Rest());
        Assert.StartsWith("HTTP/1.1 408", await half.Rest(), StringComparison.Ordinal);
        await host.Ends();
    }

    [Theory, InlineData(true), InlineData(false)]
    public async Task No_more_connections_are_served_than_allowed(bool isLoop)
    {
        await using var host = await LoopHost.Start(isLoop, Echo, kestrel => kestrel.Limits.MaxConcurrentConnections = 2);
        using RawClient one = new(host), two = new(host);
        foreach (var client in (RawClient[])[one, two])
        {
            await client.Ask("/");
            Assert.Equal("GET / ", (await client.Answer()).Body);
        }

        using (var three = new RawClient(host)) Assert.Equal("", await three.Rest());
        one.Dispose();
        await Until(() => IsServed(host), "one has gone, and another one is served");

        static bool IsServed(LoopHost host)
        {
            using var client = new RawClient(host);
            try
            {
                client.Socket.Send("GET / HTTP/1.0\r\n\r\n"u8);
                return client.Rest().Result.EndsWith("GET / ", StringComparison.Ordinal);
            }
            catch (SocketException)
            {
                return false;   // it was refused before it could ask
            }
        }
    }

    [Theory, InlineData(true), InlineData(false)]
    public async Task A_handler_can_break_the_connection(bool isLoop)
    {
        await using var host = await LoopHost.Start(isLoop, context =>
        {
            context.Abort();
            return Task.CompletedTask;
        });
        using var client = new RawClient(host);

        await client.Ask("/");

        Assert.Equal("", await client.Rest());
        await host.Ends();
    }

    /// <summary>Kestrel aborts under locks of its own, and on the thread that looks after every connection's time.</summary>
    [Fact]
    public async Task Who_aborts_a_connection_does_not_go_on_with_its_handler()
    {
        var waits = new TaskCompletionSource<LoopConnection>();
        var went = new TaskCompletionSource<Thread>();
        await using var host = await LoopHost.Start(isLoop: true, async context =>
        {
            try
            {
                var read = context.Request.Body.ReadAsync(new byte[1]);
                waits.TrySetResult(context.Features.Get<LoopConnection>()!);
                await read;
            }
            finally
            {
                went.TrySetResult(Thread.CurrentThread);
            }
        });
        using var client = new RawClient(host);
        await client.Send("PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\n");
        var connection = await waits.Task.WaitAsync(Patience);
        var aborts = new Thread(() => connection.Abort(new ConnectionAbortedException("a test")));

        aborts.Start();

        Assert.NotSame(aborts, await went.Task.WaitAsync(Patience));
        Assert.Equal("", await client.Rest());
        await Until(() => host.CountOpen() == 0, "every socket is closed");
    }

    /// <summary>Clients that do everything at any moment: afterwards nothing is left, nothing has been called a fault, and the next one is served.</summary>
    [Theory, InlineData(true, 1), InlineData(true, 2), InlineData(false, 1)]
    public async Task Clients_that_come_and_go_at_any_moment_leave_nothing_behind(bool isLoop, int seed)
    {
        var before = SocketLoop.Shared.Count;
        var away = Away(Echo);
        await using var host = await LoopHost.Start(isLoop, context => context.Request.Path.Value!.Length % 2 == 0 ? away(context) : Echo(context));
        var all = string.Concat(Enumerable.Range(0, 40).Select(i =>
            $"PUT /{new string('a', i)} HTTP/1.1\r\nHost: x\r\nContent-Length: {i * 100}\r\n\r\n{new string('b', i * 100)}"));

        await Parallel.ForEachAsync(Enumerable.Range(0, 240), new ParallelOptions { MaxDegreeOfParallelism = 24 }, async (i, _) =>
        {
            var random = new Random((seed * 1000) + i);
            using var client = new RawClient(host);
            try
            {
                for (int at = 0, end = random.Next(all.Length); at < end;)
                {
                    var length = Math.Min(end - at, random.Next(1, random.Next(2, 9000)));
                    await client.Send(all[at..(at + length)]);
                    at += length;
                    if (random.Next(4) == 0) await Task.Yield();
                }
                if (random.Next(3) == 0)
                {
                    client.Socket.Shutdown(SocketShutdown.Send);
                    await client.Rest();
                }
                else if (random.Next(2) == 0) client.Reset();
            }
            catch (SocketException e) when (e.SocketErrorCode is SocketError.ConnectionReset or SocketError.Shutdown)
            {
                // what is closed with bytes unread is reset
            }
        });

        await host.Ends();
        await Until(() => SocketLoop.Shared.Count < before + 100, "the places are left");
        using var last = new RawClient(host);
        await last.Ask("/last");
        Assert.Equal("GET /last ", (await last.Answer()).Body);
    }
}
