using Microsoft.Extensions.Logging.Abstractions;
using OpsBro.Detectors;
using OpsBro.Storage;

namespace OpsBro.Tests.Detectors;

public class GroupHistoryTests : IDisposable
{
    /// <summary>The log forgets what is old.</summary>
    static readonly DateTimeOffset today = DateTimeOffset.UtcNow;
    readonly string directory = Directory.CreateTempSubdirectory("opsbro-groups-").FullName;

    public void Dispose() => Directory.Delete(directory, recursive: true);

    [Fact]
    public void A_restart_that_finds_the_same_groups_is_no_change()
    {
        Run(history => history.Add(Came("linux")));

        Run(history => history.Add(Came("linux")));

        Assert.Equal(["add linux"], Entries());
    }

    [Fact]
    public void A_group_that_is_not_found_again_after_a_restart_is_gone()
    {
        Run(history =>
        {
            history.Add(Came("linux"));
            history.Add(Came("redis"));
        });

        Run(history => history.Add(Came("linux")));

        Assert.Equal(["remove redis", "add redis", "add linux"], Entries());
    }

    [Fact]
    public void A_group_that_comes_and_goes_is_written_each_time()
    {
        Run(history =>
        {
            history.Add(Came("redis"));
            history.Add(Came("redis") with { IsPresent = false });
            history.Add(Came("redis"));
        });

        Assert.Equal(["add redis", "remove redis", "add redis"], Entries());
    }

    /// <summary>One life of an agent: it starts, makes its first round, and stops.</summary>
    void Run(Action<GroupHistory> firstRound)
    {
        using var database = Open();
        var history = new GroupHistory(new HistoryLog(database, TimeProvider.System));
        history.Start([]);
        firstRound(history);
        history.FirstRoundDone(today);
    }

    string[] Entries()
    {
        using var database = Open();
        var history = new GroupHistory(new HistoryLog(database, TimeProvider.System));
        return [.. history.Read(null, 100, null).Select(e => $"{e.To} {e.Name}")];
    }

    Database Open() =>
        new(Path.Join(directory, "opsbro.db"), TimeProvider.System, new Telemetry(), NullLogger<Database>.Instance);

    static GroupChanged Came(string group) => new(group, true, today, "rule");
}
