using System.Buffers;
using System.IO.Compression;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using OpsBro.Api;

namespace OpsBro.Metrics.Listeners;

/// <summary>What one request brought: the numbers that were taken, and why others were not.</summary>
internal struct IntakeResult
{
    /// <summary>Numbers that the store took.</summary>
    public long Taken { get; set; }

    /// <summary>Numbers that were refused, by us or by the store.</summary>
    public long Refused { get; set; }

    /// <summary>Things that are no numbers.</summary>
    public long Skipped { get; set; }

    /// <summary>The first thing that was wrong; empty when nothing was.</summary>
    public string Problem { readonly get => problem ?? ""; set => problem ??= value; }

    string? problem;
}

/// <summary>
/// One way in over HTTP: reads bodies within limits, some at a time, and counts. A body is read whole before anything of it is taken, so that
/// one that is cut takes no half.
/// </summary>
internal sealed class HttpIntake(MetricStore store, string way)
{
    /// <summary>Most bytes of a body as it is sent, and unpacked: a small body that unpacks to more is refused.</summary>
    public const int MaxSent = 16 * 1024 * 1024, MaxBody = 32 * 1024 * 1024;

    /// <summary>Requests of one way that are read at once; the next is told to come again. So a way holds at most so many bodies in memory.</summary>
    public const int MaxRequests = 4;

    /// <summary>Seconds after which a sender who was sent away should come again.</summary>
    const int ComeAgain = 2;

    readonly MetricSource source = store.Source(way);
    readonly SemaphoreSlim turns = new(MaxRequests);
    long requests, bad, busy, skipped;
    volatile string lastProblem = "";

    /// <summary>Its counters in the store.</summary>
    public MetricSource Source => source;

    /// <summary>The store.</summary>
    public MetricStore Store => store;

    /// <summary>Reads the body and has it taken.</summary>
    /// <param name="context">The request.</param>
    /// <param name="encoding">What else than gzip and identity the body may be packed in; it is the taker's to unpack.</param>
    /// <param name="take">Takes the numbers out of the body.</param>
    /// <exception cref="ApiProblem">400, 413 or 415 when the body cannot be read; 503 when too many are.</exception>
    public async Task<IntakeResult> Take(HttpContext context, string encoding, Func<ReadOnlyMemory<byte>, IntakeResult> take)
    {
        Interlocked.Increment(ref requests);
        if (!turns.Wait(0))
        {
            Interlocked.Increment(ref busy);
            context.Response.OnStarting(() =>
            {
                context.Response.Headers.RetryAfter = $"{ComeAgain}";
                return Task.CompletedTask;
            });
            throw new ApiProblem(503, $"{MaxRequests} requests of this kind are being read; send it again in {ComeAgain} seconds");
        }
        try
        {
            var result = take(await Read(context, encoding));
            Interlocked.Add(ref skipped, result.Skipped);
            if (result.Problem.Length > 0) Bad(result.Problem);
            return result;
        }
        catch (ApiProblem problem)
        {
            Bad(problem.Message);
            throw;
        }
        catch (BadHttpRequestException e)
        {
            Bad(e.Message);
            throw;
        }
        finally
        {
            turns.Release();
        }
    }

    /// <summary>What it did.</summary>
    public IntakeWayView Now() => new(
        way, Interlocked.Read(ref requests), Interlocked.Read(ref bad), Interlocked.Read(ref busy), Interlocked.Read(ref skipped), lastProblem,
        source.Accepted, GraphiteListener.RefusedBy(source));

    void Bad(string problem)
    {
        Interlocked.Increment(ref bad);
        lastProblem = problem;
    }

    static async Task<ReadOnlyMemory<byte>> Read(HttpContext context, string encoding)
    {
        // the API's own limit is for its JSON
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit) limit.MaxRequestBodySize = MaxSent;
        var packed = context.Request.Headers.ContentEncoding.ToString();
        if (packed.Length == 0 || packed.Equals("identity", StringComparison.OrdinalIgnoreCase) || packed.Equals(encoding, StringComparison.OrdinalIgnoreCase))
            return await Whole(context.Request.Body, MaxSent, context.RequestAborted);
        if (!packed.Equals("gzip", StringComparison.OrdinalIgnoreCase))
            throw new ApiProblem(415, $"the body is packed by \"{packed}\"; send it plain, or with gzip{(encoding.Length > 0 ? $" or {encoding}" : "")}");
        try
        {
            await using var plain = new GZipStream(context.Request.Body, CompressionMode.Decompress);
            return await Whole(plain, MaxBody, context.RequestAborted);
        }
        catch (InvalidDataException e)
        {
            throw ApiProblem.Bad($"the body is no gzip: {e.Message}");
        }
    }

    static async Task<ReadOnlyMemory<byte>> Whole(Stream stream, int most, CancellationToken cancel)
    {
        var buffer = new ArrayBufferWriter<byte>(16 * 1024);
        while (true)
        {
            var length = await stream.ReadAsync(buffer.GetMemory(), cancel);
            if (length == 0) return buffer.WrittenMemory;
            buffer.Advance(length);
            if (buffer.WrittenCount > most) throw new ApiProblem(413, $"the body unpacks to more than {most} bytes; send smaller batches");
        }
    }
}
