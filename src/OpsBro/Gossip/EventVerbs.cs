using System.CommandLine;
using System.Globalization;
using OpsBro.Api;
using OpsBro.Cli;

namespace OpsBro.Gossip;

/// <summary>The verbs <c>gossip events add|wait|list</c>, <c>gossip query</c>, and <c>event</c>.</summary>
internal static class EventVerbs
{
    /// <summary><c>events</c>.</summary>
    public static Command Events(ApiClient api, Terminal terminal) => Verb.Noun("events", "Events that users tell the whole cluster.",
        Add("add", api, terminal), List(api, terminal), Wait(api, terminal));

    /// <summary><c>event NAME [PAYLOAD]</c>, Serf's form.</summary>
    public static Command Event(ApiClient api, Terminal terminal) => Add("event", api, terminal);

    static Command Add(string word, ApiClient api, Terminal terminal)
    {
        var name = new Argument<string>("name") { Description = "Name of the event.", HelpName = "name" };
        var payload = new Argument<string?>("payload") { Description = "What comes with it.", Arity = ArgumentArity.ZeroOrOne, HelpName = "payload" };
        var coalesce = new Option<bool>("--coalesce") { Description = "Of several with this name, the last is enough for handlers." };
        return Verb.Acting(word, "Tell all members an event.", async (args, cancel) =>
        {
            var request = new EventRequest { Name = args.GetValue(name), Payload = args.GetValue(payload), Coalesce = args.GetValue(coalesce) };
            var done = await api.Change("POST", "/v1/events", request, GossipJson.Default.EventRequest, ApiJson.Default.DoneView, cancel);
            terminal.Line(done.Message);
            return 0;
        }, name, payload, coalesce);
    }

    static Command List(ApiClient api, Terminal terminal)
    {
        var name = new Argument<string?>("name") { Description = "Only this event.", Arity = ArgumentArity.ZeroOrOne, HelpName = "name" };
        return Verb.Reading("list", "The last events that arrived here.", async (args, cancel) =>
        {
            var events = await api.Get("/v1/events" + NameOf(args.GetValue(name)), GossipJson.Default.EventViewArray, cancel);
            if (terminal.Json) terminal.PrintJson(events, GossipJson.Default.EventViewArray);
            else
            {
                terminal.Table(["TIME", "NAME", "PAYLOAD"], events.Reverse().Select(e => (string[])
                [
                    e.At.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture), e.Name, e.Payload ?? $"base64:{e.PayloadBase64}",
                ]));
            }
            return 0;
        }, name);
    }

    static string NameOf(string? name) => name is null ? "" : $"?name={Uri.EscapeDataString(name)}";

    static Command Wait(ApiClient api, Terminal terminal)
    {
        var name = new Argument<string>("name") { Description = "Name of the event.", HelpName = "name" };
        return Verb.Waiting("wait", "Wait until an event arrives; one of the last five minutes counts. Exit 0, or 2 when it takes too long.", (args, cancel) =>
        {
            var wanted = args.GetValue(name)!;
            return terminal.WaitUntil($"event {wanted}", async token =>
            {
                var events = await api.Get("/v1/events" + NameOf(wanted), GossipJson.Default.EventViewArray, token);
                return events.Any(e => DateTimeOffset.UtcNow - e.At < ClusterAnswers.RecentEvent) ? (true, "here") : (false, "not here");
            }, Verb.TimeoutOf(args), cancel);
        }, name);
    }

    /// <summary><c>query NAME [PAYLOAD]</c>.</summary>
    public static Command Query(ApiClient api, Terminal terminal)
    {
        var name = new Argument<string>("name") { Description = "Name of the query.", HelpName = "name" };
        var payload = new Argument<string?>("payload") { Description = "What comes with it.", Arity = ArgumentArity.ZeroOrOne, HelpName = "payload" };
        var node = new Option<string[]>("--node") { Description = "Only this member; may be given several times.", DefaultValueFactory = _ => [] };
        var tag = new Option<string[]>("--tag") { Description = "Only members whose tag matches: name=expression.", DefaultValueFactory = _ => [] };
        var ack = new Option<bool>("--ack") { Description = "Members say at once that they have the query." };
        var relay = new Option<int>("--relay") { Description = "Answers come by way of so many other members as well.", DefaultValueFactory = _ => 0 };
        var timeout = new Option<string?>("--timeout") { Description = "How long answers are taken; grows with the members unless told." };
        return Verb.Reading("query", "Ask the members a question, and print their answers.", async (args, cancel) =>
        {
            var seconds = 0.0;
            if (args.GetValue(timeout) is { } text)
            {
                if (!Config.Durations.TryParse(text, out var time)) throw new CliError(2, $"--timeout is \"{text}\"; write for instance 30 or 2m");
                seconds = time.TotalSeconds;
            }
            var body = new QueryBody
            {
                Name = args.GetValue(name),
                Payload = args.GetValue(payload),
                Nodes = args.GetValue(node),
                Tags = TagsOf(args.GetValue(tag)!),
                Ack = args.GetValue(ack),
                Relay = args.GetValue(relay),
                TimeoutSeconds = seconds,
            };
            var view = await api.Change("POST", "/v1/gossip/query", body, GossipJson.Default.QueryBody, GossipJson.Default.QueryView, cancel);
            if (terminal.Json) terminal.PrintJson(view, GossipJson.Default.QueryView);
            else Print(terminal, view, body.Ack);
            return 0;
        }, name, payload, node, tag, ack, relay, timeout);
    }

    static Dictionary<string, string> TagsOf(string[] texts)
    {
        var tags = new Dictionary<string, string>();
        foreach (var text in texts)
        {
            var equals = text.IndexOf('=');
            if (equals <= 0) throw new CliError(2, $"--tag is \"{text}\"; write name=expression");
            tags[text[..equals]] = text[(equals + 1)..];
        }
        return tags;
    }

    static void Print(Terminal terminal, QueryView view, bool withAcks)
    {
        if (withAcks) terminal.Line($"{view.Acks.Length} have the query: {string.Join(", ", view.Acks)}");
        terminal.Table(["NODE", "ANSWER"], view.Answers.Select(a => (string[])[a.From, a.Payload?.TrimEnd('\n') ?? $"base64:{a.PayloadBase64}"]));
        terminal.Note($"{view.Answers.Length} answers");
    }
}
