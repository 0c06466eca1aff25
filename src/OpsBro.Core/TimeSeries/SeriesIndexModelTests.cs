using System.Diagnostics;
using System.Text;
using OpsBro.Core.TimeSeries;

namespace OpsBro.Tests.TimeSeries;

/// <summary>The index against a dictionary, and its patterns against Python's fnmatch, which Graphite uses.</summary>
public class SeriesIndexModelTests
{
    [Theory, InlineData(1), InlineData(2), InlineData(3), InlineData(4)]
    public void It_knows_what_a_dictionary_knows(int seed)
    {
        var random = new Random(seed);
        var (index, model) = (new SeriesIndex((ulong)seed), new SortedDictionary<string, int>(StringComparer.Ordinal));
        for (var round = 0; round < 6000; round++)
        {
            var name = Name(random);
            var bytes = Encoding.UTF8.GetBytes(name);
            if (random.Next(round / 3000 == 1 ? 2 : 4) == 0)
            {
                if (index.Find(bytes) is var known and >= 0) index.Remove(known);
                model.Remove(name);
                continue;
            }
            Assert.True(index.TryAdd(bytes, out var id, out var isNew));
            Assert.Equal(!model.TryGetValue(name, out var before), isNew);
            Assert.True(isNew || before == id);
            model[name] = id;
        }

        Assert.Equal(model.Count, index.Count);
        Assert.Equal(model.Count, model.Values.Distinct().Count());
        Assert.All(model, pair => Assert.Equal((pair.Value, pair.Key), (index.Find(Encoding.UTF8.GetBytes(pair.Key)), index.TextOf(pair.Value))));
        var plain = model.Keys.Where(k => !k.Contains(';', StringComparison.Ordinal)).ToArray();
        foreach (var depth in (int[])[1, 2, 3])
        {
            List<int> found = [];
            Assert.True(index.Match(string.Join('.', Enumerable.Repeat("*", depth)), found));
            Assert.Equal(plain.Where(k => k.Split('.').Length == depth), found.Select(index.TextOf));
        }
        AssertTags(index, model);
        foreach (var id in model.Values) index.Remove(id);
        Assert.Equal(0, index.Count);
        Assert.Empty(index.Nodes("*", 10));
        Assert.Empty(index.TagNames([], "", 10));
    }

    static void AssertTags(SeriesIndex index, SortedDictionary<string, int> model)
    {
        foreach (var expression in (string[])["k0=v1", "k1=~v[12]", "name=~p1", "k0!="])
        {
            var tag = TagExpression.Parse(expression)!;
            var expected = model.Where(p => Fits(tag, p.Key)).Select(p => p.Key);
            List<int> found = [];
            Assert.True(index.MatchTags([tag], found));
            Assert.Equal(expected, found.Select(index.TextOf));
        }
        var values = index.TagValues("k0", [], "", 100);
        Assert.Equal(values.Sum(v => v.Count), model.Keys.Count(k => k.Contains(";k0=", StringComparison.Ordinal)));
        Assert.Equal(values, index.TagValues("k0", [TagExpression.Parse("k0!=")!], "", 100));
        Assert.Equal(["k0", "k1", "k2", "name"], index.TagNames([], "", 100));
        Assert.DoesNotContain("k0", index.TagNames([TagExpression.Parse("k0!=")!], "", 100));
    }

    static bool Fits(TagExpression tag, string name)
    {
        var value = Encoding.UTF8.GetString(SeriesName.TagValue(Encoding.UTF8.GetBytes(name), Encoding.UTF8.GetBytes(tag.Tag)));
        return tag.Operator switch
        {
            TagOperator.Equal => value == tag.Value,
            TagOperator.NotEqual => value != tag.Value,
            _ => System.Text.RegularExpressions.Regex.IsMatch(value, $"^(?:{tag.Value})"),
        };
    }

    static string Name(Random random)
    {
        var name = string.Join('.', Enumerable.Range(0, random.Next(1, 4)).Select(_ => $"p{random.Next(9)}"));
        if (random.Next(3) != 0) return name;
        return name + string.Concat(Enumerable.Range(0, 3).Where(_ => random.Next(2) == 0).Select(k => $";k{k}=v{random.Next(4)}"));
    }

    [Fact]
    public async Task Patterns_match_as_in_Python()
    {
        const string Script = """
            import fnmatch, sys
            for line in sys.stdin:
                pattern, text = line.rstrip('\n').split('\t')
                print(int(fnmatch.fnmatchcase(text, pattern)))
            """;
        var random = new Random(4);
        var cases = Enumerable.Range(0, 4000).Select(_ => (Pattern: Letters(random, "ab-*?[]!^cé"), Text: Letters(random, "ab-]!^cé"))).ToArray();
        using var python = Process.Start(new ProcessStartInfo("python3", ["-X", "utf8", "-c", Script])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            StandardInputEncoding = new UTF8Encoding(false),
        })!;
        var answers = python.StandardOutput.ReadToEndAsync();
        foreach (var (pattern, text) in cases) await python.StandardInput.WriteLineAsync($"{pattern}\t{text}");
        python.StandardInput.Close();
        var expected = (await answers).Split('\n', StringSplitOptions.RemoveEmptyEntries);

        Assert.Equal(cases.Length, expected.Length);
        for (var i = 0; i < cases.Length; i++)
        {
            var (pattern, text) = cases[i];
            Assert.True(new Glob(pattern).Matches(Encoding.UTF8.GetBytes(text)) == (expected[i] == "1"), $"{pattern} and {text}: Python says {expected[i]}");
        }
        Assert.InRange(expected.Count(e => e == "1"), 100, 3000);
    }

    static string Letters(Random random, string from) => string.Concat(Enumerable.Range(0, random.Next(1, 7)).Select(_ => from[random.Next(from.Length)]));

    [Theory]
    [InlineData("a{b,c{d,e},}", "ab,acd,ace,a")]
    [InlineData("{a}", "a")]
    [InlineData("{,}", "")]
    [InlineData("a}b{c", "a}b{c")]
    [InlineData("{a,b}{c,d}", "ac,ad,bc,bd")]
    public void Braces_stand_for_each_alternative(string pattern, string texts)
    {
        List<string> found = [];

        Braces.Expand(pattern, 100, found);

        Assert.Equal(texts.Split(',').Order(StringComparer.Ordinal), found.Distinct().Order(StringComparer.Ordinal));
    }

    [Fact]
    public void A_pattern_that_stands_for_too_much_is_refused() =>
        Assert.Contains("4096", Assert.Throws<PatternException>(
            () => new SeriesIndex(1).Nodes(string.Concat(Enumerable.Repeat("{a,b}", 20)), 1)).Message, StringComparison.Ordinal);

    [Fact]
    public void A_known_name_is_found_without_garbage_and_many_names_are_small()
    {
        var index = new SeriesIndex(5);
        for (var i = 0; i < 100_000; i++)
        {
            var text = $"hosts.h{i / 200:d4}.disk.sd{i % 200 / 10}.metric_{i % 10}";
            Assert.True(index.TryAdd(Encoding.UTF8.GetBytes(text), out _, out _));
        }
        var name = "hosts.h0123.disk.sd5.metric_7"u8.ToArray();

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 100; i++) index.TryAdd(name, out _, out _);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);

        Assert.InRange(index.MemoryBytes / 100_000, 40, 160);
        before = GC.GetAllocatedBytesForCurrentThread();
        List<int> found = [];
        Assert.True(index.Match("hosts.h0123.disk.sd5.*", found));
        Assert.Equal(10, found.Count);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 8_000);   // it looks at these ten, not at all
        Assert.False(index.Match("hosts.*.*.*.*", [], 1000));
    }

    [Theory, InlineData(1), InlineData(2)]
    public void Any_bytes_are_a_name_or_refused(int seed)
    {
        var random = new Random(seed);
        var index = new SeriesIndex(2);
        for (var i = 0; i < 20_000; i++)
        {
            var bytes = Encoding.UTF8.GetBytes(Letters(random, "a.;=~!^b\né"));
            if (random.Next(10) == 0) random.NextBytes(bytes);
            if (!index.TryAdd(bytes, out var id, out _)) continue;
            var canonical = index.NameOf(id).ToArray();
            Assert.Equal(id, index.Find(canonical));
            Assert.Equal(id, index.Find(bytes));
            Assert.True(index.TryAdd(canonical, out var again, out var isNew) && again == id && !isNew);
            if (random.Next(3) == 0) index.Remove(id);
        }
        Assert.NotEqual(0, index.Count);
    }
}
