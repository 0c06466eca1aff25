using System.Diagnostics;
using System.Text.Json;

namespace OpsBro.Tests.EndToEnd;

/// <summary>Serf's own agent, Debian's, on a loopback address of its own. Ends exactly that process.</summary>
sealed class RunningSerf : IAsyncDisposable
{
    readonly List<string> log = [];
    Process? process;

    RunningSerf(string name) => Name = name;

    /// <summary>Its name in the cluster.</summary>
    public string Name { get; }

    /// <summary>Gossip on port 7946, the RPC on 7373.</summary>
    public string Address { get; } = RunningAgent.NewAddress();

    /// <summary>What it wrote, for messages of failed tests.</summary>
    public string LogText
    {
        get
        {
            lock (log) return string.Join('\n', log);
        }
    }

    /// <summary>Starts one with options of <c>serf agent</c> and waits until it answers.</summary>
    public static async Task<RunningSerf> Started(string name, params string[] options)
    {
        var serf = new RunningSerf(name);
        var start = StartInfo(["agent", $"-node={name}", $"-bind={serf.Address}:7946", $"-rpc-addr={serf.Address}:7373", .. options]);
        try
        {
            serf.process = ChildProcess.Start(start);
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            Assert.Fail($"serf cannot be started ({e.Message}): ./dev test installs it, or apt-get install serf");
        }
        serf.process.OutputDataReceived += serf.Keep;
        serf.process.ErrorDataReceived += serf.Keep;
        serf.process.BeginOutputReadLine();
        serf.process.BeginErrorReadLine();
        await serf.Until(_ => true, "info");
        return serf;
    }

    void Keep(object sender, DataReceivedEventArgs line)
    {
        if (line.Data is { } text && !text.Contains("Accepted client")) lock (log) log.Add(text);
    }

    /// <summary>Runs a verb of <c>serf</c> against this agent.</summary>
    public Task<Said> Run(params string[] args) => Run($"{Address}:7373", args);

    /// <summary>Runs a verb of <c>serf</c> against an agent's RPC.</summary>
    public static Task<Said> Run(string rpc, params string[] args) =>
        RunningAgent.Run(StartInfo([args[0], $"-rpc-addr={rpc}", .. args[1..]]));

    /// <summary>The same with an auth_key.</summary>
    public static Task<Said> RunWith(string rpc, string key, params string[] args) =>
        RunningAgent.Run(StartInfo([args[0], $"-rpc-addr={rpc}", $"-rpc-auth={key}", .. args[1..]]));

    /// <summary>Asks again until the answer satisfies.</summary>
    public async Task<Said> Until(Func<Said, bool> satisfied, params string[] args)
    {
        var watch = Stopwatch.StartNew();
        while (true)
        {
            var said = await Run(args);
            if (said.ExitCode == 0 && satisfied(said)) return said;
            Assert.True(watch.Elapsed < RunningAgent.Patience,
                $"serf {string.Join(' ', args)} on {Name} never satisfied; last: {said.Output}{said.Errors}\n{LogText}");
            await Task.Delay(100);
        }
    }

    /// <summary>Waits until this agent has a member in a state, and returns it.</summary>
    public async Task<JsonElement> Sees(string name, string state, Func<JsonElement, bool>? also = null)
    {
        var said = await Until(s => Members(s).Any(m => Is(m)), "members", "-format=json");
        return Members(said).First(m => Is(m));
        bool Is(JsonElement m) => $"{m.GetProperty("name")}" == name && $"{m.GetProperty("status")}" == state && (also is null || also(m));
    }

    /// <summary>Waits until it has forgotten a member.</summary>
    public Task Forgets(string name) => Until(s => Members(s).All(m => $"{m.GetProperty("name")}" != name), "members", "-format=json");

    static IEnumerable<JsonElement> Members(Said said) => said.Json.GetProperty("members").EnumerateArray();

    /// <summary>Waits until its log has a line.</summary>
    public Task Logs(string part) => RunningAgent.Until(
        () => LogText.Contains(part, StringComparison.Ordinal), () => $"\"{part}\" in the log of {Name}:\n{LogText}");

    /// <summary>SIGKILL.</summary>
    public async Task Kill()
    {
        process!.Kill();
        await process.WaitForExitAsync();
    }

    /// <summary>Waits until it has ended by itself.</summary>
    public async Task Ended()
    {
        using var patience = new CancellationTokenSource(RunningAgent.Patience);
        await process!.WaitForExitAsync(patience.Token);
    }

    static ProcessStartInfo StartInfo(IEnumerable<string> args)
    {
        var start = new ProcessStartInfo("serf") { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        foreach (var arg in args) start.ArgumentList.Add(arg);
        return start;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (process is { HasExited: false }) await Kill();
        process?.Dispose();
    }
}
