using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using OpsBro.Core.TimeSeries;
using OpsBro.Metrics;
using OpsBro.Metrics.Storing;
using OpsBro.Storage;

namespace OpsBro.Tests.Metrics;

public sealed class MetricJournalTests : IDisposable
{
    readonly string directory = Directory.CreateTempSubdirectory("opsbro-journal-").FullName;
    long limit = MetricJournal.DefaultBytes;

    string FileName => Path.Join(directory, "metrics-journal.db");

    public void Dispose() => Directory.Delete(directory, recursive: true);

    MetricJournal Open() => new(new SeriesIndex(1),
        new JournalFile(new Database(FileName, TimeProvider.System, new Telemetry(), NullLogger<Database>.Instance, JournalFile.Kind)), () => limit);

    static int Series(MetricJournal journal, string name)
    {
        Assert.True(journal.Names.TryAdd(Encoding.UTF8.GetBytes(name), out var series, out _));
        return series;
    }

    static void Append(MetricJournal journal, int from, int count, int series = 3)
    {
        lock (journal.Gate)
        {
            for (var i = from; i < from + count; i++) journal.Append(Series(journal, $"s.{i % series}"), 1_000_000 + i, i * 0.25);
        }
    }

    static void Holds(JournalPage page, int from, int count)
    {
        Assert.Equal(count, page.Points.Count);
        for (var i = 0; i < count; i++)
            Assert.Equal(new JournalPoint($"s.{(from + i) % 3}", 1_000_000 + from + i, (from + i) * 0.25), page.Points[i]);
    }

    [Fact]
    public void What_was_appended_is_replayed_by_the_next_start()
    {
        using (var journal = Open()) Append(journal, 0, 20_000);
        using var again = Open();
        var next = 0;

        var lost = again.Replay(5_000, (series, at, value) =>
        {
            Assert.Equal(($"s.{(next + 5_000) % 3}", 1_005_000L + next, (next + 5_000) * 0.25), (again.Names.TextOf(series), at, value));
            next++;
        });

        Assert.Equal((15_000, 0, 20_000), (next, lost, again.Next));
    }

    [Theory, InlineData(true), InlineData(false)]
    public void A_follower_gets_every_point_once_and_goes_on_where_it_was_after_a_restart(bool flushes)
    {
        using (var journal = Open())
        {
            Append(journal, 0, 10);   // before it follows: none of its business
            journal.Follow("sink");
            Append(journal, 10, 20_000);
            if (flushes) journal.Flush();
            var page = journal.Read("sink", 100);
            Holds(page, 10, 100);
            Holds(journal.Read("sink", 100), 10, 100);
            journal.Confirm("sink", page.Position);
            Holds(journal.Read("sink", 100), 110, 100);
        }
        using var again = Open();
        again.Follow("sink");
        Assert.Equal(["sink"], again.Followers());
        Assert.Equal(19_900, again.Behind("sink"));
        Append(again, 20_010, 1_000);

        for (var at = 110; at < 21_010;)
        {
            var page = again.Read("sink", 3_333);
            Holds(page, at, Math.Min(3_333, 21_010 - at));
            Assert.Equal(0, page.Lost);
            again.Confirm("sink", page.Position);
            at += page.Points.Count;
        }
        Assert.Equal(0, again.Behind("sink"));
        Assert.Empty(again.Read("sink", 10).Points);
    }

    [Fact]
    public void In_memory_it_keeps_points_for_followers_only()
    {
        using var journal = new MetricJournal();
        Append(journal, 0, 10);
        journal.Follow("sink");
        Append(journal, 10, 10);

        var page = journal.Read("sink", 100);

        Holds(page, 10, 10);
        journal.Confirm("sink", page.Position);
        Assert.Empty(journal.Read("sink", 100).Points);
    }

    [Fact]
    public void What_is_sealed_and_confirmed_by_all_goes_and_the_file_shrinks()
    {
        using var journal = Open();
        journal.Follow("sink");
        lock (journal.Gate)
        {
            for (var i = 0; i < 2_000_000; i++) journal.Append(Series(journal, "s"), i * 31L, Math.Sqrt(i));
        }
        journal.Flush();
        var full = new FileInfo(FileName).Length + new FileInfo(FileName + "-wal").Length;

        journal.Sealed(journal.Next);
        journal.Flush();
        Assert.True(journal.StoredBytes > 10_000_000, "a follower waits for all of it");
        journal.Forget("sink");
        journal.Flush();

        Assert.Equal(0, journal.StoredBytes);
        Assert.InRange(new FileInfo(FileName).Length, 1, full / 10);
        Assert.Equal(2_000_000, journal.Next);
    }

    [Fact]
    public void The_position_outlives_an_empty_file()
    {
        using (var journal = Open())
        {
            Append(journal, 0, 1_000);
            journal.Flush();
            journal.Sealed(1_000);
        }
        using var again = Open();

        Assert.Equal((1_000, 0), (again.Next, again.StoredBytes));
    }

    [Fact]
    public void Beyond_its_limit_the_oldest_go_and_the_follower_is_told_once()
    {
        limit = 200_000;
        using var journal = Open();
        journal.Follow("sink");
        for (var i = 0; i < 20; i++)
        {
            Append(journal, i * 10_000, 10_000);
            journal.Flush();
        }
        journal.Flush();

        var page = journal.Read("sink", 1_000);

        Assert.InRange(page.Lost, 1, 199_000);
        Holds(page, (int)page.Lost, 1_000);
        Assert.Equal(page.Lost + 1_000, page.Position);
        Assert.Equal((0L, page.Points[0]), (journal.Read("sink", 1_000).Lost, journal.Read("sink", 1_000).Points[0]));
        Assert.InRange(journal.StoredBytes, 1, 200_000);
        Assert.Equal(200_000 - page.Lost, journal.Behind("sink"));
    }

    [Fact]
    public void A_damaged_file_is_moved_aside_and_the_journal_goes_on()
    {
        using (var journal = Open())
        {
            journal.Follow("sink");
            Append(journal, 0, 1_000);
        }
        File.WriteAllText(FileName, "no database");
        using var again = Open();
        again.Follow("sink");

        Append(again, 0, 100);
        again.Flush();

        Holds(again.Read("sink", 1_000), 0, 100);
        Assert.Single(Directory.GetFiles(directory, "*.damaged-*"));
    }

    [Fact]
    public void A_file_that_is_taken_away_while_it_runs_is_made_anew_with_names_and_followers()
    {
        long identity;
        using (var journal = Open())
        {
            journal.Follow("sink");
            Append(journal, 0, 1_000);
            journal.Flush();
            identity = journal.Identity;
            foreach (var file in Directory.GetFiles(directory)) File.Delete(file);
            Append(journal, 1_000, 1_000);
            journal.Flush();
            Assert.NotEqual(identity, journal.Identity);
            var page = journal.Read("sink", 5_000);
            Holds(page, 1_000, 1_000);
            Assert.Equal(1_000, page.Lost);
        }
        using var again = Open();

        Assert.Equal(["sink"], again.Followers());
        Holds(again.Read("sink", 5_000), 1_000, 1_000);
    }

    [Fact]
    public void A_batch_gives_back_every_number_to_the_last_bit()
    {
        var random = new Random(7);
        var points = new List<(int Series, long At, double Value)>();
        for (var i = 0; i < JournalBatch.MaxPoints; i++)
        {
            var value = (i % 9) switch
            {
                0 => i,
                1 => random.Next(100_000) / 100.0,
                2 => random.NextDouble(),
                3 => -0.0,
                4 => BitConverter.Int64BitsToDouble(random.NextInt64()) is var any && double.IsFinite(any) ? any : 1,
                5 => random.Next(-100_000, 0) / 10_000.0,
                6 => (float)random.NextDouble(),
                7 => double.MaxValue,
                _ => long.MaxValue,
            };
            points.Add((random.Next(4) switch { 0 => i, 1 => random.Next(), 2 => 5, _ => 6 }, random.NextInt64(-1L << 40, 1L << 40), value));
        }
        var batch = new JournalBatch(17);
        foreach (var (series, at, value) in points) batch.Add(series, at, value);
        var reader = new JournalBatch.Reader(batch.Bytes);

        foreach (var (series, at, value) in points)
        {
            Assert.True(reader.Next());
            Assert.Equal((series, at, BitConverter.DoubleToInt64Bits(value)), (reader.Series, reader.At, BitConverter.DoubleToInt64Bits(reader.Value)));
        }
        Assert.False(reader.Next());
        Assert.False(reader.IsDamaged);
    }

    [Fact]
    public void Damaged_batches_end_and_never_throw()
    {
        var random = new Random(11);
        var batch = new JournalBatch(0);
        for (var i = 0; i < 200; i++) batch.Add(random.Next(1000), random.Next(), random.NextDouble() * 100);
        for (var round = 0; round < 20_000; round++)
        {
            var bytes = round % 2 == 0 ? batch.ToArray() : new byte[random.Next(64)];
            if (round % 2 == 1) random.NextBytes(bytes);
            for (var i = 0; i < 3 && bytes.Length > 0; i++) bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            var reader = new JournalBatch.Reader(bytes.AsSpan(0, random.Next(bytes.Length + 1)));
            var count = 0;
            while (reader.Next()) count++;

            Assert.InRange(count, 0, bytes.Length);
        }
    }

    [Fact]
    public void A_common_point_takes_few_bytes()
    {
        var batch = new JournalBatch(0);
        for (var round = 0; round < 8; round++)
            for (var series = 0; series < 1000; series++) batch.Add(series, 1_700_000_000 + (round * 10), series * 1.25);

        Assert.InRange(batch.Bytes.Length / (double)batch.Count, 2, 5);
    }
}
