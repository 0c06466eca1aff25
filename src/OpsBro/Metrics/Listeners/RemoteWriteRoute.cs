using System.Buffers;
using Microsoft.AspNetCore.Http;
using OpsBro.Api;
using OpsBro.Core.Wire;

namespace OpsBro.Metrics.Listeners;

/// <summary>POST /api/v1/write: 204 when all was taken, 400 with the reason when not (what was good is taken all the same), 503 when busy.</summary>
internal static class RemoteWriteRoute
{
    /// <summary>Handles one request.</summary>
    public static async Task Take(HttpContext context, HttpIntake intake)
    {
        var type = context.Request.ContentType ?? "";
        if (type.Contains("io.prometheus.write.v2", StringComparison.Ordinal))
            throw new ApiProblem(415, "this is remote write 2.0; have the sender use 1.0 (protobuf_message: prometheus.WriteRequest)");
        var result = await intake.Take(context, "snappy", body => Unpack(body.Span, intake));
        if (result.Problem.Length > 0) throw ApiProblem.Bad($"{result.Taken} samples were taken, {result.Refused} were not: {result.Problem}");
        context.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    static IntakeResult Unpack(ReadOnlySpan<byte> block, HttpIntake intake)
    {
        if (Snappy.Measure(block, HttpIntake.MaxBody) is not { } length)
            throw ApiProblem.Bad($"the body is no snappy block of at most {HttpIntake.MaxBody} bytes");
        var plain = ArrayPool<byte>.Shared.Rent(length);
        try
        {
            if (!Snappy.TryDecode(block, plain, out var written)) throw ApiProblem.Bad("the body is a damaged snappy block");
            return new RemoteWriteReader(intake.Store, intake.Source).Take(plain.AsSpan(0, written));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(plain);
        }
    }
}
