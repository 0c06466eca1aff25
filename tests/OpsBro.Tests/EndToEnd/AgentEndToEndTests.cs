using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace OpsBro.Tests.EndToEnd;

/// <summary>A live agent: start, ask, stop; who may do what.</summary>
public class AgentEndToEndTests
{
    [Fact]
    public async Task A_bare_agent_starts_answers_and_stops()
    {
        await using var agent = await RunningAgent.Started();

        var info = await agent.Run("agent", "info", "--json");
        var stopped = await agent.Run("agent", "stop");
        var after = await agent.Run("agent", "info");

        Assert.Equal("ok", info.Json.GetProperty("state").GetString());
        Assert.Equal(agent.Pid, info.Json.GetProperty("pid").GetInt32());
        Assert.Equal(0, stopped.ExitCode);
        Assert.Equal(1, after.ExitCode);
        Assert.Contains("start one with \"opsbro agent start\"", after.Errors);
        Assert.False(File.Exists(Path.Join(agent.Data, "opsbro.sock")));
    }

    [Fact]
    public async Task A_second_agent_on_the_same_data_is_refused_with_the_pid_of_the_first()
    {
        await using var agent = await RunningAgent.Started();

        var second = await agent.Run("agent", "start");

        Assert.Equal(2, second.ExitCode);
        Assert.Contains($"(pid {agent.Pid})", second.Errors);
    }

    [Fact]
    public async Task Two_agents_on_one_port_both_run_and_the_second_says_what_is_taken()
    {
        await using var first = await RunningAgent.Started();
        await using var second = RunningAgent.Prepare();
        second.Write("agent.yml", $"http:\n  listen: 127.0.0.1:{first.Port}\n");
        await second.Start();

        var info = await second.Run("agent", "info", "--json");

        Assert.Contains($"cannot listen on 127.0.0.1:{first.Port}", info.Json.GetProperty("problems").ToString());
    }

    [Fact]
    public async Task A_request_that_does_not_end_makes_no_failure_of_a_stop()
    {
        await using var stays = RunningAgent.Prepare();
        stays.Gossip("name: stays");
        await stays.Start();
        await using var goes = RunningAgent.Prepare();
        goes.Gossip("name: goes");
        goes.AddToAgentYml($"  tokens: [{KeyValueClient.Token}]\n");
        await goes.Start();
        await goes.Run("gossip", "join", stays.Address);
        await stays.Sees("goes", "alive");

        using var client = new TcpClient("127.0.0.1", goes.Port);
        await using var stream = client.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes("PUT /v1/kv/a HTTP/1.1\r\nHost: 127.0.0.1\r\nExpect: 100-continue\r\nContent-Length: 500000\r\n"
            + $"Authorization: Bearer {KeyValueClient.Token}\r\n\r\n"));
        Assert.True(await stream.ReadAsync(new byte[100]) > 0);   // the handler asks for the body
        var sending = Send();
        var exit = await goes.Terminate();
        await sending;

        Assert.Equal(0, exit);
        Assert.Contains("what was under way is cut off", goes.LogText());
        await stays.Sees("goes", "left");

        // slowly, but no slower than a client may
        async Task Send()
        {
            try
            {
                for (var i = 0; i < 499; i++)
                {
                    await stream.WriteAsync(new byte[1000]);
                    await Task.Delay(TimeSpan.FromMilliseconds(100));
                }
            }
            catch (IOException)
            {
                // cut off
            }
        }
    }

    [Fact]
    public async Task A_killed_agent_leaves_nothing_that_stops_the_next_one()
    {
        await using var agent = await RunningAgent.Started();
        var uuid = (await agent.Run("agent", "print", "uuid")).Output;

        await agent.Kill();
        await agent.Start();

        Assert.Equal(uuid, (await agent.Run("agent", "print", "uuid")).Output);
    }

    [Fact]
    public async Task Tcp_may_read_but_changes_need_a_token()
    {
        const string token = "0123456789abcdef0123";
        await using var agent = RunningAgent.Prepare();
        agent.AddToAgentYml($"  tokens: [\"{token}\"]\n");
        await agent.Start();
        using var http = agent.Http();

        using var read = await http.GetAsync("/v1/agent/info");
        using var without = await http.PostAsync("/v1/agent/stop", null);
        using var wrong = await http.SendAsync(WithToken(HttpMethod.Post, "/v1/agent/stop", token + "x"));
        using var unknown = await http.PostAsync("/v1/nothing", null);
        var alive = await agent.Run("agent", "info");
        using var right = await http.SendAsync(WithToken(HttpMethod.Post, "/v1/agent/stop", token));

        Assert.Equal(HttpStatusCode.OK, read.StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, without.StatusCode);
        Assert.Equal("application/problem+json", without.Content.Headers.ContentType!.MediaType);
        Assert.Equal(HttpStatusCode.Unauthorized, wrong.StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, unknown.StatusCode);
        Assert.Equal(0, alive.ExitCode);
        Assert.Equal(HttpStatusCode.OK, right.StatusCode);
        Assert.DoesNotContain(token, agent.LogText());
    }

    [Fact]
    public async Task A_page_under_a_foreign_name_gets_nothing()
    {
        await using var agent = await RunningAgent.Started();
        using var http = agent.Http();
        var request = new HttpRequestMessage(HttpMethod.Get, "/v1/agent/info") { Headers = { Host = "rebound.example.com" } };

        using var answer = await http.SendAsync(request);

        Assert.Equal(HttpStatusCode.MisdirectedRequest, answer.StatusCode);
    }

    [Fact]
    public async Task The_socket_is_closed_to_others_and_gives_every_right()
    {
        await using var agent = await RunningAgent.Started();

        var mode = File.GetUnixFileMode(Path.Join(agent.Data, "opsbro.sock"));
        using var socket = agent.Socket();
        using var stop = await socket.PostAsync("/v1/agent/stop", null);

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.GroupWrite, mode);
        Assert.Equal(HttpStatusCode.OK, stop.StatusCode);
    }

    [Fact]
    public async Task Nothing_in_the_data_directory_is_for_other_users()
    {
        const UnixFileMode others = UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;
        await using var agent = await RunningAgent.Started();

        var open = Directory.EnumerateFileSystemEntries(agent.Data, "*", SearchOption.AllDirectories)
            .Where(path => (File.GetUnixFileMode(path) & others) != 0);

        Assert.Empty(open);
    }

    [Fact]
    public async Task The_api_explains_itself_and_every_reading_route_without_parts_answers()
    {
        await using var agent = await RunningAgent.Started();
        using var http = agent.Http();

        var openApi = JsonDocument.Parse(await http.GetStringAsync("/openapi.json")).RootElement;
        var text = await http.GetStringAsync("/api");
        // these make no sense without a question
        var asks = new Dictionary<string, string>
        {
            ["/metrics/find"] = "?query=*",
            ["/metrics/expand"] = "?query=*",
            ["/render"] = "?target=constantLine(1)",
            ["/tags/findSeries"] = "?expr=name=x",
            ["/metrics/get-metadata"] = "?query=*",
            ["/tags/autoComplete/values"] = "?tag=name",
            ["/v1/metrics/query"] = "?target=constantLine(1)",
        };

        Assert.Equal("3.1.0", openApi.GetProperty("openapi").GetString());
        foreach (var path in openApi.GetProperty("paths").EnumerateObject())
        {
            Assert.Contains(path.Name.Split('{')[0], text);
            if (path.Name.Contains("follow") || path.Name == "/v1/stream") continue;   // without an end
            if (path.Name.Contains('{') || !path.Value.TryGetProperty("get", out var get)) continue;
            if (get.TryGetProperty("security", out _)) continue;   // the original reads and acts with it
            using var answer = await http.GetAsync(path.Name + asks.GetValueOrDefault(path.Name));
            Assert.True(answer.IsSuccessStatusCode, $"GET {path.Name} answered {(int)answer.StatusCode}: {await answer.Content.ReadAsStringAsync()}");
        }
    }

    [Fact]
    public async Task A_misspelt_verb_is_answered_with_the_right_one_and_exit_code_2()
    {
        await using var agent = RunningAgent.Prepare();

        var noun = await agent.Run("agnet");
        var verb = await agent.Run("agent", "inof");
        var option = await agent.Run("agent", "info", "--jsn");

        Assert.Equal((2, 2, 2), (noun.ExitCode, verb.ExitCode, option.ExitCode));
        Assert.Contains("did you mean \"agent\"?", noun.Errors);
        Assert.Contains("did you mean \"info\"?", verb.Errors);
        Assert.Contains("did you mean \"--json\"?", option.Errors);
    }

    [Fact]
    public async Task A_daemon_returns_when_it_answers()
    {
        await using var agent = RunningAgent.Prepare();

        var started = await agent.Run("agent", "start", "--daemon");
        var waited = await agent.Run("agent", "wait-initialized", "--timeout", "60");
        var stopped = await agent.Run("agent", "stop");

        Assert.Equal((0, 0, 0), (started.ExitCode, waited.ExitCode, stopped.ExitCode));
    }

    [Fact]
    public async Task One_shot_looks_once_and_ends()
    {
        await using var agent = RunningAgent.Prepare();

        var once = await agent.Run("agent", "start", "--one-shot");

        Assert.Equal(0, once.ExitCode);
        Assert.Contains("runs on", once.Output);
    }

    static HttpRequestMessage WithToken(HttpMethod method, string path, string token) =>
        new(method, path) { Headers = { Authorization = new AuthenticationHeaderValue("Bearer", token) } };
}
