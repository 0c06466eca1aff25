using System.Diagnostics;

namespace OpsBro.Tests.EndToEnd;

/// <summary>The lab itself: what it shuts is shut, what it opens is open, and nothing of it stays.</summary>
public class NetworkLabTests
{
    [NetworkFact]
    public async Task A_lab_shuts_and_opens_ways_between_hosts_and_leaves_nothing()
    {
        string host;
        await using (var lab = await NetworkLab.Create(3))
        {
            host = lab.NamespaceOf(0);
            Assert.True(await Hears(lab, 0, 1));

            await lab.Partition(0);
            Assert.False(await Hears(lab, 0, 1));
            Assert.True(await Hears(lab, 1, 2));

            await lab.Heal();
            Assert.True(await Hears(lab, 0, 1));

            await lab.Deafen(2);
            Assert.False(await Hears(lab, 0, 2));
            Assert.True(await Hears(lab, 0, 1));
        }

        Assert.False(File.Exists($"/run/netns/{host}"));
    }

    /// <summary>A datagram from one host to another arrives, out of several.</summary>
    static async Task<bool> Hears(NetworkLab lab, int from, int to)
    {
        const string Send = "import socket,sys\ns=socket.socket(2,2)\nfor _ in range(9): s.sendto(b'x',(sys.argv[1],4000))";
        const string Listen = """
            import socket
            s = socket.socket(2, 2)
            s.bind(('', 4000))
            print('ready', flush=True)
            s.settimeout(0.5)
            try: s.recv(9); print('heard')
            except TimeoutError: print('silence')
            """;
        var start = new ProcessStartInfo("ip", ["netns", "exec", lab.NamespaceOf(to), "python3", "-c", Listen]) { RedirectStandardOutput = true };
        using var listener = Process.Start(start)!;
        Assert.Equal("ready", await listener.StandardOutput.ReadLineAsync());
        using var sender = Process.Start("ip", ["netns", "exec", lab.NamespaceOf(from), "python3", "-c", Send, NetworkLab.AddressOf(to)]);
        await sender.WaitForExitAsync();
        return await listener.StandardOutput.ReadLineAsync() == "heard";
    }
}
