using System.CommandLine;
using OpsBro.Cli;
using OpsBro.Config;

namespace OpsBro.Collectors;

/// <summary>The verbs of the noun <c>collectors</c>: they ask the API and print.</summary>
internal sealed class CollectorVerbs(ApiClient api, Terminal terminal)
{
    /// <summary>The noun with its verbs.</summary>
    public Command Noun() => Verb.Noun("collectors", "What the agent measures on this host.",
        List(), State(), Show(), Run(), WaitOk(), History());

    Command List() => Verb.Reading("list", "Every collector: interval, state, what it measures.", async (_, cancel) =>
    {
        var collectors = await All(cancel);
        if (terminal.Json) return Print(collectors);
        terminal.Table(["NAME", "STATE", "INTERVAL", "SUMMARY"],
            from c in collectors
            select new[] { c.Name, terminal.State(c.State), Durations.Text(TimeSpan.FromSeconds(c.IntervalSeconds)), c.Summary });
        return 0;
    });

    Command State() => Verb.Reading("state", "How each collector is, and why.", async (_, cancel) =>
    {
        var collectors = await All(cancel);
        if (terminal.Json) return Print(collectors);
        terminal.Section("Collectors");
        foreach (var c in collectors) PrintState(c);
        terminal.More("opsbro collectors show NAME");
        return 0;
    });

    Command Show()
    {
        var name = Name(isOptional: true);
        var all = new Option<bool>("--all") { Description = "Also the collectors that have no data." };
        return Verb.Reading("show", "The data of one collector, or of all.", async (args, cancel) =>
        {
            if (args.GetValue(name) is not { } wanted)
            {
                var collectors = await api.Get("/v1/collectors?data=1", CollectorsJson.Default.CollectorViewArray, cancel);
                if (!args.GetValue(all)) collectors = [.. collectors.Where(c => c.Data is not null)];
                if (terminal.Json) return Print(collectors);
                foreach (var c in collectors) PrintData(c);
                return 0;
            }
            var collector = await One(wanted, cancel);
            if (terminal.Json) terminal.PrintJson(collector, CollectorsJson.Default.CollectorView);
            else PrintData(collector);
            return 0;
        }, name, all);
    }

    Command Run()
    {
        var name = Name();
        return Verb.Reading("run", "Run one collector now; exit 2 when it fails.", async (args, cancel) =>
        {
            var path = $"/v1/collectors/{Uri.EscapeDataString(args.GetValue(name)!)}/run";
            var collector = await api.Change("POST", path, CollectorsJson.Default.CollectorView, cancel);
            if (terminal.Json) terminal.PrintJson(collector, CollectorsJson.Default.CollectorView);
            else PrintData(collector);
            return collector.State is "error" or "quarantined" ? 2 : 0;
        }, name);
    }

    Command WaitOk()
    {
        var name = Name();
        return Verb.Waiting("wait-ok", "Wait until a collector is ok; exit 0, or 2 when it takes too long.", (args, cancel) =>
            terminal.WaitUntil($"collector {args.GetValue(name)}", async token =>
            {
                var collector = await One(args.GetValue(name)!, token);
                return (collector.State == "ok", collector.State);
            }, Verb.TimeoutOf(args), cancel), name);
    }

    Command History()
    {
        var name = Name(isOptional: true);
        var since = new Option<string?>("--since") { Description = "Only the last, for instance 2h." };
        var limit = new Option<int?>("--limit") { Description = "How many at most." };
        return Verb.Reading("history", "Changes of the collectors' states, oldest first.", async (args, cancel) =>
        {
            var query = (args.GetValue(name) is { } n ? $"&name={Uri.EscapeDataString(n)}" : "")
                        + (args.GetValue(since) is { } s ? $"&since={Uri.EscapeDataString(s)}" : "")
                        + (args.GetValue(limit) is { } l ? $"&limit={l}" : "");
            var changes = await api.Get($"/v1/collectors/history?{query}", CollectorsJson.Default.CollectorChangeViewArray, cancel);
            // nothing may be the history of a slip of the pen: ask, and let the agent say so
            if (changes.Length == 0 && args.GetValue(name) is { } wanted) _ = await One(wanted, cancel);
            if (terminal.Json) terminal.PrintJson(changes, CollectorsJson.Default.CollectorChangeViewArray);
            else
                foreach (var c in changes.Reverse())
                    terminal.Line($"{c.At.UtcDateTime:yyyy-MM-ddTHH:mm:ssZ} {c.Name} {terminal.State(c.OldState)} {Arrow} {terminal.State(c.State)}"
                                  + (c.Problem.Length > 0 ? $" {terminal.Paint(Tone.Dim, c.Problem)}" : ""));
            return 0;
        }, name, since, limit);
    }

    string Arrow => terminal.IsUtf8 ? "→" : "->";

    Argument<string?> Name(bool isOptional = false) => Verb.Name("name", "The collector.",
        async cancel => (await All(cancel)).Select(c => c.Name), isOptional);

    Task<CollectorView[]> All(CancellationToken cancel) => api.Get("/v1/collectors", CollectorsJson.Default.CollectorViewArray, cancel);

    Task<CollectorView> One(string name, CancellationToken cancel) =>
        api.Get($"/v1/collectors/{Uri.EscapeDataString(name)}", CollectorsJson.Default.CollectorView, cancel);

    int Print(CollectorView[] collectors)
    {
        terminal.PrintJson(collectors, CollectorsJson.Default.CollectorViewArray);
        return 0;
    }

    void PrintState(CollectorView collector)
    {
        const int nameWidth = 20;
        var name = terminal.IsInteractive ? collector.Name.PadRight(nameWidth) : collector.Name;
        terminal.Line($" - {name} {Arrow} {terminal.State(collector.State)}");
        if (collector.Problem.Length > 0) terminal.Line(Tone.Dim, $"   | {collector.Problem}");
    }

    void PrintData(CollectorView collector)
    {
        if (terminal.IsInteractive || collector.Data is null) PrintState(collector);
        if (collector.Data is not { } data) return;
        var leaves = FlatTree.Leaves($"collector.{collector.Name}", data).ToArray();
        var width = terminal.IsInteractive ? leaves.Select(leaf => leaf.Path.Length).DefaultIfEmpty().Max() : 0;
        foreach (var (path, value) in leaves) terminal.Line($"{path.PadRight(width)} = {FlatTree.Text(value)}");
    }
}
