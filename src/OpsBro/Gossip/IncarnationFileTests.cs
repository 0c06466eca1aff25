using OpsBro.Core.Gossip;
using OpsBro.Gossip;

namespace OpsBro.Tests.Gossip;

/// <summary>The incarnation over restarts.</summary>
public sealed class IncarnationFileTests : IDisposable
{
    static readonly DateTimeOffset then = new(2026, 11, 27, 0, 0, 0, TimeSpan.Zero);
    readonly string directory = Directory.CreateTempSubdirectory("opsbro-test-").FullName;

    public void Dispose() => Directory.Delete(directory, recursive: true);

    string FilePath => Path.Join(directory, "incarnation");

    static uint Seconds => (uint)(then - new DateTimeOffset(2020, 1, 1, 0, 0, 0, TimeSpan.Zero)).TotalSeconds;

    [Fact]
    public void Each_start_is_above_all_that_was_used_before_even_when_the_clock_goes_back()
    {
        var first = new IncarnationFile(FilePath);
        var began = first.Start(then);
        first.Use(began + 500);

        var again = new IncarnationFile(FilePath).Start(then.AddYears(-5));

        Assert.Equal(Seconds, began);
        Assert.True(again > began + 500, $"{again}");
    }

    [Fact]
    public void A_node_that_others_drove_far_up_stays_above_after_a_restart()
    {
        var driven = GossipLimits.MaxIncarnation + 1;
        var first = new IncarnationFile(FilePath);
        first.Start(then);
        first.Use(driven);

        var again = new IncarnationFile(FilePath);

        // and not by more than those believe who know the last one
        Assert.InRange(again.Start(then), driven + 1, driven + GossipLimits.MaxIncarnationStep);
        Assert.Equal("", again.Problem);
    }

    [Theory, InlineData("nonsense"), InlineData("4294967295"), InlineData("")]
    public void A_file_that_holds_none_is_put_aside_and_the_clock_counts(string content)
    {
        File.WriteAllText(FilePath, content);
        var file = new IncarnationFile(FilePath);

        Assert.Equal(Seconds, file.Start(then));
        Assert.Contains(FilePath, file.Problem);
    }
}
