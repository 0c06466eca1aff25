using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;

namespace OpsBro.Tests.EndToEnd;

/// <summary>
/// The reference daemon: npm's package statsd in a process of its own, with its Graphite backend writing to us. It flushes when it is told,
/// not by its clock. Ends exactly that process.
/// </summary>
sealed class ReferenceStatsd : IAsyncDisposable
{
    /// <summary>The release that is compared with.</summary>
    const string Version = "0.9.0";

    /// <summary>Datagrams between two looks at its counter: what its default receive buffer holds for sure.</summary>
    const int Burst = 100;

    /// <summary>Keeps its flush timer for us, who write a line to it when it is time; newer releases of node lack util.log.</summary>
    const string Shim = """
        const util = require('util');
        util.log = util.log || (text => console.log(text));
        const later = global.setTimeout;
        let flush = null;
        global.setTimeout = (work, ...rest) => work && work.name === 'flushMetrics' ? (flush = work, 0) : later(work, ...rest);
        process.stdin.on('data', () => flush && flush());
        process.stdin.on('end', () => process.exit(0));
        """;

    readonly string directory = Directory.CreateTempSubdirectory("opsbro-test-").FullName;
    readonly TcpListener sink = new(IPAddress.Loopback, 0);
    readonly UdpClient client = new();
    readonly StringBuilder log = new();
    readonly int port = Ports.Free(), control = Ports.Free();
    Process? process;
    int sent;

    string Log
    {
        get
        {
            lock (log) return log.ToString();
        }
    }

    /// <summary>Starts it.</summary>
    /// <param name="options">More of its configuration, in its own words.</param>
    public static async Task<ReferenceStatsd> Start(string options)
    {
        var program = await NpmPackage.Install("statsd", Version);
        var daemon = new ReferenceStatsd();
        daemon.sink.Start();
        File.WriteAllText(Path.Join(daemon.directory, "shim.js"), Shim);
        File.WriteAllText(Path.Join(daemon.directory, "config.js"), $$"""
            { port: {{daemon.port}}, address: "127.0.0.1", mgmt_address: "127.0.0.1", mgmt_port: {{daemon.control}}, automaticConfigReload: false,
              backends: ["./backends/graphite"], graphiteHost: "127.0.0.1", graphitePort: {{((IPEndPoint)daemon.sink.LocalEndpoint).Port}},
              flushInterval: 10000, {{options}} }
            """);
        daemon.process = ChildProcess.Start(new ProcessStartInfo("node", [
            "-r", Path.Join(daemon.directory, "shim.js"), Path.Join(program, "stats.js"), Path.Join(daemon.directory, "config.js")])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        });
        daemon.process.OutputDataReceived += daemon.Note;
        daemon.process.ErrorDataReceived += daemon.Note;
        daemon.process.BeginOutputReadLine();
        daemon.process.BeginErrorReadLine();
        await RunningAgent.Until(() => daemon.Ask("health").Length > 0, () => daemon.Log);
        daemon.client.Connect(IPAddress.Loopback, daemon.port);
        return daemon;
    }

    void Note(object sender, DataReceivedEventArgs line)
    {
        lock (log) log.AppendLine(line.Data);
    }

    /// <summary>Sends packets, and waits until each has been counted.</summary>
    public async Task Send(IReadOnlyList<byte[]> packets)
    {
        foreach (var burst in packets.Chunk(Burst))
        {
            foreach (var packet in burst) client.Send(packet);
            sent += burst.Length;
            await RunningAgent.Until(() => Regex.IsMatch(Ask("counters"), $@"\.packets_received': {sent}\b"),
                () => $"{sent} packets; it says {Ask("counters")}\n{Log}");
        }
    }

    /// <summary>Has it flush, and returns what it wrote but for what depends on its clock and on the backend itself.</summary>
    public async Task<Dictionary<string, double>> Flush()
    {
        process!.StandardInput.WriteLine();
        process.StandardInput.Flush();
        using var patience = new CancellationTokenSource(RunningAgent.Patience);
        using var connection = await sink.AcceptTcpClientAsync(patience.Token);
        using var reader = new StreamReader(connection.GetStream());
        var text = await reader.ReadToEndAsync(patience.Token);
        sent = 0;
        return text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split(' '))
            .Where(parts => !parts[0].Contains("graphiteStats") && !parts[0].Contains("processing_time") && !parts[0].Contains("timestamp_lag"))
            .ToDictionary(parts => parts[0], parts => double.Parse(parts[1], CultureInfo.InvariantCulture));
    }

    /// <summary>Asks its control port; empty when it does not answer.</summary>
    string Ask(string command)
    {
        try
        {
            using var connection = new TcpClient();
            connection.Connect(IPAddress.Loopback, control);
            using var stream = connection.GetStream();
            stream.Write(Encoding.ASCII.GetBytes($"{command}\n"));
            // it answers, and closes because we do
            connection.Client.Shutdown(SocketShutdown.Send);
            return new StreamReader(stream).ReadToEnd();
        }
        catch (Exception e) when (e is SocketException or IOException)
        {
            return "";
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (process is { HasExited: false })
        {
            process.Kill();
            await process.WaitForExitAsync();
        }
        process?.Dispose();
        sink.Dispose();
        client.Dispose();
        Directory.Delete(directory, recursive: true);
    }
}
