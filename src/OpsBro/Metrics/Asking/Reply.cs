using System.Buffers;
using System.Globalization;
using System.IO.Compression;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http;
using OpsBro.Api;
using OpsBro.Core.Graphite;

namespace OpsBro.Metrics.Asking;

/// <summary>Answers in the manner of graphite-web: JSON or JSONP, errors as a sentence, compressed when the caller takes it and it pays.</summary>
internal static partial class Reply
{
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
            await answer(context, await AskRequest.Read(context));
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
        if (hosts.Count > 0) context.Response.Headers[UnansweredHeader] = string.Join(',', hosts);
    }

    /// <summary>Writes JSON; in a call of the function that <c>jsonp</c> names, when it does.</summary>
    public static Task Json(HttpContext context, Action<Utf8JsonWriter> write, AskRequest? request = null)
    {
        var buffer = new ArrayBufferWriter<byte>();
        var callback = request is null ? null : Callback(request);
        if (callback is not null) buffer.Write(System.Text.Encoding.ASCII.GetBytes(callback + "("));
        var options = new JsonWriterOptions
        {
            Indented = request?.Flag("pretty") == true,
            Encoder = callback is null ? System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping : null,
        };
        using (var writer = new Utf8JsonWriter(buffer, options)) write(writer);
        if (callback is not null) buffer.Write(")"u8);
        return Body(context, buffer.WrittenMemory, callback is null ? "application/json" : "text/javascript");
    }

    /// <summary>Writes texts as a JSON array.</summary>
    public static Task Texts(HttpContext context, IEnumerable<string> texts, AskRequest? request = null) => Json(context, writer =>
    {
        writer.WriteStartArray();
        foreach (var text in texts) writer.WriteStringValue(text);
        writer.WriteEndArray();
    }, request);

    /// <summary>The function that <c>jsonp</c> names; null for none.</summary>
    /// <exception cref="ApiProblem">400 when it is no name of a function: a page could be made to run it.</exception>
    public static string? Callback(AskRequest request)
    {
        if (request.Text("jsonp") is not { } name) return null;
        return FunctionName().IsMatch(name) ? name : throw ApiProblem.Bad($"jsonp is \"{name}\"; write the name of a function");
    }

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

    [GeneratedRegex(@"^[A-Za-z_$][A-Za-z0-9_$.]{0,99}$", RegexOptions.CultureInvariant)]
    private static partial Regex FunctionName();
}
