using System.Text.Json;

namespace OpsBro.Tests.EndToEnd;

/// <summary>Serf's agents and ours in one cluster: each does to the other what it does to its own kind.</summary>
public class SerfClusterEndToEndTests(MixedCluster cluster) : IClassFixture<MixedCluster>
{
    static string Tag(JsonElement member, string name) =>
        member.GetProperty("tags").TryGetProperty(name, out var value) ? $"{value}" : "";

    [Fact]
    public async Task Each_side_sees_the_members_and_tags_of_the_other()
    {
        var (gamma, elder) = (await cluster.Beta.Sees("gamma", "alive"), await cluster.Alpha.Sees("elder", "alive"));
        var delta = await cluster.Alpha.Sees("delta", "alive");
        var (alpha, beta) = (await cluster.Delta.Sees("alpha", "alive"), await cluster.Elder.Sees("beta", "alive"));

        Assert.Equal(("web", "oslo"), (Tag(gamma, "role"), Tag(gamma, "dc")));
        Assert.Equal(("old", cluster.Elder.Address), (Tag(elder, "role"), $"{elder.GetProperty("address")}"));
        Assert.Equal(("db", ""), (Tag(delta, "role"), $"{delta.GetProperty("version")}"));
        Assert.Equal(("web", "paris", "1"), (Tag(alpha, "role"), Tag(alpha, "dc"), Tag(alpha, "ob")));
        Assert.Equal(("db", $"{cluster.Beta.Address}:7946"), (Tag(beta, "role"), $"{beta.GetProperty("addr")}"));
    }

    [Fact]
    public async Task Changed_tags_reach_the_other_side()
    {
        await cluster.Delta.Run("tags", "-set", "colour=red", "-delete", "role");
        var told = await RunningSerf.Run(cluster.Rpc, "tags", "-set", "colour=blue", "-set", "dc=lyon");

        await cluster.Alpha.Sees("delta", "alive", m => Tag(m, "colour") == "red" && Tag(m, "role") == "");
        var alpha = await cluster.Gamma.Sees("alpha", "alive", m => Tag(m, "colour") == "blue" && Tag(m, "dc") == "lyon");
        Assert.Equal((0, "web", "1"), (told.ExitCode, Tag(alpha, "role"), Tag(alpha, "ob")));
        var refused = await RunningSerf.Run(cluster.Rpc, "tags", "-set", "zn=x");
        Assert.Contains("the agent sets the tag \"zn\" itself", refused.Errors + refused.Output);
    }

    [Fact]
    public async Task Events_reach_the_handlers_of_both_sides_with_the_same_words()
    {
        await cluster.Gamma.Run("event", "-coalesce=false", "from-serf", "one $(id) two");
        await cluster.Beta.Run("gossip", "events", "add", "from-us", "three");
        await cluster.Delta.Run("event", "-coalesce=false", "bare");

        await cluster.Alpha.Run("gossip", "events", "wait", "from-serf", "--timeout", "60");
        foreach (var (node, rest) in new[] { ("alpha", "alpha web"), ("gamma", "gamma web oslo") })
        {
            await RunningAgent.Until(() => cluster.Recorded(node).Any(l => l.StartsWith($"user from-serf {rest}") && l.EndsWith("[one $(id) two;]")), Said);
            await RunningAgent.Until(() => cluster.Recorded(node).Any(l => l.StartsWith($"user from-us {rest}") && l.EndsWith("[three;]")), Said);
            await RunningAgent.Until(() => cluster.Recorded(node).Any(l => l.StartsWith($"user bare {rest}") && l.EndsWith("[]")), Said);
            string Said() => string.Join('\n', cluster.Recorded(node));
        }
    }

    /// <summary>
    /// Coalescing waits one second for a next event of the name (Serf's quiescent period): on a busy machine four programs may start
    /// slower than that, and then each event is rightly handled. A side that never coalesces fails all of these bursts.
    /// </summary>
    const int MaxBursts = 10;

    [Fact]
    public async Task Of_coalesced_events_both_sides_handle_the_last()
    {
        await Coalesces("s", (name, payload) => cluster.Gamma.Run("event", "-coalesce=true", name, payload));
        await Coalesces("o", (name, payload) => cluster.Beta.Tell("/v1/events",
            $$"""{"name": "{{name}}", "payload": "{{payload}}", "coalesce": true}"""));
    }

    async Task Coalesces(string from, Func<string, string, Task> raise)
    {
        string[] left = ["alpha", "gamma"];
        for (var burst = 1; left.Length > 0; burst++)
        {
            var name = $"burst-{from}{burst}";
            for (var i = 1; i <= 4; i++) await raise(name, $"{i}");
            foreach (var node in left)
                await RunningAgent.Until(() => Of(node, name).Any(l => l.EndsWith("[4;]")), () => string.Join('\n', cluster.Recorded(node)));
            left = [.. left.Where(node => Of(node, name).Length >= 4)];
            Assert.True(left.Length == 0 || burst < MaxBursts, $"{string.Join(" and ", left)} handled every event of {MaxBursts} bursts");
        }

        string[] Of(string node, string name) => [.. cluster.Recorded(node).Where(l => l.Contains($"user {name} "))];
    }

    [Fact]
    public async Task Queries_are_answered_by_both_sides_with_filters_acks_and_relays()
    {
        var ours = cluster.Beta.Run("gossip", "query", "load", "x", "--ack", "--relay", "2", "--timeout", "2s", "--json");
        var theirs = cluster.Delta.Run("query", "-format=json", "-timeout=2s", "-relay-factor=2", "load", "x");
        var byNode = cluster.Beta.Run("gossip", "query", "load", "--node", "gamma", "--node", "delta", "--ack", "--timeout", "2s", "--json");
        var byTag = cluster.Delta.Run("query", "-format=json", "-timeout=2s", "-tag=ob=^1$", "load");
        var big = cluster.Delta.Run("query", "-format=json", "-timeout=2s", "big");

        Assert.Equal(MixedCluster.Names, (await ours).Json.GetProperty("acks").EnumerateArray().Select(a => $"{a}"));
        Assert.Equal("alpha=load of alpha\nx\n,gamma=load of gamma\nx\n", Answers((await ours).Json));
        Assert.Equal(MixedCluster.Names, (await theirs).Json.GetProperty("Acks").EnumerateArray().Select(a => $"{a}").Order(StringComparer.Ordinal));
        var said = (await theirs).Json.GetProperty("Responses");
        Assert.Equal(("load of alpha\nx\n", "load of gamma\nx\n"), ($"{said.GetProperty("alpha")}", $"{said.GetProperty("gamma")}"));
        Assert.Equal(["delta", "gamma"], (await byNode).Json.GetProperty("acks").EnumerateArray().Select(a => $"{a}"));
        Assert.Equal("gamma=load of gamma\n", Answers((await byNode).Json));
        Assert.Equal(["alpha", "beta"], (await byTag).Json.GetProperty("Acks").EnumerateArray().Select(a => $"{a}").Order(StringComparer.Ordinal));
        Assert.Equal("load of alpha\n", $"{(await byTag).Json.GetProperty("Responses").GetProperty("alpha")}");
        Assert.DoesNotContain("Responses\": {\n      \"", (await big).Output);
        await cluster.Alpha.Until(s => s.Json.GetProperty("problems").EnumerateArray().Any(p => $"{p}".Contains("query big") && $"{p}".Contains("1024")),
            "agent", "info", "--json");
    }

    static string Answers(JsonElement query) => string.Join(',',
        query.GetProperty("answers").EnumerateArray().Select(a => $"{a.GetProperty("from")}={a.GetProperty("payload")}"));

    [Fact]
    public async Task Both_sides_tell_a_leave_from_a_failure_and_forget_on_order()
    {
        var made = (RunningSerf.Started("s-leaves"), RunningSerf.Started("s-fails"), MixedCluster.Our("o-leaves"), MixedCluster.Our("o-fails"));
        await using var serfLeaves = await made.Item1;
        await using var serfFails = await made.Item2;
        await using var ourLeaves = await made.Item3;
        await using var ourFails = await made.Item4;
        await Task.WhenAll(serfLeaves.Run("join", cluster.Alpha.Address), serfFails.Run("join", cluster.Beta.Address),
            ourLeaves.Run("gossip", "join", cluster.Gamma.Address), ourFails.Run("gossip", "join", cluster.Delta.Address));
        string[] four = ["s-leaves", "s-fails", "o-leaves", "o-fails"];
        await Task.WhenAll(four.Select(n => cluster.Alpha.Sees(n, "alive")).Concat(four.Select(n => cluster.Gamma.Sees(n, "alive"))));

        await Task.WhenAll(serfLeaves.Run("leave"), ourLeaves.Run("gossip", "leave"), serfFails.Kill(), ourFails.Kill());

        await Task.WhenAll(cluster.Beta.Sees("s-leaves", "left"), cluster.Alpha.Sees("o-leaves", "left"), cluster.Beta.Sees("s-fails", "failed"),
            cluster.Alpha.Sees("o-fails", "failed"), cluster.Gamma.Sees("s-leaves", "left"), cluster.Delta.Sees("o-leaves", "left"),
            cluster.Gamma.Sees("s-fails", "failed"), cluster.Delta.Sees("o-fails", "failed"));
        await RunningSerf.Run(cluster.Rpc, "force-leave", "s-fails");
        await cluster.Gamma.Run("force-leave", "o-fails");
        await Task.WhenAll(cluster.Gamma.Sees("s-fails", "left"), cluster.Beta.Sees("o-fails", "left"), cluster.Delta.Sees("o-fails", "left"));
        await RunningSerf.Run(cluster.Rpc, "force-leave", "-prune", "s-fails");
        await cluster.Gamma.Run("force-leave", "-prune", "o-fails");
        await Task.WhenAll(cluster.Gamma.Forgets("s-fails"), cluster.Alpha.Forgets("o-fails"),
            cluster.Alpha.Forgets("s-fails"), cluster.Gamma.Forgets("o-fails"));
        await RunningAgent.Until(() => cluster.Recorded("alpha").Any(l => l.StartsWith("member-leave ") && l.Contains("s-leaves,")),
            () => string.Join('\n', cluster.Recorded("alpha")));
    }

    [Fact]
    public async Task Two_nodes_with_one_name_are_told_apart_and_the_newcomer_stops()
    {
        await using var clone = await MixedCluster.Our("gamma");
        await clone.Run("gossip", "join", cluster.Beta.Address);

        var info = await clone.Until(s => $"{s.Json.GetProperty("cluster").GetProperty("state")}" == "broken", "agent", "info", "--json");

        var problems = string.Join('\n', info.Json.GetProperty("problems").EnumerateArray());
        Assert.Contains($"another node is called gamma as well, at {cluster.Gamma.Address}:7946", problems);
        Assert.Contains($"{clone.Address}:7946", problems);
        await using var serf = await RunningSerf.Started("alpha");
        // straight to ours: nobody passes such a rumour on, and the newcomer ends as soon as the others have voted
        await serf.Run("join", cluster.Beta.Address);
        await serf.Ended();
        var told = await cluster.Beta.Until(s => s.Output.Contains(serf.Address), "agent", "info", "--json");
        Assert.Contains($"two nodes are called alpha: one at {cluster.Alpha.Address}:7946, the other one at {serf.Address}:7946", told.Output);
        await cluster.Gamma.Sees("alpha", "alive", m => $"{m.GetProperty("addr")}".StartsWith(cluster.Alpha.Address + ":"));
    }

    [Fact]
    public async Task A_node_of_ours_finds_Serfs_agents_again_without_seeds_and_a_stop_leaves()
    {
        await using var serf = await RunningSerf.Started("only");
        await using var ours = await MixedCluster.Our("returns");
        await JoinAndDie(ours, serf);
        ours.Gossip("name: returns", "tags: {life: second}");

        await ours.Start();

        await ours.Sees("only", "alive");
        await serf.Sees("returns", "alive", m => Tag(m, "life") == "second");
        await ours.Run("agent", "stop");
        await ours.Ended();
        await serf.Sees("returns", "left");   // not leaving: the program ended when all was said
    }

    [Fact]
    public async Task A_stop_while_it_starts_again_leaves_too()
    {
        await using var serf = await RunningSerf.Started("only");
        await using var ours = await MixedCluster.Our("returns");
        await JoinAndDie(ours, serf);
        var before = Lives();

        ours.Launch();
        // its gossip runs; the program still starts, and nobody was found yet, or just so
        await RunningAgent.Until(() => Lives() > before, ours.LogText);

        Assert.Equal(0, await ours.Terminate());
        await serf.Sees("returns", "left");
        int Lives() => ours.LogText().Split("alive; it is we").Length;
    }

    static async Task JoinAndDie(RunningAgent ours, RunningSerf serf)
    {
        await ours.Run("gossip", "join", serf.Address);
        await serf.Sees("returns", "alive");
        // the snapshot is written a moment later
        var snapshot = Path.Join(ours.Data, "gossip", "zones", "internet", "snapshot");
        await RunningAgent.Until(() => File.Exists(snapshot) && File.ReadAllText(snapshot).Contains("alive: only "), () => snapshot);
        await ours.Kill();
    }
}
