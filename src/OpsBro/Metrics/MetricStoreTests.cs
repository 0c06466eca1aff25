using System.Diagnostics;
using System.Globalization;
using System.Text;
using OpsBro.Core.TimeSeries;
using OpsBro.Metrics;
using OpsBro.Tests.EndToEnd;
using OpsBro.Tests.Killing;

namespace OpsBro.Tests.Metrics;

public sealed class MetricStoreTests : IDisposable
{
    readonly StoreRig rig = new();

    long Now => rig.Clock.Seconds;

    public void Dispose() => rig.Dispose();

    [Theory, InlineData(false), InlineData(true)]
    public void What_was_taken_is_there_after_a_restart_sealed_or_not(bool isSealed)
    {
        for (var i = 0; i < 300; i++)
            for (var series = 0; series < 700; series++) rig.Add($"host.m{series}", Now - 3000 + (i * 10), series + (i * 0.5));
        if (isSealed) rig.Store.Round(isThorough: true);
        rig.Close();

        foreach (var series in new[] { 0, 255, 256, 699 })
        {
            var points = rig.Read($"host.m{series}", Now - 3600, Now);
            Assert.Equal(Enumerable.Range(0, 300).ToDictionary(i => Now - 3000L + (i * 10), i => series + (i * 0.5)), points);
        }
        Assert.Equal(700, rig.Store.Names().Count);
        Assert.Equal(0, rig.Store.Journal.StoredBytes);
    }

    [Fact]
    public void A_kill_doubles_nothing_wherever_it_falls()
    {
        for (var i = 0; i < 50; i++) rig.Add("a", Now - 500 + i, i);   // ten in each slot
        rig.Store.Round(isThorough: true);
        for (var i = 50; i < 100; i++) rig.Add("a", Now - 500 + i, i);
        using var copy = rig.Copy();

        Assert.Equal(Enumerable.Repeat(10.0, 10), copy.Read("a", Now - 600, Now, Aspect.Count).Values);
        Assert.Equal(Enumerable.Range(0, 10).Select(s => (s * 100.0) + 45), copy.Read("a", Now - 600, Now, Aspect.Sum).Values);
    }

    [Fact]
    public void The_later_of_two_points_of_a_slot_counts_and_no_peak_is_lost()
    {
        rig.Add("a", Now - 95, 7);
        rig.Add("a", Now - 93, 100);
        rig.Add("a", Now - 92, 5);
        rig.Store.Round(isThorough: true);
        rig.Add("a", Now - 94, 6);   // late, for a sealed slot
        for (var round = 0; round < 2; round++)
        {
            Assert.Equal([6], rig.Read("a", Now - 600, Now).Values);
            Assert.Equal([6], rig.Read("a", Now - 600, Now, Aspect.Last).Values);
            Assert.Equal([100], rig.Read("a", Now - 600, Now, Aspect.Max).Values);
            Assert.Equal([5], rig.Read("a", Now - 600, Now, Aspect.Min).Values);
            Assert.Equal([118], rig.Read("a", Now - 600, Now, Aspect.Sum).Values);
            Assert.Equal([4], rig.Read("a", Now - 600, Now, Aspect.Count).Values);
            rig.Store.Round(isThorough: true);
        }
    }

    [Fact]
    public void Late_points_of_any_age_are_taken_and_points_far_ahead_are_not()
    {
        var source = rig.Store.Source("test");

        Assert.True(rig.Add("a", Now + 600, 1));
        Assert.False(rig.Add("a", Now + 601, 1));
        Assert.True(rig.Add("a", Now - 3 * 86_400, 3));
        Assert.True(rig.Add("a", Now - 30L * 86_400, 30));
        Assert.True(rig.Add("a", Now - 700L * 86_400, 700));
        Assert.False(rig.Add("a", Now - 3000L * 86_400, 3000));
        Assert.False(rig.Add("a", Now, double.NaN));
        for (var i = 0; i < 3; i++) rig.Store.Round(isThorough: true);

        Assert.Equal((4, 2, 1), (source.Accepted, source.Refused(Refusal.BadTime), source.Refused(Refusal.BadValue)));
        Assert.Equal([3, 1], rig.Read("a", Now - 6 * 86_400, Now + 700).Values);
        Assert.Equal([30, 3, 1], rig.Read("a", Now - 80L * 86_400, Now + 700).Values);
        Assert.Equal([700, 30, 3, 1], rig.Read("a", Now - 1000L * 86_400, Now + 3600).Values);
    }

    [Fact]
    public void Old_numbers_become_coarser_and_each_aspect_stays_exact()
    {
        var random = new Random(3);
        var all = new List<(long At, double Value)>();
        var begin = Now - (2 * 86_400);
        for (var at = begin; at < Now; at += 7)
        {
            var value = Math.Round(random.NextDouble() * 1000, 1);
            all.Add((at, value));
            rig.Add("a", at, value);
            rig.Add("b", at, -value);
        }
        rig.Store.Round(isThorough: true);
        foreach (var (days, step, keep) in new[] { (0, 10, 6), (20, 60, 80), (200, 3600, 1500) })
        {
            rig.Clock.Time = StoreRig.Noon.AddDays(days);
            for (var i = 0; i < 3; i++) rig.Store.Round();
            var slots = all.GroupBy(p => Rollup.Align(p.At, step)).OrderBy(g => g.Key).ToList();
            void Same(Aspect aspect, Func<IEnumerable<double>, double> of)
            {
                var points = rig.Read("a", Now - (keep * 86_400L), Now, aspect);
                Assert.Equal(slots.Select(s => s.Key), points.Keys);
                foreach (var slot in slots) Assert.Equal(of(slot.Select(p => p.Value)), points[slot.Key], 1e-6);
            }
            Same(Aspect.Min, v => v.Min());
            Same(Aspect.Max, v => v.Max());
            Same(Aspect.Sum, v => v.Sum());
            Same(Aspect.Count, v => v.Count());
            Same(Aspect.Last, v => v.Last());
            Same(Aspect.Average, v => step == 10 ? v.Last() : v.Average());
        }
        Assert.Equal([3600], rig.Store.Status().Tiers.Where(t => t.Bytes > 0).Select(t => t.Step));
        rig.Clock.Time = StoreRig.Noon.AddDays(7 * 366);
        rig.Store.Round();

        Assert.All(rig.Store.Status().Tiers, t => Assert.Equal(0, t.Bytes));
    }

    [Fact]
    public void Whatever_the_order_of_points_rounds_and_restarts_the_answer_is_the_same()
    {
        for (var seed = 1; seed <= 4; seed++)
        {
            using var one = new StoreRig();
            var random = new Random(seed);
            var known = new Dictionary<string, Dictionary<long, List<double>>>();
            for (var step = 0; step < 60; step++)
            {
                for (var i = 0; i < 200; i++)
                {
                    var ago = random.Next(3) == 0 ? random.Next(30_000) : random.Next(100);
                    var (name, slot) = ($"s{random.Next(6) * 101}", (one.Clock.Seconds / 10 * 10) - (ago * 10L));
                    var value = random.Next(1000) / 10.0;
                    one.Add(name, slot + random.Next(10), value);
                    if (!known.TryGetValue(name, out var slots)) known[name] = slots = [];
                    if (!slots.TryGetValue(slot, out var values)) slots[slot] = values = [];
                    values.Add(value);
                }
                one.Clock.Time += TimeSpan.FromMinutes(random.Next(30));
                if (random.Next(3) == 0) one.Store.Round(random.Next(6) == 0);
                if (random.Next(10) == 0) one.Close();
                if (step % 20 != 19) continue;
                foreach (var (name, slots) in known)
                {
                    var from = one.Clock.Seconds - (6 * 86_400);
                    var wanted = slots.OrderBy(s => s.Key).ToList();
                    Assert.Equal(wanted.Select(s => (s.Key, s.Value[^1])), one.Read(name, from, one.Clock.Seconds).Select(p => (p.Key, p.Value)));
                    Assert.Equal(wanted.Select(s => (s.Key, s.Value.Max())), one.Read(name, from, one.Clock.Seconds, Aspect.Max).Select(p => (p.Key, p.Value)));
                    Assert.Equal(wanted.Select(s => (double)s.Value.Count), one.Read(name, from, one.Clock.Seconds, Aspect.Count).Values);
                }
            }
        }
    }

    [Fact]
    public void Beyond_the_budget_the_oldest_become_coarser_then_go()
    {
        rig.Options = MetricOptions.Default with { MaxDisk = 600_000 };
        var random = new Random(5);
        for (var at = Now - (5 * 86_400); at < Now; at += 10)
            for (var i = 0; i < 2; i++) rig.Add($"noise.{i}", at, random.NextDouble());

        for (var i = 0; i < 5; i++) rig.Store.Round(isThorough: true);

        var status = rig.Store.Status();
        Assert.InRange(status.Tiers.Sum(t => t.Bytes), 1, 600_000);
        Assert.NotEmpty(rig.Read("noise.0", Now - 3600, Now));
        Assert.Equal(60, Assert.Single(rig.Store.Fetch("noise.1", Now - (5 * 86_400), Now, Aspect.Max)).Step);
    }

    [Fact]
    public void A_source_at_its_limit_gets_no_new_series_and_its_offenders_are_named()
    {
        rig.Options = MetricOptions.Default with { MaxSeries = 100, SourceSeries = new Dictionary<string, int> { ["graphite"] = 50 } };
        for (var i = 0; i < 200; i++) rig.Add($"apps.flood.id{i}", Now, 1, "graphite");
        for (var i = 0; i < 200; i++) rig.Add($"apps.calm.id{i}", Now, 1, "statsd");
        for (var i = 0; i < 10; i++) rig.Add($"host.cpu{i}", Now, 1, "collectors");
        Assert.True(rig.Add("apps.flood.id3", Now, 2, "graphite"));

        var status = rig.Store.Status();

        Assert.Equal((110, 50, 150), (status.Series, rig.Store.Source("graphite").Series, rig.Store.Source("graphite").Refused(Refusal.TooManySeries)));
        Assert.Equal(10, rig.Store.Source("collectors").Series);
        Assert.Equal(["apps.calm", "apps.flood"], status.Offenders.Take(2).Select(o => o.Prefix).Order());
        Assert.StartsWith("apps.flood.id", rig.Store.Source("graphite").LastRefused(Refusal.TooManySeries));
        Assert.Contains(rig.Store.Problems(), p => p.Contains("graphite") && p.Contains("apps."));
        rig.Options = MetricOptions.Default with { MaxSeries = 1000 };
        Assert.Empty(rig.Store.Problems());
    }

    [Theory]
    [InlineData(""), InlineData("a b"), InlineData("a*b"), InlineData("a\tb"), InlineData("x;tag"), InlineData("x;=v"), InlineData("x;t=~v"), InlineData("...")]
    public void What_is_no_name_is_refused_and_shown(string name)
    {
        Assert.False(rig.Add(name, Now, 1));
        Assert.False(rig.Add(new string('x', 600), Now, 1));

        Assert.Equal(2, rig.Store.Source("test").Refused(Refusal.BadName));
        Assert.Empty(rig.Store.Names());
    }

    [Fact]
    public void Tags_have_one_order_and_empty_parts_go()
    {
        rig.Add("x;b=2;a=1", Now - 20, 1);
        rig.Add("x;a=1;b=2", Now - 10, 2);
        rig.Add("a..b.", Now, 3);

        Assert.Equal(["a.b", "x;a=1;b=2"], rig.Store.Names());
        Assert.Equal([1, 2], rig.Read("x;a=1;b=2", Now - 100, Now).Values);
    }

    [Fact]
    public void A_deleted_series_is_gone_for_good_and_its_number_brings_nothing_back()
    {
        for (var i = 0; i < 100; i++)
            foreach (var name in new[] { "a", "b", "c" }) rig.Add(name, Now - 1000 + (i * 10), i);
        rig.Store.Round(isThorough: true);

        Assert.True(rig.Store.Delete("b"));
        Assert.False(rig.Store.Delete("b"));
        rig.Add("d", Now, 1);

        for (var round = 0; round < 2; round++)
        {
            Assert.Equal(["a", "c", "d"], rig.Store.Names());
            Assert.Equal([1], rig.Read("d", Now - 3000, Now).Values);
            Assert.Equal(100, rig.Read("c", Now - 3000, Now).Count);
            rig.Close();
        }
    }

    [Fact]
    public async Task Many_writers_readers_and_rounds_at_once_lose_nothing()
    {
        const int Writers = 4, Points = 3_000;
        var begin = Now - (Points * 10);
        var store = rig.Store;
        var writers = Enumerable.Range(0, Writers).Select(w => Task.Run(() =>
        {
            var source = store.Source($"w{w}");
            var name = Encoding.UTF8.GetBytes($"w.{w}");
            for (var i = 0; i < Points; i++) Assert.True(store.Add(source, name, begin + (i * 10), i));
        })).ToArray();
        var all = Task.WhenAll(writers);
        while (!all.IsCompleted)
        {
            store.Round(isThorough: true);
            foreach (var slice in store.Fetch("w.*", begin - 10, Now, Aspect.Last))
            {
                // whatever was sealed meanwhile, a reader sees a beginning without holes
                var there = slice.Values.TakeWhile(v => !double.IsNaN(v)).Count();
                Assert.True(slice.Values.Skip(there).All(double.IsNaN), $"{slice.Name} has a hole at {there}");
            }
        }
        await all;
        for (var w = 0; w < Writers; w++)
            Assert.Equal(Enumerable.Range(0, Points).Select(i => (double)i), rig.Read($"w.{w}", begin - 10, Now).Values);
    }

    [Fact]
    public void Taking_a_point_of_a_known_series_allocates_nothing()
    {
        var store = new MetricStore(rig.Clock, new MetricJournal());
        var source = store.Source("test");
        for (var i = 0; i < 3_000; i++) store.Add(source, "some.series"u8, Now - i, i);
        // within the slab that is there
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 500; i++) store.Add(source, "some.series"u8, Now - 500 + i, i);

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public async Task An_active_series_takes_little_memory()
    {
        // a process of its own: what other tests take at the same time is not the store's
        var said = await RunningAgent.Run(new ProcessStartInfo("dotnet", [typeof(MemoryChild).Assembly.Location, MemoryChild.Verb, "20000", "120", "0"])
        { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true });

        Assert.True(said.ExitCode == 0, said.Errors);
        Assert.InRange(int.Parse(said.Output.Split(' ')[0], CultureInfo.InvariantCulture), 1, 1228);
    }
}
