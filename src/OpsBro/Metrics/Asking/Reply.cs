using System.Buffers;
using System.Globalization;
using System.IO.Compression;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using OpsBro.Api;
using OpsBro.Core.Graphite;

namespace OpsBro.Metrics.Asking;

/// <summary>Answers in the manner of graphite-web: JSON, errors as a sentence, compressed when the caller takes it and it pays.</summary>
internal static class Reply
{
    /// <summary>Hosts that are named in a header; of the others, how many they are.</summary>
    public const int MaxUnanswered = 20;

    /// <summary>Names the hosts that did not answer.</summary>
    public const string UnansweredHeader = "X-OpsBro-Unanswered";

    /// <summary>Shorter answers fit a packet: compressing them only costs.</summary>
    public const int LeastCompressed = 1400;

    /// <summary>A handler of a Graphite route.</summary>
    /// <param name="answer">Makes the answer.</param>
    /// <param name="hasJsonErrors">True for the routes whose errors are <c>{"error": …}</c> instead of the sentence alone.</param>
    public static RequestDelegate Of(Func<HttpContext, AskRequest, Task> answer, bool hasJsonErrors = false) => async context =>
    {
        try
        {
            var request = await AskRequest.Read(context);
            // a browser runs such an answer for any page that names it: the numbers would be read by whoever the operator visits
            if (request.Text("jsonp") is not null) throw ApiProblem.Bad("jsonp is not answered, for any page could read the numbers by it; ask for JSON");
            await answer(context, request);
        }
        catch (ApiProblem problem) when (!context.Response.HasStarted)
        {
            await Refuse(context, problem.Status, problem.Message, hasJsonErrors);
        }
        catch (GraphiteException e) when (!context.Response.HasStarted)
        {
            var problem = Problem(e);
            await Refuse(context, problem.Status, problem.Message, hasJsonErrors);
        }
    };

    /// <summary>A target's fault as an answer: 422 when it costs too much, else 400.</summary>
    public static ApiProblem Problem(GraphiteException e) =>
        new(e.IsTooMuch ? 422 : 400, e.Column > 0 ? $"{e.Message} (at character {e.Column})" : e.Message);

    static Task Refuse(HttpContext context, int status, string sentence, bool isJson)
    {
        context.Response.Clear();
        context.Response.StatusCode = status;
        if (!isJson) return Body(context, System.Text.Encoding.UTF8.GetBytes(sentence + "\n"), "text/plain; charset=utf-8");
        return Json(context, writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("error", sentence);
            writer.WriteEndObject();
        });
    }

    /// <summary>Says which hosts did not answer; nothing when all did.</summary>
    public static void SayUnanswered(HttpContext context, IReadOnlyCollection<string> hosts)
    {
        if (hosts.Count == 0) return;
        // proxies refuse long headers, and a header has no other signs than those of ASCII
        var named = string.Join(',', hosts.Take(MaxUnanswered)) + (hosts.Count > MaxUnanswered ? $",and {hosts.Count - MaxUnanswered} more" : "");
        context.Response.Headers[UnansweredHeader] = string.Concat(named.Select(c => c is >= ' ' and <= '~' ? c : '?'));
    }

    /// <summary>Writes JSON.</summary>
    public static Task Json(HttpContext context, Action<Utf8JsonWriter> write, AskRequest? request = null)
    {
        var buffer = new ArrayBufferWriter<byte>();
        var options = new JsonWriterOptions
        {
            Indented = request?.Flag("pretty") == true,
            Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        };
        using (var writer = new Utf8JsonWriter(buffer, options)) write(writer);
        return Body(context, buffer.WrittenMemory, "application/json");
    }

    /// <summary>Writes texts as a JSON array.</summary>
    public static Task Texts(HttpContext context, IEnumerable<string> texts, AskRequest? request = null) => Json(context, writer =>
    {
        writer.WriteStartArray();
        foreach (var text in texts) writer.WriteStringValue(text);
        writer.WriteEndArray();
    }, request);

    /// <summary>Writes a whole body, compressed when that is worth it.</summary>
    public static async Task Body(HttpContext context, ReadOnlyMemory<byte> body, string contentType)
    {
        var response = context.Response;
        response.ContentType = contentType;
        response.Headers.XContentTypeOptions = "nosniff";
        if (body.Length >= LeastCompressed && Compressed(context) is { } stream)
        {
            await using (stream) await stream.WriteAsync(body, context.RequestAborted);
            return;
        }
        response.ContentLength = body.Length;
        await response.BodyWriter.WriteAsync(body, context.RequestAborted);
    }

    /// <summary>A stream that compresses into the response; null when the caller takes no compression that we have.</summary>
    public static Stream? Compressed(HttpContext context)
    {
        var response = context.Response;
        response.Headers.Append("Vary", "Accept-Encoding");
        var body = response.Body;
        switch (Encoding(context.Request.Headers.AcceptEncoding.ToString()))
        {
            case "gzip":
                response.Headers.ContentEncoding = "gzip";
                return new GZipStream(body, CompressionLevel.Fastest, leaveOpen: true);
            case "br":
                response.Headers.ContentEncoding = "br";
                return new BrotliStream(body, CompressionLevel.Fastest, leaveOpen: true);
            default:
                return null;
        }
    }

    /// <summary>gzip or br, whichever the caller likes better (RFC 9110, 12.5.3); gzip, the cheaper one, when both are alike; null for none.</summary>
    public static string? Encoding(string accepted)
    {
        double? gzip = null, br = null, any = null;
        foreach (var part in accepted.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            var (name, quality) = part.Split(';', StringSplitOptions.TrimEntries) switch
            {
                [var only] => (only, 1.0),
                [var first, ['q', '=', .. var q], ..] when double.TryParse(q, CultureInfo.InvariantCulture, out var number) => (first, number),
                [var first, ..] => (first, 0.0),
                [] => ("", 0.0),
            };
            if (name.Equals("gzip", StringComparison.OrdinalIgnoreCase)) gzip = quality;
            else if (name.Equals("br", StringComparison.OrdinalIgnoreCase)) br = quality;
            else if (name == "*") any = quality;
        }
        var (g, b) = (gzip ?? any ?? 0, br ?? any ?? 0);
        return (g > 0 && g >= b, b > 0) switch { (true, _) => "gzip", (_, true) => "br", _ => null };
    }
}
