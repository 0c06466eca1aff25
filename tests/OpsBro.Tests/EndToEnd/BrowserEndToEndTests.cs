using System.Text.Json;

namespace OpsBro.Tests.EndToEnd;

/// <summary>A real browser (Debian's chromium, steered by npm's playwright-core) that reads the stream from a page of the agent's host.</summary>
public class BrowserEndToEndTests
{
    const string Playwright = "1.65.1", Token = "0123456789abcdef0123";

    const string Script = """
        const [library, page, port] = process.argv.slice(2);
        const { chromium } = require(library);
        const say = what => console.log(JSON.stringify(what));
        const token = '0123456789abcdef0123';

        // runs in the page
        const listen = ({ port, token }) => {
          const socket = new WebSocket(`ws://127.0.0.1:${port}/v1/stream?topics=group`, ['opsbro', `token.${token}`]);
          socket.onopen = () => report({ is: 'ws-open', protocol: socket.protocol });
          socket.onmessage = m => report({ is: 'ws', data: JSON.parse(m.data) });
          socket.onclose = e => report({ is: 'ws-close', code: e.code });
          for (const [name, base] of [['port', `http://127.0.0.1:${port}`], ['api', '']]) {
            if (name === 'api' && location.hostname === 'localhost') continue;
            const source = new EventSource(`${base}/v1/stream?topics=group&token=${token}`);
            source.addEventListener('hello', () => report({ is: name + '-hello' }));
            source.addEventListener('group', e => report({ is: name, id: e.lastEventId, data: JSON.parse(e.data) }));
            source.onerror = () => report({ is: name + '-error', isOver: source.readyState === EventSource.CLOSED });
          }
        };

        (async () => {
          const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--disable-dev-shm-usage'] });
          const tab = await browser.newPage();
          await tab.exposeFunction('report', say);
          await tab.goto(page);
          await tab.evaluate(listen, { port, token });
          // a page of another host, on this machine
          const server = require('http').createServer((request, response) => response.end('a page')).listen(0, async () => {
            const foreign = await browser.newPage();
            await foreign.exposeFunction('report', what => say({ ...what, isForeign: true }));
            await foreign.goto(`http://localhost:${server.address().port}/`);
            await foreign.evaluate(listen, { port, token });
          });
          process.stdin.on('end', async () => { await browser.close(); process.exit(0); });
          process.stdin.resume();
        })().catch(e => { console.error(e); process.exit(1); });
        """;

    static bool Is(JsonElement line, string kind, bool isForeign = false) =>
        $"{line.GetProperty("is")}" == kind && line.TryGetProperty("isForeign", out _) == isForeign;

    static bool Found(JsonElement line, string change) =>
        line.GetProperty("data").TryGetProperty("group", out var group) && $"{group}" == "found"
        && $"{line.GetProperty("data").GetProperty("change")}" == change;

    [Fact]
    public async Task A_page_of_the_agents_host_gets_changes_and_comes_back_and_a_foreign_one_gets_nothing()
    {
        await using var agent = RunningAgent.Prepare();
        var port = Ports.Free();
        var section = $"websocket: {{enabled: true, port: {port}}}\n";
        agent.AddToAgentYml($"  tokens: [{Token}]\n");
        agent.Write("conf.d/websocket.yml", section);
        agent.Write("checks/rules.yml", WebSocketEndToEndTests.Rules.Replace("HOME", agent.Home));
        await agent.Start();
        await using var browser = new NodeScript(Script, await NpmPackage.Install("playwright-core", Playwright), agent.Url.ToString(), $"{port}");
        var open = await browser.Next(line => Is(line, "ws-open"), "the websocket is open");
        var found = Path.Join(agent.Home, "found");

        File.WriteAllText(found, "");
        var seen = new Dictionary<string, JsonElement>();
        await browser.Next(line =>
        {
            foreach (var kind in (string[])["ws", "port", "api"])
                if (Is(line, kind) && Found(line, "added")) seen[kind] = line;
            return seen.Count == 3;
        }, "the group came by the websocket and by both streams of events");
        // the port closes and opens again: the browser comes back by itself, with the number that it had
        agent.Write("conf.d/websocket.yml", section.Replace("true", "false"));
        await agent.Run("agent", "reload");
        await browser.Next(line => Is(line, "port-error"), "the browser hears that the port is closed");
        File.Delete(found);
        await browser.Next(line => Is(line, "api") && Found(line, "removed"), "the group went, on the API's port");
        agent.Write("conf.d/websocket.yml", section);
        await agent.Run("agent", "reload");
        var late = await browser.Next(line => Is(line, "port") && Found(line, "removed"), "what changed meanwhile");

        Assert.Equal("opsbro", $"{open.GetProperty("protocol")}");
        Assert.Equal("gossip", $"{seen["ws"].GetProperty("data").GetProperty("channel")}");
        Assert.Contains(seen["ws"].GetProperty("data").GetProperty("payload").GetProperty("groups").EnumerateArray(), g => $"{g}" == "found");
        Assert.Equal($"{seen["port"].GetProperty("data")}", $"{seen["api"].GetProperty("data")}");
        Assert.Equal($"{seen["port"].GetProperty("id")}", $"{seen["ws"].GetProperty("data").GetProperty("sequence")}");
        Assert.True(long.Parse($"{late.GetProperty("id")}") > long.Parse($"{seen["port"].GetProperty("id")}"));
        Assert.DoesNotContain(Token, agent.LogText());
    }

    [Fact]
    public async Task A_page_of_another_host_is_refused_by_the_browser_and_the_agent()
    {
        await using var agent = RunningAgent.Prepare();
        var port = Ports.Free();
        agent.AddToAgentYml($"  tokens: [{Token}]\n");
        agent.Write("conf.d/websocket.yml", $"websocket: {{enabled: true, port: {port}}}\n");
        await agent.Start();
        await using var browser = new NodeScript(Script, await NpmPackage.Install("playwright-core", Playwright), agent.Url.ToString(), $"{port}");

        var (isSocketClosed, isSourceClosed) = (false, false);
        await browser.Next(line =>
        {
            Assert.False(Is(line, "ws-open", isForeign: true) || Is(line, "port-hello", isForeign: true), $"{line}");
            isSocketClosed |= Is(line, "ws-close", isForeign: true);
            isSourceClosed |= Is(line, "port-error", isForeign: true) && line.GetProperty("isOver").GetBoolean();
            return isSocketClosed && isSourceClosed;
        }, "the foreign page is refused both");

        var state = (await agent.Run("events", "state", "--json")).Json;
        Assert.True(state.GetProperty("refused").GetInt64() >= 2);
    }
}
