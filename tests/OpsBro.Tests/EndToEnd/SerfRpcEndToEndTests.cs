using System.Diagnostics;
using OpsBro.Core.Wire;

namespace OpsBro.Tests.EndToEnd;

/// <summary>Serf's own command, and worse clients, on our agent's RPC.</summary>
public class SerfRpcEndToEndTests
{
    const string Key = "a key of the RPC";

    static string RpcOf(RunningAgent agent) => $"{agent.Address}:7373";

    [Fact]
    public async Task The_stock_command_drives_our_agent()
    {
        await using var peer = await RunningSerf.Started("peer", "-tag=role=db");
        await using var agent = await MixedCluster.Our("ours", "tags: {role: web}", $"rpc: {{enabled: true, address: '{{0}}:7373', auth_key: {Key}}}");

        var monitor = new Lines(RpcOf(agent));
        var joined = await Serf("join", peer.Address);
        await peer.Sees("ours", "alive");
        await agent.Sees("peer", "alive");
        var members = await Serf("members", "-detailed", "-format=json");
        var filtered = (await Serf("members", "-tag=role=w.b", "-status=alive"), await Serf("members", "-name=p"), await Serf("members", "-status=failed"));
        var fired = await Serf("event", "-coalesce=false", "deploy", "v7");
        await agent.Run("gossip", "events", "wait", "deploy", "--timeout", "60");
        var asked = await Serf("query", "-timeout=1s", "-node=ours", "nothing");
        var tagged = await Serf("tags", "-set", "colour=red");
        await peer.Sees("ours", "alive", m => m.GetProperty("tags").TryGetProperty("colour", out var colour) && $"{colour}" == "red");
        var info = await Serf("info", "-format=json");
        var reached = await Serf("reachability");
        var keys = await Serf("keys", "-list");
        // the first acks with coordinates have to have come
        await RunningAgent.Until(() => Serf("rtt", "peer", "ours").Result is { ExitCode: 0 } said && said.Output.StartsWith("Estimated peer <-> ours rtt: "),
            () => "serf rtt");
        await monitor.Has("Event: \"user\"");
        await monitor.Has("Name: \"deploy\"");
        await monitor.Has("Event: \"member-join\"");
        await monitor.Has("[INFO] gossip: peer");
        await monitor.Stop();
        var refused = (await RunningSerf.Run(RpcOf(agent), "members"), await RunningSerf.RunWith(RpcOf(agent), "wrong", "members"));
        var left = await Serf("leave");
        await peer.Sees("ours", "left");
        var out_ = await Serf("members");
        var back = await Serf("join", peer.Address);
        await peer.Sees("ours", "alive");
        var shown = await agent.Run("agent", "info", "--json");

        Assert.Equal((0, "Successfully joined cluster by contacting 1 nodes.\n"), (joined.ExitCode, joined.Output));
        var ours = members.Json.GetProperty("members").EnumerateArray().Single(m => $"{m.GetProperty("name")}" == "ours");
        Assert.Equal((5, $"{agent.Address}:7946"), (ours.GetProperty("protocol").GetProperty("version").GetInt32(), $"{ours.GetProperty("addr")}"));
        Assert.Contains("ours", filtered.Item1.Output);
        Assert.DoesNotContain("peer", filtered.Item1.Output);
        Assert.Equal(("", ""), (filtered.Item2.Output.Trim(), filtered.Item3.Output.Trim()));   // the whole value must match
        Assert.Equal("Event 'deploy' dispatched! Coalescing enabled: false\n", fired.Output);
        Assert.Contains("Ack from 'ours'\nTotal Acks: 1\nTotal Responses: 0\n", asked.Output);
        Assert.Equal("Successfully updated agent tags\n", tagged.Output);
        var serf = info.Json.GetProperty("serf");
        Assert.Equal(["coordinate_resets", "encrypted", "event_queue", "event_time", "failed", "health_score", "intent_queue", "left", "member_time",
            "members", "query_queue", "query_time"], serf.EnumerateObject().Select(p => p.Name).Order(StringComparer.Ordinal));
        Assert.Equal(("2", "0", "false"), ($"{serf.GetProperty("members")}", $"{serf.GetProperty("failed")}", $"{serf.GetProperty("encrypted")}"));
        Assert.Equal("ours", $"{info.Json.GetProperty("agent").GetProperty("name")}");
        Assert.Equal("red", $"{info.Json.GetProperty("tags").GetProperty("colour")}");
        Assert.Contains("Successfully contacted all live nodes", reached.Output);
        Assert.Contains("the gossip is not encrypted", keys.Errors + keys.Output);
        Assert.Contains("Authentication required", refused.Item1.Errors + refused.Item1.Output);
        Assert.Contains("Invalid authentication token", refused.Item2.Errors + refused.Item2.Output);
        Assert.Equal((0, "Graceful leave complete\n"), (left.ExitCode, left.Output));
        Assert.Contains("this node has left the cluster", out_.Errors + out_.Output);
        Assert.Equal(0, back.ExitCode);
        Assert.Equal(RpcOf(agent), $"{shown.Json.GetProperty("cluster").GetProperty("rpc")}");
        Assert.DoesNotContain(Key, agent.LogText() + shown.Output);

        Task<Said> Serf(params string[] args) => RunningSerf.RunWith(RpcOf(agent), Key, args);
    }

    [Fact]
    public async Task Bad_clients_are_told_or_sent_away_and_do_no_harm()
    {
        await using var agent = await MixedCluster.Our("alone", "rpc: {enabled: true, address: '{0}:7373'}");
        var address = RpcOf(agent);
        using var rude = await RpcProbe.To(address);
        using var odd = await RpcProbe.Greeted(address);
        using var nonsense = await RpcProbe.To(address);
        using var huge = await RpcProbe.Greeted(address);
        var silent = await RpcProbe.To(address);

        Assert.Equal("Handshake required", await rude.Ask(RpcCommand.Members, 7, null));
        Assert.True(await rude.IsClosed());
        Assert.Equal("Handshake already performed", await odd.Ask(RpcCommand.Handshake, 8, new RpcHandshake(1)));
        Assert.Equal("Unsupported IPC version", await odd.Ask(RpcCommand.Handshake, 9, new RpcHandshake(2)));
        Assert.Equal("Invalid event filter", await odd.Ask(RpcCommand.Stream, 10, new RpcStream("member-jion")));
        Assert.Equal("", await odd.Ask(RpcCommand.Stream, 11, new RpcStream("user:x")));
        Assert.Equal("Stream with given sequence exists", await odd.Ask(RpcCommand.Stream, 11, new RpcStream("*")));
        Assert.Equal("Unknown log level: LOUD", await odd.Ask(RpcCommand.Monitor, 12, new RpcMonitor("loud")));
        Assert.Equal("No pending queries matching ID", await odd.Ask(RpcCommand.Respond, 13, new RpcRespond(77, "x"u8.ToArray())));
        Assert.Equal("", await odd.Ask(RpcCommand.Stop, 14, new RpcStop(999)));
        Assert.Contains("600", await odd.Ask(RpcCommand.Event, 15, new RpcEvent("", new byte[600], false)));
        Assert.Equal("Unsupported command", await odd.Ask("dance", 16, null));
        Assert.True(await odd.IsClosed());
        await nonsense.Send([0xc1, 0xff, 0x00]);
        Assert.True(await nonsense.IsClosed());
        await huge.Send([0x82, 0xa7, .. "Command"u8, 0xdb, 0x7f, 0xff, 0xff, 0xff]);
        Assert.True(await huge.IsClosed());

        var many = new List<RpcProbe>();
        for (var i = 0; i < 64; i++) many.Add(await RpcProbe.To(address));
        Assert.True(await many[^1].IsClosed());
        // who says nothing is sent away, and makes room
        Assert.True(await silent.IsClosed());
        foreach (var one in many.SkipLast(1)) Assert.True(await one.IsClosed());
        using var late = await RpcProbe.Greeted(address);
        many.Add(silent);
        many.ForEach(one => one.Dispose());
    }

    [Fact]
    public async Task A_stream_answers_queries_and_a_client_that_does_not_read_is_cut_off()
    {
        await using var agent = await MixedCluster.Our("busy", "rpc: {enabled: true, address: '{0}:7373'}");
        using var answers = await RpcProbe.Greeted(RpcOf(agent));
        using var slow = await RpcProbe.Greeted(RpcOf(agent), receiveBuffer: 4_096);
        using var sender = await RpcProbe.Greeted(RpcOf(agent));
        Assert.Equal("", await answers.Ask(RpcCommand.Stream, 5, new RpcStream("query:load")));
        Assert.Equal("", await slow.Ask(RpcCommand.Stream, 5, new RpcStream("user")));

        Assert.Equal("", await sender.Ask(RpcCommand.Query, 6,
            new RpcQuery([], [], true, 0, 2_000_000_000, "load", "now"u8.ToArray())));
        var (header, query) = await answers.Next((ref MsgPackReader reader) => RpcEventRecord.Read(ref reader));
        Assert.Equal("", await answers.Ask(RpcCommand.Respond, 6, new RpcRespond(query!.Id, "1.5"u8.ToArray())));
        var records = new List<RpcQueryRecord>();
        while (records.LastOrDefault()?.Type != RpcQueryRecord.Done)
            records.Add((await sender.Next((ref MsgPackReader reader) => RpcQueryRecord.Read(ref reader))).Body!);

        Assert.Equal((5ul, "query", "load", "now"), (header.Seq, query.Event, query.Name, System.Text.Encoding.UTF8.GetString(query.Payload.Span)));
        Assert.Equal(["ack busy ", "response busy 1.5", "done  "],
            records.Select(r => $"{r.Type} {r.From} {System.Text.Encoding.UTF8.GetString(r.Payload.Span)}"));
        var payload = new byte[440];
        for (var i = 0; i < 30; i++)
        {
            for (var j = 0; j < 100; j++) await sender.Send(RpcCommand.Event, 7, new RpcEvent("x", payload, false));
            for (var j = 0; j < 100; j++) Assert.Equal("", (await sender.Next()).Error);
        }
        Assert.True(await slow.IsClosed());
        await RunningAgent.Until(() => agent.LogText().Contains("was cut off: it did not read its records"), agent.LogText);
        Assert.Equal("", await sender.Ask(RpcCommand.Event, 8, new RpcEvent("y", default, false)));
    }

    /// <summary>What <c>serf monitor</c> prints while it runs.</summary>
    sealed class Lines
    {
        readonly Process process;
        readonly System.Text.StringBuilder text = new();

        public Lines(string rpc)
        {
            var start = new ProcessStartInfo("serf") { RedirectStandardOutput = true };
            foreach (var arg in (string[])["monitor", $"-rpc-addr={rpc}", $"-rpc-auth={Key}", "-log-level=debug"]) start.ArgumentList.Add(arg);
            process = ChildProcess.Start(start);
            process.OutputDataReceived += (_, line) =>
            {
                lock (text) text.AppendLine(line.Data);
            };
            process.BeginOutputReadLine();
        }

        string Text
        {
            get
            {
                lock (text) return text.ToString();
            }
        }

        public Task Has(string part) => RunningAgent.Until(() => Text.Contains(part, StringComparison.Ordinal), () => $"\"{part}\" in:\n{Text}");

        public async Task Stop()
        {
            process.Kill();
            await process.WaitForExitAsync();
            process.Dispose();
        }
    }
}
