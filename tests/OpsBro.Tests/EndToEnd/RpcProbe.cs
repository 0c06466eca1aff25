using System.Buffers;
using System.Net;
using System.Net.Sockets;
using OpsBro.Core.Wire;

namespace OpsBro.Tests.EndToEnd;

/// <summary>A client of the agent RPC that does what no decent client does as well.</summary>
sealed class RpcProbe : IDisposable
{
    /// <summary>Reads the body of an answer.</summary>
    public delegate T Reading<T>(ref MsgPackReader reader);

    readonly Socket socket;
    byte[] received = [];

    RpcProbe(Socket socket) => this.socket = socket;

    /// <summary>Connects; no word is said yet.</summary>
    public static async Task<RpcProbe> To(string address, int receiveBuffer = 65_536)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = receiveBuffer };
        await socket.ConnectAsync(IPEndPoint.Parse(address));
        return new RpcProbe(socket);
    }

    /// <summary>Connects and greets.</summary>
    public static async Task<RpcProbe> Greeted(string address, string key = "", int receiveBuffer = 65_536)
    {
        var probe = await To(address, receiveBuffer);
        Assert.Equal("", await probe.Ask(RpcCommand.Handshake, 1, new RpcHandshake(1)));
        if (key.Length > 0) Assert.Equal("", await probe.Ask(RpcCommand.Auth, 2, new RpcAuth(key)));
        return probe;
    }

    /// <summary>Sends bytes as they are.</summary>
    public Task Send(byte[] bytes) => socket.SendAsync(bytes);

    /// <summary>Sends a request.</summary>
    public Task Send(string command, ulong seq, IRpcBody? body)
    {
        var output = new ArrayBufferWriter<byte>();
        RpcFrames.WriteRequest(output, command, seq, body);
        return Send(output.WrittenSpan.ToArray());
    }

    /// <summary>Sends a request and gives the error of its answer, which has no body.</summary>
    public async Task<string> Ask(string command, ulong seq, IRpcBody? body)
    {
        await Send(command, seq, body);
        return (await Next()).Error;
    }

    /// <summary>The next header.</summary>
    public async Task<RpcAnswerHeader> Next() => (await Next<object?>(null)).Header;

    /// <summary>The next header with what follows it.</summary>
    public async Task<(RpcAnswerHeader Header, T? Body)> Next<T>(Reading<T>? read)
    {
        using var patience = new CancellationTokenSource(RunningAgent.Patience);
        var buffer = new byte[64 * 1024];
        while (true)
        {
            if (TryRead(read, out var header, out var body)) return (header, body);
            var count = await socket.ReceiveAsync(buffer, patience.Token);
            if (count == 0) throw new EndOfStreamException("the agent closed the connection");
            received = [.. received, .. buffer.AsSpan(0, count)];
        }
    }

    bool TryRead<T>(Reading<T>? read, out RpcAnswerHeader header, out T? body)
    {
        var reader = new MsgPackReader(received);
        header = RpcAnswerHeader.Read(ref reader);
        body = read is null || !reader.Ok ? default : read(ref reader);
        if (!reader.Ok) return false;
        received = received[reader.Consumed..];
        return true;
    }

    /// <summary>True when the agent closes the connection; what still came before is thrown away.</summary>
    public async Task<bool> IsClosed()
    {
        using var patience = new CancellationTokenSource(RunningAgent.Patience);
        var buffer = new byte[64 * 1024];
        try
        {
            while (await socket.ReceiveAsync(buffer, patience.Token) > 0) ;
            return true;
        }
        catch (SocketException)
        {
            return true;   // a reset
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => socket.Dispose();
}
