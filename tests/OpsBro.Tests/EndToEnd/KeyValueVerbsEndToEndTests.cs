using static OpsBro.Tests.EndToEnd.KeyValueClient;

namespace OpsBro.Tests.EndToEnd;

/// <summary>Keys and values on one agent: verbs, restarts, damage.</summary>
public sealed class KeyValueVerbsEndToEndTests
{
    [Fact]
    public async Task Verbs_do_what_routes_do()
    {
        await using var agent = await Started();
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
        await using var agent = await Started();
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
    public async Task A_restart_keeps_everything_and_a_kill_what_was_acknowledged()
    {
        await using var agent = await Started();
        var written = 0;
        for (var round = 0; round < 3; round++)
        {
            using var client = agent.Socket();
            var target = written + 200;
            var writers = Enumerable.Range(0, 8).Select(w => Task.Run(async () =>
            {
                for (var i = 0; i < 400; i++)
                {
                    try
                    {
                        var said = await Send(client, "PUT", $"/v1/kv/r{round}/w{w}/{i}", $"{i}");
                        if (said.Status == 200) Interlocked.Increment(ref written);
                        else return i;
                    }
                    catch (HttpRequestException)
                    {
                        return i;   // the agent is no more: this one was not acknowledged
                    }
                }
                return 400;
            })).ToList();
            await RunningAgent.Until(() => Volatile.Read(ref written) >= target, () => "too few writes");
            await agent.Kill();
            var acknowledged = await Task.WhenAll(writers);
            await agent.Start();
            using var after = agent.Socket();
            for (var w = 0; w < 8; w++)
                for (var i = 0; i < acknowledged[w]; i++)
                    Assert.Equal($"{i}", (await Send(after, "GET", $"/v1/kv/r{round}/w{w}/{i}?raw")).Text);
        }
        await agent.Run("agent", "stop");
        await agent.Ended();
        await agent.Start();

        using var last = agent.Socket();
        Assert.Equal("0", await (await last.GetAsync(new Uri("http://opsbro/v1/kv/r0/w0/0?raw"))).Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task An_agent_outside_the_group_is_its_own_store_while_nobody_is_in_it()
    {
        await using var agent = await Started(isMember: false);
        using var client = agent.Socket();

        await Until(client, "PUT", "/v1/kv/a", "1");
        var read = await Send(client, "GET", "/v1/kv/a?raw");
        var state = Json((await Send(client, "GET", "/v1/kv-state")).Text);

        Assert.Equal((200, "1"), (read.Status, read.Text));
        Assert.False(state.GetProperty("is_member").GetBoolean());
        Assert.Empty(state.GetProperty("members").EnumerateArray());
    }

    [Fact]
    public async Task A_file_that_is_damaged_is_moved_aside_and_the_operator_is_told()
    {
        await using var agent = await Started();
        await agent.Run("kv", "put", "a", "1");
        await agent.Run("agent", "stop");
        await agent.Ended();
        await File.WriteAllTextAsync(Path.Join(agent.Data, "kv.db"), "the letter of a friend");
        await agent.Start();
        using var client = agent.Socket();

        var gone = await Send(client, "GET", "/v1/kv/a");
        var put = await Send(client, "PUT", "/v1/kv/a", "2");
        var info = await agent.Run("agent", "info");

        Assert.Equal((404, 200), (gone.Status, put.Status));
        Assert.Contains("kv.db was damaged", info.Output);
        Assert.Contains("damaged", Json((await Send(client, "GET", "/v1/kv-state")).Text).GetProperty("problems")[0].GetString());
    }

    [Fact]
    public async Task Changes_are_told_on_the_agents_stream_without_their_values()
    {
        await using var agent = await Started();
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

    [Fact]
    public async Task A_file_that_is_removed_while_the_agent_runs_is_begun_anew()
    {
        await using var agent = await Started();
        using var client = agent.Socket();
        await Until(client, "PUT", "/v1/kv/a", "1");

        foreach (var file in Directory.GetFiles(agent.Data, "kv.db*")) File.Delete(file);
        await Until(client, "PUT", "/v1/kv/b", "2");
        await agent.Kill();
        await agent.Start();
        using var again = agent.Socket();

        Assert.Equal("2", await Until(again, "GET", "/v1/kv/b?raw"));
    }

    [Fact]
    public async Task Another_name_of_the_node_is_taken_over()
    {
        await using var agent = await Started();
        using var client = agent.Socket();
        await Until(client, "PUT", "/v1/kv/a", "1");

        agent.Gossip("name: renamed");
        await agent.Run("agent", "reload");

        var state = await Until(client, "GET", "/v1/kv-state?key=a", also: text => text.Contains("\"owners\":[\"renamed\"]"));
        Assert.Equal("1", await Until(client, "GET", "/v1/kv/a?raw"));
        Assert.Equal("renamed", $"{Json(state).GetProperty("members")[0].GetProperty("name")}");
    }
}
