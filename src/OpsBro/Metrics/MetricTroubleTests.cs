using System.Diagnostics;
using OpsBro.Core.TimeSeries;
using OpsBro.Metrics;
using OpsBro.Metrics.Storing;
using OpsBro.Tests.EndToEnd;

namespace OpsBro.Tests.Metrics;

/// <summary>Damaged files, full disks.</summary>
public sealed class MetricTroubleTests : IDisposable
{
    readonly StoreRig rig = new();

    long Now => rig.Clock.Seconds;

    public void Dispose() => rig.Dispose();

    void Fill(StoreRig into, int series = 50)
    {
        var random = new Random(1);
        for (var i = 0; i < 200; i++)
            for (var s = 0; s < series; s++) into.Add($"m.s{s}", Now - 2500 + (i * 10), random.NextDouble());
    }

    [Theory, InlineData(0), InlineData(1)]
    public void A_file_that_is_no_database_is_moved_aside_and_the_store_goes_on(int which)
    {
        Fill(rig);
        rig.Store.Round(isThorough: true);
        rig.Close();
        File.WriteAllText(which == 0 ? rig.File : rig.JournalFile, "the letter of a friend");

        rig.Add("m.s1", Now, 42);
        rig.Store.Round(isThorough: true);
        rig.Close();

        Assert.Contains(42, rig.Read("m.s1", Now - 3000, Now).Values);
        Assert.Equal(which == 0 ? 1 : 201, rig.Read("m.s1", Now - 3000, Now).Count);
        Assert.Single(Directory.GetFiles(rig.Directory, "*.damaged-*"));
    }

    [Fact]
    public void Bytes_that_rot_inside_never_stop_the_store_and_never_change_a_number()
    {
        Fill(rig);
        rig.Store.Round(isThorough: true);
        rig.Close();
        var good = File.ReadAllBytes(rig.File);
        using (var whole = rig.Copy()) Assert.Equal(200, whole.Read("m.s1", Now - 3000, Now).Count);
        rig.Close();
        var right = rig.Store.Fetch("m.*", Now - 3000, Now, Aspect.Last).ToDictionary(s => s.Name, s => s.Values);
        rig.Close();
        var random = new Random(9);
        for (var round = 0; round < 25; round++)
        {
            var bytes = good.ToArray();
            for (var i = 0; i < 20; i++) bytes[random.Next(good.Length)] = (byte)random.Next(256);
            File.WriteAllBytes(rig.File, bytes);

            foreach (var slice in rig.Store.Fetch("m.*", Now - 3000, Now, Aspect.Last))
            {
                if (!right.TryGetValue(slice.Name, out var values)) continue;   // a name that rotted
                for (var i = 0; i < values.Length && i < slice.Values.Length; i++)
                    Assert.True(double.IsNaN(slice.Values[i]) || slice.Values[i].Equals(values[i]), $"{slice.Name} has another number");
            }
            rig.Add("new", Now, 7);
            rig.Store.Round(isThorough: true);
            Assert.Equal([7], rig.Read("new", Now - 3000, Now).Values);
            rig.Close();
            foreach (var file in Directory.GetFiles(rig.Directory)) File.Delete(file);
        }
    }

    [Fact]
    public void Rows_of_any_bytes_are_read_without_a_fault()
    {
        var random = new Random(4);
        List<NewSegment> rows = [];
        var writer = new SegmentWriter(10, 0, 1, 0);
        for (var i = 0; i < 40; i++) writer.Add(i * 3, new byte[random.Next(1, 50)], 0, 10, rows);
        writer.Close(rows);
        var good = Assert.Single(rows).Data;
        int[] wanted = [0, 3, 4, 117];
        List<(int Index, int Offset, int Length)> found = [];
        Assert.True(SegmentLayout.TryFind(good, wanted, found));
        Assert.Equal([0, 1, 3], found.Select(f => f.Index));
        for (var round = 0; round < 20_000; round++)
        {
            var bytes = round % 2 == 0 ? good.ToArray() : new byte[random.Next(80)];
            if (round % 2 == 1) random.NextBytes(bytes);
            for (var i = 0; i < 3 && bytes.Length > 0; i++) bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            found.Clear();
            if (!SegmentLayout.TryFind(bytes.AsSpan(0, random.Next(bytes.Length + 1)), wanted, found)) continue;
            Assert.All(found, f => Assert.InRange(f.Offset + f.Length, 0, bytes.Length));
        }
    }

    [Fact]
    public async Task A_full_disk_is_a_problem_until_there_is_room_and_nothing_taken_meanwhile_is_lost()
    {
        var mount = Directory.CreateTempSubdirectory("opsbro-full-").FullName;
        var mounted = await RunningAgent.Run(Program("mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", mount));
        Assert.True(mounted.ExitCode == 0, $"mount needs root: {mounted.Errors}");
        try
        {
            using var full = new StoreRig { Directory = Path.Join(mount, "data") };
            Directory.CreateDirectory(full.Directory);
            Fill(full, series: 10);
            full.Store.Round(isThorough: true);
            var ballast = Path.Join(mount, "ballast");
            using (var file = File.Create(ballast)) Balloon(file);

            Fill(full, series: 100);
            full.Store.Round(isThorough: true);
            Assert.Contains(full.Store.Problems(), p => p.Contains("full"));
            Assert.Equal(200, full.Read("m.s99", Now - 3000, Now).Count);
            File.Delete(ballast);

            await RunningAgent.Until(() =>
            {
                full.Store.Round(isThorough: true);
                return full.Store.Problems().Count == 0 && full.Store.Status().RecentPoints == 0;
            }, () => string.Join("; ", full.Store.Problems()));
            full.Close();
            Assert.Equal(200, full.Read("m.s99", Now - 3000, Now).Count);
            full.Close();
        }
        finally
        {
            await RunningAgent.Run(Program("umount", "-l", mount));
            Directory.Delete(mount);
        }
    }

    [Theory, InlineData(false), InlineData(true)]
    public async Task A_disk_that_is_full_at_start_is_waited_for_and_what_was_kept_before_is_not_touched(bool hasFiles)
    {
        var mount = Directory.CreateTempSubdirectory("opsbro-full-").FullName;
        var mounted = await RunningAgent.Run(Program("mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", mount));
        Assert.True(mounted.ExitCode == 0, $"mount needs root: {mounted.Errors}");
        try
        {
            using var full = new StoreRig { Directory = Path.Join(mount, "data") };
            Directory.CreateDirectory(full.Directory);
            if (hasFiles)
            {
                full.Add("before", Now - 100, 1);
                full.Store.Round(isThorough: true);
                full.Close();
            }
            var ballast = Path.Join(mount, "ballast");
            using (var file = File.Create(ballast)) Balloon(file);

            full.Add("after", Now - 50, 2);
            full.Store.Round(isThorough: true);
            Assert.NotEmpty(full.Store.Problems());
            Assert.Equal([2], full.Read("after", Now - 600, Now).Values);
            File.Delete(ballast);
            if (!hasFiles)
            {
                await RunningAgent.Until(() =>
                {
                    full.Store.Round(isThorough: true);
                    return full.Store.Problems().Count == 0 && full.Store.Status().RecentPoints == 0;
                }, () => string.Join("; ", full.Store.Problems()));
            }
            full.Close();

            Assert.Equal([hasFiles ? 1 : 2], full.Read(hasFiles ? "before" : "after", Now - 600, Now).Values);
            Assert.Empty(full.Store.Problems());
            full.Close();
        }
        finally
        {
            await RunningAgent.Run(Program("umount", "-l", mount));
            Directory.Delete(mount);
        }
    }

    [Fact]
    public void A_file_that_is_lost_while_its_rows_are_merged_does_not_end_the_rounds()
    {
        for (var i = 0; i < 2; i++)
        {
            Fill(rig, series: 3);
            rig.Clock.Time += TimeSpan.FromMinutes(11);
            rig.Store.Round();
        }
        Assert.Equal(2, rig.Store.Status().Tiers[0].Rows);
        File.Delete(rig.File);

        rig.Store.Round(isThorough: true);

        Assert.Equal(0, rig.Store.Status().Tiers[0].Rows);
        rig.Add("m.s1", Now, 42);
        rig.Store.Round(isThorough: true);
        rig.Close();
        Assert.Equal([42], rig.Read("m.s1", Now - 3000, Now).Values);
        rig.Close();
    }

    [Theory]
    [InlineData("part = 8388606"), InlineData("part = -1"), InlineData("first = -5"), InlineData("last = 2147483647"), InlineData("step = 0")]
    [InlineData("start = -9223372036854775807"), InlineData("\"end\" = 9223372036854775807"), InlineData("\"order\" = 9223372036854775807")]
    public void A_row_whose_figures_rotted_is_left_out_and_the_others_are_kept_and_merged(string rot)
    {
        Fill(rig, series: 600);   // three parts
        rig.Store.Round(isThorough: true);
        rig.Close();
        using (var file = new Microsoft.Data.Sqlite.SqliteConnection($"Data Source={rig.File};Pooling=false"))
        {
            file.Open();
            using var change = file.CreateCommand();
            change.CommandText = $"UPDATE segment SET {rot} WHERE id = (SELECT min(id) FROM segment)";
            Assert.Equal(1, change.ExecuteNonQuery());
        }

        rig.Add("m.s599", Now, 42);
        rig.Store.Round(isThorough: true);

        Assert.Equal(1, rig.Store.Status().Damaged);
        Assert.Equal(201, rig.Read("m.s599", Now - 3000, Now).Count);
        rig.Close();
    }

    [Fact]
    public void A_fault_of_a_round_is_a_problem_of_the_operator_and_the_store_answers_all_the_same()
    {
        var store = rig.Store;
        rig.Close();   // as good as a disk that cannot be read
        store.Add(store.Source("test"), "m.s1"u8, Now, 42);
        rig.Clock.Time += TimeSpan.FromMinutes(11);

        store.TryRound();

        Assert.Contains(store.Problems(), p => p.StartsWith("metrics cannot be sealed", StringComparison.Ordinal));
        Assert.Equal(1, store.Status().RecentPoints);
    }

    static void Balloon(FileStream file)
    {
        var page = new byte[4096];
        try
        {
            while (true)
            {
                file.Write(page);
                file.Flush();
            }
        }
        catch (IOException)
        {
            return;   // full: what was wanted
        }
    }

    static ProcessStartInfo Program(string name, params string[] args) => new(name, args)
    {
        RedirectStandardOutput = true,
        RedirectStandardError = true,
        RedirectStandardInput = true,
    };
}
