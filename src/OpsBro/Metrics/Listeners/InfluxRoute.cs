using System.Buffers;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using OpsBro.Api;

namespace OpsBro.Metrics.Listeners;

/// <summary>
/// POST /write and /api/v2/write: 204 when all was taken; 400 in InfluxDB's shape, with the number of the first bad line, when not. What was
/// good is taken all the same.
/// </summary>
internal static class InfluxRoute
{
    /// <summary>Handles one request.</summary>
    public static async Task Take(HttpContext context, HttpIntake intake, TimeProvider time)
    {
        var (units, seconds) = Precision(context.Query("precision") ?? "ns");
        var now = time.GetUtcNow().ToUnixTimeSeconds();
        var result = await intake.Take(context, "", body => new InfluxReader(intake.Store, intake.Source).Take(body.Span, units, seconds, now));
        if (result.Problem.Length == 0)
        {
            context.Response.StatusCode = StatusCodes.Status204NoContent;
            return;
        }
        var message = $"partial write: {result.Taken} numbers were taken; {result.Problem}";
        var bytes = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(bytes))
        {
            json.WriteStartObject();
            json.WriteString("code", "invalid");
            json.WriteString("message", message);
            json.WriteString("error", message);   // the word of version 1
            json.WriteEndObject();
        }
        context.Response.StatusCode = StatusCodes.Status400BadRequest;
        context.Response.ContentType = "application/json";
        await context.Response.Body.WriteAsync(bytes.WrittenMemory, context.RequestAborted);
    }

    /// <summary>Units in a second, or seconds in a unit.</summary>
    static (long Units, long Seconds) Precision(string word) => word switch
    {
        "ns" or "n" => (1_000_000_000, 1),
        "us" or "u" => (1_000_000, 1),
        "ms" => (1_000, 1),
        "s" => (1, 1),
        "m" => (0, 60),
        "h" => (0, 3600),
        _ => throw ApiProblem.Bad($"precision is \"{word}\"; write ns, us, ms, s, m or h"),
    };
}
