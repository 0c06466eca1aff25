using static OpsBro.Tests.EndToEnd.KeyValueClient;

namespace OpsBro.Tests.EndToEnd;

/// <summary>Keys and values on one agent that starts anew: what was written, damage, another name.</summary>
public sealed class KeyValueRestartEndToEndTests
{
    [Fact]
    public async Task A_restart_keeps_everything_and_a_kill_what_was_acknowledged()
    {
        await using var agent = await Started();
        var written = 0;
        for (var round = 0; round < 2; round++)
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
        await File.WriteAllTextAsync(Path.Join(agent.Data, "kv.log"), "the letter of a friend");
        await agent.Start();
        using var client = agent.Socket();

        var gone = await Send(client, "GET", "/v1/kv/a");
        var put = await Send(client, "PUT", "/v1/kv/a", "2");
        var info = await agent.Run("agent", "info");

        Assert.Equal((404, 200), (gone.Status, put.Status));
        Assert.Contains("kv.log was damaged", info.Output);
        Assert.Contains("damaged", Json((await Send(client, "GET", "/v1/kv-state")).Text).GetProperty("problems")[0].GetString());
    }

    [Theory, InlineData(false), InlineData(true)]
    public async Task A_file_that_is_removed_or_replaced_while_the_agent_runs_is_written_anew_and_nothing_is_lost(bool isReplaced)
    {
        await using var agent = await Started();
        using var client = agent.Socket();
        await Until(client, "PUT", "/v1/kv/a", "1");

        var file = Path.Join(agent.Data, "kv.log");
        if (isReplaced)
        {
            await File.WriteAllTextAsync($"{file}.letter", "the letter of a friend");
            File.Move($"{file}.letter", file, overwrite: true);
            await RunningAgent.Until(() => Aside(file).Length == 1, () => "the other file is not moved aside");
            Assert.Equal("the letter of a friend", await File.ReadAllTextAsync(Aside(file)[0]));
        }
        else File.Delete(file);
        await RunningAgent.Until(() => File.Exists(file), () => "the file does not come back");
        await Until(client, "PUT", "/v1/kv/b", "2");
        await agent.Kill();
        await agent.Start();
        using var again = agent.Socket();

        Assert.Equal("1", await Until(again, "GET", "/v1/kv/a?raw"));
        Assert.Equal("2", await Until(again, "GET", "/v1/kv/b?raw"));
    }

    [Fact]
    public async Task An_agent_whose_file_cannot_be_read_for_ever_can_be_stopped()
    {
        await using var agent = RunningAgent.Prepare();
        Directory.CreateDirectory(agent.Data);
        // to open it for reading hangs until somebody writes: so does a file on a server that does not answer
        var made = await RunningAgent.Run(new("mkfifo", [Path.Join(agent.Data, "kv.log")])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        });
        Assert.Equal((0, ""), (made.ExitCode, made.Errors));
        agent.Launch();
        await RunningAgent.Until(() => agent.LogText().Contains(" started (pid "), agent.LogText);

        Assert.Equal(0, await agent.Terminate());

        Assert.Contains("kv.log could not be opened: the disk has not answered", agent.LogText());
    }

    static string[] Aside(string file) => Directory.GetFiles(Path.GetDirectoryName(file)!, $"{Path.GetFileName(file)}.foreign-*");

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
