using System.Text.Json;

namespace OpsBro.Tests.EndToEnd;

/// <summary>Any agent answers for the numbers of any host, and says who did not answer.</summary>
public class ClusterMetricsEndToEndTests
{
    const string Key = "encrypt: MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTI=";

    static async Task<RunningAgent> Named(string name)
    {
        var agent = RunningAgent.Prepare();
        agent.Gossip($"name: {name}", "profile: local", Key);
        await agent.Start();
        return agent;
    }

    static IEnumerable<string> Names(Said said) => said.Json.GetProperty("names").EnumerateArray().Select(n => $"{n}");

    static string[] Unanswered(JsonElement answer) => [.. answer.GetProperty("unanswered").EnumerateArray().Select(n => $"{n}")];

    [Fact]
    public async Task Numbers_of_another_host_are_asked_for_here_and_a_host_that_is_gone_is_named()
    {
        await using var alpha = await Named("alpha");
        await using var beta = await Named("beta");
        await beta.Run("gossip", "join", alpha.Address);

        await alpha.Until(s => Names(s).Any(n => n.StartsWith("beta.memory.")), "metrics", "list", "beta.memory", "--json");
        var queried = await alpha.Until(
            s => s.Json.GetProperty("series").EnumerateArray().Any(x => x.GetProperty("values").EnumerateArray().Any(v => v.ValueKind == JsonValueKind.Number)),
            "metrics", "query", "beta.memory.*", "--from", "-5min", "--json");
        var both = await alpha.Run("metrics", "query", "sumSeries({alpha,beta}.memory.*)", "--from", "-5min", "--json");
        var roots = await alpha.Http().GetStringAsync(new Uri("metrics/find?query=*", UriKind.Relative));
        await beta.Kill();
        var without = await alpha.Until(s => Unanswered(s.Json).Contains("beta"), "metrics", "query", "*.memory.*", "--from", "-5min", "--json");
        using var graphite = await alpha.Http().GetAsync(new Uri("render?target=*.memory.*&from=-5min&format=json", UriKind.Relative));

        var exported = await alpha.Run("metrics", "export", "*.memory", "--from", "-5min", "--format", "csv");

        Assert.Contains("did not answer: beta", exported.Errors);
        Assert.StartsWith("name,time,value\nalpha.memory.", exported.Output);
        Assert.Empty(Unanswered(queried.Json));
        Assert.Single(both.Json.GetProperty("series").EnumerateArray());
        var found = JsonDocument.Parse(roots).RootElement.EnumerateArray().Select(n => $"{n.GetProperty("text")}").ToArray();
        Assert.True(found.Contains("alpha") && found.Contains("beta"), roots);
        Assert.All(without.Json.GetProperty("series").EnumerateArray(), s => Assert.StartsWith("alpha.", $"{s.GetProperty("name")}"));
        Assert.Equal(["beta"], graphite.Headers.GetValues("X-OpsBro-Unanswered"));
    }
}
