using System.Buffers;
using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace OpsBro.Metrics.Exporters;

/// <summary>
/// Sends pages as requests of HTTP: Prometheus remote write and InfluxDB. One connection, kept open; the certificate is always checked;
/// no redirect is followed, for a token must not travel to a place that nobody configured.
/// </summary>
internal sealed class HttpSink : ISink
{
    /// <summary>Longest time that a sink may ask to be left alone.</summary>
    public static readonly TimeSpan MaxRetryAfter = TimeSpan.FromMinutes(5);

    /// <summary>A connection is closed at this age, so that a name that points elsewhere by now is looked up again.</summary>
    static readonly TimeSpan connectionAge = TimeSpan.FromMinutes(5);

    readonly SinkOptions options;
    readonly IEncoder encoder;
    readonly ArrayBufferWriter<byte> body = new(64 * 1024);
    readonly MemoryStream packed = new();
    readonly HttpClient client;

    /// <summary>A sink that connects when the first page comes.</summary>
    public HttpSink(SinkOptions options)
    {
        this.options = options;
        encoder = Encoders.Of(options);
        var handler = new SocketsHttpHandler
        {
            UseProxy = false,
            UseCookies = false,
            AllowAutoRedirect = false,
            MaxConnectionsPerServer = 1,
            PooledConnectionLifetime = connectionAge,
            ConnectTimeout = options.Timeout,
        };
        if (options.Issuers is { } issuers)
        {
            var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
            policy.CustomTrustStore.AddRange(issuers);
            handler.SslOptions.CertificateChainPolicy = policy;
        }
        client = new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan };
    }

    /// <inheritdoc/>
    public Delivery Send(IReadOnlyList<JournalPoint> points, int from, int count, CancellationToken cancel)
    {
        body.ResetWrittenCount();
        var encoded = encoder.Encode(points, from, count, body);
        if (encoded.Samples == 0) return new Delivery(Answer.Taken, "", encoded, 0);
        using var request = Request(Body());
        var bytes = request.Content!.Headers.ContentLength ?? 0;
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        patience.CancelAfter(options.Timeout);
        try
        {
            using var response = client.Send(request, HttpCompletionOption.ResponseHeadersRead, patience.Token);
            var answer = Judge(response.StatusCode);
            var reason = answer == Answer.Taken ? "" : Reason(response, patience.Token);
            return new Delivery(answer, reason, encoded, bytes) { RetryAfter = RetryAfter(response) };
        }
        catch (OperationCanceledException)
        {
            var reason = cancel.IsCancellationRequested ? "the agent stops" : $"no answer in {options.Timeout.TotalSeconds:0.#} s";
            return new Delivery(Answer.Later, reason, encoded, bytes);
        }
        catch (Exception e) when (e is HttpRequestException or IOException or SocketException or AuthenticationException)
        {
            return new Delivery(Answer.Later, Sinks.OneLine(Why(e)), encoded, bytes);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => client.Dispose();

    /// <summary>
    /// Points are only given up when the answer is about them. A token that expired, a path that is wrong or a proxy's page is about the
    /// sink: the points wait until somebody mends it.
    /// </summary>
    public static Answer Judge(HttpStatusCode status) => (int)status switch
    {
        >= 200 and < 300 => Answer.Taken,
        413 => Answer.TooMany,
        401 or 403 or 404 or 405 or 407 or 408 or 421 or 425 or 429 => Answer.Later,
        >= 400 and < 500 => Answer.Refused,
        _ => Answer.Later,
    };

    ReadOnlyMemory<byte> Body()
    {
        if (!options.Gzip) return body.WrittenMemory;
        packed.SetLength(0);
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true)) gzip.Write(body.WrittenSpan);
        return packed.GetBuffer().AsMemory(0, (int)packed.Length);
    }

    HttpRequestMessage Request(ReadOnlyMemory<byte> bytes)
    {
        var content = new ReadOnlyMemoryContent(bytes);
        var request = new HttpRequestMessage(HttpMethod.Post, options.Url) { Content = content };
        request.Headers.TryAddWithoutValidation("User-Agent", $"opsbro/{Product.Version}");
        if (options.Authorization.Length > 0) request.Headers.TryAddWithoutValidation("Authorization", options.Authorization);
        if (options.Kind == SinkKind.RemoteWrite)
        {
            content.Headers.ContentType = new MediaTypeHeaderValue("application/x-protobuf");
            content.Headers.ContentEncoding.Add("snappy");
            request.Headers.TryAddWithoutValidation("X-Prometheus-Remote-Write-Version", "0.1.0");
        }
        else
        {
            content.Headers.ContentType = new MediaTypeHeaderValue("text/plain", "utf-8");
            if (options.Gzip) content.Headers.ContentEncoding.Add("gzip");
        }
        return request;
    }

    static string Reason(HttpResponseMessage response, CancellationToken cancel)
    {
        var status = $"{(int)response.StatusCode} {response.ReasonPhrase ?? response.StatusCode.ToString()}";
        var start = new byte[Sinks.MaxReason];
        using var stream = response.Content.ReadAsStream(cancel);
        // not the blocking read, which no token ends: an answer without end would hold the worker, and the agent's stop, for ever
        var length = stream.ReadAtLeastAsync(start, start.Length, throwOnEndOfStream: false, cancel).AsTask().GetAwaiter().GetResult();
        var said = Sinks.OneLine(Encoding.UTF8.GetString(start, 0, length));
        return said.Length == 0 ? status : Sinks.OneLine($"{status}: {said}");
    }

    static TimeSpan RetryAfter(HttpResponseMessage response)
    {
        var asked = response.Headers.RetryAfter?.Delta ?? TimeSpan.Zero;
        return asked < MaxRetryAfter ? asked : MaxRetryAfter;
    }

    static string Why(Exception error) => error.InnerException switch
    {
        AuthenticationException inner => $"the certificate is not trusted here ({inner.Message}); name its issuer in \"ca\"",
        SocketException inner => inner.Message,
        { } inner => $"{error.Message.TrimEnd('.')} ({inner.Message})",
        null => error.Message,
    };
}
