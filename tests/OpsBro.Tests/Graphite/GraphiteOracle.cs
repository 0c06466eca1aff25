using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace OpsBro.Tests.Graphite;

/// <summary>
/// Debian's graphite-web 1.1.8 in a process of its own (<c>oracle.py</c>): the same series as whisper files, a clock that stands still,
/// and the true answers of <c>/render</c>, <c>/metrics/find</c>, <c>/tags</c> and the rest.
/// </summary>
sealed class GraphiteOracle : IDisposable
{
    const string Python = "/usr/bin/python3";

    readonly string directory = Directory.CreateTempSubdirectory("opsbro-oracle-").FullName;
    readonly Process process;
    readonly Task<string> complaints;

    GraphiteOracle()
    {
        var script = Repository.PathOf("tests", "OpsBro.Tests", "Graphite", "oracle.py");
        var start = new ProcessStartInfo(Python, [script, directory])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        process = Process.Start(start)!;
        complaints = process.StandardError.ReadToEndAsync();
    }

    /// <summary>Starts one over these series.</summary>
    public static GraphiteOracle Over(OracleData data)
    {
        Assert.True(Directory.Exists("/usr/lib/python3/dist-packages/graphite"), "graphite-web is missing; ./dev test installs it");
        var oracle = new GraphiteOracle();
        oracle.Tell(data.Setup());
        oracle.Hear();
        return oracle;
    }

    /// <summary>Asks many questions; the answers come in the same order, while later questions are still being written.</summary>
    public IEnumerable<JsonElement> AskAll(IReadOnlyList<JsonObject> questions)
    {
        var telling = Task.Run(() =>
        {
            foreach (var question in questions) Tell(question);
        });
        foreach (var _ in questions) yield return Hear();
        telling.GetAwaiter().GetResult();
    }

    /// <summary>Asks one question.</summary>
    public JsonElement Ask(JsonObject question)
    {
        Tell(question);
        return Hear();
    }

    /// <summary>A GET request, as a question.</summary>
    public static JsonObject Get(string path, params (string Key, string Value)[] fields) => new()
    {
        ["path"] = path,
        ["get"] = new JsonArray([.. fields.Select(f => new JsonArray(f.Key, f.Value))]),
    };

    void Tell(JsonObject question)
    {
        process.StandardInput.WriteLine(question.ToJsonString());
        process.StandardInput.Flush();
    }

    JsonElement Hear()
    {
        var line = process.StandardOutput.ReadLine();
        if (line is null) Assert.Fail($"graphite-web ended: {complaints.GetAwaiter().GetResult()}");
        return JsonDocument.Parse(line).RootElement;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        process.Kill(); // closing its input could wait for a reader that waits for us
        process.WaitForExit();
        process.Dispose();
        Directory.Delete(directory, recursive: true);
    }
}
