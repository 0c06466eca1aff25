using OpsBro.Collectors;
using OpsBro.Collectors.Linux;
using OpsBro.Core.TimeSeries;
using OpsBro.Metrics;
using OpsBro.Tests.Linux;

namespace OpsBro.Tests.Metrics;

/// <summary>The core numbers of a second, from recorded files and from this host.</summary>
public class CoreNumbersTests
{
    static string NameOf(string collector, string key) => $"h.{collector}.{key}";

    static CoreNumbers TwoSeconds(RecordedHost host)
    {
        var numbers = new CoreNumbers(host.Files, NameOf);
        host.With("/proc/stat", "cpu  100 0 100 1000 0 0 0 0 0 0\ncpu0 100 0 100 1000 0 0 0 0 0 0\n");
        host.With("/proc/loadavg", "0.20 0.18 0.12 1/80 11206\n");
        host.With("/proc/meminfo", "MemTotal: 1000 kB\nMemFree: 300 kB\nMemAvailable: 400 kB\nBuffers: 10 kB\nCached: 20 kB\n");
        host.With("/proc/net/dev", Traffic(1000));
        host.With("/proc/diskstats", "8 0 sda 10 0 100 5 20 0 200 7 0 50 60\n");
        numbers.Read(TimeSpan.FromSeconds(100));
        host.With("/proc/stat", "cpu  130 10 120 1030 10 0 0 0 0 0\ncpu0 130 10 120 1030 10 0 0 0 0 0\n");
        host.With("/proc/net/dev", Traffic(3500));
        host.With("/proc/diskstats", "8 0 sda 15 0 110 5 20 0 200 7 0 150 60\n");
        numbers.Read(TimeSpan.FromSeconds(101));
        return numbers;
    }

    static string Traffic(int bytes) =>
        $"Inter-|   Receive  |  Transmit\n face |bytes |bytes\n  eth0: {bytes} 2 0 0 0 0 0 0 5 6 0 0 0 0 0 0\n    lo: 9 9 0 0 0 0 0 0 9 9 0 0 0 0 0 0\n";

    [Theory]
    [InlineData("h.cpustats.cpu_all.%user", 30)]
    [InlineData("h.cpustats.cpu_all.%iowait", 10)]
    [InlineData("h.loadaverage.load5", 0.18)]
    [InlineData("h.memory.used", 60)]
    [InlineData("h.memory.phys_free", 330)]
    [InlineData("h.networktraffic.eth0.recv_bytes/s", 2500)]
    [InlineData("h.iostats.sda.reads/s", 5)]
    [InlineData("h.iostats.sda.read_bytes/s", 5120)]
    [InlineData("h.iostats.sda.util%", 10)]
    public void A_second_is_told_by_two_readings(string name, double value)
    {
        using var host = new RecordedHost();

        Assert.Equal(value, TwoSeconds(host).Fresh.Single(n => n.Name == name).Value);
    }

    [Fact]
    public void A_source_that_is_damaged_does_not_silence_the_others()
    {
        using var host = new RecordedHost();
        var numbers = TwoSeconds(host);

        host.With("/proc/meminfo", "nothing\n");
        numbers.Read(TimeSpan.FromSeconds(102));

        Assert.Equal(["/proc/meminfo has no MemTotal"], numbers.Problems.Where(p => p is not null));
        Assert.Contains(numbers.Fresh, n => n.Name == "h.networktraffic.eth0.recv_bytes/s" && n.Value == 0);
        Assert.DoesNotContain(numbers.Fresh, n => n.Name.StartsWith("h.memory", StringComparison.Ordinal));
    }

    [Theory, InlineData("3.10"), InlineData("4.19"), InlineData("6.1"), InlineData("6.18")]
    public void The_names_are_those_of_the_collectors(string kernel)
    {
        using var host = new RecordedHost(kernel);
        var numbers = new CoreNumbers(host.Files, (_, key) => key);
        numbers.Read(TimeSpan.FromSeconds(1));
        numbers.Read(TimeSpan.FromSeconds(2));
        ICollector[] collectors = [new CpuStats(), new LoadAverage(), new Memory(), new NetworkTraffic(), new IoStats()];
        var documented = collectors.SelectMany(c => c.Keys).Select(k => k.Path[(k.Path.IndexOf('>') + 1)..].TrimStart('.')).ToHashSet();

        Assert.NotEmpty(numbers.Fresh);
        Assert.All(numbers.Fresh, n => Assert.Contains(documented, key => key == n.Name || key == n.Name[(n.Name.IndexOf('.') + 1)..]));
    }

    [Fact]
    public void Reading_makes_no_garbage()
    {
        using var host = new RecordedHost("6.1");
        var (numbers, seconds) = (new CoreNumbers(host.Files, NameOf), new RecentSeconds());
        var second = 1_700_000_000;
        for (var i = 0; i < 50; i++) Once();

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 100; i++) Once();
        var taken = GC.GetAllocatedBytesForCurrentThread() - before;

        Assert.Equal(0, taken);
        Assert.Contains(numbers.Fresh, n => n.Name.StartsWith("h.networktraffic.", StringComparison.Ordinal));
        Assert.Contains(numbers.Fresh, n => n.Name.StartsWith("h.iostats.", StringComparison.Ordinal));

        void Once()
        {
            numbers.Read(TimeSpan.FromSeconds(++second));
            seconds.Put(numbers.Fresh, second);
        }
    }

    [Fact]
    public void The_last_hour_is_answered_second_by_second_and_what_is_older_by_slots()
    {
        using var host = new RecordedHost();
        var clock = new FixedClock(DateTimeOffset.FromUnixTimeSeconds(1_700_000_000));
        var store = new MetricStore(clock, new MetricJournal());
        var source = store.Source(CoreSlots.SourceName);
        var numbers = TwoSeconds(host).Fresh;
        for (var second = 1_700_000_000 - 100; second <= 1_700_000_000; second++)
        {
            store.Seconds.Put(numbers, second);
            foreach (var number in numbers) store.Add(source, number.Bytes, second, number.Value);
        }

        var fine = Assert.Single(store.Fetch("h.cpustats.cpu_all.%user", 1_700_000_000 - 60, 1_700_000_000, Aspect.Last));
        var coarse = Assert.Single(store.Fetch("h.cpustats.cpu_all.%user", 1_700_000_000 - 7200, 1_700_000_000, Aspect.Last));

        Assert.Equal((1, 60), (fine.Step, fine.Values.Length));
        Assert.All(fine.Values, v => Assert.Equal(30, v));
        Assert.Equal(MetricStore.BaseStep, coarse.Step);
        Assert.Equal(30, coarse.Values[^1]);
    }

    [Fact]
    public void The_store_gets_every_second_of_a_slot_when_it_is_over_and_followers_the_last()
    {
        using var host = new RecordedHost();
        var clock = new FixedClock(DateTimeOffset.FromUnixTimeSeconds(1_700_000_060));
        var journal = new MetricJournal();
        var store = new MetricStore(clock, journal);
        var slots = new CoreSlots(store);
        var numbers = TwoSeconds(host).Fresh;
        var user = numbers.Single(n => n.Name.EndsWith("cpu_all.%user", StringComparison.Ordinal));
        journal.Follow("sink");
        double[] Slots(Aspect aspect) => Assert.Single(store.Fetch(user.Name, 1_700_000_000 - 10, 1_700_000_040, aspect)).Values;
        for (var second = 1_700_000_003; second < 1_700_000_029; second++)
        {
            user.Value = second == 1_700_000_014 ? 100 : second % 10;
            slots.Put(numbers, second);
        }

        Assert.Equal([7, 10, 0], Slots(Aspect.Count).Take(3).Select(v => double.IsNaN(v) ? 0 : v));   // the third is not over
        slots.Flush();

        Assert.Equal([7, 10, 9], Slots(Aspect.Count).Take(3));
        Assert.Equal([9, 100, 8], Slots(Aspect.Max).Take(3));
        Assert.Equal([3, 0, 0], Slots(Aspect.Min).Take(3));
        Assert.Equal([42, 141, 36], Slots(Aspect.Sum).Take(3));
        Assert.Equal([(3, 3), (9, 9), (19, 9), (28, 8)],
            journal.Read("sink", 10_000).Points.Where(p => p.Name == user.Name).Select(p => ((int)(p.At - 1_700_000_000), (int)p.Value)));
    }

    [Fact]
    public void A_question_that_cannot_be_answered_is_the_callers_fault()
    {
        var store = new MetricStore(new FixedClock(DateTimeOffset.UnixEpoch), new MetricJournal());
        var tooMany = string.Concat(Enumerable.Repeat("{a,b}", 20));

        Assert.Throws<Core.Graphite.GraphiteException>(() => store.Fetch(tooMany, 0, 60, Aspect.Last));
        Assert.Throws<Core.Graphite.GraphiteException>(() => store.Find(tooMany));
        Assert.Throws<Core.Graphite.GraphiteException>(() => store.FetchTagged([new("a", TagOperator.NotEqual, "b")], 0, 60, Aspect.Last));
    }

    sealed class FixedClock(DateTimeOffset now) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => now;
    }
}
