using System.Diagnostics;
using System.Text.Json;
using System.Threading.Channels;

namespace OpsBro.Tests.EndToEnd;

/// <summary>A script of node that is told one word a line and says one JSON object a line. Ends exactly that process.</summary>
sealed class NodeScript : IAsyncDisposable
{
    readonly string home = Directory.CreateTempSubdirectory("opsbro-test-").FullName;
    readonly Channel<JsonElement> lines = Channel.CreateUnbounded<JsonElement>();
    readonly List<string> heard = [];
    readonly Process process;

    /// <summary>Starts it; its modules are found by their full path.</summary>
    public NodeScript(string text, params string[] args)
    {
        var file = Path.Join(home, "script.cjs");
        File.WriteAllText(file, text);
        process = ChildProcess.Start(NpmPackage.Start("node", [file, .. args]), "TERM");
        process.OutputDataReceived += (_, line) => Hear(line.Data);
        process.ErrorDataReceived += (_, line) => Note(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    void Hear(string? line)
    {
        Note(line);
        if (line is null) lines.Writer.TryComplete();   // it has ended
        if (line is ['{', ..]) lines.Writer.TryWrite(JsonDocument.Parse(line).RootElement);
    }

    void Note(string? line)
    {
        lock (heard) heard.Add(line ?? "");
    }

    /// <summary>Tells it something.</summary>
    public void Tell(string line)
    {
        process.StandardInput.WriteLine(line);
        process.StandardInput.Flush();
    }

    /// <summary>The next line that satisfies; others are read over.</summary>
    public async Task<JsonElement> Next(Func<JsonElement, bool> satisfied, string what)
    {
        using var patience = new CancellationTokenSource(RunningAgent.Patience);
        try
        {
            while (true)
            {
                var line = await lines.Reader.ReadAsync(patience.Token);
                if (satisfied(line)) return line;
            }
        }
        catch (Exception e) when (e is OperationCanceledException or ChannelClosedException)
        {
            string[] last;
            lock (heard) last = [.. heard.TakeLast(20)];
            throw new TimeoutException($"{what}: never; the last lines: {string.Join('\n', last)}", e);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited)
        {
            process.Kill();
            await process.WaitForExitAsync();
        }
        process.Dispose();
        Directory.Delete(home, recursive: true);
    }
}
