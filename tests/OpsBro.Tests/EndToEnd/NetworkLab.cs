using System.Diagnostics;
using System.Globalization;

namespace OpsBro.Tests.EndToEnd;

/// <summary>
/// A network of its own for real agents: a namespace each, on one bridge in another namespace, where nftables drops what is to be lost between
/// them. Nothing of it touches the machine's own network; all of it goes with the lab, and what a killed test run left goes with the next one.
/// Needs root (<see cref="NetworkFactAttribute"/>).
/// </summary>
sealed class NetworkLab : IAsyncDisposable
{
    /// <summary>Most hosts of a lab.</summary>
    const int MaxHosts = 16;

    const string Prefix = "opsbro-test";

    static int made;

    readonly string name;
    readonly int hosts;

    NetworkLab(int hosts)
    {
        Assert.InRange(hosts, 1, MaxHosts);
        this.hosts = hosts;
        name = string.Create(CultureInfo.InvariantCulture, $"{Prefix}-{Environment.ProcessId}-{Interlocked.Increment(ref made)}");
    }

    /// <summary>Builds the network.</summary>
    public static async Task<NetworkLab> Create(int hosts)
    {
        await RemoveLeftovers();
        var lab = new NetworkLab(hosts);
        await lab.Build();
        return lab;
    }

    /// <summary>Namespace of a host.</summary>
    public string NamespaceOf(int host) => $"{name}-{host}";

    /// <summary>Address of a host.</summary>
    public static string AddressOf(int host) => string.Create(CultureInfo.InvariantCulture, $"10.77.0.{host + 1}");

    /// <summary>Splits the hosts: those named see only each other, and so do the others.</summary>
    public Task Partition(params int[] side)
    {
        var others = Enumerable.Range(0, hosts).Except(side);
        return Drop($"iifname {Ports(side)} oifname {Ports(others)} drop", $"iifname {Ports(others)} oifname {Ports(side)} drop");
    }

    /// <summary>A host hears nothing; what it sends arrives.</summary>
    public Task Deafen(int host) => Drop($"oifname {Ports([host])} drop");

    /// <summary>So many of a hundred packets are lost, whatever they carry.</summary>
    public Task Lose(int percent) => Drop(string.Create(CultureInfo.InvariantCulture, $"ether type ip numgen random mod 100 < {percent} drop"));

    /// <summary>IPv4 is lost, IPv6 arrives.</summary>
    public Task OnlyV6() => Drop("ether type ip drop");

    /// <summary>A second network between two hosts, beside the bridge, where they have the addresses of the link only.</summary>
    public async Task Connect(int one, int other)
    {
        await Ip("-n", NamespaceOf(one), "link", "add", "eth1", "type", "veth", "peer", "name", "eth1", "netns", NamespaceOf(other));
        foreach (var host in (int[])[one, other]) await Ip("-n", NamespaceOf(host), "link", "set", "eth1", "up");
    }

    /// <summary>Takes a host off the bridge.</summary>
    public Task Unplug(int host) => Ip("-n", NamespaceOf(host), "link", "set", "eth0", "down");

    /// <summary>Everything arrives again.</summary>
    public Task Heal() => Drop();

    /// <summary>Address of a host that <see cref="Nat"/> made, which nobody else can reach.</summary>
    public const string InnerAddress = "192.168.77.2";

    /// <summary>Makes a host a router that hides another one: what comes to its gossip port goes in, what comes out has its address.</summary>
    /// <returns>The namespace of the hidden host, at <see cref="InnerAddress"/>.</returns>
    public async Task<string> Nat(int host)
    {
        var (router, inner) = (NamespaceOf(host), $"{NamespaceOf(host)}-inner");
        await Ip("netns", "add", inner);
        await Ip("-n", router, "link", "add", "inner", "type", "veth", "peer", "name", "eth0", "netns", inner);
        await Ip("-n", router, "addr", "add", "192.168.77.1/24", "dev", "inner");
        await Ip("-n", router, "link", "set", "inner", "up");
        await Ip("-n", inner, "addr", "add", $"{InnerAddress}/24", "dev", "eth0");
        await Ip("-n", inner, "link", "set", "eth0", "up");
        await Ip("-n", inner, "link", "set", "lo", "up");
        await Ip("-n", inner, "route", "add", "default", "via", "192.168.77.1");
        await Ip("netns", "exec", router, "sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward");
        await Checked(new ProcessStartInfo("ip", ["netns", "exec", router, "nft", "-f", "-"]),
            $$"""
            table ip nat {
            chain in { type nat hook prerouting priority -100; iifname "eth0" meta l4proto { tcp, udp } th dport 7946 dnat to {{InnerAddress}}; }
            chain out { type nat hook postrouting priority 100; oifname "eth0" masquerade; }
            }

            """);
        return inner;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync() => await Remove(name);

    async Task Build()
    {
        await Ip("netns", "add", name);
        await Ip("-n", name, "link", "add", "bridge", "type", "bridge", "mcast_snooping", "0");
        await Ip("-n", name, "link", "set", "bridge", "up");
        for (var host = 0; host < hosts; host++)
        {
            var of = NamespaceOf(host);
            await Ip("netns", "add", of);
            await Ip("-n", name, "link", "add", $"port{host}", "type", "veth", "peer", "name", "eth0", "netns", of);
            await Ip("-n", name, "link", "set", $"port{host}", "master", "bridge", "up");
            await Ip("-n", of, "addr", "add", $"{AddressOf(host)}/24", "brd", "+", "dev", "eth0");
            await Ip("-n", of, "link", "set", "eth0", "up");
            await Ip("-n", of, "link", "set", "lo", "up");
            await Ip("-n", of, "route", "add", "default", "dev", "eth0");
        }
        await Heal();
    }

    Task Drop(params string[] rules) => Checked(
        new ProcessStartInfo("ip", ["netns", "exec", name, "nft", "-f", "-"]),
        $$"""
        flush ruleset
        table bridge lab {
        chain between {
        type filter hook forward priority 0;
        {{string.Join('\n', rules)}}
        }
        }

        """);

    static string Ports(IEnumerable<int> of) => $"{{ {string.Join(", ", of.Select(host => $"\"port{host}\""))} }}";

    /// <summary>Namespaces of test runs that are no more.</summary>
    static async Task RemoveLeftovers()
    {
        if (!Directory.Exists("/run/netns")) return;
        var left = from path in Directory.EnumerateFileSystemEntries("/run/netns", $"{Prefix}-*")
                   let parts = Path.GetFileName(path).Split('-')
                   where parts.Length == 4 && RunningAgent.IsGone(parts[2])
                   select Path.GetFileName(path);
        foreach (var lab in left.ToArray()) await Remove(lab);
    }

    static async Task Remove(string lab)
    {
        foreach (var host in Directory.EnumerateFileSystemEntries("/run/netns", $"{lab}-*").ToArray()) await Ip("netns", "del", Path.GetFileName(host));
        await Ip("netns", "del", lab);
    }

    static Task Ip(params string[] args) => Checked(new ProcessStartInfo("ip", args), "");

    static async Task Checked(ProcessStartInfo start, string input)
    {
        (start.RedirectStandardInput, start.RedirectStandardOutput, start.RedirectStandardError) = (true, true, true);
        var said = await RunningAgent.Run(start, input);
        Assert.True(said.ExitCode == 0, $"{start.FileName} {string.Join(' ', start.ArgumentList)}: {said.Errors}");
    }
}

/// <summary>A test that needs network namespaces: it is skipped with the reason where they are not to be had, but never in CI.</summary>
sealed class NetworkFactAttribute : FactAttribute
{
    /// <summary>Looks whether it can run.</summary>
    public NetworkFactAttribute()
    {
        if (Environment.GetEnvironmentVariable("CI") == "true") return;
        if (!Environment.IsPrivilegedProcess) Skip = "network namespaces need root: sudo ./dev test";
        else if (Missing("ip") || Missing("nft")) Skip = "ip (iproute2) or nft (nftables) is missing: ./dev test installs them";
    }

    static bool Missing(string program) => !new[] { "/usr/sbin", "/usr/bin", "/sbin", "/bin" }.Any(path => File.Exists(Path.Join(path, program)));
}
