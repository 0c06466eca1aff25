using static OpsBro.Tests.EndToEnd.KeyValueClient;

namespace OpsBro.Tests.EndToEnd;

/// <summary>Keys and values on one agent: verbs, changes, a full store.</summary>
public sealed class KeyValueVerbsEndToEndTests(LoneKeeper keeper) : IClassFixture<LoneKeeper>
{
    [Fact]
    public async Task Verbs_do_what_routes_do()
    {
        var agent = await keeper.Empty();
        var file = Path.Join(agent.Home, "value");
        await File.WriteAllBytesAsync(file, [0, 255, 10]);

        var put = await agent.Run("kv-store", "put", "app/mode", "fast");
        var fromFile = await agent.Run("kv", "put", "app/file", "@" + file, "--ttl", "1h", "--w", "one");
        var get = await agent.Run("kv-store", "get", "app/mode");
        var json = await agent.Run("kv", "get", "app/file", "--json");
        var missing = await agent.Run("kv", "get", "none");
        var conflict = await agent.Run("kv", "put", "app/mode", "x", "--cas", "1");
        var noFile = await agent.Run("kv", "put", "app/mode", "@/does/not/exist");
        var list = await agent.Run("kv", "list");
        var all = await agent.Run("kv", "ls", "app/", "--recurse", "--long");
        var exists = await agent.Run("kv-store", "wait-exists", "app/mode", "--timeout", "60");
        var never = await agent.Run("kv-store", "wait-exists", "none", "--timeout", "0");
        var value = await agent.Run("kv", "wait-value", "app/mode", "fast", "--timeout", "60");
        var otherValue = await agent.Run("kv", "wait-value", "app/mode", "slow", "--timeout", "0");
        var state = await agent.Run("kv", "state");
        var where = await agent.Run("kv", "where", "app/mode");

        Assert.StartsWith("app/mode is written, version ", put.Output);
        Assert.Equal((0, 0), (put.ExitCode, fromFile.ExitCode));
        Assert.Equal("fast", get.Output);
        Assert.Equal("AP8K", $"{json.Json.GetProperty("value_base64")}");
        Assert.Equal((6, "error: no key is named \"none\"\n"), (missing.ExitCode, missing.Errors));
        Assert.Equal(5, conflict.ExitCode);
        Assert.Equal(2, noFile.ExitCode);
        Assert.Equal("app/\n", list.Output);
        Assert.StartsWith("KEY\tSIZE\tVERSION\tTIME\tWRITER\tTTL\napp/file\t3\t", all.Output);
        Assert.Equal((0, 2, 0, 2), (exists.ExitCode, never.ExitCode, value.ExitCode, otherValue.ExitCode));
        Assert.Contains("Keeps keys: yes", state.Output);
        Assert.Equal((await agent.Ask("/v1/gossip"))!.Value.GetProperty("name").GetString() + "\n", where.Output);
    }

    [Fact]
    public async Task What_is_exported_can_be_imported()
    {
        var agent = await keeper.Empty();
        for (var i = 0; i < 450; i++) await agent.Tell("/v1/kv", $"[{{\"op\":\"put\",\"key\":\"e/{i:000}\",\"value\":\"v{i}\"}}]");
        await agent.Run("kv", "put", "e/ttl", "t", "--ttl", "1h");

        var exported = await agent.Run("kv", "export", "e/");
        var file = Path.Join(agent.Home, "export");
        await File.WriteAllTextAsync(file, exported.Output);
        var nothing = await agent.Run("kv", "import", file, "--dry-run");
        await agent.Run("kv", "delete", "e/007");
        await agent.Run("kv", "put", "e/008", "other");
        var two = await agent.Run("kv", "import", file, "--dry-run");
        var done = await agent.Run("kv", "import", file);
        var back = await agent.Run("kv", "get", "e/007");
        var ttl = await agent.Run("kv", "get", "e/ttl", "--json");
        await File.WriteAllTextAsync(file, "{\"key\":\"x\"}\n");
        var bad = await agent.Run("kv", "import", file);

        Assert.Equal(451, exported.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
        Assert.Equal((0, "0 keys would change\n"), (nothing.ExitCode, nothing.Output));
        Assert.Equal((2, "new e/007\nchanged e/008\n2 keys would change\n"), (two.ExitCode, two.Output));
        Assert.Equal((0, "451 keys written\n"), (done.ExitCode, done.Output));
        Assert.Equal("v7", back.Output);
        Assert.InRange(ttl.Json.GetProperty("ttl").GetDouble(), 1, 3600);
        Assert.Equal((2, "error: line 1 has no key or no value_base64\n"), (bad.ExitCode, bad.Errors));
    }

    [Fact]
    public async Task Changes_are_told_on_the_agents_stream_without_their_values()
    {
        var agent = await keeper.Empty();
        using var client = agent.Socket();
        using var patience = new CancellationTokenSource(RunningAgent.Patience * 2);
        using var tcp = agent.Http();
        await using var stream = await tcp.GetStreamAsync(new Uri("v1/stream?topics=kv", UriKind.Relative), patience.Token);
        using var reader = new StreamReader(stream);
        await Send(client, "PUT", "/v1/kv/a", "a-secret-value");

        string? data = null;
        while (data is null && await reader.ReadLineAsync(patience.Token) is { } line)
            if (line.StartsWith("data: ", StringComparison.Ordinal) && line.Contains("\"topic\":\"kv\"")) data = line;

        Assert.Contains("\"change\":\"put\",\"key\":\"a\"", data);
        Assert.DoesNotContain("secret", data);
        Assert.DoesNotContain("secret", agent.LogText());
    }

    [Fact]
    public async Task A_full_store_refuses_more_takes_removals_and_grows_with_a_reload()
    {
        await using var agent = RunningAgent.Prepare();
        agent.AddToAgentYml("groups: [kv]\n");
        agent.Write("conf.d/kv.yml", "kv: {max_size: 1MB}\n");
        await agent.Start();
        using var client = agent.Socket();
        var value = new string('v', 300_000);

        for (var i = 0; i < 3; i++) await Until(client, "PUT", $"/v1/kv/k{i}", value);
        var full = await Send(client, "PUT", "/v1/kv/k3", value);
        var read = await Send(client, "GET", "/v1/kv/k0?raw");
        var smaller = await Send(client, "PUT", "/v1/kv/k0", "small");
        var removed = await Send(client, "DELETE", "/v1/kv/k1");
        agent.Write("conf.d/kv.yml", "kv: {max_size: 16MB}\n");
        await agent.Run("agent", "reload");

        Assert.Equal((507, 200, 200, 200), (full.Status, read.Status, smaller.Status, removed.Status));
        Assert.Contains("full", $"{Json(full.Text).GetProperty("detail")}");
        for (var i = 4; i < 14; i++) await Until(client, "PUT", $"/v1/kv/k{i}", value);
        await Until(client, "GET", "/v1/kv-state", also: text => Json(text).GetProperty("max_bytes").GetInt64() == 16 << 20);
        agent.Write("conf.d/kv.yml", "kv: {max_sise: 16MB}\n");
        Assert.Contains("conf.d/kv.yml:1:6: unknown key \"max_sise\" in kv", (await agent.Run("config", "check")).Output);
    }
}
