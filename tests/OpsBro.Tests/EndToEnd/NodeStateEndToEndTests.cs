using System.Text.Json;

namespace OpsBro.Tests.EndToEnd;

/// <summary>Real agents that know each other's groups, checks and facts.</summary>
public class NodeStateEndToEndTests
{
    const string Rules = """
        check:
          name: marked
          interval: 200ms
          script: ["/bin/sh", "-c", "if test -e HOME/mark; then echo it is marked; exit 2; fi; echo nothing"]
        """;

    const string Detector = """
        detector:
          name: found
          interval: 1s
          apply_if: "file_exists('HOME/found')"
          groups: [found]
        """;

    static async Task<RunningAgent> Named(string name, params string[] more)
    {
        var agent = RunningAgent.Prepare();
        agent.Gossip([$"name: {name}", "profile: local", .. more]);
        agent.AddToAgentYml($"display_name: The {name}\nlocation: Lab 7\n");
        agent.Write("detectors/found.yml", Detector.Replace("HOME", agent.Home));
        agent.Write("monitoring/marked.yml", Rules.Replace("HOME", agent.Home));
        await agent.Start();
        return agent;
    }

    static JsonElement Member(Said said, string name) => said.Json.EnumerateArray().FirstOrDefault(m => $"{m.GetProperty("name")}" == name);

    static Task<Said> Sees(RunningAgent agent, string name, Func<JsonElement, bool> satisfied) =>
        agent.Until(s => Member(s, name) is { ValueKind: JsonValueKind.Object } m && satisfied(m), "gossip", "members", "--json");

    static bool Is(Said said, string state) =>
        said.Json.GetProperty("checks").EnumerateArray().Any(c => Has(c, "name", "marked") && Has(c, "state", state));

    static bool Has(JsonElement member, string key, string value) => $"{member.GetProperty(key)}" == value;

    static bool HasGroup(JsonElement member, string group) => member.GetProperty("groups").EnumerateArray().Any(g => $"{g}" == group);

    [Fact]
    public async Task What_a_node_says_of_itself_is_known_on_the_other_and_kept_when_it_dies()
    {
        await using var alpha = await Named("alpha");
        await using var beta = await Named("beta");
        using var stream = await EventReader.Open(alpha);
        await beta.Run("gossip", "join", alpha.Address);
        await alpha.Until(s => Is(s, "ok"), "monitoring", "state", "beta", "--json");
        await Sees(alpha, "beta", m => Has(m, "display_name", "The beta"));

        File.WriteAllText(Path.Join(beta.Home, "mark"), "");
        var critical = await stream.Next("check", d => $"{d.GetProperty("node")}" == "beta"
            && $"{d.GetProperty("check")}".EndsWith("marked", StringComparison.Ordinal)
            && $"{d.GetProperty("state")}" == "critical");
        await Sees(alpha, "beta", m => Has(m, "check_state", "critical"));
        File.WriteAllText(Path.Join(beta.Home, "found"), "");
        var group = await stream.Next("group", d => $"{d.GetProperty("node")}" == "beta"
            && $"{d.GetProperty("group")}" == "found");
        await Sees(alpha, "beta", m => HasGroup(m, "found") && HasGroup(m, "zone::internet"));
        var state = await alpha.Run("monitoring", "state", "beta");
        var detected = await alpha.Run("detectors", "state", "beta", "--json");
        using var http = alpha.Http();
        var detail = JsonDocument.Parse(await http.GetStringAsync("/v1/members/beta")).RootElement;
        await beta.Kill();
        var failed = await stream.Next("member", d => $"{d.GetProperty("node")}" == "beta" && $"{d.GetProperty("change")}" == "failed");
        var stale = await Sees(alpha, "beta", m => Has(m, "state", "failed") && m.GetProperty("is_stale").GetBoolean());
        var screen = await alpha.Run("gossip", "members", "--detail");
        var staleState = await alpha.Run("monitoring", "state", "beta");
        var nobody = await alpha.Run("monitoring", "state", "betta");

        Assert.Equal("internet", $"{critical.GetProperty("zone")}");
        Assert.True(group.GetProperty("is_present").GetBoolean());
        Assert.Equal("failed", $"{failed.GetProperty("status")}");
        Assert.Matches("marked .*CRITICAL.* since .*\n    \\| it is marked\n", RunningAgent.Plain(state.Output));
        Assert.DoesNotContain("last state", state.Errors);
        Assert.Contains(detected.Json.GetProperty("groups").EnumerateArray(), g => $"{g.GetProperty("name")}" == "found");
        Assert.Equal("Lab 7", $"{detail.GetProperty("facts").GetProperty("location")}");
        Assert.Contains(detail.GetProperty("checks").EnumerateArray(), c => $"{c.GetProperty("id")}".EndsWith("marked") && Has(c, "state", "critical"));
        Assert.True(Member(stale, "beta").GetProperty("age_seconds").GetDouble() >= 0);
        Assert.Contains("stale, ", screen.Output);
        Assert.Contains("beta is failed: this is its last state", staleState.Errors);
        Assert.Contains("it is marked", staleState.Output);
        Assert.Equal(2, nobody.ExitCode);
        Assert.Contains("did you mean \"beta\"", nobody.Errors);
    }
}
