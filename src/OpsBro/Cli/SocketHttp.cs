using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace OpsBro.Cli;

/// <summary>
/// HTTP/1.1 over the agent's unix socket, one request a connection (RFC 9112): what a verb needs and nothing more. HttpClient does the same,
/// but compiling its machinery costs each start of the program 60 ms of CPU; over TCP it is used all the same. Blocking on purpose: the
/// other end is on this host, and state machines that wait would have to be compiled as well.
/// </summary>
internal static class SocketHttp
{
    /// <summary>Largest head of an answer, in bytes.</summary>
    public const int MaxHead = 32 * 1024;

    /// <summary>Sends a request and reads the head of the answer; the body is left in the stream.</summary>
    /// <exception cref="SocketException">Nobody listens.</exception>
    /// <exception cref="IOException">The connection broke, or the answer is no HTTP.</exception>
    public static Answer Send(string socketPath, string method, string path, byte[]? json)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            socket.Connect(new UnixDomainSocketEndPoint(socketPath));   // local: it answers or fails at once
            var head = $"{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAccept: */*\r\n"
                + (json is null ? "Content-Length: 0\r\n\r\n" : $"Content-Type: application/json\r\nContent-Length: {json.Length}\r\n\r\n");
            SendAll(socket, Encoding.ASCII.GetBytes(head));
            if (json is not null) SendAll(socket, json);
            return ReadHead(socket);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    static void SendAll(Socket socket, ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty) bytes = bytes[socket.Send(bytes)..];
    }

    static Answer ReadHead(Socket socket)
    {
        var buffer = new byte[MaxHead];
        var length = 0;
        int end;
        while ((end = buffer.AsSpan(0, length).IndexOf("\r\n\r\n"u8)) < 0)
        {
            if (length == buffer.Length) throw new IOException($"the answer's head is larger than {MaxHead} bytes");
            var read = socket.Receive(buffer.AsSpan(length));
            if (read == 0) throw new IOException("the agent closed the connection without an answer");
            length += read;
        }
        var lines = Encoding.ASCII.GetString(buffer, 0, end).Split("\r\n");
        if (lines[0].Split(' ', 3) is not [['H', 'T', 'T', 'P', ..], var code, ..]
            || !int.TryParse(code, NumberStyles.None, CultureInfo.InvariantCulture, out var status))
            throw new IOException($"\"{lines[0]}\" is no HTTP status line");
        var isChunked = lines.Any(line => line.StartsWith("Transfer-Encoding:", StringComparison.OrdinalIgnoreCase)
            && line.Contains("chunked", StringComparison.OrdinalIgnoreCase));
        return new Answer(status, new Body(socket, buffer.AsMemory(end + 4, length - end - 4), isChunked));
    }

    /// <summary>An answer: its status, and its body as a stream that ends where the body ends.</summary>
    public sealed record Answer(int Status, Stream Content) : IDisposable
    {
        /// <inheritdoc/>
        public void Dispose() => Content.Dispose();
    }

    /// <summary>The body: what came with the head, then the socket to its end; chunks are put together again.</summary>
    sealed class Body(Socket socket, ReadOnlyMemory<byte> early, bool isChunked) : Stream
    {
        int chunkLeft;
        bool isFirstChunk = true, isOver;

        public override bool CanRead => true;
        public override bool CanSeek => false;
        public override bool CanWrite => false;
        public override long Length => throw new NotSupportedException("a body has no length before it is read");

        public override long Position
        {
            get => throw new NotSupportedException("a body is read once");
            set => throw new NotSupportedException("a body is read once");
        }

        public override int Read(Span<byte> buffer)
        {
            if (isOver || buffer.IsEmpty) return 0;
            if (!isChunked) return Raw(buffer);
            if (chunkLeft == 0 && !NextChunk()) return 0;
            var read = Raw(buffer[..Math.Min(buffer.Length, chunkLeft)]);
            if (read == 0) throw new IOException("the agent closed the connection inside its answer");
            chunkLeft -= read;
            return read;
        }

        bool NextChunk()
        {
            if (!isFirstChunk) Line();
            isFirstChunk = false;
            var line = Line();
            if (!int.TryParse(line.Split(';')[0], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out chunkLeft))
                throw new IOException($"\"{line}\" is no size of a chunk");
            isOver = chunkLeft == 0;
            return !isOver;
        }

        string Line()
        {
            var line = new StringBuilder();
            Span<byte> one = stackalloc byte[1];
            while (Raw(one) == 1)
            {
                if (one[0] == '\n') return line.ToString().TrimEnd('\r');
                if (line.Length >= 128) break;
                line.Append((char)one[0]);
            }
            throw new IOException("the answer ends inside a chunk's head");
        }

        int Raw(Span<byte> buffer)
        {
            if (early.IsEmpty) return socket.Receive(buffer);
            var count = Math.Min(buffer.Length, early.Length);
            early.Span[..count].CopyTo(buffer);
            early = early[count..];
            return count;
        }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));
        public override void Flush() { }
        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException("a body is read once");
        public override void SetLength(long value) => throw new NotSupportedException("a body is read once");
        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException("a body is read only");

        protected override void Dispose(bool disposing)
        {
            if (disposing) socket.Dispose();
            base.Dispose(disposing);
        }
    }
}
