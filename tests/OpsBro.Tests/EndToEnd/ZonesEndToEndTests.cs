using OpsBro.Gossip;

namespace OpsBro.Tests.EndToEnd;

/// <summary>Zones of a real agent: listed, changed, given keys.</summary>
public class ZonesEndToEndTests
{
    static async Task<RunningAgent> InTree(params string[] settings)
    {
        var agent = RunningAgent.Prepare();
        agent.Gossip("name: alpha", "profile: local");
        agent.Write("zones/internet.yml", "zone:\n  name: internet\n  sub-zones: [paris, berlin]\n");
        agent.Write("zones/paris.yml", "zone:\n  name: paris\n  sub-zones: [paris-lab]\n");
        foreach (var line in settings) agent.AddToAgentYml(line + "\n");
        await agent.Start();
        return agent;
    }

    [Fact]
    public async Task A_node_moves_to_another_zone_at_once_and_its_file_keeps_its_comments()
    {
        await using var agent = await InTree("node-zone: berlin   # where the rack stands");

        var unknown = await agent.Run("gossip", "zone", "change", "pari");
        var changed = await agent.Run("gossip", "zone", "change", "paris");
        var list = await agent.Run("gossip", "zone", "list");
        var group = await agent.Until(s => s.Output.Contains("zone::paris"), "agent", "print", "groups");

        Assert.Equal((2, "error: no zone is named \"pari\" (did you mean \"paris\"?); see opsbro gossip zone list\n"), (unknown.ExitCode, unknown.Errors));
        Assert.Equal(0, changed.ExitCode);
        Assert.StartsWith("this node is in zone paris now", changed.Output);
        Assert.Contains("node-zone: paris   # where the rack stands\n", File.ReadAllText(Path.Join(agent.Config, "agent.yml")));
        Assert.Equal("ZONE\tRELATION\tMEMBERS\tKEY\ninternet\tabove\t0\tnone\n  berlin\tother\t0\tnone\n  paris\town\t1\tnone\n    paris-lab\tbelow\t0\tnone\n",
            list.Output);
        Assert.DoesNotContain("zone::berlin", group.Output);
        Assert.Equal("paris\n", (await agent.Run("agent", "print", "zone")).Output);
    }

    [Fact]
    public async Task The_originals_routes_still_move_a_node()
    {
        await using var agent = await InTree();
        using var socket = agent.Socket();
        using var http = agent.Http();

        using var moved = await socket.PutAsync("/agent/zone", new StringContent("berlin"));
        using var refused = await socket.PutAsync("/agent/zone", new StringContent("\"berlinn\""));
        using var open = await http.PutAsync("/agent/zone", new StringContent("paris"));
        var reloaded = await socket.GetStringAsync("/agent/zones-keys/reload/paris");

        Assert.StartsWith("{\"success\":true,\"text\":\"this node is in zone berlin now", await moved.Content.ReadAsStringAsync());
        Assert.StartsWith("{\"success\":false,\"text\":\"no zone is named", await refused.Content.ReadAsStringAsync());
        Assert.Equal(System.Net.HttpStatusCode.Forbidden, open.StatusCode);
        Assert.Equal("true", reloaded);
        Assert.Equal("berlin\n", (await agent.Run("agent", "print", "zone")).Output);
    }

    [Fact]
    public async Task Keys_of_zones_are_made_and_taken_and_used_at_once()
    {
        await using var agent = await InTree();
        var (file, other) = (Path.Join(agent.Config, "zone_keys", "internet.gossip.key"), Path.Join(agent.Home, "paris.key"));
        var paris = Convert.ToBase64String(GossipKey.Generate());
        File.WriteAllText(other, paris);

        var made = await agent.Run("gossip", "zone", "key", "generate", "internet");
        var again = await agent.Run("gossip", "zone", "key", "generate", "--zone", "internet");
        var taken = await agent.Run("gossip", "zone", "key", "import", "paris", other);
        var nonsense = await agent.Run("gossip", "zone", "key", "import", "berlin", agent.Config + "/agent.yml");
        var list = await agent.Run("gossip", "zone", "list", "--json");
        var info = await agent.Run("gossip", "info", "--json");

        Assert.Equal((0, made.Output), (made.ExitCode, File.ReadAllText(file)));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        Assert.Equal(2, again.ExitCode);
        Assert.Contains("--erase replaces it", again.Errors);
        Assert.Equal(0, taken.ExitCode);
        Assert.DoesNotContain(paris, taken.Output + agent.LogText());
        Assert.Equal(2, nonsense.ExitCode);
        Assert.Contains("this is no key", nonsense.Errors);
        var prints = list.Json.EnumerateArray().ToDictionary(z => $"{z.GetProperty("name")}", z => $"{z.GetProperty("key_fingerprint")}");
        var print = GossipKey.FingerprintOf(made.Output.Trim());
        Assert.Equal((print, GossipKey.FingerprintOf(paris), ""), (prints["internet"], prints["paris"], prints["berlin"]));
        Assert.Equal(print, $"{info.Json.GetProperty("pools")[0].GetProperty("key_fingerprint")}");
    }

    [Fact]
    public async Task What_is_wrong_with_zones_is_said_with_its_line()
    {
        await using var agent = await InTree("node-zone: pariss", "proxy-node: true");
        agent.Write("zones/ring.yml", "zone:\n  name: paris-lab\n  sub-zones: [internet, berlin]\n");

        var check = await agent.Run("config", "check");

        Assert.Equal(1, check.ExitCode);
        Assert.Contains("agent.yml:3:12: warning: no zone is called \"pariss\" (did you mean \"paris\"?)", check.Output);
        Assert.Contains("agent.yml:4:13: warning: proxy-node does nothing: no zone is above pariss", check.Output);
        Assert.Contains("ring.yml:3:14: zone internet cannot be below paris-lab: the zones make a ring", check.Output);
        Assert.Contains("ring.yml:3:14: zone berlin is below internet already", check.Output);
    }

    [Fact]
    public async Task A_proxy_node_without_the_key_of_the_zone_above_is_told_what_to_do()
    {
        await using var agent = await InTree("node-zone: paris", "proxy-node: true");
        await agent.Run("gossip", "zone", "key", "generate", "paris");
        var missing = await agent.Until(s => s.Output.Contains("proxy node without a key of zone internet"), "agent", "info", "--json");
        var file = Path.Join(agent.Home, "internet.key");
        File.WriteAllText(file, Convert.ToBase64String(GossipKey.Generate()));

        var taken = await agent.Run("gossip", "zone", "key", "import", "internet", file);
        await agent.Until(s => !s.Output.Contains("proxy node without a key"), "agent", "info", "--json");
        var info = await agent.Run("gossip", "info", "--json");

        Assert.Contains("gossip zone key import internet KEYFILE", missing.Output);
        Assert.Equal(0, taken.ExitCode);
        Assert.All(info.Json.GetProperty("pools").EnumerateArray(), pool => Assert.True(pool.GetProperty("encrypted").GetBoolean()));
    }
}
