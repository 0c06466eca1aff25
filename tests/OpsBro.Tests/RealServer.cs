using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace OpsBro.Tests;

/// <summary>
/// A real program that serves a free loopback port for one test, in a directory of its own; ended and removed with the
/// test.
/// </summary>
sealed class RealServer : IDisposable
{
    readonly string program;
    readonly string[] arguments;
    readonly TimeSpan patience = TimeSpan.FromSeconds(20);
    Process process;

    RealServer(string program, string[] arguments, string directory, int port)
    {
        (this.program, this.arguments, Directory, Port) = (program, arguments, directory, port);
        process = Launch();
    }

    /// <summary>Its directory: configuration, logs, data.</summary>
    public string Directory { get; }

    /// <summary>The port it serves on 127.0.0.1.</summary>
    public int Port { get; }

    /// <summary>Starts a program and waits until it accepts connections.</summary>
    /// <param name="program">Absolute path.</param>
    /// <param name="prepare">Gets the directory and the port, writes what the program reads there, and answers its
    /// arguments.</param>
    public static async Task<RealServer> Start(string program, Func<string, int, string[]> prepare)
    {
        Assert.True(File.Exists(program), $"{program} is missing; ./dev test installs it");
        var directory = System.IO.Directory.CreateTempSubdirectory("opsbro-test-").FullName;
        // the program runs as root here and may drop to another user, who must still reach its files
        if (OperatingSystem.IsLinux()) File.SetUnixFileMode(directory, (UnixFileMode)0b111_101_101);
        var port = Ports.Free();
        var server = new RealServer(program, prepare(directory, port), directory, port);
        await server.UntilReady();
        return server;
    }

    /// <summary>Ends the process at once, as a crash does.</summary>
    public void Kill()
    {
        process.Kill(entireProcessTree: true);
        process.WaitForExit(patience);
    }

    /// <summary>Starts it again on the same port.</summary>
    public async Task Restart()
    {
        process.Dispose();
        process = Launch();
        await UntilReady();
    }

    Process Launch()
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = Directory,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        var started = ChildProcess.Start(start, "TERM");   // apache's first process ends its others
        var log = Path.Join(Directory, "output");
        started.OutputDataReceived += (_, line) => Note(log, line.Data);
        started.ErrorDataReceived += (_, line) => Note(log, line.Data);
        started.BeginOutputReadLine();
        started.BeginErrorReadLine();
        return started;
    }

    static void Note(string log, string? line)
    {
        if (line is not null && System.IO.Directory.Exists(Path.GetDirectoryName(log)))
            lock (typeof(RealServer)) File.AppendAllText(log, line + "\n");
    }

    async Task UntilReady()
    {
        var started = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(started) < patience && !process.HasExited)
        {
            try
            {
                using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
                await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, Port));
                return;
            }
            catch (SocketException)
            {
                await Task.Delay(10);   // not there yet; the loop ends with patience or with the process
            }
        }
        var log = Path.Join(Directory, "output");
        Assert.Fail(
            $"{program} does not listen on port {Port}: {(File.Exists(log) ? File.ReadAllText(log) : "no output")}");
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (!process.HasExited) Kill();
        process.Dispose();
        lock (typeof(RealServer)) System.IO.Directory.Delete(Directory, recursive: true);
    }
}
