using System.Buffers;
using System.CommandLine;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using OpsBro.Api;
using OpsBro.Cli;

namespace OpsBro.Metrics.Listeners;

/// <summary>
/// The ways in over HTTP: Prometheus remote write, OTLP and InfluxDB's lines. Each is a change: it needs the unix socket or a token.
/// </summary>
internal sealed class IntakeComponent : IComponent
{
    /// <inheritdoc/>
    public string Name => "intake";

    /// <inheritdoc/>
    public void MapTo(ApiRoutes api, IServiceProvider services)
    {
        var store = services.GetRequiredService<MetricStore>();
        var time = services.GetRequiredService<TimeProvider>();
        var (remoteWrite, otlp, influx) = (new HttpIntake(store, "remote_write"), new HttpIntake(store, "otlp"), new HttpIntake(store, "influx"));
        Taking(api.Raw("POST", "/api/v1/write", "Takes Prometheus remote write 1.0.", Right.Write, context => RemoteWriteRoute.Take(context, remoteWrite))
            .Takes("application/x-protobuf", () => Snapped(time), isBinary: true).GivesNothing());
        Taking(api.Raw("POST", "/v1/metrics", "Takes OTLP metrics, protobuf or JSON.", Right.Write, context => OtlpRoute.Take(context, otlp))
            .Takes("application/json", () => Otlp(time), """{"type":"object"}""")
            .Takes("application/x-protobuf", () => Convert.ToBase64String(OtlpJson.ToProtobuf(Encoding.UTF8.GetBytes(Otlp(time).ToJsonString()))),
                isBinary: true)
            .Gives("application/json", OtlpAnswer).Gives("application/x-protobuf"));
        var precision = new ApiParameter("precision", "unit of the times", Kind.OneOf("ns", "us", "ms", "s", "m", "h", "n", "u").ElseFirst);
        ApiParameter[] NotUsed(params string[] names) => [precision, .. names.Select(name => new ApiParameter(name, "not used", Kind.Text))];
        foreach (var (path, what, others) in new[]
            {
                ("/write", "version 1", NotUsed("db", "rp", "consistency", "u", "p")), ("/api/v2/write", "version 2", NotUsed("bucket", "org", "orgID")),
            })
        {
            Taking(api.Raw("POST", path, $"Takes InfluxDB's line protocol, as {what} does.", Right.Write, context => InfluxRoute.Take(context, influx, time),
                    query: others)
                .Takes("text/plain", "disk,host=a used=17.5").GivesNothing()
                .Fails(400, "Some lines cannot be read; the others were taken.", ErrorForm.Object));
        }
        api.Get("/v1/intake", "What came by remote write, OTLP and InfluxDB's lines, and what was wrong with it.",
            IntakeJson.Default.IntakeWayViewArray, _ => new[] { remoteWrite.Now(), otlp.Now(), influx.Now() });
    }

    /// <summary>What every way in may answer.</summary>
    static void Taking(ApiRoute route) => route.UpTo(HttpIntake.MaxSent)
        .Fails(415, "The content type or encoding is none that is taken.").Fails(503, "As many requests as are read at once are being read.");

    /// <summary>A request of remote write with one sample of now.</summary>
    static JsonValue Snapped(TimeProvider time)
    {
        var packed = new ArrayBufferWriter<byte>();
        var sample = new Exporters.SinkOptions { Kind = Exporters.SinkKind.RemoteWrite, Name = "example" };
        var point = new JournalPoint("shop_orders", time.GetUtcNow().ToUnixTimeSeconds(), 3);
        new Exporters.RemoteWriteEncoder(sample).Encode([point], 0, 1, packed);
        return JsonValue.Create(Convert.ToBase64String(packed.WrittenSpan));
    }

    static JsonNode Otlp(TimeProvider time) => JsonNode.Parse($$$"""
        {"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":"shop.orders","gauge":{"dataPoints":[
        {"timeUnixNano":"{{{time.GetUtcNow().ToUnixTimeSeconds()}}}000000000","asDouble":3}]}}]}]}]}
        """)!;

    const string OtlpAnswer = """
        {"type":"object","properties":{"partialSuccess":{"type":"object","properties":{"rejectedDataPoints":{"type":"string"},
        "errorMessage":{"type":"string"}},"required":["rejectedDataPoints","errorMessage"]}}}
        """;

    /// <inheritdoc/>
    public IEnumerable<Command> Verbs(ApiClient api, Terminal terminal) => [new IntakeVerbs(api, terminal).Intake()];
}
