using System.Net;
using System.Net.Sockets;
using System.Text.Json;

namespace OpsBro.Tests.EndToEnd;

/// <summary>LAN detection between real agents: on hosts of a lab, and of one host on loopback.</summary>
public class DetectEndToEndTests
{
    const string Key = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", OtherKey = "/wECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

    /// <summary>An agent that can be detected, with more keys of <c>gossip</c>.</summary>
    static RunningAgent Prepared(RunningAgent agent, string name, params string[] more)
    {
        agent.Write("conf.d/gossip.yml",
            $"gossip: {{{string.Join(", ", [$"bind: {agent.Address}", $"name: {name}", "profile: local", .. more])}}}\n");
        return agent;
    }

    static async Task<RunningAgent> Started(NetworkLab lab, int host, string name, params string[] more)
    {
        var agent = Prepared(RunningAgent.Prepare(lab, host), name, more);
        await agent.Start();
        return agent;
    }

    static string[] Names(Said said) => [.. said.Json.GetProperty("nodes").EnumerateArray().Select(n => $"{n.GetProperty("name")}")];

    static bool Sees(Said members, string name) =>
        members.Json.EnumerateArray().Any(m => $"{m.GetProperty("name")}" == name && $"{m.GetProperty("state")}" == "alive");

    [NetworkFact]
    public async Task Nodes_with_the_key_answer_a_proxy_is_preferred_and_strangers_hear_nothing()
    {
        await using var lab = await NetworkLab.Create(4);
        await using var alpha = await Started(lab, 0, "alpha", $"encrypt: {Key}");
        await using var omega = Prepared(RunningAgent.Prepare(lab, 1), "omega", $"encrypt: {Key}");
        omega.AddToAgentYml("proxy-node: true\n");
        await omega.Start();
        await using var stranger = await Started(lab, 2, "stranger", $"encrypt: {OtherKey}");
        await using var plain = await Started(lab, 3, "plain");

        // agents are there before their ports are: the first question may come too early
        var found = await alpha.Until(s => Names(s).Length > 0, "gossip", "detect", "--timeout", "2", "--json");
        var nobody = await stranger.Run("gossip", "detect", "--timeout", "2", "--json");
        var noKey = await plain.Run("gossip", "detect", "--timeout", "2");
        var screen = await alpha.Run("gossip", "detect", "--timeout", "2", "--auto-join");

        Assert.Equal(["omega"], Names(found));
        var node = found.Json.GetProperty("nodes")[0];
        Assert.Equal(("internet", $"{omega.Address}:7946", true),
            ($"{node.GetProperty("zone")}", $"{node.GetProperty("address")}", node.GetProperty("is_proxy").GetBoolean()));
        Assert.Equal((1, 0), (nobody.ExitCode, Names(nobody).Length));
        Assert.Equal((1, ""), (noKey.ExitCode, noKey.Output));
        Assert.Contains("no node of this zone answered", noKey.Errors);
        Assert.True(screen.ExitCode == 0, screen.Errors);
        Assert.Contains($"omega\tinternet\t{omega.Address}:7946\tproxy\t", screen.Output);
        Assert.Contains($"joined {omega.Address}:7946", screen.Output);
        await alpha.Until(s => Sees(s, "omega"), "gossip", "members", "--json");
    }

    [NetworkFact]
    public async Task An_agent_that_starts_with_auto_detect_joins_by_itself_the_proxy_first()
    {
        await using var lab = await NetworkLab.Create(3);
        await using var alpha = await Started(lab, 0, "alpha");
        await using var omega = Prepared(RunningAgent.Prepare(lab, 1), "omega");
        omega.AddToAgentYml("proxy-node: true\n");
        await omega.Start();
        await using var late = Prepared(RunningAgent.Prepare(lab, 2), "late");
        await alpha.Until(s => Names(s).Length > 0, "gossip", "detect", "--timeout", "2", "--json");

        await late.Start("--auto-detect");
        await late.Until(s => Sees(s, "omega"), "gossip", "members", "--json");
        var members = await late.Run("gossip", "members", "--json");

        Assert.False(Sees(members, "alpha"));
        Assert.Contains("detection joined", late.LogText());
    }

    [NetworkFact]
    public async Task Nodes_find_each_other_by_IPv6_alone_and_on_an_interface_that_comes_later()
    {
        await using var lab = await NetworkLab.Create(2);
        await using var alpha = await Started(lab, 0, "alpha");
        await using var beta = await Started(lab, 1, "beta");

        await lab.OnlyV6();
        var found = await alpha.Until(s => Names(s).Length > 0, "gossip", "detect", "--timeout", "2", "--json");
        await lab.Unplug(1);
        var nobody = await alpha.Run("gossip", "detect", "--timeout", "1", "--json");
        await lab.Connect(0, 1);
        var again = await alpha.Until(s => Names(s).Length > 0, "gossip", "detect", "--timeout", "2", "--json");

        Assert.Equal(["beta"], Names(found));
        Assert.Equal((1, 0), (nobody.ExitCode, Names(nobody).Length));
        Assert.Equal(["beta"], Names(again));
    }

    [Fact]
    public async Task Agents_of_one_host_share_the_port_and_find_each_other()
    {
        var port = Ports.Free();
        await using var alpha = Prepared(RunningAgent.Prepare(), "alpha", $"detect: {{port: {port}}}");
        await using var beta = Prepared(RunningAgent.Prepare(), "beta", $"detect: {{port: {port}}}");
        await using var gamma = Prepared(RunningAgent.Prepare(), "gamma", $"detect: {{port: {port}}}", "label: blue");
        await alpha.Start();
        await beta.Start();
        await gamma.Start();

        var found = await alpha.Until(s => Names(s).Length > 0, "gossip", "detect", "--timeout", "1", "--json");
        var other = await gamma.Run("gossip", "detect", "--timeout", "1");
        var joined = await beta.Run("gossip", "detect", "--timeout", "1", "--auto-join", "--json");
        using var socket = alpha.Socket();
        var legacy = JsonDocument.Parse(await socket.GetStringAsync("/agent/detect?timeout=1")).RootElement;
        using var network = alpha.Http();
        var refused = await network.GetAsync("/agent/detect?timeout=1");

        Assert.Equal(["beta"], Names(found));
        Assert.Equal(1, other.ExitCode);
        Assert.Equal($"{alpha.Address}:7946", $"{joined.Json.GetProperty("joined")}");
        Assert.Equal(("beta", beta.Address, 7946),
            ($"{legacy[0].GetProperty("name")}", $"{legacy[0].GetProperty("addr")}", legacy[0].GetProperty("port").GetInt32()));
        Assert.Equal(HttpStatusCode.Forbidden, refused.StatusCode);
    }

    [Fact]
    public async Task A_port_that_another_program_has_is_a_problem_to_show_and_no_failed_start()
    {
        using var other = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        other.Bind(new IPEndPoint(IPAddress.Any, 0));
        var port = ((IPEndPoint)other.LocalEndPoint!).Port;
        await using var agent = Prepared(RunningAgent.Prepare(), "alpha", $"detect: {{port: {port}}}");

        await agent.Start();
        var info = await agent.Until(s => s.Output.Contains("LAN detection cannot listen"), "agent", "info");

        Assert.Contains($"UDP port {port}", info.Output);
    }
}
