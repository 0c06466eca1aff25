using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace OpsBro.Tests.EndToEnd;

/// <summary>Graphite's ports of a live agent.</summary>
public class GraphiteEndToEndTests
{
    static readonly long now = DateTimeOffset.UtcNow.ToUnixTimeSeconds();

    static async Task<JsonElement> Graphite(RunningAgent agent, Func<JsonElement, bool> isSo, string what)
    {
        JsonElement last = default;
        for (var watch = System.Diagnostics.Stopwatch.StartNew(); ;)
        {
            if (await agent.Ask("/v1/graphite") is { } answer && isSo(last = answer)) return answer;
            Assert.True(watch.Elapsed < RunningAgent.Patience, $"{what}: never; {last}\n{agent.LogText()}");
            await Task.Yield();
        }
    }

    static long Number(JsonElement view, string key) => view.GetProperty(key).GetInt64();

    static async Task<Socket> Connect(int port)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(IPAddress.Loopback, port);
        return socket;
    }

    /// <summary>Sends, closes our side, and waits until the agent has closed its own.</summary>
    static async Task SendAll(int port, byte[] bytes)
    {
        using var socket = await Connect(port);
        for (var sent = 0; sent < bytes.Length;) sent += await socket.SendAsync(bytes.AsMemory(sent));
        socket.Shutdown(SocketShutdown.Send);
        using var patience = new CancellationTokenSource(RunningAgent.Patience);
        Assert.Equal(0, await socket.ReceiveAsync(new byte[1], SocketFlags.None, patience.Token));
    }

    static byte[] Pickle(string name, long at, double value)
    {
        byte[] number = new byte[8], time = new byte[4];
        BinaryPrimitives.WriteDoubleBigEndian(number, value);
        BinaryPrimitives.WriteInt32LittleEndian(time, (int)at);
        byte[] body = [0x80, 2, (byte)']', (byte)'U', (byte)name.Length, .. Encoding.ASCII.GetBytes(name), (byte)'J', .. time, (byte)'G', .. number, 0x86, 0x86,
            (byte)'a', (byte)'.'];
        byte[] head = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(head, body.Length);
        return [.. head, .. body];
    }

    [Fact]
    public async Task Lines_and_pickles_come_in_by_every_door_and_all_that_was_sent_before_a_close_is_taken()
    {
        var (port, picklePort) = (Ports.Free(), Ports.Free());
        await using var agent = RunningAgent.Prepare();
        agent.AddToAgentYml($"graphite: {{enabled: true, port: {port}, pickle: true, pickle_port: {picklePort}}}\n");
        await agent.Start();
        const int lines = 200_000;
        var text = string.Concat(Enumerable.Range(0, lines).Select(i => $"tcp.s{i % 50} {i} {now - 600 + (i / 400)}\n"));

        await SendAll(port, Encoding.ASCII.GetBytes(text + "rubbish\ntcp.last;host=web1 5 -1"));
        Assert.Equal(lines + 1, Number((await agent.Ask("/v1/graphite"))!.Value, "accepted"));   // by the time it closes, all of it is in
        await SendAll(picklePort, [.. Pickle("pickled", now, 1.5), .. Pickle("pickled", now - 10, 2.5)]);
        using var udp = new UdpClient();
        udp.Send(Encoding.ASCII.GetBytes($"udp.a 1 {now}\nbroken\nudp.b 2 {now}"), new IPEndPoint(IPAddress.Loopback, port));

        var view = await Graphite(agent, v => Number(v, "accepted") == lines + 5 && Number(v, "bad_lines") == 2, "everything");
        Assert.Equal([$"tcp 127.0.0.1:{port}", $"udp 127.0.0.1:{port}", $"pickle 127.0.0.1:{picklePort}"],
            view.GetProperty("listens").EnumerateArray().Select(l => l.GetString()));
        Assert.Equal((lines + 5, 2, 1, 0), (Number(view, "lines"), Number(view, "pickles"), Number(view, "packets"), Number(view, "kernel_drops")));
        Assert.Equal(["broken", "rubbish"], view.GetProperty("bad_samples").EnumerateArray().Select(s => s.GetProperty("line").GetString()));
        await Graphite(agent, v => Number(v, "connections") == 0, "the connections are closed");
        var state = (await agent.Run("graphite", "state")).Output;
        Assert.Contains($"Listens: tcp 127.0.0.1:{port}\n", state);
        Assert.Contains("2 pickles, 1 datagrams; 2 could not be read", state);
        Assert.Contains("\trubbish", state);
    }

    [Fact]
    public async Task Each_switch_is_honoured_also_after_a_reload()
    {
        var (port, picklePort) = (Ports.Free(), Ports.Free());
        await using var agent = RunningAgent.Prepare();
        void Switches(bool tcp, bool udp, bool pickle, bool enabled = true) => agent.Write("conf.d/graphite.yml",
            $"graphite: {{enabled: {enabled}, port: {port}, pickle_port: {picklePort}, tcp: {tcp}, udp: {udp}, pickle: {pickle}}}\n".ToLowerInvariant());
        Switches(tcp: true, udp: false, pickle: false);
        await agent.Start();
        async Task Listens(params string[] expected)
        {
            await Graphite(agent, v => v.GetProperty("listens").EnumerateArray().Select(l => l.GetString()!.Split(' ')[0]).SequenceEqual(expected),
                $"listens on {string.Join(" and ", expected)}");
            Assert.Equal((expected.Contains("tcp"), expected.Contains("pickle")), (await IsOpen(port), await IsOpen(picklePort)));
        }

        await Listens("tcp");
        foreach (var (tcp, udp, pickle, expected) in new (bool, bool, bool, string[])[]
                 {
                     (false, true, false, ["udp"]), (false, false, true, ["pickle"]), (true, true, true, ["tcp", "udp", "pickle"]),
                 })
        {
            Switches(tcp, udp, pickle);
            Assert.Equal(0, (await agent.Run("agent", "reload")).ExitCode);
            await Listens(expected);
        }
        Switches(true, true, true, enabled: false);
        await agent.Run("agent", "reload");
        await Listens();
        Assert.False((await agent.Ask("/v1/graphite"))!.Value.GetProperty("enabled").GetBoolean());
    }

    static async Task<bool> IsOpen(int port)
    {
        try
        {
            using var socket = await Connect(port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    [Fact]
    public async Task It_is_off_until_configured()
    {
        await using var agent = await RunningAgent.Started();

        var view = (await agent.Ask("/v1/graphite"))!.Value;

        Assert.False(view.GetProperty("enabled").GetBoolean());
        Assert.Empty(view.GetProperty("listens").EnumerateArray());
    }

    [Fact]
    public async Task A_port_that_is_taken_is_a_problem_the_agent_runs_on_and_takes_it_when_it_is_free()
    {
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();
        var port = ((IPEndPoint)other.LocalEndpoint).Port;
        await using var agent = RunningAgent.Prepare();
        agent.AddToAgentYml($"graphite: {{enabled: true, port: {port}}}\n");

        await agent.Start();

        var view = await Graphite(agent, v => v.GetProperty("problems").GetArrayLength() == 1, "a problem");
        Assert.Contains($"cannot listen on tcp 127.0.0.1:{port}", $"{view.GetProperty("problems")[0]}");
        Assert.Equal([$"udp 127.0.0.1:{port}"], view.GetProperty("listens").EnumerateArray().Select(l => l.GetString()));
        Assert.Contains("graphite cannot listen", (await agent.Run("agent", "info")).Output);
        other.Stop();
        Assert.Equal(0, (await agent.Run("agent", "reload")).ExitCode);
        await Graphite(agent, v => v.GetProperty("listens").GetArrayLength() == 2 && v.GetProperty("problems").GetArrayLength() == 0, "the port is ours");
    }

    [Fact]
    public async Task Connections_have_a_limit_and_the_silent_are_closed()
    {
        var port = Ports.Free();
        await using var agent = RunningAgent.Prepare();
        agent.AddToAgentYml($"graphite: {{enabled: true, port: {port}, udp: false, max_connections: 3, idle_timeout: 1s}}\n");
        await agent.Start();

        var sockets = new List<Socket>();
        for (var i = 0; i < 8; i++) sockets.Add(await Connect(port));

        await Graphite(agent, v => Number(v, "refused_connections") >= 5, "five are too many");
        await Graphite(agent, v => Number(v, "connections") == 0 && Number(v, "cut_connections") >= 3, "the silent are closed");
        sockets.ForEach(s => s.Dispose());
    }
}
