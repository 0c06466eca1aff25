namespace OpsBro.Tests.EndToEnd;

/// <summary>Three zones, one below the other, and a brother: who knows what of whom.</summary>
public class ZoneStateEndToEndTests
{
    const string Zones = """
        zone:
          name: top
          sub-zones: [mid, side]
        """;

    const string Below = """
        zone:
          name: mid
          sub-zones: [low]
        """;

    static async Task<RunningAgent> In(string zone, string name, RunningAgent? above = null, RunningAgent? beside = null)
    {
        var agent = RunningAgent.Prepare();
        agent.Gossip([$"name: {name}", "profile: local", .. above is null ? [] : new[] { $"parent_seeds: [{above.Address}]" }]);
        agent.Write("zones/top.yml", Zones);
        agent.Write("zones/mid.yml", Below);
        agent.AddToAgentYml($"node-zone: {zone}\n{(above is null ? "" : "proxy-node: true\n")}{(beside is null ? "" : $"seeds: [{beside.Address}]\n")}");
        await agent.Start();
        return agent;
    }

    static string[] Seen(Said said) =>
        [.. said.Json.EnumerateArray().Where(m => $"{m.GetProperty("state")}" == "alive").Select(m => $"{m.GetProperty("zone")}/{m.GetProperty("name")}")];

    static Task<Said> Sees(RunningAgent agent, params string[] wanted) =>
        agent.Until(s => Seen(s).SequenceEqual(wanted), "gossip", "members", "--json");

    [Fact]
    public async Task A_zone_knows_itself_and_all_below_and_of_those_above_the_proxies_of_its_parent()
    {
        await using var top = await In("top", "t1");
        await using var midProxy = await In("mid", "m1", above: top);
        await using var mid = await In("mid", "m2", beside: midProxy);
        await using var lowProxy = await In("low", "l1", above: midProxy);
        await using var low = await In("low", "l2", beside: lowProxy);
        await using var side = await In("side", "s1", above: top);

        await Sees(top, "low/l1", "low/l2", "mid/m1", "mid/m2", "side/s1", "top/t1");
        await Sees(midProxy, "low/l1", "low/l2", "mid/m1", "mid/m2");
        await Sees(mid, "low/l1", "low/l2", "mid/m1", "mid/m2");
        await Sees(low, "low/l1", "low/l2", "mid/m1");
        await Sees(side, "side/s1");
        var groups = await top.Until(s => s.Output.Contains("zone::low"), "detectors", "state", "l2", "--json");
        await low.Kill();
        var gone = await top.Until(s => s.Json.EnumerateArray().Any(m => $"{m.GetProperty("name")}" == "l2" && $"{m.GetProperty("state")}" == "failed"),
            "gossip", "members", "--json");
        var state = await top.Run("monitoring", "state", "l2");

        Assert.False(groups.Json.GetProperty("is_stale").GetBoolean());
        Assert.True(gone.Json.EnumerateArray().Single(m => $"{m.GetProperty("name")}" == "l2").GetProperty("is_stale").GetBoolean());
        Assert.Contains("l2 is failed: this is its last state", state.Errors);
    }
}
