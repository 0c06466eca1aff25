using System.Net;
using System.Net.Sockets;
using System.Text;

namespace OpsBro.Tests.EndToEnd;

/// <summary>Statsd with a real agent: every kind of socket, reload, a port that is taken, the last flush.</summary>
public class StatsdEndToEndTests
{

    static void Udp(int port, string packet)
    {
        using var client = new UdpClient();
        client.Send(Encoding.UTF8.GetBytes(packet), new IPEndPoint(IPAddress.Loopback, port));
    }

    static Task<Said> State(RunningAgent agent, Func<System.Text.Json.JsonElement, bool> isSo) =>
        agent.Until(said => isSo(said.Json), "statsd", "state", "--json");

    [Fact]
    public async Task Every_socket_is_read_and_all_of_it_is_flushed()
    {
        await using var agent = RunningAgent.Prepare();
        var (port, path) = (Ports.Free(), Path.Join(agent.Home, "statsd.sock"));
        agent.Write("conf.d/statsd.yml", $"statsd: {{enabled: true, port: {port}, tcp: true, unix_socket: {path}, interval: 1s}}\n");
        await agent.Start();

        Udp(port, "web.hits:1|c\nweb.hits:2|c\nbad line\n_e{2,3}:up|now|#a:b\n_sc|db|1|m:slow");
        using (var tcp = new TcpClient())
        {
            tcp.Connect(IPAddress.Loopback, port);
            tcp.GetStream().Write("tcp.hits:5|c\ntcp.load:7|g"u8);
        }
        using (var unix = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified))
        {
            unix.SendTo("unix.time:5:7|ms"u8, new UnixDomainSocketEndPoint(path));
        }

        var state = await State(agent, s => s.GetProperty("lines").GetInt64() == 8 && s.GetProperty("flushes").GetInt64() > 1);
        Assert.Equal("bad line", $"{state.Json.GetProperty("bad_samples")[0].GetProperty("line")}");
        Assert.Equal(1, state.Json.GetProperty("faults").GetProperty("no_value").GetInt64());
        Assert.Equal(3, state.Json.GetProperty("listens").GetArrayLength());
        Assert.Contains("could not be read", (await agent.Run("statsd", "state")).Output);
        Assert.Equal("up", $"{(await agent.Run("statsd", "events", "--json")).Json[0].GetProperty("title")}");
        Assert.Contains("slow", (await agent.Run("statsd", "checks")).Output);
        // 3 counters of its own, web and tcp: 10 numbers; a gauge, a timer, its own three
        await State(agent, s => s.GetProperty("last_flush").GetProperty("numbers").GetInt32() >= 15
            && s.GetProperty("last_flush").GetProperty("refused").GetInt32() == 0);
    }

    [Fact]
    public async Task It_is_off_unless_asked_for_and_a_reload_moves_it()
    {
        await using var agent = RunningAgent.Prepare();
        await agent.Start();
        Assert.Contains("statsd is off", (await agent.Run("statsd", "state")).Output);
        var (first, second) = (Ports.Free(), Ports.Free());

        agent.Write("conf.d/statsd.yml", $"statsd: {{enabled: true, port: {first}}}\n");
        Assert.Equal(0, (await agent.Run("agent", "reload")).ExitCode);
        await State(agent, s => s.GetProperty("enabled").GetBoolean());
        Udp(first, "a:1|c");
        await State(agent, s => s.GetProperty("packets").GetInt64() == 1);

        agent.Write("conf.d/statsd.yml", $"statsd: {{enabled: true, port: {second}}}\n");
        Assert.Equal(0, (await agent.Run("agent", "reload")).ExitCode);
        await State(agent, s => $"{s.GetProperty("listens")[0]}" == $"udp 127.0.0.1:{second}");
        Udp(second, "a:1|c");
        await State(agent, s => s.GetProperty("packets").GetInt64() == 2);

        agent.Write("conf.d/statsd.yml", "statsd: {enabled: false}\n");
        Assert.Equal(0, (await agent.Run("agent", "reload")).ExitCode);
        await State(agent, s => !s.GetProperty("enabled").GetBoolean());
    }

    [Fact]
    public async Task A_taken_port_is_a_problem_and_the_agent_runs()
    {
        using var taken = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        taken.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        await using var agent = RunningAgent.Prepare();
        agent.Write("conf.d/statsd.yml", $"statsd: {{enabled: true, port: {((IPEndPoint)taken.LocalEndPoint!).Port}}}\n");
        await agent.Start();

        await agent.Until(said => said.Output.Contains("statsd cannot listen on udp 127.0.0.1:", StringComparison.Ordinal), "agent", "info");

        taken.Dispose();
        await State(agent, s => s.GetProperty("listens").GetArrayLength() == 1);
        await agent.Until(said => !said.Output.Contains("statsd cannot listen", StringComparison.Ordinal), "agent", "info");
    }

    [Fact]
    public async Task What_came_before_a_stop_is_kept()
    {
        await using var agent = RunningAgent.Prepare();
        var port = Ports.Free();
        agent.Write("conf.d/statsd.yml", $"statsd: {{enabled: true, port: {port}, interval: 1h}}\n");
        await agent.Start();
        Udp(port, "late:3|c");
        await State(agent, s => s.GetProperty("packets").GetInt64() == 1);

        Assert.Equal(0, (await agent.Run("agent", "stop")).ExitCode);
        await agent.Ended();
        await agent.Start();

        Assert.Contains("\"stats.counters.late.count\"", $"{await agent.Ask("/metrics/index.json")}");
    }
}
