using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using OpsBro.Api;

namespace OpsBro.Cli;

/// <summary>An error for the person at the terminal: one line that says what to do, and an exit code.</summary>
internal sealed class CliError(int exitCode, string message) : Exception(message)
{
    /// <summary>1: the agent cannot be reached; 2: the call is wrong or the thing asked for failed.</summary>
    public int ExitCode => exitCode;
}

/// <summary>Talks to the agent: through the unix socket of its data directory, or to <c>--addr</c> / <c>OPSBRO_ADDR</c> over HTTP.</summary>
/// <param name="place">Gives the address when the first request is made: after the command line was read.</param>
internal sealed class ApiClient(Func<ApiAddress> place)
{
    HttpClient? client;

    /// <summary>GET, and the answer as <typeparamref name="T"/>.</summary>
    /// <exception cref="CliError">The agent cannot be reached, or refuses.</exception>
    public Task<T> Get<T>(string path, JsonTypeInfo<T> shape, CancellationToken cancel) => Exchange("GET", path, null, shape, cancel);

    /// <summary>POST, PUT or DELETE without a body.</summary>
    /// <exception cref="CliError">The agent cannot be reached, or refuses.</exception>
    public Task<T> Change<T>(string method, string path, JsonTypeInfo<T> shape, CancellationToken cancel) =>
        Exchange(method, path, null, shape, cancel);

    /// <summary>POST or PUT of a JSON body.</summary>
    /// <exception cref="CliError">The agent cannot be reached, or refuses.</exception>
    public Task<T> Change<TBody, T>(string method, string path, TBody body, JsonTypeInfo<TBody> bodyShape, JsonTypeInfo<T> shape,
        CancellationToken cancel) =>
        Exchange(method, path, JsonSerializer.SerializeToUtf8Bytes(body, bodyShape), shape, cancel);

    /// <summary>GET, and the answer line by line as it comes.</summary>
    /// <exception cref="CliError">The agent cannot be reached, or refuses.</exception>
    public async IAsyncEnumerable<string> Lines(string path, [EnumeratorCancellation] CancellationToken cancel)
    {
        await using var content = await Open("GET", path, null, cancel);
        using var reader = new StreamReader(content);
        while (reader.ReadLine() is { } line) yield return line;
    }

    async Task<T> Exchange<T>(string method, string path, byte[]? json, JsonTypeInfo<T> shape, CancellationToken cancel)
    {
        await using var content = await Open(method, path, json, cancel);
        var body = new MemoryStream();
        content.CopyTo(body);
        return JsonSerializer.Deserialize(body.GetBuffer().AsSpan(0, (int)body.Length), shape)
            ?? throw new CliError(2, $"the agent answered null to {path}");
    }

    /// <summary>Any body, and the answer whatever its status: for verbs that tell several of them apart.</summary>
    /// <exception cref="CliError">The agent cannot be reached.</exception>
    public async Task<ApiAnswer> Send(string method, string path, byte[]? body, CancellationToken cancel)
    {
        var (status, content) = await Request(method, path, body, cancel);
        await using (content)
        {
            if (status >= 300) return new ApiAnswer(status, [], await Refusal(content, status, path, cancel));
            var all = new MemoryStream();
            content.CopyTo(all);
            return new ApiAnswer(status, all.ToArray(), "");
        }
    }

    /// <summary>Sends a request; the answer's body when it is a good one.</summary>
    async Task<Stream> Open(string method, string path, byte[]? json, CancellationToken cancel)
    {
        var (status, content) = await Request(method, path, json, cancel);
        if (status < 300) return content;
        await using (content) throw new CliError(2, await Refusal(content, status, path, cancel));
    }

    async Task<SocketHttp.Answer> Request(string method, string path, byte[]? json, CancellationToken cancel)
    {
        var address = place();
        try
        {
            return address.Socket is { } socket ? SocketHttp.Send(socket, method, path, json) : await SendOverTcp(address, method, path, json, cancel);
        }
        catch (Exception e) when (e is HttpRequestException or SocketException or IOException)
        {
            throw new CliError(1, Unreachable(address, e.GetBaseException()));
        }
    }

    async Task<SocketHttp.Answer> SendOverTcp(ApiAddress address, string method, string path, byte[]? json, CancellationToken cancel)
    {
        client ??= Connect(address);
        var request = new HttpRequestMessage(new HttpMethod(method), path);
        if (json is not null)
        {
            request.Content = new ByteArrayContent(json);
            request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        }
        var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancel);
        return new SocketHttp.Answer((int)response.StatusCode, await response.Content.ReadAsStreamAsync(cancel));
    }

    static string Unreachable(ApiAddress address, Exception error) => error switch
    {
        SocketException { SocketErrorCode: SocketError.AccessDenied } =>
            $"{address.Text} may not be opened by this user; use sudo, or join the socket's group",
        SocketException when address.Socket is { } path && !File.Exists(path) =>
            $"no agent runs on {Path.GetDirectoryName(path)}; start one with \"opsbro agent start\"",
        System.Security.Authentication.AuthenticationException e =>
            $"{address.Text} shows a certificate that is not trusted here ({e.Message}); name its issuer in OPSBRO_CACERT",
        SocketException e => $"no agent answers at {address.Text} ({e.Message}); start one with \"opsbro agent start\"",
        _ => $"no agent answers at {address.Text} ({error.Message})",
    };

    static async Task<string> Refusal(Stream content, int status, string path, CancellationToken cancel)
    {
        try
        {
            if (await JsonSerializer.DeserializeAsync(content, ApiJson.Default.ProblemView, cancel) is { Detail.Length: > 0 } problem)
                return problem.Detail;
        }
        catch (JsonException)
        {
            // not an OpsBro agent, or a proxy on the way: say what came back
        }
        return $"{path} answered {status} {(HttpStatusCode)status}";
    }

    static X509ChainPolicy Trusting(string file)
    {
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        try
        {
            policy.CustomTrustStore.ImportFromPemFile(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException)
        {
            throw new CliError(2, $"OPSBRO_CACERT: {e.Message}");
        }
        return policy;
    }

    static HttpClient Connect(ApiAddress address)
    {
        var handler = new SocketsHttpHandler { UseProxy = false, UseCookies = false, AllowAutoRedirect = false };
        if (address.Issuers is { } issuers) handler.SslOptions.CertificateChainPolicy = Trusting(issuers);
        var client = new HttpClient(handler) { BaseAddress = address.Url, Timeout = Timeout.InfiniteTimeSpan };
        if (address.Token is { } token) client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        return client;
    }
}

/// <summary>An answer of the API, good or bad.</summary>
/// <param name="Status">HTTP status.</param>
/// <param name="Body">Of a good one.</param>
/// <param name="Reason">Of a bad one: what is wrong.</param>
internal sealed record ApiAnswer(int Status, byte[] Body, string Reason)
{
    /// <summary>It is a good one.</summary>
    public bool IsGood => Status < 300;
}

/// <summary>Where the agent is.</summary>
/// <param name="Socket">Path of the unix socket; null for HTTP.</param>
/// <param name="Url">Base address.</param>
/// <param name="Token">Bearer token; never printed.</param>
internal sealed record ApiAddress(string? Socket, Uri Url, string? Token)
{
    /// <summary>PEM file of the certificates that are trusted instead of the system's; null for the system's.</summary>
    public string? Issuers { get; init; }

    /// <summary>For messages.</summary>
    public string Text => Socket ?? Url.ToString();
}
