using System.Net;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;

namespace OpsBro.Tests.EndToEnd;

/// <summary>Live agents and their websocket port, read by npm's <c>ws</c> and by bare sockets.</summary>
public class WebSocketEndToEndTests
{
    const string Token = "0123456789abcdef0123";

    internal const string Rules = """
        check:
          name: marked
          interval: 200ms
          critical_if: "file_exists('HOME/mark')"
          ok_output: "'nothing'"
          critical_output: "'it is marked'"
        detector:
          name: found
          interval: 1s
          apply_if: "file_exists('HOME/found')"
          groups: [found]
        """;

    static async Task<(RunningAgent Agent, int Port)> Named(string name, string more = "")
    {
        var (agent, port) = (RunningAgent.Prepare(), Ports.Free());
        agent.Gossip($"name: {name}", "profile: local");
        agent.AddToAgentYml($"  tokens: [{Token}]\n");
        agent.Write("conf.d/websocket.yml", Section(port, more));
        agent.Write("checks/rules.yml", Rules.Replace("HOME", agent.Home));
        await agent.Start();
        return (agent, port);
    }

    static string Section(int port, string more = "") => $"websocket: {{enabled: true, port: {port}{more}}}\n";

    static string Url(int port, string query = "") => $"ws://127.0.0.1:{port}/v1/stream{query}";

    static bool Has(JsonElement message, string key, string value) => message.TryGetProperty(key, out var found) && $"{found}" == value;

    static bool About(JsonElement message, string node, string change) => Has(message, "node", node) && Has(message, "change", change);

    [Fact]
    public async Task A_node_that_comes_changes_and_goes_is_told_in_the_originals_shape_with_growing_numbers()
    {
        var (alpha, port) = await Named("alpha");
        await using var first = alpha;
        var (beta, _) = await Named("beta");
        await using var second = beta;
        await using var reader = await WsReader.Open($"ws://127.0.0.1:{port}/");   // where the original had it
        await using var onApi = await WsReader.Open(Url(alpha.Port, "?topics=group"));

        await beta.Run("gossip", "join", alpha.Address);
        var came = await reader.Next("member", m => About(m, "beta", "join"));
        await alpha.Until(s => s.Output.Contains("marked"), "monitoring", "state", "beta");
        File.WriteAllText(Path.Join(beta.Home, "mark"), "");
        var critical = await reader.Next("check", m => About(m, "beta", "state") && Has(m, "state", "critical"));
        File.WriteAllText(Path.Join(beta.Home, "found"), "");
        var group = await reader.Next("group", m => About(m, "beta", "added") && Has(m, "group", "found"));
        File.WriteAllText(Path.Join(alpha.Home, "found"), "");
        var own = await reader.Next("group", m => About(m, "alpha", "added") && Has(m, "group", "found"));
        var same = await onApi.Next("group", m => About(m, "alpha", "added") && Has(m, "group", "found"));
        await beta.Kill();
        var suspect = await reader.Next("member", m => About(m, "beta", "suspect"));
        var gone = await reader.Next("member", m => About(m, "beta", "failed"));

        static JsonElement Payload(JsonElement message) => message.GetProperty("payload");
        Assert.All((JsonElement[])[came, critical, group, own, suspect, gone], message =>
        {
            Assert.Equal("gossip", $"{message.GetProperty("channel")}");
            Assert.Equal(["uuid", "name", "display_name", "addr", "port", "state", "incarnation", "zone", "is_proxy", "groups", "services", "checks", "type"],
                Payload(message).EnumerateObject().Select(p => p.Name));
            Assert.NotEqual("", $"{message.GetProperty("cause")}");
        });
        Assert.Equal(("gossip::alive", "gossip::suspect", "gossip::dead"),
            ($"{Payload(came).GetProperty("type")}", $"{Payload(suspect).GetProperty("type")}", $"{Payload(gone).GetProperty("type")}"));
        Assert.Equal(beta.Address, $"{Payload(came).GetProperty("addr")}");
        Assert.Equal("ok", $"{critical.GetProperty("before")}");
        var marked = Payload(critical).GetProperty("checks").EnumerateObject().Single(c => c.Name == $"{critical.GetProperty("check")}");
        Assert.Equal(2, marked.Value.GetProperty("state_id").GetInt32());
        Assert.Contains(Payload(group).GetProperty("groups").EnumerateArray(), g => $"{g}" == "found");
        Assert.Contains(Payload(own).GetProperty("groups").EnumerateArray(), g => $"{g}" == "found");
        Assert.Equal(40, $"{Payload(own).GetProperty("uuid")}".Length);
        Assert.Equal($"{own}", $"{same}");
    }

    [Fact]
    public async Task Readers_hear_it_when_the_agent_stops()
    {
        var (agent, port) = await Named("alpha");
        await using var one = agent;
        using ClientWebSocket onPort = new(), onApi = new();
        using var patience = new CancellationTokenSource(RunningAgent.Patience);
        foreach (var (socket, url) in ((ClientWebSocket, string)[])[(onPort, Url(port)), (onApi, Url(agent.Port))])
            await socket.ConnectAsync(new Uri(url), patience.Token);

        var stopping = agent.Run("agent", "stop");

        var buffer = new byte[64 * 1024];
        foreach (var socket in (ClientWebSocket[])[onPort, onApi])
        {
            while ((await socket.ReceiveAsync(buffer, patience.Token)).MessageType != WebSocketMessageType.Close) ;
            Assert.Equal((WebSocketCloseStatus.EndpointUnavailable, "the agent stops"), (socket.CloseStatus, socket.CloseStatusDescription));
            await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, "", patience.Token);
        }
        Assert.Equal(0, (await stopping).ExitCode);
    }

    [Fact]
    public async Task A_reader_resumes_filters_and_gets_the_whole_state_when_its_place_is_lost()
    {
        var (agent, port) = await Named("alpha");
        await using var one = agent;
        await using var groups = await WsReader.Open(Url(port, "?topics=group,check&group=fou*"));
        await using var flat = await WsReader.Open(Url(port, "?payload=false&check=*marked&state=critical"));

        File.WriteAllText(Path.Join(agent.Home, "mark"), "");
        var critical = await flat.Next("check", _ => true);
        File.WriteAllText(Path.Join(agent.Home, "found"), "");
        var found = await groups.Next("group", _ => true);
        File.Delete(Path.Join(agent.Home, "found"));
        var lost = await groups.Next("group", _ => true);
        await using var again = await WsReader.Connect(Url(port, $"?topics=group&since={found.GetProperty("sequence")}"));
        var next = await again.Next("group", _ => true);
        await using var old = await WsReader.Connect(Url(port, "?since=17"));
        var notice = await old.Next("snapshot", _ => true);
        var node = await old.Next("member", m => Has(m, "change", "snapshot"));
        var end = await old.Next("snapshot-done", _ => true);

        Assert.False(critical.TryGetProperty("channel", out _));
        Assert.True(Has(critical, "node", "alpha") && Has(critical, "is_hard", "True"), $"{critical}");
        Assert.Equal(("found", "added", "removed"), ($"{found.GetProperty("group")}", $"{found.GetProperty("change")}", $"{lost.GetProperty("change")}"));
        Assert.Equal($"{lost}", $"{next}");
        Assert.Equal("17", $"{notice.GetProperty("since")}");
        Assert.Equal("alpha", $"{node.GetProperty("payload").GetProperty("name")}");
        Assert.Equal($"{notice.GetProperty("sequence")}", $"{end.GetProperty("sequence")}");
    }

    [Fact]
    public async Task Pings_are_answered_text_is_ignored_and_what_breaks_the_protocol_ends_the_connection()
    {
        var (agent, port) = await Named("alpha");
        await using var one = agent;
        foreach (var at in (int[])[port, agent.Port])
        {
            await using var reader = await WsReader.Open(Url(at));
            reader.Tell("text 1000");
            reader.Tell("ping are you there");
            var pong = await reader.Is("pong");
            reader.Tell("close");
            var close = await reader.Is("close");
            await using var large = await WsReader.Open(Url(at));
            large.Tell("text 100000");
            var tooBig = await large.Is("close");
            await using var bare = await WsReader.Open(Url(at));
            bare.Tell("raw 810141");
            var unmasked = await bare.Is("close");

            Assert.Equal("are you there", $"{pong.GetProperty("data")}");
            Assert.Equal(4000, close.GetProperty("code").GetInt32());   // what it said itself
            Assert.Equal(1009, tooBig.GetProperty("code").GetInt32());
            Assert.Equal(1002, unmasked.GetProperty("code").GetInt32());
            Assert.Contains("masked", $"{unmasked.GetProperty("reason")}");
        }
    }

    [Fact]
    public async Task Foreign_pages_wrong_tokens_and_wrong_parameters_are_refused_and_no_token_stands_in_the_log()
    {
        var (agent, port) = await Named("alpha");
        await using var one = agent;
        foreach (var at in (int[])[port, agent.Port])
        {
            async Task<(int Status, string Body)> Refused(string query, string options)
            {
                await using var reader = await WsReader.Connect(Url(at, query), options);
                var refused = await reader.Is("refused");
                return (refused.GetProperty("status").GetInt32(), $"{refused.GetProperty("body")}");
            }

            var foreign = await Refused("", """{"origin": "http://evil.example"}""");
            var token = await Refused("?token=wrongwrongwrong1", "{}");
            var header = await Refused("", """{"headers": {"Authorization": "Bearer wrongwrongwrong1"}}""");
            var host = await Refused("", """{"headers": {"Host": "evil.example"}}""");
            var topic = await Refused("?topics=members", "{}");
            var parameter = await Refused("?tpoics=member", "{}");
            await using var page = await WsReader.Open(Url(at, $"?token={Token}"), $$"""{"origin": "http://127.0.0.1:{{agent.Port}}"}""");
            await using var protocol = await WsReader.Connect(Url(at), $$"""{"protocols": ["opsbro", "token.{{Token}}"]}""");
            var open = await protocol.Is("open");

            Assert.Equal((403, 401, 401, 421, 400, 400), (foreign.Status, token.Status, header.Status, host.Status, topic.Status, parameter.Status));
            Assert.Contains("http.hosts", foreign.Body);
            Assert.Contains("did you mean", topic.Body);
            Assert.Contains("did you mean", parameter.Body);
            Assert.Equal("opsbro", $"{open.GetProperty("protocol")}");
            Assert.Equal("", $"{open.GetProperty("extensions")}");
        }
        Assert.DoesNotContain("wrongwrong", agent.LogText());
        Assert.DoesNotContain(Token, agent.LogText());
    }

    [Fact]
    public async Task The_port_opens_moves_and_closes_with_the_configuration()
    {
        await using var agent = await RunningAgent.Started();
        var (before, after) = (Ports.Free(), Ports.Free());

        agent.Write("conf.d/websocket.yml", Section(before));
        await agent.Run("agent", "reload");
        await agent.Until(s => s.Output.Contains($"127.0.0.1:{before}"), "events", "state");
        await using var reader = await WsReader.Open(Url(before));
        agent.Write("conf.d/websocket.yml", Section(after));
        await agent.Run("agent", "reload");
        var close = await reader.Is("close");
        await agent.Until(s => s.Output.Contains($"127.0.0.1:{after}"), "events", "state");
        await using var second = await WsReader.Open(Url(after));
        await agent.Run("agent", "stop");
        var stop = await second.Is("close");
        await agent.Ended();

        Assert.Equal((1001, 1001), (close.GetProperty("code").GetInt32(), stop.GetProperty("code").GetInt32()));
    }

    [Fact]
    public async Task A_port_that_is_taken_is_a_problem_and_is_opened_when_it_is_free()
    {
        var (agent, port) = (RunningAgent.Prepare(), Ports.Free());
        await using var one = agent;
        agent.Write("conf.d/websocket.yml", Section(port));
        using (var other = new TcpListener(IPAddress.Loopback, port))
        {
            other.Start();
            await agent.Start();
            var said = await agent.Until(s => s.Output.Contains("cannot listen"), "events", "state");
            Assert.Contains("set websocket.address or websocket.port", said.Output);
        }

        await agent.Until(s => s.Output.Contains($"Listens: 127.0.0.1:{port}"), "events", "state");
        Assert.Contains($"Listens: websocket on 127.0.0.1:{port}", (await agent.Run("agent", "info")).Output);
    }

    [Fact]
    public async Task Readers_beyond_the_limit_are_told_so_and_who_goes_makes_room()
    {
        var (agent, port) = await Named("alpha", ", max_clients: 2");
        await using var one = agent;
        await using var first = await WsReader.Open(Url(port));
        await using var second = await WsReader.Open(Url(port));

        await using var third = await WsReader.Connect(Url(port));
        var refused = await third.Is("refused");
        first.Tell("close");
        await first.Is("close");
        await agent.Until(s => s.Json.GetProperty("clients").GetInt32() == 1, "events", "state", "--json");
        await using var fourth = await WsReader.Open(Url(port));

        Assert.Equal(503, refused.GetProperty("status").GetInt32());
        Assert.Contains("max_clients", $"{refused.GetProperty("body")}");
    }

    /// <summary>The head of the answer to bytes that no library would send.</summary>
    static async Task<string> Say(int port, string head)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, port);
        await client.GetStream().WriteAsync(Encoding.Latin1.GetBytes(head));
        using var patience = new CancellationTokenSource(RunningAgent.Patience);
        using var reader = new StreamReader(client.GetStream());
        var answer = new StringBuilder();
        while (await reader.ReadLineAsync(patience.Token) is { Length: > 0 } line) answer.Append(line).Append("\r\n");
        return answer.ToString();
    }

    [Fact]
    public async Task What_is_no_reader_gets_an_answer_that_says_so()
    {
        var (agent, port) = await Named("alpha");
        await using var one = agent;

        var root = await Say(port, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
        var elsewhere = await Say(port, "GET /v1/members HTTP/1.1\r\nHost: localhost\r\n\r\n");
        var junk = await Say(port, "\u0016\u0003\u0001 hello\r\n\r\n");
        var large = await Say(port, $"GET / HTTP/1.1\r\nHost: localhost\r\nX: {new string('x', 20_000)}\r\n\r\n");
        var head = await Say(port, "HEAD /v1/stream HTTP/1.1\r\nHost: localhost\r\nOrigin: http://localhost:6768\r\n\r\n");

        foreach (var at in (int[])[port, agent.Port])
        {
            var old = await Say(at, "GET /v1/stream HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 8\r\n"
                + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
            Assert.StartsWith("HTTP/1.1 426 ", old);
            Assert.Contains("Sec-WebSocket-Version: 13\r\n", old);
            Assert.Contains("Upgrade: websocket\r\n", old);
        }
        Assert.StartsWith("HTTP/1.1 426 ", root);
        Assert.StartsWith("HTTP/1.1 404 ", elsewhere);
        Assert.StartsWith("HTTP/1.1 400 ", junk);
        Assert.StartsWith("HTTP/1.1 431 ", large);
        Assert.StartsWith("HTTP/1.1 200 ", head);
        Assert.Contains("Access-Control-Allow-Origin: http://localhost:6768\r\n", head);
    }

    /// <summary>Browsers use HTTP/2 for websockets, too, once the page came by it.</summary>
    [Theory, InlineData("1.1"), InlineData("2.0")]
    public async Task With_tls_the_api_speaks_websocket_over_both_versions_of_http(string version)
    {
        await using var agent = RunningAgent.Prepare();
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=opsbro", key, HashAlgorithmName.SHA256);
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        agent.Write("tls.pem", certificate.ExportCertificatePem());
        agent.Write("tls.key", key.ExportPkcs8PrivateKeyPem());
        agent.AddToAgentYml($"  tls: {{certificate: {agent.Config}/tls.pem, key: {agent.Config}/tls.key}}\n");
        await agent.Start();
        using var handler = new SocketsHttpHandler();
        handler.SslOptions.RemoteCertificateValidationCallback = (_, shown, _, _) => shown?.GetCertHashString() == certificate.GetCertHashString();
        using var invoker = new HttpMessageInvoker(handler);
        using var socket = new ClientWebSocket();
        socket.Options.HttpVersion = Version.Parse(version);
        socket.Options.HttpVersionPolicy = HttpVersionPolicy.RequestVersionExact;
        using var patience = new CancellationTokenSource(RunningAgent.Patience);

        await socket.ConnectAsync(new Uri($"wss://127.0.0.1:{agent.Port}/v1/stream?topics=event"), invoker, patience.Token);
        await agent.Tell("/v1/events", """{"name": "deploy", "payload": "v2"}""");
        var text = "";
        while (!text.Contains("deploy"))
        {
            var buffer = new byte[16 * 1024];
            var got = await socket.ReceiveAsync(buffer.AsMemory(), patience.Token);
            text = Encoding.UTF8.GetString(buffer, 0, got.Count);
        }
        await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, "enough", patience.Token);

        Assert.Equal("v2", $"{JsonDocument.Parse(text).RootElement.GetProperty("payload").GetProperty("payload")}");
        Assert.Equal(WebSocketCloseStatus.NormalClosure, socket.CloseStatus);
    }

    [Fact]
    public async Task Watching_prints_what_happens_for_people_and_for_programs()
    {
        var (agent, _) = await Named("alpha");
        await using var one = agent;
        var start = (await agent.Run("events", "state", "--json")).Json.GetProperty("sequence");

        await agent.Run("event", "deploy", "v2");
        await agent.Run("event", "deploy", "v3");
        var lines = await agent.Run("events", "watch", "--topic", "event", "--since", $"{start}", "--count", "2");
        var json = await agent.Run("events", "watch", "--topic", "event", "--since", $"{start}", "--count", "2", "--json");
        var wrong = await agent.Run("events", "watch", "--topic", "evnet", "--count", "1");

        Assert.Matches("^\\S+ \\S+ event deploy v2\n\\S+ \\S+ event deploy v3\n$", lines.Output);
        Assert.Equal(["v2", "v3"], json.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => $"{JsonDocument.Parse(line).RootElement.GetProperty("payload")}"));
        Assert.Equal(2, wrong.ExitCode);
        Assert.Contains("did you mean \"event\"", wrong.Errors);
    }
}
