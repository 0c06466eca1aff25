using System.Net;
using System.Text.Json;

namespace OpsBro.Tests.EndToEnd;

/// <summary>The original's routes of the cluster, asked as its users asked them.</summary>
public class LegacyGossipEndToEndTests
{
    static async Task<JsonElement> Get(HttpClient http, string path) => JsonDocument.Parse(await http.GetStringAsync(path)).RootElement;

    [Fact]
    public async Task Old_paths_give_old_shapes_and_the_network_changes_nothing_by_them()
    {
        await using var alpha = RunningAgent.Prepare();
        await using var beta = RunningAgent.Prepare();
        alpha.Gossip("name: alpha", "profile: local");
        beta.Gossip("name: beta", "profile: local");
        await alpha.Start();
        await beta.Start();
        using var socket = alpha.Socket();
        using var network = alpha.Http();

        Assert.True((await Get(socket, $"/agent/join/{beta.Address}")).GetBoolean());
        var members = await Get(network, "/agent/members");
        var uuid = (await alpha.Run("agent", "print", "uuid")).Output.Trim();
        var betaId = (await beta.Run("agent", "print", "uuid")).Output.Trim();
        var own = members.GetProperty(uuid);
        var other = members.EnumerateObject().Single(m => m.Name != uuid);

        Assert.Equal(("alpha", "alive", "gossip::alive", "internet", false), ($"{own.GetProperty("name")}", $"{own.GetProperty("state")}",
            $"{own.GetProperty("type")}", $"{own.GetProperty("zone")}", own.GetProperty("is_proxy").GetBoolean()));
        Assert.Equal(("beta", beta.Address, 7946), ($"{other.Value.GetProperty("name")}", $"{other.Value.GetProperty("addr")}",
            other.Value.GetProperty("port").GetInt32()));
        Assert.StartsWith(other.Name, betaId);
        Assert.Equal("beta", $"{(await Get(socket, $"/agent/query/guess/{betaId}")).GetProperty("name")}");
        Assert.Equal(JsonValueKind.Null, (await Get(socket, "/agent/query/guess/nobody")).ValueKind);
        Assert.Equal("alive", $"{(await Get(socket, $"/agent/ping/{betaId}")).GetProperty("state")}");
        Assert.Contains("nobody", $"{(await Get(socket, "/agent/ping/nobody")).GetProperty("error")}");

        Assert.Equal(JsonValueKind.Null, (await Get(socket, "/agent/event/restart")).ValueKind);
        using var form = new FormUrlEncodedContent([new("event_type", "restart")]);
        Assert.Equal(HttpStatusCode.OK, (await socket.PostAsync("/agent/event", form)).StatusCode);
        var arrived = await Get(socket, "/agent/event/restart");
        Assert.Equal("restart", $"{arrived.GetProperty("payload").GetProperty("type")}");
        Assert.Equal(HttpStatusCode.BadRequest, (await socket.PostAsync("/agent/event", new StringContent("x"))).StatusCode);
        var waited = await beta.Run("gossip", "events", "wait", "restart", "--timeout", "30");
        Assert.True(waited.ExitCode == 0, waited.Errors);

        foreach (var path in (string[])["/agent/join/127.0.0.1", $"/agent/leave/{uuid}", "/agent/ping/beta", "/agent/event/restart", "/agent/query/guess/beta"])
            Assert.Equal(HttpStatusCode.Forbidden, (await network.GetAsync(path)).StatusCode);
        using var again = new FormUrlEncodedContent([new("event_type", "restart")]);
        Assert.Equal(HttpStatusCode.Forbidden, (await network.PostAsync("/agent/event", again)).StatusCode);

        await beta.Kill();
        await alpha.Until(s => s.Json.EnumerateArray().Any(m => $"{m.GetProperty("state")}" == "failed"), "gossip", "members", "--json");
        Assert.Equal("dead", $"{(await Get(network, "/agent/members")).GetProperty(betaId).GetProperty("state")}");
        var history = (await Get(network, "/agent/members/history")).EnumerateArray().SelectMany(s => s.GetProperty("entries").EnumerateArray()).ToList();
        Assert.Contains(history, e => $"{e.GetProperty("name")} {e.GetProperty("old_state")} {e.GetProperty("state")}" == "beta alive suspect");
        Assert.Contains(history, e => $"{e.GetProperty("name")} {e.GetProperty("state")}" == "beta dead");
        Assert.True((await Get(socket, $"/agent/leave/{betaId}")).GetProperty("success").GetBoolean());
        await alpha.Until(s => s.Json.EnumerateArray().Any(m => $"{m.GetProperty("state")}" == "left"), "gossip", "members", "--json");
        Assert.True((await Get(socket, $"/agent/leave/{uuid}")).GetProperty("success").GetBoolean());
        await alpha.Until(s => s.Output.Contains("State: left"), "gossip", "info");
    }
}
