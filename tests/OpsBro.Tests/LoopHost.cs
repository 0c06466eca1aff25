using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OpsBro.Api;

namespace OpsBro.Tests;

/// <summary>
/// A small Kestrel with the test's handler: on the loop of sockets, or on .NET's own transport, from which the loop must not differ in what a client sees.
/// </summary>
sealed class LoopHost : ILoggerProvider, ILogger, IAsyncDisposable
{
    /// <summary>Longest wait for anything. Nothing is judged by time.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    static readonly TimeSpan pause = TimeSpan.FromMilliseconds(10);

    readonly Socket listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    WebApplication? app;

    LoopHost()
    {
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen(512);
        Port = ((IPEndPoint)listener.LocalEndPoint!).Port;
    }

    /// <summary>Where it listens on loopback.</summary>
    public int Port { get; }

    /// <summary>It is the loop.</summary>
    public bool IsLoop { get; init; }

    /// <summary>Warnings and errors of Kestrel.</summary>
    public ConcurrentQueue<string> Faults { get; } = [];

    /// <summary>Starts one.</summary>
    public static async Task<LoopHost> Start(bool isLoop, RequestDelegate handler, Action<KestrelServerOptions>? configure = null)
    {
        var host = new LoopHost { IsLoop = isLoop };
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.WebHost.UseKestrelCore();
        builder.WebHost.UseSockets();
        builder.Services.AddSingleton<IConnectionListenerFactory, LoopTransport>();
        builder.Services.Configure<HostOptions>(options => options.ShutdownTimeout = Timeout.InfiniteTimeSpan);
        builder.Logging.AddProvider(host);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            if (isLoop) kestrel.Listen(new LoopEndPoint(host.listener));
            else kestrel.ListenHandle((ulong)host.listener.Handle);
            configure?.Invoke(kestrel);
        });
        host.app = builder.Build();
        host.app.UseWebSockets();
        host.app.Run(handler);
        await host.app.StartAsync();
        return host;
    }

    /// <summary>A handler that leaves the sockets' thread, as those of routes that are not quick.</summary>
    public static RequestDelegate Away(RequestDelegate handler) => async context =>
    {
        var loop = context.Features.Get<LoopConnection>();
        if (loop is not null) loop.IsAway = true;
        await Task.Yield();
        try
        {
            await handler(context);
        }
        finally
        {
            if (loop is not null) loop.IsAway = false;
        }
    };

    /// <summary>Answers with a text.</summary>
    public static Task Say(HttpContext context, string text)
    {
        context.Response.ContentLength = Encoding.UTF8.GetByteCount(text);
        return context.Response.WriteAsync(text);
    }

    /// <summary>Answers with the method, the path and the body.</summary>
    public static async Task Echo(HttpContext context)
    {
        using var reader = new StreamReader(context.Request.Body);
        await Say(context, $"{context.Request.Method} {context.Request.Path} {await reader.ReadToEndAsync()}");
    }

    /// <summary>Waits for a condition.</summary>
    public static async Task Until(Func<bool> isSo, string what)
    {
        for (var watch = Stopwatch.StartNew(); !isSo(); await Task.Delay(pause)) Assert.True(watch.Elapsed < Patience, $"never came: {what}");
    }

    /// <summary>Sockets of connections that this process has open at the port; see proc_net(5): the inode of one that is closed is 0.</summary>
    public int CountOpen() => File.ReadLines("/proc/net/tcp").Skip(1).Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        .Count(row => row[1].EndsWith($":{Port:X4}", StringComparison.Ordinal) && row[3] != "0A" && row[9] != "0");

    /// <summary>Waits until nothing is left of any connection, of which none may have been a fault.</summary>
    public async Task Ends()
    {
        await Until(() => CountOpen() == 0, "every socket is closed");
        // Kestrel's own transport tells the handler of a reset and Kestrel of the end in no order, and what it takes for a fault changes with it
        if (IsLoop) Assert.True(Faults.IsEmpty, string.Join("\n\n", Faults.Take(3)));
    }

    /// <summary>Stops; connections that are busy are closed when the token is canceled.</summary>
    public Task Stop(CancellationToken cancel = default) => app!.StopAsync(cancel).WaitAsync(Patience);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await Stop(new CancellationToken(true));
        await app!.DisposeAsync();
        listener.Dispose();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
    }

    /// <inheritdoc/>
    public ILogger CreateLogger(string categoryName) => this;

    /// <inheritdoc/>
    public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

    /// <inheritdoc/>
    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning;

    /// <inheritdoc/>
    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (IsEnabled(logLevel)) Faults.Enqueue($"{formatter(state, exception)} {exception}");
    }
}

/// <summary>A client of HTTP that does just what it is told.</summary>
sealed class RawClient : IDisposable
{
    readonly byte[] buffer = new byte[64 * 1024];
    string unread = "";

    /// <summary>Connects.</summary>
    public RawClient(LoopHost host)
    {
        Socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        Socket.Connect(IPAddress.Loopback, host.Port);
    }

    /// <summary>The socket.</summary>
    public Socket Socket { get; }

    /// <summary>Sends a text of bytes.</summary>
    public async Task Send(string text)
    {
        for (var left = Encoding.Latin1.GetBytes(text).AsMemory(); !left.IsEmpty;)
            left = left[await Socket.SendAsync(left).AsTask().WaitAsync(LoopHost.Patience)..];
    }

    /// <summary>A request without a body.</summary>
    public Task Ask(string path) => Send($"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n");

    /// <summary>The next answer, which has a length.</summary>
    public async Task<(string Head, string Body)> Answer()
    {
        var head = await Take(await Find("\r\n\r\n"));
        var at = head.IndexOf("Content-Length: ", StringComparison.OrdinalIgnoreCase);
        var length = at < 0 ? 0 : int.Parse(head[(at + 16)..head.IndexOf('\r', at)], CultureInfo.InvariantCulture);
        return (head, await Take(length));
    }

    /// <summary>Where a text ends among what came.</summary>
    public async Task<int> Find(string text)
    {
        int at;
        while ((at = unread.IndexOf(text, StringComparison.Ordinal)) < 0) Assert.True(await Receive(), $"the end came before \"{text}\": {unread}");
        return at + text.Length;
    }

    async Task<string> Take(int length)
    {
        var taken = new StringBuilder(unread);
        for (unread = ""; taken.Length < length; unread = "")
        {
            Assert.True(await Receive(), $"the end came after {taken.Length} of {length} bytes");
            taken.Append(unread);
        }
        unread = taken.ToString(length, taken.Length - length);
        return taken.ToString(0, length);
    }

    /// <summary>Everything until the end; a reset is one too.</summary>
    public async Task<string> Rest()
    {
        while (await Receive()) continue;
        return unread;
    }

    async Task<bool> Receive()
    {
        try
        {
            var count = await Socket.ReceiveAsync(buffer, SocketFlags.None).WaitAsync(LoopHost.Patience);
            unread += Encoding.Latin1.GetString(buffer, 0, count);
            return count > 0;
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionReset)
        {
            return false;
        }
    }

    /// <summary>Goes away without a goodbye.</summary>
    public void Reset()
    {
        Socket.LingerState = new LingerOption(true, 0);
        Socket.Dispose();
    }

    /// <inheritdoc/>
    public void Dispose() => Socket.Dispose();
}
