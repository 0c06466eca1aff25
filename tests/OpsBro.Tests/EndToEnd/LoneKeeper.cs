using System.Text.Json;
using System.Text.Json.Nodes;

namespace OpsBro.Tests.EndToEnd;

/// <summary>An agent in group kv that the tests of a class share: one that just started takes four seconds until it knows that it is alone.</summary>
public sealed class LoneKeeper : IAsyncLifetime
{
    RunningAgent? agent;

    /// <summary>The agent, without any keys: made by the first test that runs.</summary>
    internal async Task<RunningAgent> Empty()
    {
        agent ??= await KeyValueClient.Started();
        using var client = agent.Socket();
        var keys = await KeyValueClient.Until(client, "GET", "/v1/kv?recurse&keys");
        var removals = KeyValueClient.Json(keys).GetProperty("keys").EnumerateArray()
            .Select(key => new JsonObject { ["op"] = "delete", ["key"] = $"{key}" }).ToArray<JsonNode>();
        var removed = await KeyValueClient.Send(client, "POST", "/v1/kv", new JsonArray(removals).ToJsonString());
        Assert.Equal(200, removed.Status);
        return agent;
    }

    /// <inheritdoc/>
    public Task InitializeAsync() => Task.CompletedTask;

    /// <inheritdoc/>
    public async Task DisposeAsync()
    {
        if (agent is not null) await agent.DisposeAsync();
    }
}
