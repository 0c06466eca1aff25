using OpsBro.Core.KeyValue;

namespace OpsBro.Tests.KeyValue;

/// <summary>The engine of an agent that is alone: everything is answered here.</summary>
public class LoneNodeTests
{
    static readonly TimeSpan second = TimeSpan.FromSeconds(1);

    [Fact]
    public void What_was_put_is_read_listed_and_removed()
    {
        var rig = KeyValueRig.Started();

        var put = rig.Put("app/a", "1");

        Assert.Equal(KeyValueStatus.Ok, put.Status);
        Assert.Equal("1", KeyValueRig.Text(rig.Get("app/a")));
        Assert.Equal(put.Entry!.Version, rig.Get("app/a").Entry!.Version);
        Assert.Equal("a", rig.Get("app/a").Entry!.Writer);
        Assert.Equal(KeyValueStatus.NotFound, rig.Get("app/b").Status);
        rig.Put("app/b", "22");
        rig.Put("apq", "3");
        var list = rig.Do(new KeyValueOperation { Verb = KeyValueVerb.List, Key = "app/" });
        Assert.Equal(["app/a", "app/b"], list.Entries.Select(e => e.Key));
        Assert.Equal(["app/a", "app/b"], rig.Engine.LocalEntries("app/").Select(e => e.Key));
        Assert.Equal(KeyValueStatus.Ok, rig.Delete("app/a").Status);
        Assert.Equal(KeyValueStatus.NotFound, rig.Get("app/a").Status);
        Assert.Equal(KeyValueStatus.Ok, rig.Delete("never").Status);
    }

    [Fact]
    public void A_list_comes_in_pages()
    {
        var rig = KeyValueRig.Started();
        for (var i = 0; i < 25; i++) rig.Put($"k/{i:00}", "x");
        for (var i = 0; i < 25; i += 2) rig.Delete($"k/{i:00}");

        var (keys, after) = (new List<string>(), "");
        bool hasMore;
        do
        {
            var page = rig.Do(new KeyValueOperation { Verb = KeyValueVerb.List, Key = "k/", Limit = 5, After = after });
            Assert.True(page.Entries.Count <= 5);
            keys.AddRange(page.Entries.Select(e => e.Key));
            hasMore = page.HasMore;
            if (hasMore) after = page.Entries[^1].Key;
        } while (hasMore);

        Assert.Equal(Enumerable.Range(0, 25).Where(i => i % 2 == 1).Select(i => $"k/{i:00}"), keys);
    }

    [Fact]
    public void Nothing_is_shown_or_acknowledged_before_it_is_on_disk()
    {
        var rig = KeyValueRig.Started();
        rig.IsDiskSlow = true;

        var put = rig.Submit(new KeyValueOperation { Verb = KeyValueVerb.Put, Key = "k", Value = new byte[] { 1 } });
        var get = rig.Submit(new KeyValueOperation { Verb = KeyValueVerb.Get, Key = "k" });

        Assert.Empty(rig.Answers);
        Assert.Empty(rig.Changes);
        rig.Obey();
        Assert.Equal(KeyValueStatus.Ok, rig.Answers[put].Status);
        Assert.Equal(KeyValueStatus.Ok, rig.Answers[get].Status);
        Assert.Equal("k", Assert.Single(rig.Changes).Key);
    }

    [Fact]
    public void Values_that_wait_for_a_slow_disk_are_limited_in_bytes()
    {
        var rig = KeyValueRig.Started(maxStore: 1L << 30);
        rig.IsDiskSlow = true;
        KeyValueOperation Put(int i) => new() { Verb = KeyValueVerb.Put, Key = $"k{i}", Value = new byte[KeyValueLimits.MaxValue] };
        var fit = (int)(KeyValueLimits.MaxUnderWay / KeyValueLimits.MaxValue);

        for (var i = 0; i < fit; i++) rig.Submit(Put(i));
        var tooMuch = rig.Submit(Put(fit));

        Assert.Equal(KeyValueStatus.Unavailable, rig.Answers[tooMuch].Status);
        Assert.Contains("bytes of values wait", rig.Answers[tooMuch].Reason);
        rig.Obey();
        Assert.Equal(fit, rig.Answers.Values.Count(answer => answer.Status == KeyValueStatus.Ok));
        rig.IsDiskSlow = false;
        Assert.Equal(KeyValueStatus.Ok, rig.Do(Put(fit)).Status);
    }

    [Fact]
    public void A_disk_that_never_answers_ends_in_unavailable_within_the_patience()
    {
        var rig = KeyValueRig.Started();
        rig.IsDiskSlow = true;

        var put = rig.Submit(new KeyValueOperation { Verb = KeyValueVerb.Put, Key = "k", Value = new byte[] { 1 } });
        for (var i = 0; i < 5; i++) rig.Pass(second);

        Assert.Equal(KeyValueStatus.Unavailable, rig.Answers[put].Status);
        rig.Obey();
        Assert.Single(rig.Answers);
    }

    [Fact]
    public void What_was_acknowledged_is_there_after_a_kill_and_versions_go_on_rising()
    {
        var rig = KeyValueRig.Started();
        var before = rig.Put("k", "old").Entry!.Version;
        rig.Put("gone", "x");
        rig.Delete("gone");
        rig.IsDiskSlow = true;
        rig.Submit(new KeyValueOperation { Verb = KeyValueVerb.Put, Key = "k", Value = new byte[] { 9 } });

        rig.IsDiskSlow = false;
        rig.Now = rig.Now with { UnixMilliseconds = rig.Now.UnixMilliseconds - 100_000 };   // and the clock went back
        rig.Start();

        Assert.Equal("old", KeyValueRig.Text(rig.Get("k")));
        Assert.Equal(KeyValueStatus.NotFound, rig.Get("gone").Status);
        Assert.True(rig.Put("k", "new").Entry!.Version > before);
    }

    [Fact]
    public void Compare_and_set_takes_only_the_expected_version()
    {
        var rig = KeyValueRig.Started();

        Assert.Equal(KeyValueStatus.Conflict, rig.Put("k", "1", expected: 5).Status);
        var first = rig.Put("k", "1", expected: 0);
        Assert.Equal(KeyValueStatus.Ok, first.Status);
        var again = rig.Put("k", "2", expected: 0);
        Assert.Equal(KeyValueStatus.Conflict, again.Status);
        Assert.Equal(first.Entry!.Version, again.Entry!.Version);
        Assert.Equal(KeyValueStatus.Ok, rig.Put("k", "2", expected: first.Entry.Version).Status);
        Assert.Equal(KeyValueStatus.Conflict, rig.Delete("k", expected: first.Entry.Version).Status);
        Assert.Equal(KeyValueStatus.Ok, rig.Delete("k", expected: rig.Get("k").Entry!.Version).Status);
        Assert.Equal(KeyValueStatus.Ok, rig.Put("k", "3", expected: 0).Status);
    }

    [Fact]
    public void Of_many_that_expect_the_same_version_one_wins()
    {
        var rig = KeyValueRig.Started();
        rig.IsDiskSlow = true;

        var ids = Enumerable.Range(0, 500).Select(i => rig.Submit(new KeyValueOperation
        {
            Verb = KeyValueVerb.Put,
            Key = "k",
            Value = new byte[] { 1 },
            Expected = 0,
        })).ToArray();
        rig.Obey();

        Assert.Equal(1, ids.Count(id => rig.Answers[id].Status == KeyValueStatus.Ok));
        Assert.Equal(499, ids.Count(id => rig.Answers[id].Status == KeyValueStatus.Conflict));
    }

    [Fact]
    public void A_key_vanishes_when_its_time_is_over_and_a_later_put_keeps_it()
    {
        var rig = KeyValueRig.Started();
        rig.Put("short", "1", timeToLive: 1_500);
        rig.Put("kept", "1", timeToLive: 1_500);
        rig.Put("kept", "2");
        rig.Changes.Clear();

        rig.Pass(second);
        Assert.Equal(KeyValueStatus.Ok, rig.Get("short").Status);
        rig.Pass(TimeSpan.FromMilliseconds(500));

        Assert.Equal(KeyValueStatus.NotFound, rig.Get("short").Status);
        Assert.Equal("2", KeyValueRig.Text(rig.Get("kept")));
        Assert.True(Assert.Single(rig.Changes) is { Key: "short", IsExpired: true, IsDeleted: true });
        rig.Start();
        Assert.Equal(KeyValueStatus.NotFound, rig.Get("short").Status);
        Assert.Equal(KeyValueStatus.Ok, rig.Put("short", "3", expected: 0).Status);
    }

    [Fact]
    public void A_key_that_is_written_again_and_again_with_a_long_time_to_live_takes_no_more_memory()
    {
        var rig = KeyValueRig.Started();
        for (var i = 0; i < 5_000; i++) rig.Put("lease", "x", timeToLive: 3_600_000);
        rig.Put("short", "x", timeToLive: 1_000);

        Assert.InRange(rig.Engine.Statistics.Counters["expiring"], 2, 2_000);
        rig.Pass(second);
        Assert.Equal(KeyValueStatus.Ok, rig.Get("lease").Status);
        rig.Changes.Clear();
        rig.Pass(TimeSpan.FromHours(1));
        rig.Pass(second);

        Assert.Equal(KeyValueStatus.NotFound, rig.Get("lease").Status);
        Assert.Contains(rig.Changes, change => change is { Key: "lease", IsExpired: true });
    }

    [Fact]
    public void Removals_are_collected_after_an_hour()
    {
        var rig = KeyValueRig.Started();
        for (var i = 0; i < 50; i++) rig.Put($"k{i}", "1", timeToLive: i % 2 == 0 ? 1_000 : 0);
        for (var i = 1; i < 50; i += 2) rig.Delete($"k{i}");
        var rows = rig.Disk.Count(row => row.Key.Item1 == StoredTable.Entry);

        for (var i = 0; i < 100; i++) rig.Pass(TimeSpan.FromMinutes(1));

        Assert.Equal(50, rows);
        Assert.Equal(0, rig.Engine.Statistics.Removals);
        Assert.DoesNotContain(rig.Disk.Keys, row => row.Item1 == StoredTable.Entry);
        Assert.Equal(0, rig.Engine.Statistics.Bytes);
    }

    [Fact]
    public void A_full_store_refuses_and_takes_removals_and_smaller_values()
    {
        var rig = KeyValueRig.Started(maxStore: 100_000);
        rig.Put("a", new string('x', 60_000));

        var refused = rig.Put("b", new string('x', 60_000));

        Assert.Equal(KeyValueStatus.NoSpace, refused.Status);
        Assert.Contains("100000", refused.Reason);
        Assert.Equal(KeyValueStatus.Ok, rig.Put("a", "small").Status);
        Assert.Equal(KeyValueStatus.Ok, rig.Put("b", new string('x', 60_000)).Status);
        Assert.Equal(KeyValueStatus.Ok, rig.Delete("b").Status);
        Assert.Equal(KeyValueStatus.Ok, rig.Put("c", new string('x', 90_000)).Status);
    }

    [Fact]
    public void Tiny_keys_fill_a_store_by_what_they_take_in_memory()
    {
        const int fit = 100;
        var room = fit * KeyEntry.SizeOf("k00", 1);
        var rig = KeyValueRig.Started(maxStore: room);
        for (var i = 0; i < fit; i++) Assert.Equal(KeyValueStatus.Ok, rig.Put($"k{i:00}", "1").Status);

        var refused = rig.Put("new", "1");
        Assert.Equal((KeyValueStatus.NoSpace, room), (refused.Status, rig.Engine.Statistics.Bytes));
        Assert.Contains($"each key takes {KeyValueLimits.Overhead}", refused.Reason);

        // a removal is remembered, and takes as much until it is forgotten
        for (var i = 0; i < fit; i++) Assert.Equal(KeyValueStatus.Ok, rig.Delete($"k{i:00}").Status);
        Assert.Equal(room - fit, rig.Engine.Statistics.Bytes);
        Assert.Equal(KeyValueStatus.NoSpace, rig.Put("new", new string('x', fit)).Status);
        Assert.Equal(KeyValueStatus.Ok, rig.Put("k00", new string('x', fit)).Status);
        for (var i = 0; i < 100; i++) rig.Pass(TimeSpan.FromMinutes(1));
        Assert.Equal(KeyEntry.SizeOf("k00", fit), rig.Engine.Statistics.Bytes);
        Assert.Equal(KeyValueStatus.Ok, rig.Put("new", "1").Status);
    }

    [Theory, InlineData(1), InlineData(2), InlineData(3)]
    public void What_counts_is_the_same_when_it_is_read_from_the_disk(int seed)
    {
        var random = new Random(seed);
        var rig = KeyValueRig.Started();
        for (var i = 0; i < 400; i++)
        {
            var key = $"k{random.Next(60)}";
            if (random.Next(4) == 0) rig.Delete(key);
            else rig.Put(key, new string('x', random.Next(300)), expected: random.Next(8) == 0 ? 0 : null, timeToLive: random.Next(3) == 0 ? 90_000 : 0);
            if (i % 10 == 0) rig.Pass(second);
        }
        for (var i = 0; i < 3; i++) rig.Pass(TimeSpan.FromMinutes(1));   // some have lost their values
        var bytes = rig.Engine.Statistics.Bytes;

        rig.Start();

        Assert.Equal((bytes, true), (rig.Engine.Statistics.Bytes, bytes > 50 * KeyValueLimits.Overhead));
    }

    [Fact]
    public void While_the_disk_refuses_writes_are_refused_and_reads_go_on()
    {
        var rig = KeyValueRig.Started();
        rig.Put("k", "1");

        rig.Engine.DiskProblem = "no space left on /var/lib/opsbro";

        var refused = rig.Put("k", "2");
        Assert.Equal(KeyValueStatus.NoSpace, refused.Status);
        Assert.Contains("/var/lib/opsbro", refused.Reason);
        Assert.Equal("1", KeyValueRig.Text(rig.Get("k")));
        rig.Engine.DiskProblem = "";
        Assert.Equal(KeyValueStatus.Ok, rig.Put("k", "2").Status);
    }

    [Theory]
    [InlineData("", "empty")]
    [InlineData("a\nb", "control")]
    public void Keys_that_make_no_sense_are_refused_with_the_reason(string key, string reason)
    {
        var result = KeyValueRig.Started().Put(key, "1");

        Assert.Equal(KeyValueStatus.Invalid, result.Status);
        Assert.Contains(reason, result.Reason);
    }

    [Fact]
    public void A_list_goes_on_after_the_longest_folder_and_after_nothing_longer()
    {
        var rig = KeyValueRig.Started();
        rig.Put("k", "1");
        var folder = new string('f', KeyValueLimits.MaxKey);

        Assert.Equal(["k"], rig.Do(new() { Verb = KeyValueVerb.List, Key = "", After = folder + char.MaxValue }).Entries.Select(e => e.Key));
        Assert.Equal(KeyValueStatus.Invalid, rig.Do(new() { Verb = KeyValueVerb.List, Key = "", After = folder + "ffff" }).Status);
        Assert.Equal(KeyValueStatus.Invalid, rig.Do(new() { Verb = KeyValueVerb.List, Key = "", After = new string(char.MaxValue, 600) }).Status);
    }

    [Fact]
    public void What_is_here_can_be_taken_a_few_keys_at_a_time()
    {
        var rig = KeyValueRig.Started();
        for (var i = 0; i < 10; i++) rig.Put($"k{i}", "1");

        Assert.Equal(["k0", "k1", "k2"], rig.Engine.LocalEntries("").Take(3).Select(e => e.Key));
        Assert.Equal(["k3", "k4"], rig.Engine.LocalEntries("", "k2").Take(2).Select(e => e.Key));
        Assert.Empty(rig.Engine.LocalEntries("", "k9"));
    }

    [Fact]
    public void Values_and_keys_beyond_the_limits_are_refused()
    {
        var rig = KeyValueRig.Started();

        Assert.Equal(KeyValueStatus.Invalid, rig.Put(new string('k', 513), "1").Status);
        Assert.Equal(KeyValueStatus.Invalid, rig.Put("half of a pair \ud800", "1").Status);
        Assert.Equal(KeyValueStatus.Invalid, rig.Put(new string('é', 257), "1").Status);
        Assert.Equal(KeyValueStatus.Ok, rig.Put(new string('é', 256), "1").Status);
        Assert.Equal(KeyValueStatus.Invalid, rig.Put("k", new string('x', KeyValueLimits.MaxValue + 1)).Status);
        Assert.Equal(KeyValueStatus.Ok, rig.Put("k", new string('x', KeyValueLimits.MaxValue)).Status);
    }

    [Fact]
    public void A_row_that_was_spoiled_is_counted_and_its_partition_forgets_that_it_had_it()
    {
        var rig = KeyValueRig.Started();
        rig.Put("k", "1");
        for (var i = 0; i < 3; i++) rig.Pass(second);   // the vector is on disk
        rig.Disk[(StoredTable.Entry, "k")][3] ^= 0xff;
        rig.Disk[(StoredTable.Entry, "k")] = rig.Disk[(StoredTable.Entry, "k")][..10];

        rig.Start();

        Assert.Equal(1, rig.Engine.Statistics.Counters["bad_rows"]);
        Assert.Equal(KeyValueStatus.NotFound, rig.Get("k").Status);
    }

    [Fact]
    public void A_put_and_a_get_allocate_little()
    {
        var rig = KeyValueRig.Started();
        var value = new byte[100];
        for (var i = 0; i < 200; i++) rig.Do(new KeyValueOperation { Verb = KeyValueVerb.Put, Key = "k", Value = value });
        var put = new KeyValueOperation { Verb = KeyValueVerb.Put, Key = "k", Value = value };
        var get = new KeyValueOperation { Verb = KeyValueVerb.Get, Key = "k" };
        for (var i = 0; i < 100; i++) rig.Do(get);

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 100; i++) rig.Do(put);
        var perPut = (GC.GetAllocatedBytesForCurrentThread() - before) / 100;
        before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 100; i++) rig.Do(get);
        var perGet = (GC.GetAllocatedBytesForCurrentThread() - before) / 100;

        Assert.True(perPut <= 3_000 && perGet <= 700, $"{perPut} bytes a put, {perGet} a get");
    }
}
