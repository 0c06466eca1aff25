using OpsBro.Core.TimeSeries;
using OpsBro.Metrics;
using OpsBro.Metrics.Asking;
using OpsBro.Metrics.Carrying;

namespace OpsBro.Tests.Metrics.Carrying;

/// <summary>Questions and answers about metrics between agents.</summary>
public class CarryingTests
{
    [Fact]
    public void A_question_comes_out_as_it_went_in()
    {
        MetricQuestion[] questions =
        [
            new(MetricAsking.Fetch, 1_700_000_000, 1_700_000_600, Aspect.Max, ["web*.cpu.{user,system}"]),
            new(MetricAsking.FetchTagged, -5, 0, Aspect.Average, ["name=disk.used", "dc!=~p.*", "x="]),
            new(MetricAsking.Find, 0, 0, Aspect.Last, ["é.*"]),
            new(MetricAsking.Names, 0, 0, Aspect.Last, []) { Patience = 1 },
            new(MetricAsking.FetchNamed, 1, 2, Aspect.Sum, ["a", "b;c=d"]),
            new(MetricAsking.TagValues, 0, 0, Aspect.Last, ["host", "", "dc=x"]),
        ];

        foreach (var question in questions)
        {
            var read = MetricQuestion.Read(question.Write());
            Assert.Equal((question.Asking, question.From, question.Until, question.Aspect, question.Patience),
                (read!.Asking, read.From, read.Until, read.Aspect, read.Patience));
            Assert.Equal(question.Texts, read.Texts);
        }
        Assert.Null(MetricQuestion.Read(new MetricQuestion(MetricAsking.Fetch, 0, 0, Aspect.Last, ["a", "b"]).Write()));
        Assert.Null(MetricQuestion.Read(new MetricQuestion((MetricAsking)99, 0, 0, Aspect.Last, ["a"]).Write()));
        Assert.Null(MetricQuestion.Read(new MetricQuestion(MetricAsking.TagValues, 0, 0, Aspect.Last, ["a"]).Write()));
        Assert.Null(MetricQuestion.Read((questions[0] with { Patience = 0 }).Write()));
    }

    [Fact]
    public void Answers_come_out_as_they_went_in()
    {
        var random = new Random(1);
        double[] Some(int count) => [.. Enumerable.Range(0, count).Select(i => random.Next(4) == 0 ? double.NaN : Math.Round(random.NextDouble() * 100, 2))];
        SeriesSlice[] slices =
            [new("a.b", 1_700_000_000, 10, Some(360)), new("long", 600_000, 60, Some(ChunkCodec.MaxSlots + 7)), new("none;a=b", 10, 10, [])];

        var (read, gone) = MetricAnswers.ReadSlices(MetricAnswers.Write(slices, ["db1"]))!.Value;
        var (found, _) = MetricAnswers.ReadFound(MetricAnswers.Write([new FoundName("a", true, false), new FoundName("b.c", false, true)], []))!.Value;
        var (names, _) = MetricAnswers.ReadNames(MetricAnswers.Write(["a", "b;x=é"], []))!.Value;

        var (counts, _) = MetricAnswers.ReadCounts(MetricAnswers.Write([("x", 3), ("é", 0)], []))!.Value;

        Assert.Equal([("x", 3), ("é", 0)], counts);
        Assert.Equal(["db1"], gone);
        Assert.Equal(slices.Select(s => (s.Name, s.Start, s.Step)), read.Select(s => (s.Name, s.Start, s.Step)));
        for (var i = 0; i < slices.Length; i++) Assert.Equal(slices[i].Values, read[i].Values);
        Assert.Equal([new FoundName("a", true, false), new FoundName("b.c", false, true)], found);
        Assert.Equal(["a", "b;x=é"], names);
    }

    [Fact]
    public void More_than_a_reader_takes_is_refused_with_the_way_out()
    {
        var refused = Assert.Throws<InvalidDataException>(() => MetricAnswers.Write(Enumerable.Repeat("a", MetricAnswers.MaxItems + 1).ToList(), []));

        Assert.EndsWith("more than 200000; write a narrower pattern", refused.Message);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Damaged_bytes_are_no_answer_and_take_no_memory(int seed)
    {
        var random = new Random(seed);
        byte[][] whole =
        [
            MetricAnswers.Write([new SeriesSlice("a.b", 1_700_000_000, 10, [1, 2, double.NaN, 4.5])], ["x"]),
            MetricAnswers.Write([new FoundName("a", true, true)], []), MetricAnswers.Write(["a", "b"], []), MetricAnswers.Write([("a", 7)], []),
            new MetricQuestion(MetricAsking.Fetch, 1, 2, Aspect.Min, ["a.*"]).Write(),
        ];
        MetricAnswers.ReadSlices(whole[0]);   // what is made once is made now
        for (var round = 0; round < 3_000; round++)
        {
            var bytes = whole[random.Next(whole.Length)].ToArray();
            for (var i = random.Next(4); i > 0; i--) bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            bytes = bytes[..random.Next(bytes.Length + 1)];
            var before = GC.GetAllocatedBytesForCurrentThread();
            MetricQuestion.Read(bytes);
            MetricAnswers.ReadFound(bytes);
            MetricAnswers.ReadNames(bytes);
            MetricAnswers.ReadCounts(bytes);
            MetricAnswers.ReadSlices(bytes);
            Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 100_000_000, Convert.ToHexString(bytes));
        }
    }

    [Theory]
    [InlineData("web1,stats", "web*.cpu", true)]
    [InlineData("web1,stats", "db1.cpu", false)]
    [InlineData("web1,stats", "{db1,stats}.x", true)]
    [InlineData("web1,stats", "{db1.a,stats}.x", true)]
    [InlineData("web1,stats", null, true)]
    [InlineData("", null, false)]
    [InlineData("*", "db1.cpu", true)]
    [InlineData("web1", "web1", true)]
    [InlineData("web1", "web10.a", false)]
    [InlineData("disk", "disk;host=a", true)]
    public void Who_may_have_a_name_is_seen_from_how_its_names_begin(string said, string? pattern, bool may) =>
        Assert.Equal(may, ClusterMetrics.MayHave(pattern)(said));

    [Fact]
    public void A_host_is_asked_for_the_names_that_it_may_have()
    {
        var may = ClusterMetrics.MayHaveOneOf(["web1.cpu", "disk;host=a"]);

        Assert.Equal([true, true, true, false, false], ((string[])["web1,x", "disk", "*", "web10,db", ""]).Select(may));
    }

    [Fact]
    public void A_host_that_was_silent_is_not_waited_for_again_at_once()
    {
        var silent = new SilentHosts();
        var host = ("z", "a");
        silent.Note(host, isSilent: true, TimeSpan.FromSeconds(100));

        Assert.True(silent.IsResting(host, TimeSpan.FromSeconds(101)));
        Assert.False(silent.IsResting(("other", "a"), TimeSpan.FromSeconds(101)));
        Assert.False(silent.IsResting(host, TimeSpan.FromSeconds(100) + SilentHosts.Rest));
        silent.Note(("z", "b"), isSilent: true, TimeSpan.FromSeconds(101));
        silent.Note(("z", "b"), isSilent: false, TimeSpan.FromSeconds(102));
        Assert.Equal(1, silent.Count);
        silent.Forget(TimeSpan.FromSeconds(200));
        Assert.Equal(0, silent.Count);
    }

    [Fact]
    public void A_series_of_two_hosts_is_one_whichever_clock_is_ahead()
    {
        SeriesSlice[] own = [new("a", 100, 10, [1, double.NaN, 3])];
        SeriesSlice[] theirs = [new("a", 90, 10, [9, 8, 7, double.NaN, 5]), new("a", 100, 60, [70]), new("b", 0, 10, [4])];

        var (both, unanswered) = MetricAsk.Merged(own, new(theirs, ["c"]));

        Assert.Equal(["a", "b"], both.Select(s => s.Name));
        Assert.Equal((90L, 10), (both[0].Start, both[0].Step));
        Assert.Equal([9, 1, 7, 3, 5], both[0].Values);
        Assert.Equal(["c"], unanswered);
    }

    [Fact]
    public void Too_many_beginnings_are_told_as_anything()
    {
        Assert.Equal("a,b", ClusterMetrics.Roots(["b", "a"]));
        Assert.Equal("*", ClusterMetrics.Roots(Enumerable.Range(0, 300).Select(i => $"host{i}")));
    }
}
