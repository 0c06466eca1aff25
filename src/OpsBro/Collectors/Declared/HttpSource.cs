using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using OpsBro.Core.Expressions;

namespace OpsBro.Collectors.Declared;

/// <summary>What the operator wrote below <c>http:</c>.</summary>
/// <param name="Url">http or https.</param>
internal sealed record HttpSettings(DeclaredText Url)
{
    /// <summary>Name for basic authentication; null for none. One that is empty when filled in is none too.</summary>
    public DeclaredText? User { get; init; }

    /// <summary>Password for basic authentication.</summary>
    public DeclaredText? Password { get; init; }

    /// <summary>More headers of the request.</summary>
    public IReadOnlyList<(string Name, DeclaredText Value)> Headers { get; init; } = [];

    /// <summary>Absolute path of a unix socket to connect to instead of the URL's host.</summary>
    public string UnixSocket { get; init; } = "";

    /// <summary>True: the server's certificate is not checked.</summary>
    public bool IsInsecure { get; init; }

    /// <summary>What the request accepts.</summary>
    public string Accept { get; init; } = "*/*";
}

/// <summary>
/// GETs a URL. Redirects are not followed (they would carry the headers to another place), proxies of the environment
/// are not used (the servers are near), cookies are not kept.
/// </summary>
internal sealed class HttpSource(HttpSettings settings) : ISource
{
    /// <summary>Largest answer, in bytes, unpacked. A node_exporter answers 200 KiB.</summary>
    public const int MaxAnswer = 4 * 1024 * 1024;

    /// <summary>How long a connection is used, so that a name that moves is followed.</summary>
    static readonly TimeSpan connectionLifetime = TimeSpan.FromMinutes(5);

    // one pool for all, except where the way to the server is its own
    static readonly HttpClient shared = Client("", false), sharedInsecure = Client("", true);

    readonly HttpClient client = settings switch
    {
        { UnixSocket.Length: > 0 } => Client(settings.UnixSocket, settings.IsInsecure),
        { IsInsecure: true } => sharedInsecure,
        _ => shared,
    };

    /// <inheritdoc/>
    public string Summary => $"GET {settings.Url.Source}";

    /// <inheritdoc/>
    public Answer Read(Value parameters, TimeSpan timeout, CancellationToken cancel)
    {
        var url = AsUrl(settings.Url.Fill(parameters));
        var where = $"{url.Scheme}://{url.Authority}{url.AbsolutePath}";   // no query: it may hold a token
        using var request = Request(url, parameters);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        end.CancelAfter(timeout);
        try
        {
            return new(where, Get(request, where, end.Token).GetAwaiter().GetResult());
        }
        catch (Exception e) when (e is HttpRequestException or HttpIOException)
        {
            throw new IOException($"{where}: {e.InnerException?.Message ?? e.Message}");
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            throw new IOException($"{where} did not answer within {Config.Durations.Text(timeout)}");
        }
    }

    async Task<ReadOnlyMemory<byte>> Get(HttpRequestMessage request, string where, CancellationToken cancel)
    {
        using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancel);
        if (!response.IsSuccessStatusCode) throw new IOException($"{where} answered {Explain(response)}");
        using var body = await response.Content.ReadAsStreamAsync(cancel);
        var buffer = new byte[16 * 1024];
        var length = 0;
        while (await body.ReadAsync(buffer.AsMemory(length), cancel) is > 0 and var read)
        {
            length += read;
            if (length > MaxAnswer) throw new IOException($"{where} answered more than {MaxAnswer} bytes");
            if (length == buffer.Length) Array.Resize(ref buffer, buffer.Length * 2);
        }
        return buffer.AsMemory(0, length);
    }

    static string Explain(HttpResponseMessage response)
    {
        var code = (int)response.StatusCode;
        return code switch
        {
            401 or 403 => $"{code}; give it user and password, or allow this address in the server",
            >= 300 and < 400 => $"{code}, a redirect, which is not followed; write the final address",
            _ => $"{code} {response.ReasonPhrase}",
        };
    }

    HttpRequestMessage Request(Uri url, Value parameters)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, url);
        request.Headers.TryAddWithoutValidation("Accept", settings.Accept);
        request.Headers.TryAddWithoutValidation("User-Agent", "opsbro");
        if (settings.User?.Fill(parameters) is { Length: > 0 } user)
        {
            var credentials = Encoding.UTF8.GetBytes($"{user}:{settings.Password?.Fill(parameters)}");
            request.Headers.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(credentials));
        }
        foreach (var (name, value) in settings.Headers)
        {
            var text = value.Fill(parameters);
            if (text.AsSpan().IndexOfAny('\r', '\n', '\0') >= 0)
                throw new FormatException($"header {name} holds a line end");
            request.Headers.Remove(name);
            request.Headers.TryAddWithoutValidation(name, text);
        }
        return request;
    }

    static Uri AsUrl(string text)
    {
        if (!Uri.TryCreate(text, UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https"))
            throw new FormatException($"\"{text}\" is not an address; write for instance http://localhost:8080/status");
        if (url.UserInfo.Length > 0)
            throw new FormatException($"the address of {url.Authority} holds a user; write user and password as keys");
        return url;
    }

    static HttpClient Client(string unixSocket, bool isInsecure)
    {
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseProxy = false,
            UseCookies = false,
            ActivityHeadersPropagator = null,
            AutomaticDecompression = DecompressionMethods.All,
            PooledConnectionLifetime = connectionLifetime,
        };
        if (isInsecure) handler.SslOptions.RemoteCertificateValidationCallback = (_, _, _, _) => true;
        if (unixSocket.Length > 0) handler.ConnectCallback = (_, cancel) => Connect(unixSocket, cancel);
        // each request has a token with its own end
        return new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan };
    }

    static async ValueTask<Stream> Connect(string unixSocket, CancellationToken cancel)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(unixSocket), cancel);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();   // the handler gets the exception and never the socket
            throw;
        }
    }
}
