using OpsBro.Gossip;
using OpsBro.Storage;

namespace OpsBro.Tests.Gossip;

/// <summary>The history in the original's shape.</summary>
public class LegacyGossipTests
{
    static readonly DateTimeOffset start = DateTimeOffset.FromUnixTimeSeconds(1_800_000_000);

    static HistoryEntry Line(double seconds, string node, string from, string to) => new(start.AddSeconds(seconds), "gossip", node, from, to, "why");

    [Fact]
    public void Changes_stand_by_seconds_oldest_first_in_the_originals_words()
    {
        HistoryEntry[] newestFirst =
        [
            Line(9, "b", "left", "forgotten"), Line(8, "b", "alive", "left"), Line(7, "a", "failed", "alive"), Line(5, "a", "alive", "failed"),
            Line(4, "a", "", "conflict"), Line(3, "a", "", "refute"), Line(2.5, "b", "", "suspect"), Line(2, "a", "", "suspect"), Line(1, "a", "", "alive"),
        ];

        var seconds = LegacyGossip.Changes(newestFirst);

        Assert.Equal([1, 2, 3, 5, 7, 8], seconds.Select(s => s.Date - start.ToUnixTimeSeconds()));
        Assert.Equal(
            ["a unknown alive", "a alive suspect", "b alive suspect", "a suspect alive", "a alive dead", "a dead alive", "b alive leave"],
            seconds.SelectMany(s => s.Entries).Select(e => $"{e.Name} {e.OldState} {e.State}"));
        Assert.All(seconds.SelectMany(s => s.Entries), e => Assert.Equal("node-state-change", e.Type));
    }

    [Theory]
    [InlineData("alive", "alive"), InlineData("suspect", "suspect"), InlineData("failed", "dead"), InlineData("left", "leave"), InlineData("leaving", "leave")]
    public void States_have_the_originals_words(string ours, string theirs) => Assert.Equal(theirs, LegacyGossip.Word(ours));
}
