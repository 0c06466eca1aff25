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

    /// <summary>A datagram from one host to another arrives: sockets in both namespaces, in one process.</summary>
    static async Task<bool> Hears(NetworkLab lab, int from, int to)
    {
        const string Script = """
            import ctypes, os, socket, sys
            def socket_in(namespace):
                handle = os.open('/run/netns/' + namespace, os.O_RDONLY)
                assert ctypes.CDLL(None).setns(handle, 0) == 0
                return socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            sender, receiver = map(socket_in, sys.argv[1:3])
            receiver.bind(('', 4000))
            receiver.settimeout(0.3)
            sender.sendto(b'x', (sys.argv[3], 4000))
            try: receiver.recv(9); print('heard')
            except TimeoutError: print('silence')
            """;
        var start = new ProcessStartInfo("python3", ["-c", Script, lab.NamespaceOf(from), lab.NamespaceOf(to), NetworkLab.AddressOf(to)])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        var said = await RunningAgent.Run(start);
        Assert.True(said.ExitCode == 0, said.Errors);
        return said.Output.Trim() == "heard";
    }
}
