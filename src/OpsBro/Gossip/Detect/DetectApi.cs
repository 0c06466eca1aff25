using System.CommandLine;
using Microsoft.AspNetCore.Http;
using OpsBro.Api;
using OpsBro.Cli;
using OpsBro.Core.Gossip;

namespace OpsBro.Gossip.Detect;

/// <summary>The route <c>POST /v1/gossip/detect</c> and the verb <c>gossip detect</c>.</summary>
internal static class DetectApi
{
    /// <summary>Maps the route.</summary>
    public static void MapTo(ApiRoutes api, Detection detection)
    {
        const string off = "Gossip is not running, or the networks cannot be asked.";
        api.Change("POST", "/v1/gossip/detect", "Look for nodes on the local networks.", GossipJson.Default.DetectRequest, GossipJson.Default.DetectView,
                (context, request) => detection.Run(TimeOf(request.TimeoutSeconds), request.AutoJoin, context.RequestAborted))
            .WithBody(GossipJson.Default.DetectRequest, new DetectRequest { TimeoutSeconds = 1 }).Fails(409, off);
        var bounds = 1..(int)Detection.MostTime.TotalSeconds;
        api.Raw("GET", "/agent/detect", "Nodes on the local networks, as the original showed them.", Right.Write, context => Legacy(detection, context), true,
                ("timeout", "seconds that answers are taken", Kind.Number(bounds, (int)Detection.DefaultTime.TotalSeconds), "1"))
            .Gives(GossipJson.Default.LegacyDetectedArray).Fails(400, "The timeout is no number within bounds.").Fails(409, off);
    }

    static async Task Legacy(Detection detection, HttpContext context)
    {
        var seconds = context.QueryNumber("timeout");
        var view = await detection.Run(TimeSpan.FromSeconds(seconds), autoJoin: false, context.RequestAborted);
        await ApiRoutes.Write(context, [.. view.Nodes.Select(Legacy)], GossipJson.Default.LegacyDetectedArray);
    }

    static LegacyDetected Legacy(DetectedView node)
    {
        var place = System.Net.IPEndPoint.Parse(node.Address);
        return new LegacyDetected(node.Name, place.Address.ToString(), place.Port, node.Zone, node.IsProxy);
    }

    /// <summary>How long to look.</summary>
    /// <exception cref="ApiProblem">400 when it is too long or no time.</exception>
    static TimeSpan TimeOf(double seconds)
    {
        if (seconds is 0) return Detection.DefaultTime;
        if (seconds >= 0 && seconds <= Detection.MostTime.TotalSeconds) return TimeSpan.FromSeconds(seconds);
        throw ApiProblem.Bad($"timeout_seconds is {seconds}; write a number up to {Detection.MostTime.TotalSeconds:0}");
    }

    /// <summary><c>detect</c>.</summary>
    public static Command Verb(ApiClient api, Terminal terminal)
    {
        var join = new Option<bool>("--auto-join") { Description = "Join the preferred one: a proxy node, else the first other." };
        var timeout = new Option<string>("--timeout")
        {
            Description = "How long to wait for answers, for instance 5 or 30s.",
            DefaultValueFactory = _ => $"{Detection.DefaultTime.TotalSeconds:0}s",
        };
        return Cli.Verb.Reading("detect", "Look for nodes of this cluster on the local networks; exit 1 when none answers.", async (args, cancel) =>
        {
            if (!Config.Durations.TryParse(args.GetValue(timeout)!, out var time) || time <= TimeSpan.Zero || time > Detection.MostTime)
                throw new CliError(2, $"--timeout is \"{args.GetValue(timeout)}\"; write for instance 5 or 30s, {Detection.MostTime.TotalSeconds:0}s at most");
            var request = new DetectRequest { TimeoutSeconds = time.TotalSeconds, AutoJoin = args.GetValue(join) };
            var view = await api.Change("POST", "/v1/gossip/detect", request, GossipJson.Default.DetectRequest, GossipJson.Default.DetectView, cancel);
            if (terminal.Json) terminal.PrintJson(view, GossipJson.Default.DetectView);
            else Print(terminal, view);
            if (view.Nodes.Length == 0) return 1;
            return request.AutoJoin && view.Joined.Length == 0 ? 2 : 0;
        }, join, timeout);
    }

    static void Print(Terminal terminal, DetectView view)
    {
        if (view.Nodes.Length > 0)
        {
            terminal.Table(["NAME", "ZONE", "ADDRESS", "PROXY", "VERSION"], view.Nodes.Select(n => (string[])
                [n.Name, n.Zone, n.Address, n.IsProxy ? "proxy" : "-", n.Version]));
        }
        else
        {
            terminal.Note(view.Problem.Length > 0
                ? $"error: {view.Problem}"
                : "no node of this zone answered; nodes with another key or label stay silent, and UDP broadcast must reach them");
        }
        if (view.Joined.Length > 0) terminal.Line($"joined {view.Joined}");
        else if (view.Nodes.Length > 0 && view.Problem.Length > 0) terminal.Note($"error: {view.Problem}");
    }
}
