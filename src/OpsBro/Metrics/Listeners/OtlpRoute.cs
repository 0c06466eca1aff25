using System.Buffers;
using System.Text.Json;
using Google.Protobuf;
using Microsoft.AspNetCore.Http;
using OpsBro.Api;

namespace OpsBro.Metrics.Listeners;

/// <summary>POST /v1/metrics: 200 with an ExportMetricsServiceResponse, which says how many points were not taken and why.</summary>
internal static class OtlpRoute
{
    const string Protobuf = "application/x-protobuf";

    /// <summary>Handles one request.</summary>
    public static async Task Take(HttpContext context, HttpIntake intake)
    {
        var type = (context.Request.ContentType ?? "").Split(';')[0].Trim();
        var isJson = type.Equals("application/json", StringComparison.OrdinalIgnoreCase);
        if (!isJson && !type.Equals(Protobuf, StringComparison.OrdinalIgnoreCase))
            throw new ApiProblem(415, $"the content type is \"{type}\"; OTLP is {Protobuf} or application/json");
        var result = await intake.Take(context, "", body => new OtlpReader(intake.Store, intake.Source).Take(isJson ? Binary(body) : body.Span));
        context.Response.ContentType = isJson ? "application/json" : Protobuf;
        await context.Response.Body.WriteAsync(isJson ? JsonAnswer(result) : Answer(result), context.RequestAborted);
    }

    static byte[] Binary(ReadOnlyMemory<byte> json)
    {
        try
        {
            return OtlpJson.ToProtobuf(json);
        }
        catch (InvalidDataException e)
        {
            throw ApiProblem.Bad(e.Message);
        }
    }

    /// <summary>ExportMetricsServiceResponse = { partial_success = 1: { rejected_data_points = 1: int64, error_message = 2: text } }.</summary>
    static byte[] Answer(IntakeResult result)
    {
        if (result.Problem.Length == 0) return [];
        using var inner = new MemoryStream();
        using (var output = new CodedOutputStream(inner, leaveOpen: true))
        {
            output.WriteTag(1, WireFormat.WireType.Varint);
            output.WriteInt64(result.Refused);
            output.WriteTag(2, WireFormat.WireType.LengthDelimited);
            output.WriteString(result.Problem);
        }
        using var bytes = new MemoryStream();
        using (var output = new CodedOutputStream(bytes, leaveOpen: true))
        {
            output.WriteTag(1, WireFormat.WireType.LengthDelimited);
            output.WriteBytes(ByteString.CopyFrom(inner.ToArray()));
        }
        return bytes.ToArray();
    }

    static byte[] JsonAnswer(IntakeResult result)
    {
        var bytes = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(bytes))
        {
            json.WriteStartObject();
            if (result.Problem.Length > 0)
            {
                json.WriteStartObject("partialSuccess");
                json.WriteString("rejectedDataPoints", $"{result.Refused}");
                json.WriteString("errorMessage", result.Problem);
                json.WriteEndObject();
            }
            json.WriteEndObject();
        }
        return bytes.WrittenSpan.ToArray();
    }
}
