using System.Collections.Concurrent;
using System.IO.Compression;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace OpsBro.Tests.Forwarding;

/// <summary>What a fake sink does with one request.</summary>
enum Trouble
{
    /// <summary>Answers with a status.</summary>
    None,
    /// <summary>Reads the request and never answers.</summary>
    Hang,
    /// <summary>Resets the connection in the middle of the body.</summary>
    Reset,
    /// <summary>Closes the connection as soon as it is there.</summary>
    Close,
    /// <summary>Takes the request, and resets the connection instead of answering.</summary>
    TakeAndReset,
    /// <summary>Reads the body in small pieces with pauses.</summary>
    Slow,
}

/// <summary>A fake sink's answer.</summary>
/// <param name="Trouble">What goes wrong.</param>
/// <param name="Status">HTTP status.</param>
/// <param name="Body">Text of the answer.</param>
/// <param name="Header">One more header line.</param>
sealed record Reply(Trouble Trouble, int Status = 204, string Body = "", string Header = "X-Fake: 1")
{
    public static readonly Reply Ok = new(Trouble.None);

    public static Reply Of(int status, string body = "", string header = "X-Fake: 1") => new(Trouble.None, status, body, header);
}

/// <summary>An HTTP server on a loopback port that misbehaves as it is told, and keeps what it was given.</summary>
sealed class FakeHttpSink : IDisposable
{
    readonly CancellationTokenSource stop = new();
    readonly ConcurrentQueue<Reply> script = [];
    readonly X509Certificate2? certificate;
    TcpListener? listener;

    /// <summary>A server that does not listen yet.</summary>
    public FakeHttpSink(X509Certificate2? certificate = null) => this.certificate = certificate;

    /// <summary>Its port: the same whether it listens or not.</summary>
    public int Port { get; } = Ports.Free();

    /// <summary>What it does when the script is over.</summary>
    public Func<byte[], Reply> Otherwise { get; set; } = _ => Reply.Ok;

    /// <summary>Bodies of the requests that it took, unpacked if they were gzip.</summary>
    public ConcurrentQueue<byte[]> Taken { get; } = [];

    /// <summary>Heads of all requests.</summary>
    public ConcurrentQueue<string> Heads { get; } = [];

    /// <summary>Requests and connections seen so far, whatever became of them.</summary>
    public int Seen => seen;

    int seen;

    /// <summary>Adds what it does with the next requests.</summary>
    public FakeHttpSink Then(params Reply[] replies)
    {
        foreach (var reply in replies) script.Enqueue(reply);
        return this;
    }

    /// <summary>Begins to listen.</summary>
    public FakeHttpSink Listen()
    {
        listener = new TcpListener(IPAddress.Loopback, Port);
        listener.Start();
        _ = Task.Run(Accept);
        return this;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        stop.Cancel();
        listener?.Stop();
    }

    async Task Accept()
    {
        while (!stop.IsCancellationRequested)
        {
            Socket socket;
            try
            {
                socket = await listener!.AcceptSocketAsync(stop.Token);
            }
            catch (Exception e) when (e is OperationCanceledException or SocketException)
            {
                return;   // the test is over
            }
            _ = Task.Run(() => Serve(socket));
        }
    }

    async Task Serve(Socket socket)
    {
        using var owned = socket;
        try
        {
            await using Stream plain = new NetworkStream(socket);
            if (script.TryPeek(out var first) && first.Trouble == Trouble.Close)
            {
                script.TryDequeue(out _);
                Interlocked.Increment(ref seen);
                return;
            }
            await using var stream = certificate is null ? plain : await Secure(plain);
            while (await Request(socket, stream)) ;
        }
        catch (Exception e) when (e is IOException or SocketException or OperationCanceledException or System.Security.Authentication.AuthenticationException)
        {
            // the client has gone or did not like the certificate: the test looks at what it says
        }
    }

    async Task<Stream> Secure(Stream plain)
    {
        var secure = new SslStream(plain);
        await secure.AuthenticateAsServerAsync(certificate!);
        return secure;
    }

    async Task<bool> Request(Socket socket, Stream stream)
    {
        var head = new StringBuilder();
        var one = new byte[1];
        while (!head.ToString().EndsWith("\r\n\r\n"))
        {
            if (await stream.ReadAsync(one, stop.Token) == 0) return false;
            head.Append((char)one[0]);
        }
        Interlocked.Increment(ref seen);
        Heads.Enqueue(head.ToString());
        var length = int.Parse(head.ToString().Split("\r\n").First(l => l.StartsWith("Content-Length:", StringComparison.OrdinalIgnoreCase))[15..]);
        var body = new byte[length];
        var isScripted = script.TryDequeue(out var reply);
        if (reply?.Trouble == Trouble.Reset)
        {
            await stream.ReadExactlyAsync(body.AsMemory(0, length / 2), stop.Token);
            socket.LingerState = new LingerOption(true, 0);
            socket.Close();
            return false;
        }
        if (reply?.Trouble == Trouble.Slow)
        {
            for (var at = 0; at < length; at += 1000)
            {
                await stream.ReadExactlyAsync(body.AsMemory(at, Math.Min(1000, length - at)), stop.Token);
                await Task.Delay(5, stop.Token);
            }
        }
        else await stream.ReadExactlyAsync(body, stop.Token);
        var unpacked = head.ToString().Contains("gzip") ? Unzip(body) : body;
        if (!isScripted) reply = Otherwise(unpacked);
        if (reply!.Trouble == Trouble.Hang) await Task.Delay(Timeout.Infinite, stop.Token);
        if (reply.Status < 300) Taken.Enqueue(unpacked);
        if (reply.Trouble == Trouble.TakeAndReset)
        {
            socket.LingerState = new LingerOption(true, 0);
            socket.Close();
            return false;
        }
        var text = $"HTTP/1.1 {reply.Status} Fake\r\n{reply.Header}\r\n"
            + (reply.Status == 204 ? "\r\n" : $"Content-Length: {reply.Body.Length}\r\n\r\n{reply.Body}");
        await stream.WriteAsync(Encoding.ASCII.GetBytes(text), stop.Token);
        return true;
    }

    static byte[] Unzip(byte[] body)
    {
        using var plain = new MemoryStream();
        using var gzip = new GZipStream(new MemoryStream(body), CompressionMode.Decompress);
        gzip.CopyTo(plain);
        return plain.ToArray();
    }
}
