using System.Buffers.Text;
using System.Net.Sockets;
using System.Text;

namespace OpsBro.Collectors.Applications;

/// <summary>An error that the redis server itself answered: <c>NOAUTH Authentication required.</c></summary>
internal sealed class RespException(string message) : IOException(message)
{
    /// <summary>The first word, redis' kind of error: NOAUTH, WRONGPASS, ERR…</summary>
    public string Kind { get; } = message.Split(' ', 2)[0];
}

/// <summary>
/// One connection to a redis server for a few commands. The server is not trusted: every read is bounded and ends with
/// the token. Grammar (redis.io/docs/reference/protocol-spec): request = <c>*N\r\n</c> then N times
/// <c>$LEN\r\nBYTES\r\n</c>; answer = <c>+text\r\n</c> | <c>-error\r\n</c> | <c>$LEN\r\nBYTES\r\n</c>. Other answers
/// are not asked for here.
/// </summary>
internal sealed class RespClient : IDisposable
{
    /// <summary>Largest answer, in bytes. INFO of a server with every module and 16 databases takes 20 KiB.</summary>
    public const int MaxAnswer = 1024 * 1024;

    /// <summary>Longest line of an answer, in bytes: a status, an error or a length.</summary>
    public const int MaxLine = 1024;

    readonly Socket socket;
    byte[] buffer = new byte[16 * 1024];
    int start, end;

    RespClient(Socket socket) => this.socket = socket;

    /// <summary>Connects to a unix socket (an absolute path) or to a host name and port.</summary>
    /// <exception cref="SocketException">Nobody listens there.</exception>
    public static async Task<RespClient> Connect(string server, int port, CancellationToken cancel)
    {
        var isPath = server.StartsWith('/');
        var socket = isPath
            ? new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified)
            : new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            if (isPath) await socket.ConnectAsync(new UnixDomainSocketEndPoint(server), cancel);
            else await socket.ConnectAsync(server, port, cancel);
            return new RespClient(socket);
        }
        catch
        {
            socket.Dispose();   // the caller gets the exception and never the socket
            throw;
        }
    }

    /// <summary>Sends one command and waits for its whole answer.</summary>
    /// <exception cref="RespException">The server answered with an error.</exception>
    /// <exception cref="FormatException">What came is not an answer of redis.</exception>
    /// <exception cref="IOException">The connection ended early.</exception>
    public async Task<string> Ask(IReadOnlyList<string> words, CancellationToken cancel)
    {
        var request = new StringBuilder($"*{words.Count}\r\n");
        foreach (var word in words) request.Append($"${Encoding.UTF8.GetByteCount(word)}\r\n{word}\r\n");
        ReadOnlyMemory<byte> bytes = Encoding.UTF8.GetBytes(request.ToString());
        while (!bytes.IsEmpty) bytes = bytes[await socket.SendAsync(bytes, cancel)..];

        var line = await ReadLine(cancel);
        switch (line)
        {
            case ['+', .. var status]:
                return status;
            case ['-', .. var error]:
                throw new RespException(error);
            case ['$', .. var digits]
                when Utf8Parser.TryParse(Encoding.ASCII.GetBytes(digits), out int length, out var used)
                && used == digits.Length && length is >= 0 and <= MaxAnswer:
                return await ReadBulk(length, cancel);
            default:
                throw new FormatException($"answered \"{Shown(line)}\", which is not redis");
        }
    }

    async Task<string> ReadLine(CancellationToken cancel)
    {
        while (true)
        {
            var at = buffer.AsSpan(start, end - start).IndexOf((byte)'\n');
            if (at >= 0)
            {
                var line = Encoding.UTF8.GetString(buffer, start, at).TrimEnd('\r');
                start += at + 1;
                return line;
            }
            if (end - start > MaxLine)
                throw new FormatException(
                    $"answered \"{Shown(Encoding.UTF8.GetString(buffer, start, 64))}\", which is not redis");
            await Receive(cancel);
        }
    }

    async Task<string> ReadBulk(int length, CancellationToken cancel)
    {
        while (end - start < length + 2) await Receive(cancel);
        var text = Encoding.UTF8.GetString(buffer, start, length);
        if (buffer[start + length] != '\r' || buffer[start + length + 1] != '\n')
            throw new FormatException($"the answer does not end after the {length} bytes it announced");
        start += length + 2;
        return text;
    }

    async Task Receive(CancellationToken cancel)
    {
        if (start > 0)
        {
            Buffer.BlockCopy(buffer, start, buffer, 0, end - start);
            (start, end) = (0, end - start);
        }
        // ends at MaxAnswer: callers ask for no more
        if (end == buffer.Length) Array.Resize(ref buffer, buffer.Length * 2);
        var received = await socket.ReceiveAsync(buffer.AsMemory(end), cancel);
        if (received == 0) throw new IOException("the connection was closed before the answer was complete");
        end += received;
    }

    static string Shown(string text) =>
        string.Concat((text.Length > 40 ? text[..40] + "…" : text).Select(c => char.IsControl(c) ? '?' : c));

    /// <inheritdoc/>
    public void Dispose() => socket.Dispose();
}
