using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;

namespace OpsBro.Tests.EndToEnd;

/// <summary>DNS of real agents, asked by the programs that people ask with: dig of bind9-dnsutils and kdig of knot-dnsutils.</summary>
public class DnsEndToEndTests
{

    static async Task<string> Dig(int port, params string[] args) => await Run("dig", ["@127.0.0.1", "-p", $"{port}", .. args]);

    static async Task<string> Kdig(int port, params string[] args) => await Run("kdig", ["@127.0.0.1", "-p", $"{port}", .. args]);

    static async Task<string> Run(string program, string[] args)
    {
        var said = await Say(program, args);
        Assert.True(said.ExitCode == 0, $"{program} {string.Join(' ', args)}: {said.Output}{said.Errors}");
        return said.Output;
    }

    static async Task<Said> Say(string program, string[] args)
    {
        var start = new ProcessStartInfo(program) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        foreach (var arg in args) start.ArgumentList.Add(arg);
        return await RunningAgent.Run(start);
    }

    /// <summary>Asks again until the answer is so.</summary>
    static async Task<string> Until(Func<string, bool> isSo, int port, params string[] args)
    {
        for (var watch = Stopwatch.StartNew(); ; await Task.Delay(TimeSpan.FromMilliseconds(100)))
        {
            // nobody may listen there yet
            var said = await Say("dig", ["@127.0.0.1", "-p", $"{port}", .. args, "+tries=1", "+time=2"]);
            if (said.ExitCode == 0 && isSo(said.Output)) return said.Output;
            Assert.True(watch.Elapsed < RunningAgent.Patience, $"dig {string.Join(' ', args)} never so; last: {said.Output}{said.Errors}");
        }
    }

    static async Task<RunningAgent> Start(int port, string more = "")
    {
        var agent = RunningAgent.Prepare();
        agent.AddToAgentYml("groups: [web, blue]\ndisplay_name: front.desk\n");
        agent.Write("conf.d/dns.yml", $"dns: {{enabled: true, port: {port}{more}}}\n");
        agent.Write("conf.d/shop.yml", $$"""
            service:
              name: shop
              port: 8080
              weight: 7
              tags: [primary]
              check:
                interval: 100ms
                max_attempts: 1
                critical_if: "file_exists('{{agent.Home}}/broken')"
            """);
        await agent.Start();
        await agent.Until(said => said.Json.GetProperty("listens").GetArrayLength() == 2, "dns", "state", "--json");
        return agent;
    }

    [Fact]
    public async Task Dig_finds_a_node_by_everything_that_it_is()
    {
        var port = Ports.Free();
        await using var agent = await Start(port);
        var address = agent.Address;
        await Until(said => said.Contains(address), port, "+short", "shop.service.dc1.opsbro");

        Assert.Equal(address, (await Dig(port, "+short", "web.group.dc1.opsbro")).Trim());
        Assert.Equal(address, (await Dig(port, "+short", "+tcp", "BLUE.group.internet.OPSBRO")).Trim());
        Assert.Equal(address, (await Dig(port, "+short", "front.desk.name.opsbro")).Trim());
        Assert.Equal(address, (await Dig(port, "+short", "primary.shop.service.dc1.opsbro")).Trim());
        Assert.Equal(address, (await Dig(port, "+short", "blue.shop.service.dc1.opsbro")).Trim());
        var target = (await Dig(port, "+short", "-x", address)).Trim();
        Assert.EndsWith(".name.internet.opsbro.", target);
        Assert.Equal(address, (await Dig(port, "+short", target)).Trim());
        Assert.Equal($"0 7 8080 {target}", (await Dig(port, "+short", "_shop._tcp.service.dc1.opsbro", "SRV")).Trim());
        Assert.Contains($"{target}\t5\tIN\tA\t{address}", Tabbed(await Dig(port, "+noall", "+additional", "_shop._tcp.service.dc1.opsbro", "SRV")));
        Assert.Contains("\"display_name=front.desk\"", await Dig(port, "+short", "web.group.opsbro", "TXT"));
        Assert.Equal("ns.opsbro.", (await Dig(port, "+short", "opsbro", "NS")).Trim());
        Assert.Equal("127.0.0.1", (await Dig(port, "+short", "ns.opsbro")).Trim());
        Assert.StartsWith("ns.opsbro. hostmaster.opsbro.", await Kdig(port, "+short", "opsbro", "SOA"));
        Assert.Contains("RFC8482", await Dig(port, "web.group.opsbro", "ANY"));
    }

    static string Tabbed(string text) => string.Join('\n', text.Split('\n').Select(line => string.Join('\t', line.Split((char[])[' ', '\t'],
        StringSplitOptions.RemoveEmptyEntries))));

    [Fact]
    public async Task The_protocol_is_as_dig_and_kdig_expect_it()
    {
        var port = Ports.Free();
        await using var agent = await Start(port);

        var good = await Dig(port, "wEb.GrOuP.dc1.oPsBrO", "+qr");
        Assert.Equal(2, good.Split(";wEb.GrOuP.dc1.oPsBrO.").Length - 1);
        Assert.Contains("flags: qr aa rd;", good);
        Assert.Contains("(good)", good);
        Assert.DoesNotContain("WARNING: Message parser", good);
        var missing = await Dig(port, "nosuch.group.dc1.opsbro");
        Assert.Contains("status: NXDOMAIN", missing);
        Assert.Contains("hostmaster.opsbro.", missing);
        var nothing = await Kdig(port, "web.group.dc1.opsbro", "MX");
        Assert.Contains("status: NOERROR", nothing);
        Assert.Contains("AUTHORITY: 1", nothing);
        Assert.Contains("status: NOERROR", await Dig(port, "group.dc1.opsbro"));
        Assert.Contains("status: REFUSED", await Dig(port, "example.com"));
        Assert.Contains("status: REFUSED", await Dig(port, "version.bind", "TXT", "CH"));
        Assert.Contains("Transfer failed", await Dig(port, "opsbro", "AXFR"));
        Assert.Contains("status: NOTIMP", await Dig(port, "+opcode=4", "web.group.opsbro"));
        Assert.Contains("status: BADVERS", await Dig(port, "+edns=7", "+noednsneg", "web.group.opsbro"));
        Assert.Contains("flags: do;", await Dig(port, "+dnssec", "web.group.opsbro"));
        Assert.Contains("udp: 1232", await Dig(port, "+ednsopt=65001:0102", "+bufsize=8000", "web.group.opsbro"));
        Assert.Contains("ADDITIONAL: 0", await Dig(port, "+noedns", "web.group.opsbro"));
        var both = await Kdig(port, "+tcp", "+keepopen", "web.group.opsbro", "A", "opsbro", "SOA");
        Assert.Equal(2, both.Split("status: NOERROR").Length - 1);
        Assert.Contains("status: NOERROR", await Kdig(port, "+cookie=0102030405060708", "+padding=128", "web.group.opsbro"));
        Assert.Contains("status: FORMERR", await Dig(port, "+ednsopt=10:0102", "+nocookie", "web.group.opsbro"));
    }

    [Fact]
    public async Task Who_is_critical_or_dead_is_no_answer()
    {
        var port = Ports.Free();
        await using var agent = await Start(port);
        await using var other = RunningAgent.Prepare();
        other.AddToAgentYml("groups: [web]\n");
        other.Gossip("name: other");
        other.AddToAgentYml($"seeds: [{agent.Address}]\n");
        await other.Start();
        await Until(said => said.Contains(other.Address) && said.Contains(agent.Address), port, "+short", "web.group.dc1.opsbro");

        await File.WriteAllTextAsync(Path.Join(agent.Home, "broken"), "");
        await Until(said => said.Contains("status: NOERROR") && said.Contains("ANSWER: 0"), port, "shop.service.dc1.opsbro");
        var told = await agent.Run("dns", "explain", "shop.service");
        Assert.Contains("critical", told.Output);
        File.Delete(Path.Join(agent.Home, "broken"));
        await Until(said => said.Contains(agent.Address), port, "+short", "shop.service.dc1.opsbro");

        await other.Kill();
        await Until(said => said.Trim() == agent.Address, port, "+short", "web.group.dc1.opsbro");
        Assert.Contains("ANSWER: 0", await Dig(port, "other.name.opsbro"));
        Assert.Contains("status: NOERROR", await Dig(port, "other.name.opsbro"));
        var asked = await agent.Run("dns", "query", "web.group", "A", "--near", "--json");
        Assert.Equal(agent.Address, $"{Assert.Single(asked.Json.GetProperty("answers").EnumerateArray()).GetProperty("data")}");
        Assert.Equal(2, asked.Json.GetProperty("nodes").GetArrayLength());
        Assert.Equal(2, (await agent.Run("dns", "query", "nosuch.group")).ExitCode);
        Assert.Contains("shop.service", (await agent.Run("dns", "list")).Output);
    }

    [Fact]
    public async Task A_port_that_is_taken_is_told_and_a_new_one_taken_over_without_a_restart()
    {
        var port = Ports.Free();
        using var taken = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        taken.Bind(new IPEndPoint(IPAddress.Loopback, port));
        await using var agent = RunningAgent.Prepare();
        agent.AddToAgentYml("groups: [web]\n");
        agent.Write("conf.d/dns.yml", $"dns: {{enabled: true, port: {port}}}\n");
        await agent.Start();

        await agent.Until(said => said.Output.Contains($"dns cannot listen on udp 127.0.0.1:{port}"), "agent", "info");
        var state = await agent.Run("dns", "state", "--json");
        Assert.Equal($"tcp 127.0.0.1:{port}", $"{Assert.Single(state.Json.GetProperty("listens").EnumerateArray())}");
        Assert.Equal(agent.Address, (await Dig(port, "+tcp", "+short", "web.group.opsbro")).Trim());

        var next = Ports.Free();
        agent.Write("conf.d/dns.yml", $"dns: {{enabled: true, port: {next}, domain: .cluster.lan, ttl: 1m}}\n");
        await agent.Run("agent", "reload");
        var answer = await Until(said => said.Contains("cluster.lan."), next, "+noall", "+answer", "web.group.dc1.cluster.lan");
        Assert.Contains("\t60\tIN\tA\t", Tabbed(answer));
        Assert.Contains($"Listens: dns on udp 127.0.0.1:{next}, tcp 127.0.0.1:{next}", (await agent.Run("agent", "info")).Output);
        agent.Write("conf.d/dns.yml", "dns: {enabled: false}\n");
        await agent.Run("agent", "reload");
        var off = await agent.Until(said => !said.Json.GetProperty("enabled").GetBoolean(), "dns", "state", "--json");
        Assert.Empty((await agent.Run("agent", "info", "--json")).Json.GetProperty("listeners").EnumerateObject());
        Assert.Equal(JsonValueKind.Null, off.Json.GetProperty("picture_at").ValueKind);
    }
}
