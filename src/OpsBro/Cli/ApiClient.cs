using System.Net;
using System.Net.Sockets;
using System.Text;
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
    public async Task<T> Get<T>(string path, JsonTypeInfo<T> shape, CancellationToken cancel)
    {
        using var response = await Send(HttpMethod.Get, path, null, HttpCompletionOption.ResponseContentRead, cancel);
        return await Read(response, path, shape, cancel);
    }

    /// <summary>GET, and the answer as text.</summary>
    public async Task<string> GetText(string path, CancellationToken cancel)
    {
        using var response = await Send(HttpMethod.Get, path, null, HttpCompletionOption.ResponseContentRead, cancel);
        return await response.Content.ReadAsStringAsync(cancel);
    }

    /// <summary>GET, and the answer line by line as it comes.</summary>
    public async IAsyncEnumerable<string> Lines(string path, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancel)
    {
        using var response = await Send(HttpMethod.Get, path, null, HttpCompletionOption.ResponseHeadersRead, cancel);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(cancel));
        while (await reader.ReadLineAsync(cancel) is { } line) yield return line;
    }

    /// <summary>POST, PUT or DELETE without a body.</summary>
    public Task<T> Change<T>(string method, string path, JsonTypeInfo<T> shape, CancellationToken cancel) =>
        Change(method, path, null, shape, cancel);

    /// <summary>POST or PUT of a JSON body.</summary>
    public Task<T> Change<TBody, T>(string method, string path, TBody body, JsonTypeInfo<TBody> bodyShape, JsonTypeInfo<T> shape,
        CancellationToken cancel) =>
        Change(method, path, new StringContent(JsonSerializer.Serialize(body, bodyShape), Encoding.UTF8, "application/json"), shape, cancel);

    async Task<T> Change<T>(string method, string path, HttpContent? content, JsonTypeInfo<T> shape, CancellationToken cancel)
    {
        using var response = await Send(new HttpMethod(method), path, content, HttpCompletionOption.ResponseContentRead, cancel);
        return await Read(response, path, shape, cancel);
    }

    static async Task<T> Read<T>(HttpResponseMessage response, string path, JsonTypeInfo<T> shape, CancellationToken cancel) =>
        await JsonSerializer.DeserializeAsync(await response.Content.ReadAsStreamAsync(cancel), shape, cancel)
        ?? throw new CliError(2, $"the agent answered null to {path}");

    async Task<HttpResponseMessage> Send(
        HttpMethod method, string path, HttpContent? content, HttpCompletionOption completion, CancellationToken cancel)
    {
        var address = place();
        client ??= Connect(address);
        HttpResponseMessage response;
        try
        {
            response = await client.SendAsync(new HttpRequestMessage(method, path) { Content = content }, completion, cancel);
        }
        catch (HttpRequestException e)
        {
            throw new CliError(1, Unreachable(address, e));
        }
        if (response.IsSuccessStatusCode) return response;
        using (response) throw new CliError(2, await Refusal(response, path, cancel));
    }

    static string Unreachable(ApiAddress address, HttpRequestException error) => error.InnerException switch
    {
        SocketException { SocketErrorCode: SocketError.AccessDenied } =>
            $"{address.Text} may not be opened by this user; use sudo, or join the socket's group",
        SocketException when address.Socket is { } path && !File.Exists(path) =>
            $"no agent runs on {Path.GetDirectoryName(path)}; start one with \"opsbro agent start\"",
        SocketException e => $"no agent answers at {address.Text} ({e.Message}); start one with \"opsbro agent start\"",
        _ => $"no agent answers at {address.Text} ({error.Message})",
    };

    static async Task<string> Refusal(HttpResponseMessage response, string path, CancellationToken cancel)
    {
        var body = await response.Content.ReadAsStringAsync(cancel);
        try
        {
            if (JsonSerializer.Deserialize(body, ApiJson.Default.ProblemView) is { Detail.Length: > 0 } problem) return problem.Detail;
        }
        catch (JsonException)
        {
            // not an OpsBro agent, or a proxy on the way: say what came back
        }
        return $"{path} answered {(int)response.StatusCode} {response.ReasonPhrase}";
    }

    static HttpClient Connect(ApiAddress address)
    {
        var handler = new SocketsHttpHandler { UseProxy = false, UseCookies = false, AllowAutoRedirect = false };
        if (address.Socket is { } path)
        {
            handler.ConnectCallback = async (_, cancel) =>
            {
                var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                try
                {
                    await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancel);
                    return new NetworkStream(socket, ownsSocket: true);
                }
                catch
                {
                    socket.Dispose();
                    throw;
                }
            };
        }
        var client = new HttpClient(handler)
        {
            BaseAddress = address.Url,
            DefaultRequestVersion = HttpVersion.Version11,
            Timeout = Timeout.InfiniteTimeSpan,
        };
        if (address.Token is { } token) client.DefaultRequestHeaders.Authorization = new("Bearer", token);
        return client;
    }
}

/// <summary>Where the agent is.</summary>
/// <param name="Socket">Path of the unix socket; null for HTTP.</param>
/// <param name="Url">Base address.</param>
/// <param name="Token">Bearer token; never printed.</param>
internal sealed record ApiAddress(string? Socket, Uri Url, string? Token)
{
    /// <summary>For messages.</summary>
    public string Text => Socket ?? Url.ToString();
}
