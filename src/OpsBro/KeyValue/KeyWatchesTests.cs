using OpsBro.Core.KeyValue;
using OpsBro.KeyValue;

namespace OpsBro.Tests.KeyValue;

public sealed class KeyWatchesTests
{
    readonly KeyWatches watches = new(() => { });

    static KeyChange Change(string key, long version = 1) => new(key, version, false, false, false, "n");

    [Fact]
    public async Task A_watch_hears_of_its_keys_only()
    {
        using var one = watches.Add("a/b", isPrefix: false)!;
        using var many = watches.Add("a/", isPrefix: true)!;

        foreach (var key in (string[])["a/b", "a/bc", "a", "b"]) watches.Tell(Change(key));

        Assert.True(await one.Next(TimeSpan.FromSeconds(60), default));
        Assert.Equal(["a/b"], Drained(one));
        Assert.Equal(["a/b", "a/bc"], Drained(many));
    }

    static List<string> Drained(KeyWatches.KeyWatch watch)
    {
        var keys = new List<string>();
        while (watch.Changes.TryRead(out var change)) keys.Add(change.Key);
        return keys;
    }

    [Fact]
    public async Task Nothing_comes_after_the_patience()
    {
        using var watch = watches.Add("a", isPrefix: false)!;

        Assert.False(await watch.Next(TimeSpan.FromMilliseconds(1), default));
    }

    [Fact]
    public void A_reader_that_is_behind_is_told_once_that_it_lost_something()
    {
        using var watch = watches.Add("", isPrefix: true)!;

        for (var i = 0; i < 10_000; i++) watches.Tell(Change($"k{i}", i));

        Assert.True(watch.HasLost());
        Assert.False(watch.HasLost());
        Assert.NotEmpty(Drained(watch));
    }

    [Fact]
    public void Prefixes_that_others_cover_are_left_out()
    {
        foreach (var key in (string[])["a/b", "a/", "c", "a/", "b/x"]) watches.Add(key, isPrefix: key.EndsWith('/'));

        Assert.Equal(["a/", "b/x", "c"], watches.Prefixes());
    }

    [Fact]
    public void Of_too_many_prefixes_everything_is_watched_and_too_many_watches_are_refused()
    {
        var all = Enumerable.Range(0, KeyWatches.MaxWatches).Select(i => watches.Add($"k{i:0000}", isPrefix: false)!).ToList();

        Assert.Equal([""], watches.Prefixes());
        Assert.Null(watches.Add("one more", isPrefix: false));
        foreach (var watch in all) watch.Dispose();
        Assert.Empty(watches.Prefixes());
    }
}
