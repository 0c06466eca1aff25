using System.Diagnostics;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace OpsBro.Tests.EndToEnd;

/// <summary>What a finished command said.</summary>
sealed record Said(int ExitCode, string Output, string Errors)
{
    /// <summary>The output as JSON.</summary>
    public JsonElement Json => JsonDocument.Parse(Output).RootElement;
}

/// <summary>
/// A real agent: the built program in a process of its own, with directories of its own and a free port. Ends exactly that process.
/// </summary>
sealed partial class RunningAgent : IAsyncDisposable
{
    /// <summary>Longest wait for anything: generous, because the machine is shared. Nothing is judged by time.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>Milliseconds between two starts of a verb that is asked again and again: each takes a tenth of a second of CPU.</summary>
    const int LongestPause = 500;

    static int made;

    Process? process;
    HttpClient? ask;

    RunningAgent(string home) => Home = home;

    /// <summary>Directory that holds <c>config</c> and <c>data</c>.</summary>
    public string Home { get; }

    /// <summary>The configuration directory.</summary>
    public string Config => Path.Join(Home, "config");

    /// <summary>The data directory.</summary>
    public string Data => Path.Join(Home, "data");

    /// <summary>Port of the API on loopback.</summary>
    public int Port { get; } = Ports.Free();

    /// <summary>
    /// A loopback address of its own, for gossip on Serf's port: agents of tests, and of other test runs on this machine, never find
    /// each other by accident.
    /// </summary>
    public string Address { get; init; } = NewAddress();

    /// <summary>Another one, for an agent of Serf.</summary>
    public static string NewAddress() =>
        $"127.{64 + (Environment.ProcessId >> 8 & 63)}.{Environment.ProcessId & 255}.{Interlocked.Increment(ref made) % 250 + 1}";

    /// <summary>The network namespace that the agent runs in; null: the test's own. Verbs reach it anywhere, through its socket.</summary>
    public string? Namespace { get; init; }

    /// <summary>The agent's process id.</summary>
    public int Pid => process!.Id;

    /// <summary>Base address over TCP.</summary>
    public Uri Url => new($"http://127.0.0.1:{Port}/");

    /// <summary>The built program; <c>OPSBRO_PROGRAM</c> names another one, the one that is shipped (./dev check).</summary>
    public static string Program { get; } =
        Environment.GetEnvironmentVariable("OPSBRO_PROGRAM") is { Length: > 0 } named ? named : Path.Join(AppContext.BaseDirectory, "opsbro");

    /// <summary>A home without a running agent yet: write files, then call <see cref="Start"/>.</summary>
    public static RunningAgent Prepare() => Prepared(new RunningAgent(NewHome()));

    /// <summary>The same for a host of a lab.</summary>
    public static RunningAgent Prepare(NetworkLab lab, int host) => Prepare(lab.NamespaceOf(host), NetworkLab.AddressOf(host));

    /// <summary>The same for a namespace and an address in it.</summary>
    public static RunningAgent Prepare(string of, string address) => Prepared(new RunningAgent(NewHome()) { Address = address, Namespace = of });

    static string NewHome() => Directory.CreateTempSubdirectory("opsbro-test-").FullName;

    static RunningAgent Prepared(RunningAgent agent)
    {
        Directory.CreateDirectory(agent.Config);
        agent.Write("agent.yml", $"http:\n  listen: 127.0.0.1:{agent.Port}\n");
        agent.Gossip();
        return agent;
    }

    /// <summary>A started agent that has seen its host once.</summary>
    public static async Task<RunningAgent> Started(params (string File, string Text)[] files)
    {
        var agent = Prepare();
        foreach (var (file, text) in files) agent.Write(file, text);
        await agent.Start();
        return agent;
    }

    /// <summary>Writes a file below the configuration directory.</summary>
    public void Write(string file, string text)
    {
        var path = Path.Join(Config, file);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
    }

    /// <summary>
    /// Writes the section <c>gossip</c> with the agent's own address and without LAN detection, and more keys of it, for instance
    /// <c>encrypt: …</c>.
    /// </summary>
    public void Gossip(params string[] more) =>
        Write("conf.d/gossip.yml", $"gossip: {{{string.Join(", ", [$"bind: {Address}", "detect: {enabled: false}", .. more])}}}\n");

    /// <summary>Adds lines to the agent.yml that names the port.</summary>
    public void AddToAgentYml(string text) => File.AppendAllText(Path.Join(Config, "agent.yml"), text);

    /// <summary>Starts the agent, with more flags, and waits until it is initialized.</summary>
    public async Task Start(params string[] flags)
    {
        Launch(flags);
        var waited = await Run("agent", "wait-initialized", "--timeout", $"{Patience.TotalSeconds}");
        Assert.True(waited.ExitCode == 0, $"the agent did not start: {waited.Errors}\n{LogText()}");
    }

    /// <summary>Starts the agent and waits for nothing.</summary>
    public void Launch(params string[] flags)
    {
        process?.Dispose();
        process = ChildProcess.Start(Inside(StartInfo(["agent", "start", .. flags])));
        process.OutputDataReceived += (_, _) => { };
        process.ErrorDataReceived += (_, _) => { };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    /// <summary>SIGTERM, as a service manager would; gives the exit code.</summary>
    public async Task<int> Terminate()
    {
        await Run(new ProcessStartInfo("kill", ["-TERM", $"{Pid}"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        });
        await Ended();
        return process!.ExitCode;
    }

    /// <summary>SIGKILL, as a power cut would.</summary>
    public async Task Kill()
    {
        process!.Kill();
        await process.WaitForExitAsync();
    }

    /// <summary>True while its process runs.</summary>
    public bool IsRunning => process is { HasExited: false };

    /// <summary>Waits until the agent has ended by itself.</summary>
    public async Task Ended()
    {
        using var patience = new CancellationTokenSource(Patience);
        await process!.WaitForExitAsync(patience.Token);
    }

    /// <summary>True when no such process runs, or only its number waits for a parent.</summary>
    public static bool IsGone(string pid)
    {
        try
        {
            return File.ReadAllText($"/proc/{pid}/cmdline").Length == 0;
        }
        catch (IOException)
        {
            return true;   // not even the number is left
        }
    }

    /// <summary>Runs a verb against this agent.</summary>
    public async Task<Said> Run(params string[] args) => await Run(StartInfo(args));

    /// <summary>Runs a program to its end.</summary>
    public static async Task<Said> Run(ProcessStartInfo start, string input = "")
    {
        using var command = ChildProcess.Start(start);
        await command.StandardInput.WriteAsync(input);
        command.StandardInput.Close();
        var output = command.StandardOutput.ReadToEndAsync();
        var errors = command.StandardError.ReadToEndAsync();
        using var patience = new CancellationTokenSource(Patience * 2);
        await command.WaitForExitAsync(patience.Token);
        return new Said(command.ExitCode, await output, await errors);
    }

    /// <summary>Asks again until the answer satisfies; fails with the last answer when patience ends.</summary>
    public async Task<Said> Until(Func<Said, bool> satisfied, params string[] args)
    {
        var watch = Stopwatch.StartNew();
        for (var pause = 100; ; pause = Math.Min(2 * pause, LongestPause))
        {
            var said = await Run(args);
            if (said.ExitCode == 0 && satisfied(said)) return said;
            Assert.True(watch.Elapsed < Patience, $"opsbro {string.Join(' ', args)} never satisfied; last: {said.Output}{said.Errors}\n{LogText()}");
            await Task.Delay(pause);
        }
    }

    /// <summary>An answer of the API through the agent's socket, which is there in every namespace; null while it does not answer.</summary>
    public async Task<JsonElement?> Ask(string path)
    {
        try
        {
            return JsonDocument.Parse(await (ask ??= Socket()).GetStringAsync(new Uri($"http://opsbro{path}"))).RootElement;
        }
        catch (HttpRequestException)
        {
            return null;
        }
    }

    /// <summary>A change through the agent's socket: quicker than a start of the program.</summary>
    public async Task Tell(string path, string json)
    {
        using var body = new StringContent(json, System.Text.Encoding.UTF8, "application/json");
        using var answer = await (ask ??= Socket()).PostAsync(new Uri($"http://opsbro{path}"), body);
        Assert.True(answer.IsSuccessStatusCode, $"POST {path}: {answer.StatusCode} {await answer.Content.ReadAsStringAsync()}");
    }

    /// <summary>Looks again until it is so; fails with a text when patience ends.</summary>
    public static async Task Until(Func<bool> isSo, Func<string> otherwise)
    {
        for (var watch = Stopwatch.StartNew(); !isSo(); await Task.Delay(50)) Assert.True(watch.Elapsed < Patience, $"never came: {otherwise()}");
    }

    /// <summary>Waits until this agent has a member in a state, and returns it.</summary>
    public async Task<JsonElement> Sees(string name, string state, Func<JsonElement, bool>? also = null) =>
        (await Members(all => all.Any(m => Is(m, name, state, also)), $"{name} is {state}")).First(m => Is(m, name, state, also));

    static bool Is(JsonElement m, string name, string state, Func<JsonElement, bool>? also) =>
        $"{m.GetProperty("name")}" == name && $"{m.GetProperty("state")}" == state && (also is null || also(m));

    /// <summary>Waits until this agent has forgotten a member.</summary>
    public Task Forgets(string name) => Members(all => all.All(m => $"{m.GetProperty("name")}" != name), $"{name} is forgotten");

    async Task<List<JsonElement>> Members(Func<List<JsonElement>, bool> satisfied, string what)
    {
        for (var watch = Stopwatch.StartNew(); ; await Task.Delay(50))
        {
            var all = await Ask("/v1/members") is { } answer ? answer.EnumerateArray().ToList() : [];
            if (satisfied(all)) return all;
            Assert.True(watch.Elapsed < Patience, $"{what}: never; members: {string.Join(", ", all)}\n{LogText()}");
        }
    }

    /// <summary>A client of the API over TCP.</summary>
    public HttpClient Http() => new() { BaseAddress = Url };

    /// <summary>A client of the API over the unix socket.</summary>
    public HttpClient Socket() => new(new SocketsHttpHandler
    {
        ConnectCallback = async (_, cancel) =>
        {
            var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(Path.Join(Data, "opsbro.sock")), cancel);
            return new NetworkStream(socket, ownsSocket: true);
        },
    })
    { BaseAddress = new Uri("http://opsbro/") };

    /// <summary>The agent's log, for messages of failed tests.</summary>
    public string LogText()
    {
        var file = Path.Join(Data, "logs", "agent.log");
        if (!File.Exists(file)) return "";
        using var reader = new StreamReader(new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        return reader.ReadToEnd();
    }

    ProcessStartInfo StartInfo(params string[] args)
    {
        var start = new ProcessStartInfo(Program)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };
        foreach (var arg in args) start.ArgumentList.Add(arg);
        start.Environment["OPSBRO_CONFIG"] = Config;
        start.Environment["OPSBRO_DATA"] = Data;
        start.Environment["DOTNET_TieredCompilation"] = "1";
        return start;
    }

    /// <summary>The same program in the agent's namespace; <c>ip</c> becomes it, so that the process id is its own.</summary>
    ProcessStartInfo Inside(ProcessStartInfo start)
    {
        if (Namespace is null) return start;
        string[] before = ["netns", "exec", Namespace, start.FileName];
        for (var i = 0; i < before.Length; i++) start.ArgumentList.Insert(i, before[i]);
        start.FileName = "ip";
        return start;
    }

    /// <summary>Text without colours.</summary>
    public static string Plain(string text) => Colours().Replace(text, "");

    [GeneratedRegex("\e\\[[0-9;]*m")]
    private static partial Regex Colours();

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (process is { HasExited: false }) await Kill();
        process?.Dispose();
        ask?.Dispose();
        Directory.Delete(Home, recursive: true);
    }
}
