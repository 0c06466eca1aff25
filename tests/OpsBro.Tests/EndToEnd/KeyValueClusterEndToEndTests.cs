using System.Security.Cryptography;
using static OpsBro.Tests.EndToEnd.KeyValueClient;

namespace OpsBro.Tests.EndToEnd;

/// <summary>Keys and values on several agents: copies, forwarding, handing over, what is said when nodes are away.</summary>
public sealed class KeyValueClusterEndToEndTests : IAsyncLifetime
{
    readonly string key = Convert.ToBase64String(RandomNumberGenerator.GetBytes(32));
    readonly List<RunningAgent> agents = [];
    readonly List<HttpClient> clients = [];

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        foreach (var client in clients) client.Dispose();
        foreach (var agent in agents) await agent.DisposeAsync();
    }

    async Task<HttpClient> Add(string name, bool isMember = true, bool isEncrypted = true)
    {
        var agent = RunningAgent.Prepare();
        agents.Add(agent);
        if (isMember) agent.AddToAgentYml("groups: [kv]\n");
        List<string> options = [$"name: {name}", "profile: local"];
        if (isEncrypted) options.Add($"encrypt: \"{key}\"");
        if (agents.Count > 1) agent.AddToAgentYml($"seeds: [{agents[0].Address}]\n");
        agent.Gossip([.. options]);
        await agent.Start();
        clients.Add(agent.Socket());
        return clients[^1];
    }

    /// <summary>Waits until an agent sees so many members that live, and is settled.</summary>
    static Task Settled(HttpClient client, int members) => Until(client, "GET", "/v1/kv-state", also: text => Json(text) is var state
        && (state.GetProperty("is_settled").GetBoolean() || !state.GetProperty("is_member").GetBoolean())
        && state.GetProperty("members").EnumerateArray().Count(m => $"{m.GetProperty("state")}" == "alive") == members);

    [Fact]
    public async Task What_is_written_on_one_agent_is_read_on_all()
    {
        var (a, b, c) = (await Add("a"), await Add("b"), await Add("c"));
        var d = await Add("d", isMember: false);
        foreach (var client in clients) await Settled(client, 3);

        for (var i = 0; i < 40; i++) Assert.Equal(200, (await Send(clients[i % 4], "PUT", $"/v1/kv/k/{i}?w=all", $"v{i}")).Status);
        for (var i = 0; i < 40; i++)
            foreach (var client in clients) Assert.Equal($"v{i}", (await Send(client, "GET", $"/v1/kv/k/{i}?raw")).Text);
        foreach (var client in (HttpClient[])[a, b, c]) Assert.Equal("v7", (await Send(client, "GET", "/v1/kv/k/7?raw&consistency=local")).Text);
        Assert.Equal(503, (await Send(d, "GET", "/v1/kv/k/7?raw&consistency=local")).Status);   // it has none, and does not say that there is none
        Assert.Equal("[]", (await Send(d, "GET", "/kv/")).Text);
        var listed = Json((await Send(d, "GET", "/v1/kv?prefix=k/&values")).Text).GetProperty("entries").EnumerateArray().ToList();
        Assert.Equal(40, listed.Count);
        Assert.Equal("v0", $"{listed[0].GetProperty("value")}");

        var created = VersionOf((await Send(d, "PUT", "/v1/kv/lock?cas=0", "mine")).Text);
        Assert.Equal(409, (await Send(a, "PUT", "/v1/kv/lock?cas=0", "mine")).Status);
        Assert.Equal(200, (await Send(b, "PUT", $"/v1/kv/lock?cas={created}", "yours")).Status);
        Assert.Equal(409, (await Send(c, "DELETE", $"/v1/kv/lock?cas={created}")).Status);

        var watched = Send(d, "GET", "/v1/kv/later?index=0&wait=2m");
        await Send(a, "PUT", "/v1/kv/later", "now");
        Assert.Equal("now", $"{Json((await watched).Text).GetProperty("value")}");
        await Send(b, "DELETE", "/v1/kv/later");
        foreach (var client in clients) Assert.Equal(404, (await Send(client, "GET", "/v1/kv/later")).Status);
    }

    [Fact]
    public async Task One_node_of_three_may_die_and_two_may_not()
    {
        var (a, _, _) = (await Add("a"), await Add("b"), await Add("c"));
        await Settled(a, 3);
        for (var i = 0; i < 20; i++) Assert.Equal(200, (await Send(a, "PUT", $"/v1/kv/k/{i}", $"v{i}")).Status);

        await agents[1].Kill();
        for (var i = 0; i < 20; i++)
        {
            await Until(a, "GET", $"/v1/kv/k/{i}?raw", also: text => text == $"v{i}");   // until the dead one is known as dead some must wait
            await Until(a, "PUT", $"/v1/kv/k/{i}", $"w{i}");
        }
        await agents[2].Kill();
        var alone = await Send(a, "GET", "/v1/kv/k/3");
        var put = await Send(a, "PUT", "/v1/kv/k/3", "x");
        var absent = await Send(a, "GET", "/v1/kv/never");

        Assert.Equal((503, 503, 503), (alone.Status, put.Status, absent.Status));   // not 404: nobody knows
        Assert.NotNull(alone.Answer.Headers.RetryAfter);
        Assert.Equal("w5", (await Send(a, "GET", "/v1/kv/k/5?raw&consistency=local")).Text);
        var verb = await agents[0].Run("kv", "get", "k/3");
        Assert.Equal(75, verb.ExitCode);
        await agents[1].Start();
        for (var i = 0; i < 20; i++) if (i != 3) await Until(a, "GET", $"/v1/kv/k/{i}?raw", also: text => text == $"w{i}");
    }

    [Fact]
    public async Task What_was_written_without_a_node_of_the_group_is_handed_over_when_one_appears()
    {
        var a = await Add("a", isMember: false);
        await Until(a, "PUT", "/v1/kv/early", "1");
        Assert.Equal("[\"early\"]", (await Send(a, "GET", "/kv/")).Text);

        var b = await Add("b");

        await Until(b, "GET", "/v1/kv/early?raw", also: text => text == "1");
        await Until(a, "GET", "/kv/", also: text => text == "[]");
        Assert.Equal("1", (await Send(a, "GET", "/v1/kv/early?raw")).Text);
        Assert.Equal("[\"early\"]", (await Send(b, "GET", "/kv/")).Text);
    }

    [Fact]
    public async Task A_cluster_without_a_key_says_why_keys_do_not_travel()
    {
        var a = await Add("a", isEncrypted: false);
        await Add("b", isEncrypted: false);

        var text = await Until(a, "GET", "/v1/kv/x", status: 503);

        Assert.Contains("the cluster has no key", text);
        Assert.Contains("the cluster has no key", (await agents[0].Run("agent", "info")).Output);
        Assert.Equal(75, (await agents[0].Run("kv", "put", "x", "1")).ExitCode);
    }

    [Fact]
    public async Task A_node_that_leaves_the_group_hands_over_what_it_keeps()
    {
        var (a, b) = (await Add("a"), await Add("b"));
        foreach (var client in clients) await Settled(client, 2);
        for (var i = 0; i < 10; i++) Assert.Equal(200, (await Send(b, "PUT", $"/v1/kv/k/{i}", $"v{i}")).Status);

        agents[1].Write("agent.yml", File.ReadAllText(Path.Join(agents[1].Config, "agent.yml")).Replace("groups: [kv]\n", ""));
        await agents[1].Run("agent", "reload");
        await Until(b, "GET", "/v1/kv-state", also: text => !Json(text).GetProperty("is_member").GetBoolean());
        await Until(a, "GET", "/v1/kv-state", also: text => text.Contains("\"left\""));
        await Until(b, "GET", "/kv/", also: text => text == "[]");

        for (var i = 0; i < 10; i++)
            foreach (var client in clients) Assert.Equal($"v{i}", await Until(client, "GET", $"/v1/kv/k/{i}?raw"));
    }
}
