using System.Buffers;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;
using OpsBro.Core.KeyValue;

namespace OpsBro.KeyValue;

/// <summary>
/// Writes the answers about single keys. They are asked for many thousand times a second: what is refused is no exception, and JSON is
/// written into memory that is used again, with its length told before it.
/// </summary>
internal static class KeyAnswers
{
    /// <summary>Memory of one thread's answers that is kept; a larger answer's is given back.</summary>
    const int KeptBytes = 64 * 1024;

    [ThreadStatic]
    static (ArrayBufferWriter<byte> Buffer, Utf8JsonWriter Json)? kept;

    /// <summary>The bytes of a value.</summary>
    public static Task Bytes(HttpContext context, KeyValueEntry entry)
    {
        Version(context, entry.Version);
        context.Response.ContentType = "application/octet-stream";
        return Send(context, entry.Value.Span);
    }

    /// <summary>A value in base64, as the original answered.</summary>
    public static Task Base64(HttpContext context, KeyValueEntry entry)
    {
        Version(context, entry.Version);
        context.Response.ContentType = "text/plain";
        var length = (entry.Value.Length + 2) / 3 * 4;
        context.Response.ContentLength = length;
        System.Buffers.Text.Base64.EncodeToUtf8(entry.Value.Span, context.Response.BodyWriter.GetSpan(Math.Max(length, 1)), out _, out var written);
        context.Response.BodyWriter.Advance(written);
        return Task.CompletedTask;
    }

    /// <summary>A write that was acknowledged.</summary>
    public static Task Written(HttpContext context, KeyValueResult result)
    {
        var version = result.Entry?.Version ?? 0;
        Version(context, version);
        return Json(context, new KeyWrittenView(version, result.Copies), KeyValueJson.Default.KeyWrittenView);
    }

    /// <summary>The version, for raw answers and for <c>If-Match</c>.</summary>
    static void Version(HttpContext context, long version)
    {
        var text = version.ToString(CultureInfo.InvariantCulture);
        context.Response.Headers.ETag = $"\"{text}\"";
        context.Response.Headers["X-Opsbro-Version"] = text;
    }

    /// <summary>A key with its version in the header.</summary>
    public static Task Entry(HttpContext context, KeyView view)
    {
        Version(context, view.Version);
        return Json(context, view, KeyValueJson.Default.KeyView);
    }

    /// <summary>JSON with its length.</summary>
    public static Task Json<T>(HttpContext context, T answer, JsonTypeInfo<T> shape, string contentType = "application/json")
    {
        context.Response.ContentType = contentType;
        var (buffer, json) = kept ??= New();
        json.Reset();
        buffer.ResetWrittenCount();
        JsonSerializer.Serialize(json, answer, shape);
        json.Flush();
        var sent = Send(context, buffer.WrittenSpan);
        if (buffer.Capacity > KeptBytes) kept = null;
        return sent;
    }

    static (ArrayBufferWriter<byte>, Utf8JsonWriter) New()
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        return (buffer, new Utf8JsonWriter(buffer));
    }

    /// <summary>Puts the body down: the server sends it together with the head.</summary>
    static Task Send(HttpContext context, ReadOnlySpan<byte> body)
    {
        context.Response.ContentLength = body.Length;
        if (HttpMethods.IsHead(context.Request.Method)) return Task.CompletedTask;
        context.Response.BodyWriter.Write(body);
        return Task.CompletedTask;
    }

    /// <summary>The status and the words of an operation that did not end well.</summary>
    /// <param name="context">Where to answer.</param>
    /// <param name="key">The key.</param>
    /// <param name="result">How it ended.</param>
    /// <param name="isHeader">The version was expected by a header: RFC 9110 has a status of its own for that.</param>
    public static Task Refusal(HttpContext context, string key, KeyValueResult result, bool isHeader = false)
    {
        switch (result.Status)
        {
            case KeyValueStatus.NotFound:
                return Refuse(context, 404, $"no key is named \"{Shown(key)}\"");
            case KeyValueStatus.Conflict:
                var there = KeyText.Present(result);
                if (there > 0) Version(context, there);
                var what = there > 0 ? $"has version {there}" : "is not there";
                return Refuse(context, isHeader ? 412 : 409, $"\"{Shown(key)}\" {what}, which is not the version expected; read it, and try again", there);
            case KeyValueStatus.NoSpace:
                return Refuse(context, 507, result.Reason);
            case KeyValueStatus.Invalid:
                return Refuse(context, 400, result.Reason);
            default:
                context.Response.Headers.RetryAfter = "1";
                return Refuse(context, 503, result.Reason);
        }
    }

    /// <summary>A key for a message: a long one is cut.</summary>
    public static string Shown(string key) => key.Length <= 80 ? key : key[..80] + "…";

    /// <summary>An error, as problem+json.</summary>
    public static async Task Refuse(HttpContext context, int status, string why, long? version = null)
    {
        context.Response.StatusCode = status;
        var view = new KeyProblemView("about:blank", ReasonPhrases.GetReasonPhrase(status), status, why, context.Request.Path) { Version = version };
        await Json(context, view, KeyValueJson.Default.KeyProblemView, "application/problem+json");
        await context.Response.BodyWriter.FlushAsync(context.RequestAborted);   // a 404 that was not sent yet is taken for a route that is not there
    }

    /// <summary>The word of a status, for batches.</summary>
    public static string Word(KeyValueStatus status) => status switch
    {
        KeyValueStatus.Ok => "ok",
        KeyValueStatus.NotFound => "not_found",
        KeyValueStatus.Conflict => "conflict",
        KeyValueStatus.Unavailable => "unavailable",
        KeyValueStatus.NoSpace => "no_space",
        _ => "invalid",
    };
}
