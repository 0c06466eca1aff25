using System.Net;
using System.Net.Http.Json;
using OpsBro.Gossip;

namespace OpsBro.Tests.EndToEnd;

/// <summary>Keys of a real cluster: changed while it runs, wrong on one node, broken on disk, replaced by themselves.</summary>
public class KeysEndToEndTests
{
    static readonly string key = Convert.ToBase64String(GossipKey.Generate());

    static async Task<RunningAgent> Named(string name, string encrypt, params string[] more)
    {
        var agent = RunningAgent.Prepare();
        agent.Gossip([$"name: {name}", "profile: local", $"encrypt: '{encrypt}'", .. more]);
        await agent.Start();
        return agent;
    }

    static Task<Said> Sees(RunningAgent agent, int alive) => agent.Until(
        s => s.Json.EnumerateArray().Count(m => $"{m.GetProperty("state")}" == "alive") == alive, "gossip", "members", "--json");

    static Task<Said> Knows(RunningAgent agent, int members, int keys) => agent.Until(
        s => s.Json.GetProperty("answered").GetInt32() == members && s.Json.GetProperty("keys").GetArrayLength() == keys, "gossip", "keys", "list", "--json");

    static string PrimaryOf(Said list) =>
        $"{list.Json.GetProperty("keys").EnumerateArray().First(k => k.GetProperty("primary").GetInt32() > 0).GetProperty("fingerprint")}";

    static string KeyringOf(RunningAgent agent) => Path.Join(agent.Data, "gossip", "zones", "internet", "keyring.json");

    static Task<Said> Problem(RunningAgent agent, string text, bool isThere = true) =>
        agent.Until(s => s.Output.Contains(text) == isThere, "agent", "info", "--json");

    [Fact]
    public async Task A_rotation_across_three_agents_loses_no_event_and_leaves_no_key_behind()
    {
        await using var alpha = await Named("alpha", key);
        await using var beta = await Named("beta", key);
        await using var gamma = await Named("gamma", key);
        await beta.Run("join", alpha.Address);
        await gamma.Run("join", alpha.Address);
        foreach (var agent in (RunningAgent[])[alpha, beta, gamma]) await Sees(agent, 3);
        using var stop = new CancellationTokenSource();
        var sent = 0;
        var flow = Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested)
                if ((await alpha.Run("event", $"tick-{sent}")).ExitCode == 0) sent++;
        });

        var rotations = new List<Said>();
        for (var i = 0; i < 3; i++) rotations.Add(await beta.Run("gossip", "keys", "rotate", "--json"));
        await stop.CancelAsync();
        await flow;

        Assert.All(rotations, said => Assert.True(said.ExitCode == 0 && said.Json.GetProperty("done").GetBoolean(), said.Output + said.Errors));
        var list = await Knows(gamma, members: 3, keys: 3);
        Assert.Equal($"{rotations[2].Json.GetProperty("fingerprint")}", PrimaryOf(list));
        Assert.Equal([GossipKey.FingerprintOf(key)], rotations[2].Json.GetProperty("removed").EnumerateArray().Select(f => $"{f}"));
        Assert.True(sent > 0);
        await gamma.Until(s => s.Json.GetArrayLength() == sent, "gossip", "events", "list", "--json");
        foreach (var agent in (RunningAgent[])[alpha, beta, gamma])
        {
            Assert.Equal(3, KeyringFile.TryRead(File.ReadAllBytes(KeyringOf(agent)))!.Count);
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(KeyringOf(agent)));
            await Sees(agent, 3);
            var keys = KeyringFile.TryRead(File.ReadAllBytes(KeyringOf(agent)))!.Select(Convert.ToBase64String).Append(key).ToList();
            var history = await agent.Run("gossip", "history", "--json");
            var config = await agent.Run("config", "show");
            using var http = agent.Http();
            var open = await http.GetStringAsync("/v1/gossip/keys") + await http.GetStringAsync("/v1/gossip") + await http.GetStringAsync("/v1/agent/info")
                + await http.GetStringAsync("/v1/config") + await http.GetStringAsync("/v1/gossip/zones");
            var refused = await http.GetAsync("/v1/gossip/keys/show");
            Assert.Equal(HttpStatusCode.Forbidden, refused.StatusCode);
            Assert.Equal(HttpStatusCode.Forbidden, (await http.PostAsJsonAsync("/v1/gossip/keys/rotate", new { })).StatusCode);
            var shown = agent.LogText() + history.Output + config.Output + open + File.ReadAllText($"/proc/{agent.Pid}/cmdline")
                + File.ReadAllText($"/proc/{agent.Pid}/environ");
            Assert.All(keys, secret => Assert.DoesNotContain(secret, shown));
        }
        Assert.Contains("by an operator: key", (await beta.Run("gossip", "history", "beta")).Output);
    }

    [Fact]
    public async Task A_key_is_installed_used_and_removed_and_the_primary_one_stays()
    {
        await using var alpha = await Named("alpha", key);
        await using var beta = await Named("beta", key);
        await beta.Run("join", alpha.Address);
        await Sees(alpha, 2);
        await Sees(beta, 2);
        var made = (await alpha.Run("agent", "keygen")).Output.Trim();
        var file = Path.Join(alpha.Home, "next.key");
        File.WriteAllText(file, made + "\n");
        var (old, next) = (GossipKey.FingerprintOf(key), GossipKey.FingerprintOf(made));

        var early = await alpha.Run("gossip", "keys", "use", "@" + file);
        var installed = await alpha.Run("gossip", "keys", "install", "@" + file);
        var refused = await beta.Run("gossip", "keys", "remove", old[..6]);
        var used = await beta.Run("gossip", "keys", "use", next);
        var removed = await alpha.Run("gossip", "keys", "remove", old);
        var shown = await beta.Run("gossip", "keys", "list", "--show");
        var noted = await alpha.Run("gossip", "keys", "install", made);
        var nonsense = await alpha.Run("gossip", "keys", "install", made[..20]);

        Assert.Equal(2, early.ExitCode);
        Assert.Contains("alpha: the key is not installed; install it first", early.Output);
        Assert.Equal((0, $"key {next} installed on 2 of 2 members\n"), (installed.ExitCode, installed.Output));
        Assert.Equal((2, $"error: {old} is the primary key: members encrypt with it; use another one first (opsbro gossip keys use KEY)\n"),
            (refused.ExitCode, refused.Errors));
        Assert.Equal((0, $"key {next} in use on 2 of 2 members\n"), (used.ExitCode, used.Output));
        Assert.Equal((0, $"key {old} removed on 2 of 2 members\n"), (removed.ExitCode, removed.Output));
        Assert.Contains(made, shown.Output);
        Assert.Contains("other users of this host can see a key on the command line", noted.Errors);
        Assert.Equal((2, $"error: this is no key; write {GossipKey.Form}\n"), (nonsense.ExitCode, nonsense.Errors));
        Assert.Single(KeyringFile.TryRead(File.ReadAllBytes(KeyringOf(alpha)))!);
        Assert.Contains("primary key in use since", shown.Output);
        Assert.Contains("next rotation: off (gossip.key_rotation)", shown.Output);
    }

    [Fact]
    public async Task A_cluster_without_keys_is_given_its_first_one_and_finds_itself_again()
    {
        await using var alpha = RunningAgent.Prepare();
        await using var beta = RunningAgent.Prepare();
        foreach (var (agent, name) in ((RunningAgent, string)[])[(alpha, "alpha"), (beta, "beta")])
        {
            agent.Gossip($"name: {name}", "profile: local");
            await agent.Start();
        }
        await beta.Run("join", alpha.Address);
        await Sees(alpha, 2);
        await Sees(beta, 2);

        var none = await alpha.Run("gossip", "keys", "list");
        var made = await alpha.Run("gossip", "keys", "generate");
        var file = Path.Join(alpha.Home, "first.key");
        File.WriteAllText(file, made.Output);
        foreach (var agent in (RunningAgent[])[alpha, beta]) await agent.Run("gossip", "zone", "key", "import", "internet", file);
        var list = await Knows(beta, members: 2, keys: 1);
        await Sees(alpha, 2);
        var again = await alpha.Run("gossip", "keys", "generate");

        Assert.Equal(2, none.ExitCode);
        Assert.Contains("the gossip is not encrypted: there are no keys", none.Errors);
        Assert.Contains("opsbro gossip zone key import internet KEYFILE", made.Errors);
        Assert.Equal(GossipKey.FingerprintOf(made.Output.Trim()), PrimaryOf(list));
        Assert.Equal(2, again.ExitCode);
        Assert.Contains("is encrypted already", again.Errors);
    }

    [Fact]
    public async Task A_wrong_key_shows_on_both_sides_and_goes_away_when_it_is_mended()
    {
        await using var alpha = await Named("alpha", key);
        await using var beta = await Named("beta", Convert.ToBase64String(GossipKey.Generate()));
        beta.AddToAgentYml($"seeds: [{alpha.Address}]\n");
        await beta.Run("agent", "reload");

        var here = await Problem(alpha, "do not open with any of our keys");
        var there = await Problem(beta, "do not open with any of our keys");
        var file = Path.Join(beta.Home, "right.key");
        File.WriteAllText(file, key);
        var mended = await beta.Run("gossip", "keys", "use", "--local", "@" + file);
        await Sees(alpha, 2);
        await Problem(alpha, "do not open with any of our keys", isThere: false);
        await Problem(beta, "do not open with any of our keys", isThere: false);

        Assert.Contains("opsbro gossip keys use --local -", here.Output + there.Output);
        Assert.Contains(GossipKey.FingerprintOf(key), here.Output);
        Assert.Equal((0, $"key {GossipKey.FingerprintOf(key)} in use on 1 of 1 members\n"), (mended.ExitCode, mended.Output));
    }

    [Fact]
    public async Task A_rotation_stops_when_a_member_is_down_and_names_it()
    {
        await using var alpha = await Named("alpha", key);
        await using var beta = await Named("beta", key);
        await beta.Run("join", alpha.Address);
        await Sees(alpha, 2);
        await beta.Kill();

        var stopped = await alpha.Run("gossip", "keys", "rotate");
        var list = await alpha.Run("gossip", "keys", "list", "--json");
        await alpha.Run("gossip", "wait-members", "beta", "--state", "failed");
        await alpha.Until(s => s.Output.Contains("failed"), "gossip", "members", "--json");
        var forced = await alpha.Run("gossip", "keys", "rotate", "--force");

        Assert.Equal(2, stopped.ExitCode);
        Assert.StartsWith("error: no key was changed:", stopped.Errors);
        Assert.Contains("beta", stopped.Errors);
        Assert.Equal(GossipKey.FingerprintOf(key), PrimaryOf(list));
        Assert.True(forced.ExitCode == 0, forced.Errors);
    }

    [Fact]
    public async Task A_changed_key_file_counts_after_a_reload_and_a_broken_one_is_told_before_it()
    {
        await using var agent = RunningAgent.Prepare();
        File.WriteAllText(Path.Join(agent.Config, "cluster.key"), key + "\n");
        agent.Gossip("name: alpha", "profile: local", "encrypt: '@cluster.key'");
        File.SetUnixFileMode(Path.Join(agent.Config, "cluster.key"), UnixFileMode.UserRead | UnixFileMode.OtherRead | UnixFileMode.UserWrite);
        await agent.Start();
        var open = await agent.Run("config", "check");
        var next = Convert.ToBase64String(GossipKey.Generate());

        File.WriteAllText(Path.Join(agent.Config, "cluster.key"), "no key at all");
        var broken = await agent.Run("config", "check");
        await agent.Run("agent", "reload");
        var running = await Problem(agent, "the keys in memory stay in use");
        File.WriteAllText(Path.Join(agent.Config, "cluster.key"), next);
        await agent.Run("agent", "reload");
        var list = await Knows(agent, members: 1, keys: 2);
        File.WriteAllText(KeyringOf(agent), "{");
        var check = await agent.Run("config", "check");
        await agent.Run("agent", "reload");
        await agent.Until(s => s.Output.Contains("put aside as"), "gossip", "history", "--json");

        Assert.Contains("other users may read or write it; run chmod 600", open.Output);
        Assert.Equal(1, broken.ExitCode);
        Assert.Contains("gossip.yml:1", broken.Output);
        Assert.Contains("cluster.key holds no key", broken.Output);
        Assert.Equal(GossipKey.FingerprintOf(next), PrimaryOf(list));
        Assert.Contains("this is no keyring", check.Output);
        Assert.Equal(2, KeyringFile.TryRead(File.ReadAllBytes(KeyringOf(agent)))!.Count);
        Assert.Contains("the configured key was changed", (await agent.Run("gossip", "history")).Output);
        Assert.True(running.ExitCode == 0);
    }

    [Fact]
    public async Task A_broken_keyring_at_the_start_opens_nothing_until_a_good_one_is_there()
    {
        await using var agent = RunningAgent.Prepare();
        Directory.CreateDirectory(Path.GetDirectoryName(KeyringOf(agent))!);
        File.WriteAllText(KeyringOf(agent), "[\"half a ke");
        agent.Gossip("name: alpha", "profile: local");
        await agent.Start();

        var locked = await Problem(agent, "is no keyring");
        var state = (await agent.Run("gossip", "info", "--json")).Json;
        File.WriteAllText(KeyringOf(agent), $"[\"{key}\"]");
        await agent.Run("agent", "reload");
        var list = await Knows(agent, members: 1, keys: 1);

        Assert.Contains("gossip stays off until then", locked.Output);
        Assert.Equal(("broken", 0), ($"{state.GetProperty("state")}", state.GetProperty("pools").GetArrayLength()));
        Assert.Equal(GossipKey.FingerprintOf(key), PrimaryOf(list));
    }

    [Fact]
    public async Task An_old_key_is_replaced_by_itself_by_exactly_one_member()
    {
        List<RunningAgent> agents = [RunningAgent.Prepare(), RunningAgent.Prepare(), RunningAgent.Prepare()];
        try
        {
            foreach (var (i, agent) in agents.Index())
            {
                agent.Gossip($"name: n{i}", "profile: local", $"encrypt: '{key}'", "key_rotation: 1h");
                agent.AddToAgentYml($"seeds: [{agents[0].Address}]\n");
                // due for the first of them only, and not before all three are there: two would be less than half of five
                Directory.CreateDirectory(Path.GetDirectoryName(KeyringOf(agent))!);
                File.WriteAllText(KeyringOf(agent) + ".age", $"{{\"fingerprint\":\"{GossipKey.FingerprintOf(key)}\","
                    + $"\"since\":\"{DateTimeOffset.UtcNow.AddHours(-1):O}\",\"sealed\":0,\"most\":5}}");
                await agent.Start();
            }
            foreach (var agent in agents) await Sees(agent, 3);

            // all three use the new key: the last of them hears of it, or answers, a moment after the others
            await agents[0].Until(s => s.Json.GetProperty("keys").GetArrayLength() == 2 && PrimaryOf(s) != GossipKey.FingerprintOf(key)
                && s.Json.GetProperty("keys")[0].GetProperty("primary").GetInt32() == 3, "gossip", "keys", "list", "--json");

            var acted = 0;
            foreach (var agent in agents)
                acted += (await agent.Run("gossip", "history", "--json")).Json.EnumerateArray().Count(line => $"{line.GetProperty("to")}" == "key-rotation");
            Assert.Equal(1, acted);
        }
        finally
        {
            foreach (var agent in agents) await agent.DisposeAsync();
        }
    }
}
