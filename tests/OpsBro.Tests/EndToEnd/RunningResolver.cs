using System.Diagnostics;
using System.Text.RegularExpressions;

namespace OpsBro.Tests.EndToEnd;

/// <summary>
/// A resolver of Debian in front of a server of names, on loopback, with the lines of docs/dns.md and no others about names. Ends exactly that
/// process.
/// </summary>
sealed partial class RunningResolver : IAsyncDisposable
{
    /// <summary>The root's key as everybody has it: without the documented lines nothing below .opsbro is believed by who validates.</summary>
    const string RootDigest = "E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D";

    /// <summary>A port that is free now may be taken a moment later.</summary>
    const int MaxTries = 20;

    readonly string home = Directory.CreateTempSubdirectory("opsbro-resolver-").FullName;
    Process? process;

    /// <summary>Where it listens on 127.0.0.1.</summary>
    public int Port { get; private set; }

    /// <summary>What it wrote.</summary>
    public string LogText()
    {
        var file = Path.Join(home, "log");
        if (!File.Exists(file)) return "";
        using var reader = new StreamReader(new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        return reader.ReadToEnd();
    }

    /// <summary>Starts unbound, dnsmasq or bind9 in front of a port and waits until it answers.</summary>
    public static async Task<RunningResolver> Started(string name, int server)
    {
        var resolver = new RunningResolver();
        for (var tries = 0; tries < MaxTries; tries++)
        {
            resolver.Port = Random.Shared.Next(20_000, 60_000);
            resolver.Start(name, Documented(name, server));
            for (var watch = Stopwatch.StartNew(); !resolver.process!.HasExited; await Task.Delay(TimeSpan.FromMilliseconds(50)))
            {
                if ((await resolver.Dig("opsbro", "SOA")).Output.Contains("status: NOERROR")) return resolver;
                Assert.True(watch.Elapsed < RunningAgent.Patience, $"{name} never answers\n{resolver.Tail()}");
            }
        }
        Assert.Fail($"{name} does not start\n{resolver.Tail()}");
        return resolver;
    }

    /// <summary>The lines that operators are told to write, for another port.</summary>
    static string Documented(string name, int port)
    {
        var page = File.ReadAllText(Repository.PathOf("docs", "dns.md"));
        var from = page.IndexOf("```\n", page.IndexOf($"**{name}**", StringComparison.Ordinal), StringComparison.Ordinal) + 4;
        var lines = page[from..page.IndexOf("```", from, StringComparison.Ordinal)];
        Assert.Contains("6766", lines);
        return lines.Replace("6766", $"{port}");
    }

    /// <summary>What the page says of bind9's options.</summary>
    static string DocumentedOptions() => BindOptions().Match(File.ReadAllText(Repository.PathOf("docs", "dns.md"))).Value;

    void Start(string name, string documented)
    {
        process?.Dispose();
        var documentedFile = Write("opsbro.conf", documented);
        var log = Path.Join(home, "log");
        string[] args = name switch
        {
            "unbound" => ["-d", "-c", Write("unbound.conf", $"""
                server:
                  interface: 127.0.0.1
                  port: {Port}
                  so-reuseport: no
                  chroot: ""
                  username: ""
                  pidfile: ""
                  directory: "{home}"
                  use-syslog: no
                  logfile: "{log}"
                  verbosity: 4
                  trust-anchor: ". DS 20326 8 2 {RootDigest}"
                  use-caps-for-id: yes
                  qname-minimisation-strict: yes
                include: "{documentedFile}"

                """)],
            "bind9" => ["-f", "-n", "1", "-L", log, "-c", Write("named.conf", $$"""
                options {
                  directory "{{home}}"; listen-on port {{Port}} { 127.0.0.1; }; listen-on-v6 { none; }; pid-file none; session-keyfile none;
                  recursion yes; dnssec-validation yes; qname-minimization strict;
                  {{DocumentedOptions()}}
                };
                trust-anchors { . static-ds 20326 8 2 "{{RootDigest}}"; };
                controls { };
                include "{{documentedFile}}";

                """)],
            _ => ["--no-daemon", $"--conf-file={documentedFile}", $"--port={Port}", "--listen-address=127.0.0.1", "--bind-interfaces", "--no-resolv",
                "--no-hosts", $"--pid-file={Path.Join(home, "pid")}", $"--log-facility={log}", "--log-queries"],
        };
        var start = new ProcessStartInfo(name == "bind9" ? "/usr/sbin/named" : $"/usr/sbin/{name}");
        foreach (var arg in args) start.ArgumentList.Add(arg);
        try
        {
            process = ChildProcess.Start(start);
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            Assert.Fail($"{name} cannot be started ({e.Message}): ./dev test installs it");
        }
    }

    string Write(string file, string text)
    {
        var path = Path.Join(home, file);
        File.WriteAllText(path, text);
        return path;
    }

    string Tail() => string.Join('\n', LogText().Split('\n').TakeLast(40));

    /// <summary>Asks it once.</summary>
    public async Task<Said> Dig(params string[] args)
    {
        var start = new ProcessStartInfo("dig") { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        foreach (var arg in (string[])["@127.0.0.1", "-p", $"{Port}", "+tries=1", "+time=5", .. args]) start.ArgumentList.Add(arg);
        return await RunningAgent.Run(start);
    }

    /// <summary>
    /// Asks again until the answer is so, and returns it: on a machine that is busy a resolver loses patience with the server, and says for some
    /// seconds that it failed.
    /// </summary>
    public async Task<string> Until(Func<string, bool> isSo, params string[] args)
    {
        for (var watch = Stopwatch.StartNew(); ; await Task.Delay(TimeSpan.FromMilliseconds(100)))
        {
            var said = await Dig(args);
            if (said.ExitCode == 0 && isSo(said.Output)) return said.Output;
            Assert.True(watch.Elapsed < RunningAgent.Patience, $"dig {string.Join(' ', args)} never so; last: {said.Output}{said.Errors}\n{Tail()}");
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
        Directory.Delete(home, recursive: true);
    }

    [GeneratedRegex(@"validate-except \{[^`]*")]
    private static partial Regex BindOptions();
}
