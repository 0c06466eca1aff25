using System.Collections.Concurrent;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using OpsBro.Core.KeyValue;
using OpsBro.KeyValue;

namespace OpsBro.Tests.KeyValue;

public sealed class KeyLogTests : IDisposable
{
    const int Parts = 4;

    readonly string directory = Directory.CreateTempSubdirectory("opsbro-kv-").FullName;
    readonly Telemetry telemetry = new();
    readonly ConcurrentQueue<long> persisted = new();
    readonly SemaphoreSlim more = new(0);
    readonly Lock engine = new();
    readonly SortedDictionary<string, StoredRow> rows = new(StringComparer.Ordinal);   // what the engine holds
    Action whenGiven = () => { };
    long ticket;

    string FileName => Path.Join(directory, "kv.log");

    public void Dispose() => Directory.Delete(directory, recursive: true);

    KeyLog Open() => Open(FileName);

    KeyLog Open(string file) => new(file, Give, Persisted, () => { }, TimeProvider.System, telemetry, NullLogger.Instance);

    void Give(int part, Action<IReadOnlyList<StoredRow>> take)
    {
        lock (engine) take([.. rows.Values.Where(row => part < Parts && row.Name.Length % Parts == part)]);
        whenGiven();
    }

    void Persisted(long upTo)
    {
        persisted.Enqueue(upTo);
        more.Release();
    }

    void Until(Func<bool> isSo)
    {
        while (!isSo()) Assert.True(more.Wait(TimeSpan.FromSeconds(60)), "nothing was told");
    }

    bool IsOnDisk(long upTo) => persisted.LastOrDefault() >= upTo;

    /// <summary>What the engine does for one operation.</summary>
    long Write(KeyLog log, params StoredRow[] changed)
    {
        long given;
        lock (engine)
        {
            foreach (var row in changed)
            {
                if (row.Data is null) rows.Remove($"{row.Table} {row.Name}");
                else rows[$"{row.Table} {row.Name}"] = row;
            }
            log.Write(given = ++ticket, changed);
        }
        log.Commit();
        return given;
    }

    static StoredRow Row(string name, string? data, StoredTable table = StoredTable.Entry) =>
        new(table, name, data is null ? null : Encoding.UTF8.GetBytes(data));

    static string[] Texts(IEnumerable<StoredRow> rows) =>
        [.. rows.Select(row => $"{row.Table} {row.Name}={Encoding.UTF8.GetString(row.Data!)}").Order(StringComparer.Ordinal)];

    [Fact]
    public void Rows_come_back_as_they_were_written_last()
    {
        using (var log = Open())
        {
            Assert.Empty(log.Load());
            Write(log, Row("a", "1"), Row("a", "meta", StoredTable.Meta), Row("é\u0001", ""));
            Write(log, Row("a", "2"), Row("b", "3"));
            Write(log, Row("b", null), Row("never", null));
            Until(() => IsOnDisk(3));
        }

        using var again = Open();

        Assert.Equal(["Entry a=2", "Entry é\u0001=", "Meta a=meta"], Texts(again.Load()));
    }

    [Fact]
    public void Tickets_are_told_in_their_order_whoever_commits()
    {
        using var log = Open();
        log.Load();

        Parallel.For(0, 2_000, i => Write(log, Row($"k{i % 100}", $"{i}")));
        Until(() => IsOnDisk(2_000));

        Assert.Equal(persisted.Order(), persisted);
    }

    [Fact]
    public void What_was_told_is_in_the_file_though_nobody_closes_it()
    {
        var log = Open();
        log.Load();
        Write(log, Row("a", "1"));
        Until(() => IsOnDisk(1));
        var copy = Path.Join(directory, "copy");
        File.Copy(FileName, copy);
        log.Dispose();

        using var other = Open(copy);

        Assert.Equal(["Entry a=1"], Texts(other.Load()));
    }

    [Fact]
    public void Only_its_owner_may_read_the_file()
    {
        File.WriteAllBytes(FileName, []);
        File.SetUnixFileMode(FileName, File.GetUnixFileMode(FileName) | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
        using (var log = Open()) log.Load();
        File.SetUnixFileMode(FileName, File.GetUnixFileMode(FileName) | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
        using var again = Open();
        again.Load();

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(FileName));
    }

    [Fact]
    public void A_file_that_is_no_log_is_moved_aside_and_said()
    {
        File.WriteAllText(FileName, "this is not a log");

        using var log = Open();

        Assert.Empty(log.Load());
        Assert.StartsWith("this is not a log", File.ReadAllText(log.Aside));
    }

    [Fact]
    public void A_file_of_a_newer_agent_is_left_alone()
    {
        using (var log = Open()) log.Load();
        var bytes = File.ReadAllBytes(FileName);
        bytes[8] = KeyLogFormat.Version + 1;
        BitConverter.GetBytes(OpsBro.Core.Wire.Crc32C.Of(bytes.AsSpan(0, 28))).CopyTo(bytes, 28);
        File.WriteAllBytes(FileName, bytes);

        using var older = Open();

        Assert.Contains("install the agent that wrote it", Assert.Throws<IOException>(older.Load).Message);
        Assert.Equal(bytes, File.ReadAllBytes(FileName));
    }

    [Fact]
    public void A_file_that_is_removed_is_written_anew_from_memory()
    {
        using (var log = Open())
        {
            log.Load();
            Write(log, Row("a", "1"));
            Until(() => IsOnDisk(1));

            File.Delete(FileName);
            log.Look();
            Until(() => log.Rewritten == 1);
            Until(() => IsOnDisk(Write(log, Row("b", "2"))));
        }

        using var again = Open();
        Assert.Equal(["Entry a=1", "Entry b=2"], Texts(again.Load()));
    }

    string[] Aside(string what) => [.. Directory.EnumerateFileSystemEntries(directory, $"kv.log.{what}-*")];

    /// <summary>A log with row <c>a</c>, another file in its place, and a look.</summary>
    void Replace(Action<string> replace)
    {
        using (var log = Open())
        {
            log.Load();
            Until(() => IsOnDisk(Write(log, Row("a", "1"))));

            replace(FileName);
            log.Look();
            Until(() => log.Rewritten == 1);
            Until(() => IsOnDisk(Write(log, Row("b", "2"))));
            log.Look();   // now it is ours
            Until(() => IsOnDisk(Write(log, Row("c", "3"))));
            log.Dispose();
            Assert.Equal(1, log.Rewritten);
        }

        using var again = Open();
        Assert.Equal(["Entry a=1", "Entry b=2", "Entry c=3"], Texts(again.Load()));
    }

    [Fact]
    public void A_file_that_is_replaced_is_written_anew_from_memory_and_the_other_one_is_moved_aside()
    {
        var other = Path.Join(directory, "other");
        File.WriteAllText(other, "the letter of a friend");

        Replace(path => File.Move(other, path, overwrite: true));

        Assert.Equal("the letter of a friend", File.ReadAllText(Assert.Single(Aside("foreign"))));
    }

    [Fact]
    public void A_copy_of_the_file_in_its_place_is_another_file()
    {
        var copy = Path.Join(directory, "copy");

        Replace(path =>
        {
            File.Copy(path, copy);
            File.Move(copy, path, overwrite: true);
        });

        Assert.Equal("a", Assert.Single(KeyLogReader.Read(Assert.Single(Aside("foreign"))).Rows).Name);
    }

    [Fact]
    public void A_directory_in_the_place_of_the_file_is_moved_aside_with_what_is_in_it()
    {
        Replace(path =>
        {
            File.Delete(path);
            Directory.CreateDirectory(path);
            File.WriteAllText(Path.Join(path, "letter"), "of a friend");
        });

        Assert.Equal("of a friend", File.ReadAllText(Path.Join(Assert.Single(Aside("foreign")), "letter")));
    }

    [Fact]
    public void A_link_to_where_the_file_was_moved_is_no_other_file()
    {
        using var log = Open();
        log.Load();
        var moved = Path.Join(directory, "moved");
        File.Move(FileName, moved);
        File.CreateSymbolicLink(FileName, moved);

        log.Look();
        Until(() => IsOnDisk(Write(log, Row("a", "1"))));
        log.Dispose();

        Assert.Equal(0, log.Rewritten);
        Assert.Equal(["Entry a=1"], Texts(KeyLogReader.Read(moved).Rows));
    }

    [Fact]
    public void A_file_that_comes_while_the_log_is_written_anew_is_moved_aside_as_well()
    {
        using var log = Open();
        log.Load();
        Until(() => IsOnDisk(Write(log, Row("a", "1"))));
        whenGiven = () => File.WriteAllText(FileName, "the letter of a friend");

        File.Delete(FileName);
        log.Look();
        Until(() => log.Rewritten == 1);

        Assert.Equal("the letter of a friend", File.ReadAllText(Assert.Single(Aside("foreign"))));
        Assert.Equal(["Entry a=1"], Texts(KeyLogReader.Read(FileName).Rows));
    }

    [Fact]
    public void A_log_that_is_out_of_date_is_written_anew_while_writes_go_on()
    {
        var value = new string('x', 10_000);
        using (var log = Open())
        {
            log.Load();
            for (var i = 0; log.Rewritten < 3; i++)
            {
                Write(log, Row(new string('k', 1 + i % 50), $"{i} {value}"), i % 7 == 0 ? Row("k", null) : Row("m", $"{i}"));
                // as whoever writes waits for the answers: without, a slow disk has never done, and the log is written anew without end
                Until(() => IsOnDisk(ticket - 200));
            }
            Until(() => IsOnDisk(ticket));
            Assert.InRange(new FileInfo(FileName).Length, 1, ticket * value.Length);
        }

        using var again = Open();
        Assert.Equal(Texts(rows.Values), Texts(again.Load()));
    }

    [Fact]
    public void A_file_that_cannot_be_had_is_said_for_what_it_holds_is_not_known()
    {
        Directory.CreateDirectory(FileName);
        using var log = Open();

        Assert.Contains("cannot be opened", Assert.Throws<IOException>(log.Load).Message);
    }

    /// <summary>A file of ten records, each of which sets the key <c>last</c> to its number.</summary>
    byte[] Ten(out List<int> ends)
    {
        ends = [KeyLogFormat.FileHeader];
        using (var log = Open())
        {
            log.Load();
            for (var i = 1; i <= 10; i++)
            {
                var rest = new string('r', i * 20);
                Write(log, Row("last", $"{i}"), Row($"k{i}", rest));
                Until(() => IsOnDisk(i));
                ends.Add(ends[^1] + KeyLogFormat.RecordHeader + 1 + 5 + 1 + $"{i}".Length + 1 + 1 + $"k{i}".Length + (rest.Length < 128 ? 1 : 2) + rest.Length);
            }
        }
        return File.ReadAllBytes(FileName);
    }

    int Last(byte[] bytes)
    {
        File.WriteAllBytes(FileName, bytes);
        using var log = Open();
        var found = log.Load();
        if (log.Aside.Length > 0) return -1;
        var text = Texts(found).SingleOrDefault(row => row.StartsWith("Entry last=", StringComparison.Ordinal));
        return text is null ? 0 : int.Parse(text["Entry last=".Length..]);
    }

    [Fact]
    public void A_file_that_ends_anywhere_has_all_the_records_that_are_whole()
    {
        var bytes = Ten(out var ends);

        for (var length = ends[0]; length <= ends[^1]; length += 7)
        {
            var cut = bytes[..length];
            Assert.Equal(ends.Count(end => end <= length) - 1, Last(cut));
            Assert.Equal(ends.Count(end => end <= length) - 1, Last([.. cut, .. new byte[5_000]]));
        }
    }

    [Fact]
    public void A_record_that_was_torn_is_written_over_by_the_next_ones()
    {
        var bytes = Ten(out var ends);
        bytes.AsSpan(ends[9] + 3, 40).Clear();

        Assert.Equal(9, Last(bytes));
        using (var log = Open())
        {
            log.Load();
            Until(() => IsOnDisk(Write(log, Row("last", "77"))));
        }

        Assert.Equal(77, Last(File.ReadAllBytes(FileName)));
    }

    [Theory, InlineData(1), InlineData(2), InlineData(3)]
    public void Damage_is_told_and_never_read_as_something_else(int seed)
    {
        var random = new Random(seed);
        var bytes = Ten(out var ends);
        for (var round = 0; round < 200; round++)
        {
            var damaged = bytes.ToArray();
            var (at, length) = (random.Next(ends[^1]), round % 2 == 0 ? 1 : random.Next(1, 200));
            if (length == 1) damaged[at] ^= (byte)random.Next(1, 256);
            else random.NextBytes(damaged.AsSpan(at, length));

            var found = Last(damaged);

            // the last record may have been torn; where others follow it is damage
            var whole = ends.Count(end => end <= at) - 1;
            Assert.True(found == -1 || (found == whole && at + length > ends[^2]), $"seed {seed}, round {round}: {found} records for damage at {at}");
        }
    }

    [Fact]
    public void A_record_that_is_whole_and_makes_no_sense_is_damage()
    {
        var batch = new KeyLogBatch();
        batch.Add([Row("a", "1")]);
        batch.Add([new StoredRow((StoredTable)9, "a", [])]);
        var bytes = new byte[KeyLogFormat.FileHeader];
        KeyLogFormat.WriteHeader(bytes, 7);
        var record = batch.Seal(7, bytes.Length);

        Assert.Equal(-1, Last([.. bytes, .. record.Span]));
    }
}
