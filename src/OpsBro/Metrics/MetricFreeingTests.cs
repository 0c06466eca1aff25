using System.Text;
using OpsBro.Metrics;
using OpsBro.Metrics.Storing;

namespace OpsBro.Tests.Metrics;

/// <summary>Series without numbers are forgotten, and nothing that somebody still needs goes with them.</summary>
public sealed class MetricFreeingTests : IDisposable
{
    /// <summary>Everything is gone after two spans of ten seconds, which are a day each.</summary>
    readonly StoreRig rig = new() { Options = MetricOptions.Default with { Tiers = [new Tier(10, 3600)], MaxSeries = 400 } };

    long Now => rig.Clock.Seconds;

    public void Dispose() => rig.Dispose();

    void Pass(double days)
    {
        rig.Clock.Time += TimeSpan.FromDays(days);
        for (var i = 0; i < 3; i++) rig.Store.Round(isThorough: i % 2 == 0);
    }

    [Fact]
    public void Names_that_keep_changing_do_not_fill_the_store()
    {
        for (var day = 0; day < 12; day++)
        {
            for (var i = 0; i < 300; i++) Assert.True(rig.Add($"container.day{day / 3}.id{i}", Now, (day * 1000) + i), $"day {day}, {i}");
            Assert.True(rig.Add("stays", Now, day));
            Pass(day % 3 == 2 ? 3 : 0.1);
            if (day % 4 == 3) rig.Close();
        }

        Pass(3);
        rig.Add("stays", Now, 99);
        rig.Close();

        Assert.Equal(["stays"], rig.Store.Names());
        Assert.Equal([99], rig.Read("stays", Now - 3000, Now).Values);
        Assert.Equal((1, 400), (rig.Store.Status().Series, rig.Store.Status().MaxSeries));
        Assert.InRange(rig.Store.Roots().Count, 1, 1);
    }

    [Fact]
    public void A_series_with_a_number_anywhere_stays()
    {
        foreach (var name in new[] { "sealed", "gone", "recent" }) rig.Add(name, Now, 1);
        Pass(3);
        rig.Add("sealed", Now - 20, 2);
        rig.Store.Round(isThorough: true);
        rig.Add("recent", Now - 10, 3);
        Assert.Equal(2, rig.Store.Names().Count);   // "recent" was gone as well, and begins anew
        for (var i = 0; i < 3; i++) rig.Store.Round();
        rig.Close();
        for (var i = 0; i < 3; i++) rig.Store.Round();

        Assert.Equal(["recent", "sealed"], rig.Store.Names());
        Assert.Equal([2], rig.Read("sealed", Now - 3000, Now).Values);
        Assert.Equal([3], rig.Read("recent", Now - 3000, Now).Values);
        Assert.Equal(2, rig.Store.Source("test").Series);
    }

    [Fact]
    public void A_series_that_waits_for_a_follower_keeps_its_name_until_it_was_read()
    {
        rig.Store.Journal.Follow("sink");
        for (var i = 0; i < 10; i++) rig.Add($"old.n{i}", Now, i);
        Pass(3);
        for (var i = 0; i < 10; i++) rig.Add($"new.n{i}", Now, 100 + i);
        for (var round = 0; round < 2; round++)
        {
            var page = rig.Store.Journal.Read("sink", 100);
            Assert.Equal(Enumerable.Range(0, 10).Select(i => ($"old.n{i}", (double)i)), page.Points.Take(10).Select(p => (p.Name, p.Value)));
            Assert.Equal(Enumerable.Range(0, 10).Select(i => ($"new.n{i}", 100.0 + i)), page.Points.Skip(10).Select(p => (p.Name, p.Value)));
            Assert.Equal(0, page.Lost);
            rig.Close();
        }
        rig.Store.Journal.Confirm("sink", rig.Store.Journal.Read("sink", 100).Position);
        Pass(0.01);

        Assert.Equal(10, rig.Store.Names().Count);
        for (var i = 0; i < 10; i++) rig.Add($"next.n{i}", Now, 200 + i);
        using var copy = rig.Copy();   // a kill: the journal's names and numbers must be right
        var points = copy.Store.Journal.Read("sink", 100).Points;
        Assert.Equal(Enumerable.Range(0, 10).Select(i => ($"next.n{i}", 200.0 + i)), points.Select(p => (p.Name, p.Value)));
        for (var i = 0; i < 10; i++) Assert.Equal([200.0 + i], copy.Read($"next.n{i}", Now - 3000, Now).Values);
    }

    [Fact]
    public void Names_come_and_go_through_restarts_and_kills_and_each_has_its_own_numbers()
    {
        var random = new Random(6);
        var value = 0;
        for (var round = 0; round < 25; round++)
        {
            var known = new Dictionary<string, double>();
            for (var i = 0; i < 60; i++)
            {
                var name = $"s.n{random.Next(150)}";
                rig.Add(name, Now, known[name] = ++value);
            }
            if (random.Next(2) == 0) rig.Store.Round(random.Next(2) == 0);
            if (random.Next(3) == 0) rig.Close();
            using (var copy = random.Next(3) == 0 ? rig.Copy() : null)
                foreach (var (name, last) in known) Assert.Equal([last], (copy ?? rig).Read(name, Now - 300, Now).Values);
            rig.Clock.Time += random.Next(2) == 0 ? TimeSpan.FromMinutes(20) : TimeSpan.FromDays(1.5);
            rig.Store.Round();
        }
        Pass(4);

        Assert.Empty(rig.Store.Names());
        Assert.Equal(0, rig.Store.Source("test").Series);
    }

    [Fact]
    public void The_beginning_of_a_row_names_its_series_and_any_bytes_are_no_fault()
    {
        var random = new Random(2);
        List<NewSegment> rows = [];
        var writer = new SegmentWriter(10, 0, 1, 0);
        for (var i = 0; i < 100; i++) writer.Add(i * 2, new byte[random.Next(200, 500)], 0, 10, rows);
        writer.Close(rows);
        var row = Assert.Single(rows).Data;
        List<int> series = [];
        Assert.True(SegmentLayout.TrySeries(row.AsSpan(0, SegmentLayout.MaxHead), series));
        Assert.Equal(Enumerable.Range(0, 100).Select(i => i * 2), series);
        for (var round = 0; round < 20_000; round++)
        {
            var bytes = row.AsSpan(0, random.Next(400)).ToArray();
            for (var i = 0; i < 3 && bytes.Length > 0; i++) bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            series.Clear();
            SegmentLayout.TrySeries(bytes, series);

            Assert.InRange(series.Count, 0, SegmentLayout.PartSeries);
        }
    }

    [Fact]
    public void Followers_get_no_details_and_the_store_gets_them_again_after_a_kill()
    {
        rig.Store.Journal.Follow("sink");
        using (var batch = rig.Store.Batch(rig.Store.Source("core")))
            for (var i = 0; i < 10; i++) batch.Add(Encoding.UTF8.GetBytes("cpu"), Now - 10 + i, i == 4 ? 99 : i, isDetail: i < 9);
        using (var copy = rig.Copy()) Assert.Equal([99], copy.Read("cpu", Now - 600, Now, Core.TimeSeries.Aspect.Max).Values);

        var page = rig.Store.Journal.Read("sink", 100);

        Assert.Equal([new JournalPoint("cpu", Now - 1, 9)], page.Points);
        Assert.Equal(0, page.Lost);
        rig.Store.Journal.Confirm("sink", page.Position);
        Assert.Equal(0, rig.Store.Journal.Behind("sink"));
        rig.Store.Add(rig.Store.Source("x"), "x"u8, Now, 1);
        Assert.Equal([new JournalPoint("x", Now, 1)], rig.Store.Journal.Read("sink", 100).Points);
    }
}
