namespace OpsBro.Tests.EndToEnd;

/// <summary>Numbers across zones: a zone sees its own and all below, none above and none beside.</summary>
public class ZoneMetricsEndToEndTests
{
    static readonly string[] hosts = ["t1", "m1", "l1", "l2", "s1"];

    static async Task<RunningAgent> In(string zone, string name, RunningAgent? above = null, RunningAgent? beside = null)
    {
        var agent = RunningAgent.Prepare();
        agent.Gossip([$"name: {name}", "profile: local", .. above is null ? [] : new[] { $"parent_seeds: [{above.Address}]" }]);
        agent.Write("zones/top.yml", "zone:\n  name: top\n  sub-zones: [mid, side]\n");
        agent.Write("zones/mid.yml", "zone:\n  name: mid\n  sub-zones: [low]\n");
        agent.AddToAgentYml($"node-zone: {zone}\n{(above is null ? "" : "proxy-node: true\n")}{(beside is null ? "" : $"seeds: [{beside.Address}]\n")}");
        await agent.Start();
        return agent;
    }

    /// <summary>The hosts whose numbers an answer has.</summary>
    static string[] Of(Said said) =>
    [
        .. said.Json.GetProperty("names").EnumerateArray().Select(n => $"{n}".Split('.')[0]).Where(hosts.Contains).Distinct().Order(StringComparer.Ordinal),
    ];

    static Task<Said> Has(RunningAgent agent, params string[] wanted) =>
        agent.Until(s => wanted.All(Of(s).Contains), "metrics", "list", "--json");

    [Fact]
    public async Task A_zone_is_answered_for_itself_and_all_below()
    {
        await using var top = await In("top", "t1");
        await using var mid = await In("mid", "m1", above: top);
        await using var lowProxy = await In("low", "l1", above: mid);
        await using var low = await In("low", "l2", beside: lowProxy);
        await using var side = await In("side", "s1", above: top);

        await Has(top, "l1", "l2", "m1", "s1", "t1");
        await Has(mid, "l1", "l2", "m1");
        await Has(low, "l1", "l2");
        await Has(side, "s1");
        var queried = await top.Until(s => s.Json.GetProperty("series").GetArrayLength() > 0, "metrics", "query", "l2.memory.*", "--from", "-5min", "--json");
        var above = await low.Run("metrics", "query", "{t1,m1,s1}.memory.*", "--from", "-5min", "--json");
        var beside = await side.Run("metrics", "query", "{t1,m1,l1,l2}.memory.*", "--from", "-5min", "--json");

        Assert.All(queried.Json.GetProperty("series").EnumerateArray(), s => Assert.StartsWith("l2.memory.", $"{s.GetProperty("name")}"));
        foreach (var (agent, sees) in new[] { (mid, new[] { "l1", "l2", "m1" }), (lowProxy, ["l1", "l2"]), (low, ["l1", "l2"]), (side, ["s1"]) })
            Assert.Equal(sees, Of(await agent.Run("metrics", "list", "--json")));
        foreach (var answer in new[] { above, beside }) Assert.Equal(0, answer.Json.GetProperty("series").GetArrayLength());
    }
}
