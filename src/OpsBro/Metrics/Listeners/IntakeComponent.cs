using System.CommandLine;
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
        api.Raw("POST", "/api/v1/write", "Takes Prometheus remote write 1.0.", Right.Write, context => RemoteWriteRoute.Take(context, remoteWrite));
        api.Raw("POST", "/v1/metrics", "Takes OTLP metrics, protobuf or JSON.", Right.Write, context => OtlpRoute.Take(context, otlp));
        ApiParameter[] common = [("precision", "unit of the times: ns, us, ms, s, m or h; ns unless told")];
        api.Raw("POST", "/write", "Takes InfluxDB's line protocol, as version 1 does.", Right.Write, context => InfluxRoute.Take(context, influx, time),
            query: [.. common, ("db", "not used"), ("rp", "not used"), ("consistency", "not used"), ("u", "not used"), ("p", "not used")]);
        api.Raw("POST", "/api/v2/write", "Takes InfluxDB's line protocol, as version 2 does.", Right.Write,
            context => InfluxRoute.Take(context, influx, time),
            query: [.. common, ("bucket", "not used"), ("org", "not used"), ("orgID", "not used")]);
        api.Get("/v1/intake", "What came by remote write, OTLP and InfluxDB's lines, and what was wrong with it.",
            IntakeJson.Default.IntakeWayViewArray, _ => new[] { remoteWrite.Now(), otlp.Now(), influx.Now() });
    }

    /// <inheritdoc/>
    public IEnumerable<Command> Verbs(ApiClient api, Terminal terminal) => [new IntakeVerbs(api, terminal).Intake()];
}
