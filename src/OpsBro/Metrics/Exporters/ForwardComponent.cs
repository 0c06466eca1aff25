using System.CommandLine;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using OpsBro.Api;
using OpsBro.Cli;
using OpsBro.Config;
using OpsBro.Platform;

namespace OpsBro.Metrics.Exporters;

/// <summary>Passes numbers on to Graphite, Prometheus, VictoriaMetrics and InfluxDB: <c>forward state|test</c>, <c>/v1/forward</c>.</summary>
internal sealed class ForwardComponent : IComponent
{
    /// <summary>The series of the point that <c>forward test</c> sends.</summary>
    public const string TestSeries = "opsbro.forward.test";

    /// <inheritdoc/>
    public string Name => "forward";

    /// <inheritdoc/>
    public void AddTo(IServiceCollection services, AgentOptions options)
    {
        services.AddSingleton<IConfigChecker, ForwardChecker>().AddSingleton<ForwardLoop>();
        services.AddHostedService(provider => provider.GetRequiredService<ForwardLoop>());
    }

    /// <inheritdoc/>
    public void MapTo(ApiRoutes api, IServiceProvider services)
    {
        var loop = services.GetRequiredService<ForwardLoop>();
        var time = services.GetRequiredService<TimeProvider>();
        api.Get("/v1/forward", "Every sink that numbers are passed on to, and how it does.", ForwardJson.Default.ForwardViewArray, _ => loop.Views());
        api.Change("POST", "/v1/forward/{name}/test", $"Send one point, {TestSeries}, to a sink and say what it answers.",
            ForwardJson.Default.ForwardTestView, context => Task.Run(() => Test(Find(loop, context), time.GetUtcNow(), context.RequestAborted)),
            ("name", "a sink", Kind.NameOf(() => loop.Workers.Select(w => w.Options.Name), "central")));
    }

    static SinkOptions Find(ForwardLoop loop, HttpContext context)
    {
        var name = context.Part("name");
        return loop.Workers.FirstOrDefault(w => w.Options.Name == name)?.Options
            ?? throw ApiProblem.NotFound("sink", name, "opsbro forward state", loop.Workers.Select(w => w.Options.Name));
    }

    /// <summary>On a connection of its own: the worker's is not disturbed.</summary>
    static ForwardTestView Test(SinkOptions options, DateTimeOffset at, CancellationToken cancel)
    {
        using var sink = Sinks.Of(options with { Filter = NameFilter.All });
        var began = Monotonic.Now;
        var delivery = sink.Send([new JournalPoint(TestSeries, at.ToUnixTimeSeconds(), 1)], 0, 1, cancel);
        var isTaken = delivery.Answer == Answer.Taken;
        return new ForwardTestView(options.Name, options.Target, isTaken, isTaken ? "taken" : delivery.Reason,
            Math.Round((Monotonic.Now - began).TotalSeconds, 3));
    }

    /// <inheritdoc/>
    public IEnumerable<Command> Verbs(ApiClient api, Terminal terminal) => [new ForwardVerbs(api, terminal).Noun()];
}
