using System.Text;
using OpsBro.KeyValue;

namespace OpsBro.Tests.KeyValue;

public sealed class KeyTextTests
{
    [Theory]
    [InlineData("/v1/kv/a", "a")]
    [InlineData("/v1/kv/a/b/", "a/b/")]
    [InlineData("/V1/KV/a%2Fb", "a/b")]
    [InlineData("/v1/kv//x", "/x")]
    [InlineData("/v1/kv/a%20b+c?raw", "a b+c")]
    [InlineData("/v1/kv/%C3%A9?x=%2F", "é")]
    [InlineData("/v1/kv/é😀", "é😀")]
    [InlineData("/v1/kv/%F0%9F%98%80%25", "😀%")]
    [InlineData("/v1/kv/a?b=/v1/kv/c", "a")]
    [InlineData("http://host:6768/v1/kv/a%3F", "a?")]
    [InlineData("/v1/kv/", "")]
    public void A_key_is_what_the_caller_sent(string target, string key)
    {
        Assert.True(KeyText.TryKey(target, "/v1/kv/", out var read));
        Assert.Equal(key, read);
    }

    [Theory]
    [InlineData("/v1/k%76/a")]
    [InlineData("/v1/kv")]
    [InlineData("/x/../v1/kv/a")]
    [InlineData("/v1/kv/%C3")]
    [InlineData("/v1/kv/%C3(")]
    [InlineData("/v1/kv/%")]
    [InlineData("/v1/kv/%4")]
    [InlineData("/v1/kv/%GG")]
    [InlineData("/v1/kv/%ED%A0%80")]
    [InlineData("http://")]
    [InlineData("*")]
    [InlineData("")]
    public void What_names_no_key_is_refused(string target) => Assert.False(KeyText.TryKey(target, "/v1/kv/", out _));

    [Fact]
    public void A_lone_surrogate_is_refused() => Assert.False(KeyText.TryKey("/v1/kv/%41\ud800x", "/v1/kv/", out _));

    [Fact]
    public void Any_key_goes_there_and_back()
    {
        var random = new Random(5);
        for (var round = 0; round < 2_000; round++)
        {
            var key = string.Concat(Enumerable.Range(0, random.Next(1, 30)).Select(_ => new Rune(random.Next(4) switch
            {
                0 => random.Next(' ', 0x7f),
                1 => '/',
                2 => random.Next(0xa0, 0xd800),
                _ => random.Next(0x1_0000, 0x11_0000),
            }).ToString()));

            Assert.True(KeyText.TryKey("/v1/kv/" + KeyText.Escaped(key) + "?raw", "/v1/kv/", out var read), $"round {round}: {key}");
            Assert.Equal(key, read);
        }
    }

    [Fact]
    public void Targets_of_any_bytes_are_read_without_a_fault()
    {
        var random = new Random(6);
        var alphabet = "%2Ff/?é:ab0\ud83d\ude00\0";
        for (var round = 0; round < 20_000; round++)
        {
            var rest = string.Concat(Enumerable.Range(0, random.Next(20)).Select(_ => alphabet[random.Next(alphabet.Length)]));
            var target = (random.Next(2) == 0 ? "/v1/kv/" : "") + rest;

            KeyText.TryKey(target, "/v1/kv/", out var key);
            Assert.Equal(key, Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(key)));
        }
    }

    [Theory]
    [InlineData("60", 60_000)]
    [InlineData("0.25", 250)]
    [InlineData("10m", 600_000)]
    [InlineData("250ms", 250)]
    [InlineData("315360000", 315_360_000_000)]
    public void A_time_to_live_is_seconds_or_a_duration(string text, long milliseconds) => Assert.Equal(milliseconds, KeyText.TimeToLive(text));

    [Theory]
    [InlineData("0")]
    [InlineData("-1")]
    [InlineData("soon")]
    [InlineData("")]
    [InlineData("NaN")]
    [InlineData("1e9")]
    [InlineData("999999999999")]
    public void Another_time_to_live_is_refused(string text) => Assert.Null(KeyText.TimeToLive(text));

    [Fact]
    public void An_index_tells_lists_apart()
    {
        (string, long)[][] lists =
        [
            [], [("a", 1)], [("a", 2)], [("b", 1)], [("a", 1), ("b", 1)], [("b", 1), ("a", 1)], [("ab", 1)], [("a", 1L << 52)], [("a", (1L << 52) | 1)],
            [("a", 1), ("", 0)],
        ];

        var indexes = lists.Select(KeyText.IndexOf).ToList();

        Assert.Equal(lists.Length, indexes.Distinct().Count());
        Assert.All(indexes, index => Assert.InRange(index, 1, (1L << 53) - 1));
        Assert.Equal(KeyText.IndexOf([("a", 1)]), indexes[1]);
    }
}
