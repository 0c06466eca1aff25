using Microsoft.Extensions.Logging;
using OpsBro.Agent;

namespace OpsBro.Tests.Agent;

public sealed class AgentLogTests : IDisposable
{
    readonly string directory = Directory.CreateTempSubdirectory("opsbro-log-").FullName;

    public void Dispose() => Directory.Delete(directory, recursive: true);

    /// <summary>stderr on a full disk.</summary>
    sealed class FullWriter : StringWriter
    {
        public override void WriteLine(object? value) => throw new IOException("No space left on device");
    }

    [Fact]
    public void A_stderr_that_takes_nothing_does_not_stop_who_writes()
    {
        using var log = new AgentLog(directory, TimeProvider.System, new FullWriter());

        log.CreateLogger("OpsBro.Checks.CheckLoop").LogError("the text");

        Assert.Equal("the text", Assert.Single(log.After(0)).Text);
        Assert.EndsWith("ERROR checks: the text\n", File.ReadAllText(Path.Join(directory, "agent.log")));
    }

    [Fact]
    public void A_file_that_cannot_be_made_anew_costs_no_old_one()
    {
        using var log = new AgentLog(directory, TimeProvider.System, null);
        var logger = log.CreateLogger("OpsBro.Checks.CheckLoop");
        var line = new string('x', AgentLog.MaxLineLength);
        while (!File.Exists(Path.Join(directory, "agent.log.1"))) logger.LogError("{Line}", line);

        // the next turn moves the file away and finds its place taken
        while (!log.IsFileBroken)
        {
            if (new FileInfo(Path.Join(directory, "agent.log")).Length > AgentLog.MaxFileBytes)
                Directory.CreateDirectory(Path.Join(directory, "agent.log.2"));
            logger.LogError("{Line}", line);
        }
        for (var i = 0; i < AgentLog.MaxOldFiles; i++) logger.LogError("lost, but kept in memory");

        Assert.True(File.Exists(Path.Join(directory, "agent.log.1")));
        Assert.Equal("lost, but kept in memory", log.After(0)[^1].Text);
    }
}
