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

    [Fact]
    public void Both_pools_of_a_proxy_may_use_it_at_once()
    {
        var file = new IncarnationFile(FilePath);
        var first = file.Start(then);

        Parallel.For(1, 500, i => file.Use(first + (uint)(i * 7)));

        Assert.Equal("", file.Problem);
        Assert.True(new IncarnationFile(FilePath).Start(then) > first + (499 * 7));
    }

    [Fact]
    public void It_is_written_half_a_step_before_it_must_be()
    {
        var file = new IncarnationFile(FilePath);
        var first = file.Start(then);

        Assert.False(file.MustUse(first + (IncarnationFile.Step / 2) - 1));
        Assert.True(file.MustUse(first + (IncarnationFile.Step / 2)));
        file.Use(first + (IncarnationFile.Step / 2));

        Assert.False(file.MustUse(first + (IncarnationFile.Step / 2)));
    }

    [Fact]
    public void A_disk_that_refuses_is_a_problem_until_it_does_not()
    {
        Directory.CreateDirectory(FilePath + ".new/full");   // in the place of the file that is written first
        var file = new IncarnationFile(FilePath);
        var first = file.Start(then);
        Assert.Contains("cannot be written", file.Problem, StringComparison.Ordinal);

        Directory.Delete(FilePath + ".new", recursive: true);
        file.Use(first + IncarnationFile.Step);

        Assert.Equal("", file.Problem);
    }
}
