using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace OpsBro.Tests.Forwarding;

/// <summary>What a fake Graphite does with one connection.</summary>
/// <param name="Kind">read, close, reset, slow or deaf.</param>
/// <param name="Bytes">Bytes that it reads before <c>reset</c>.</param>
sealed record Connection(string Kind, int Bytes = 0);

/// <summary>A TCP server that reads lines, or misbehaves as it is told.</summary>
sealed class FakeGraphite : IDisposable
{
    readonly CancellationTokenSource stop = new();
    readonly ConcurrentQueue<Connection> script = [];
    readonly ConcurrentQueue<StringBuilder> texts = [];
    readonly ConcurrentQueue<Socket> open = [];
    Socket? listener;
    int seen;

    /// <summary>Its port: the same whether it listens or not.</summary>
    public int Port { get; private init; } = Ports.Free();

    /// <summary>Connections so far.</summary>
    public int Seen => seen;

    /// <summary>Another server on the same port, for when this one is gone.</summary>
    public FakeGraphite Again() => new() { Port = Port };

    /// <summary>Adds what it does with the next connections; the others are read to the end.</summary>
    public FakeGraphite Then(params Connection[] connections)
    {
        foreach (var connection in connections) script.Enqueue(connection);
        return this;
    }

    /// <summary>The whole lines of all connections; what a reset cut off is left out.</summary>
    public List<ReadSample> Samples()
    {
        var all = new List<ReadSample>();
        foreach (var text in texts)
        {
            lock (text)
            {
                var whole = text.ToString();
                all.AddRange(WireDecoders.Graphite(whole[..(whole.LastIndexOf('\n') + 1)]));
            }
        }
        return all;
    }

    /// <summary>Begins to listen.</summary>
    public FakeGraphite Listen()
    {
        listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = 4096 };
        listener.Bind(new IPEndPoint(IPAddress.Loopback, Port));
        listener.Listen();
        _ = Task.Run(Accept);
        return this;
    }

    /// <summary>Ends the connections, orderly, and goes on listening.</summary>
    public void HangUp()
    {
        while (open.TryDequeue(out var socket)) socket.Close();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        stop.Cancel();
        listener?.Dispose();
        HangUp();
    }

    async Task Accept()
    {
        try
        {
            while (true)
            {
                var socket = await listener!.AcceptAsync(stop.Token);
                Interlocked.Increment(ref seen);
                open.Enqueue(socket);
                _ = Task.Run(() => Serve(socket, script.TryDequeue(out var told) ? told : new Connection("read")));
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // the test is over
        }
    }

    async Task Serve(Socket socket, Connection told)
    {
        var text = new StringBuilder();
        texts.Enqueue(text);
        var buffer = new byte[told.Kind == "slow" ? 4000 : told.Kind == "reset" ? 1000 : 64 * 1024];
        var read = 0;
        try
        {
            if (told.Kind == "close")
            {
                socket.Close();
                return;
            }
            if (told.Kind == "deaf") await Task.Delay(Timeout.Infinite, stop.Token);
            while (await socket.ReceiveAsync(buffer, stop.Token) is var length and > 0)
            {
                lock (text) text.Append(Encoding.UTF8.GetString(buffer, 0, length));
                read += length;
                if (told.Kind == "slow") await Task.Delay(5, stop.Token);
                if (told.Kind != "reset" || read < told.Bytes) continue;
                socket.LingerState = new LingerOption(true, 0);
                socket.Close();
                return;
            }
            socket.Close();
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // the client has gone, or the test is over
        }
    }
}
