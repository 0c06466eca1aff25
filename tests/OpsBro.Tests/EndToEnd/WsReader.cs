using System.Text.Json;

namespace OpsBro.Tests.EndToEnd;

/// <summary>A reader of the stream by npm's package <c>ws</c>, in a process of its own.</summary>
sealed class WsReader : IAsyncDisposable
{
    /// <summary>The release that is tested with.</summary>
    public const string Version = "8.23.0";

    const string Script = """
        const [library, url, options] = process.argv.slice(2);
        const WebSocket = require(library);
        const { protocols, ...rest } = JSON.parse(options);
        const say = what => console.log(JSON.stringify(what));
        const socket = new WebSocket(url, protocols || [], rest);
        socket.on('open', () => say({ is: 'open', protocol: socket.protocol, extensions: socket.extensions }));
        socket.on('message', (data, isBinary) => say({ is: 'message', isBinary, data: JSON.parse(data) }));
        socket.on('ping', data => say({ is: 'ping', data: String(data) }));
        socket.on('pong', data => say({ is: 'pong', data: String(data) }));
        socket.on('close', (code, reason) => say({ is: 'close', code, reason: String(reason) }));
        socket.on('error', e => say({ is: 'error', text: String(e) }));
        socket.on('unexpected-response', (request, response) => {
          let body = '';
          response.on('data', part => body += part);
          response.on('end', () => say({ is: 'refused', status: response.statusCode, body }));
        });
        require('readline').createInterface({ input: process.stdin }).on('line', line => {
          const [word, ...more] = line.split(' ');
          const commands = {
            ping: () => socket.ping(more.join(' ')), text: () => socket.send('x'.repeat(Number(more[0]))), close: () => socket.close(4000, 'enough'),
            raw: () => socket._socket.write(Buffer.from(more[0], 'hex')),
          };
          commands[word]();
        });
        """;

    readonly NodeScript script;
    long last;

    WsReader(NodeScript script) => this.script = script;

    /// <summary>Connects; <paramref name="options"/> are those of the package, as JSON.</summary>
    public static async Task<WsReader> Connect(string url, string options = "{}") =>
        new(new NodeScript(Script, await NpmPackage.Install("ws", Version), url, options));

    /// <summary>Connects and waits for the greeting: nothing is missed afterwards.</summary>
    public static async Task<WsReader> Open(string url, string options = "{}")
    {
        var reader = await Connect(url, options);
        await reader.Next("hello", _ => true);
        return reader;
    }

    /// <summary>Tells it something: ping TEXT, text LENGTH, close, raw HEX.</summary>
    public void Tell(string line) => script.Tell(line);

    /// <summary>The next thing of a kind: open, ping, pong, close, refused.</summary>
    public Task<JsonElement> Is(string kind) => script.Next(line => $"{line.GetProperty("is")}" == kind, kind);

    /// <summary>The next message of a topic that satisfies; others are read over. No number may be lower than the one before.</summary>
    public async Task<JsonElement> Next(string topic, Func<JsonElement, bool> satisfied) => (await script.Next(line =>
    {
        if ($"{line.GetProperty("is")}" != "message") return false;
        var message = line.GetProperty("data");
        var number = message.GetProperty("sequence").GetInt64();
        Assert.True(number >= last, $"number {number} came after {last}");
        last = number;
        return $"{message.GetProperty("topic")}" == topic && satisfied(message);
    }, $"a message of the topic {topic}")).GetProperty("data");

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => script.DisposeAsync();
}
