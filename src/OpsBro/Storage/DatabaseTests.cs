using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;
using OpsBro.Storage;

namespace OpsBro.Tests.Storage;

public sealed class DatabaseTests : IDisposable
{
    readonly string directory = Directory.CreateTempSubdirectory("opsbro-storage-").FullName;
    readonly Telemetry telemetry = new();
    static readonly DateTimeOffset today = new(DateTime.UtcNow.Date.AddDays(-2), TimeSpan.Zero);

    string FileName => Path.Join(directory, "opsbro.db");

    public void Dispose() => Directory.Delete(directory, recursive: true);

    Database Open() => new(FileName, TimeProvider.System, telemetry, NullLogger<Database>.Instance);

    static HistoryEntry Entry(int i, string name = "cpu", string kind = "check") =>
        new(today.AddSeconds(i), kind, name, "ok", "critical", $"text {i}");

    static void Execute(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    static long Scalar(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return (long)command.ExecuteScalar()!;
    }

    [Fact]
    public void A_read_sees_every_write_queued_before_it()
    {
        using var database = Open();
        database.Schema("t", "CREATE TABLE t(x)");

        for (var i = 0; i < 1000; i++) database.Write(c => Execute(c, "INSERT INTO t VALUES(1)"));

        Assert.Equal(1000, database.Read(c => Scalar(c, "SELECT count(*) FROM t")));
    }

    [Fact]
    public void What_was_flushed_is_seen_by_another_process_at_once()
    {
        using var database = Open();
        database.Schema("t", "CREATE TABLE t(x)");
        database.Write(c => Execute(c, "INSERT INTO t VALUES(1)"));

        database.Flush();

        using var other = new SqliteConnection($"Data Source={FileName};Pooling=False");
        other.Open();
        Assert.Equal(1, Scalar(other, "SELECT count(*) FROM t"));
        Assert.True(File.Exists(FileName + "-wal"));
    }

    [Fact]
    public void A_schema_is_brought_forward_step_by_step_and_only_once()
    {
        using (var database = Open()) database.Schema("t", "CREATE TABLE t(x)");
        using (var database = Open())
        {
            database.Schema("t", "CREATE TABLE t(x)", "ALTER TABLE t ADD COLUMN y");
            database.Write(c => Execute(c, "INSERT INTO t VALUES(1, 2)"));
        }
        using (var database = Open())
        {
            database.Schema("t", "CREATE TABLE t(x)", "ALTER TABLE t ADD COLUMN y");
            Assert.Equal(2, database.Read(c => Scalar(c, "SELECT y FROM t")));
        }
    }

    [Fact]
    public void A_write_that_fails_does_not_undo_the_others_and_is_counted()
    {
        using var database = Open();
        database.Schema("t", "CREATE TABLE t(x)");

        database.Write(c => Execute(c, "INSERT INTO t VALUES(1)"));
        database.Write(c => Execute(c, "INSERT INTO nowhere VALUES(1)"));
        database.Write(c => Execute(c, "INSERT INTO t VALUES(1)"));

        Assert.Equal(2, database.Read(c => Scalar(c, "SELECT count(*) FROM t")));
        database.Flush();   // a read is answered within its group; what failed in the group is counted after the commit
        Assert.Equal(1, telemetry.Of("storage", "writer").Dropped);
    }

    [Fact]
    public void A_read_that_fails_says_why()
    {
        using var database = Open();

        var error = Assert.Throws<SqliteException>(() => database.Read(c => Scalar(c, "SELECT x FROM nowhere")));

        Assert.Contains("nowhere", error.Message);
    }

    [Fact]
    public void A_file_that_is_no_database_is_moved_aside_and_a_new_one_started()
    {
        File.WriteAllText(FileName, "this is not SQLite, it is the letter of a friend");

        using var database = Open();
        var log = new HistoryLog(database, TimeProvider.System);
        log.Add(Entry(1));

        Assert.Single(log.Read("check", null, 10, null));
        var aside = Assert.Single(Directory.GetFiles(directory, "*.damaged-*"));
        Assert.StartsWith("this is not SQLite", File.ReadAllText(aside));
    }

    [Fact]
    public void A_file_damaged_inside_is_replaced_when_the_damage_is_met()
    {
        using (var database = Open())
        {
            var log = new HistoryLog(database, TimeProvider.System);
            for (var i = 0; i < 2000; i++) log.Add(Entry(i));
        }
        var bytes = File.ReadAllBytes(FileName);
        Array.Fill(bytes, (byte)0xa5, 4096 * 3, bytes.Length - (4096 * 3));   // the first pages hold the schema
        File.WriteAllBytes(FileName, bytes);

        using var again = Open();
        var history = new HistoryLog(again, TimeProvider.System);
        history.Add(Entry(1));
        var entries = history.Read("check", null, 10, null);

        Assert.Single(entries);
        Assert.Single(Directory.GetFiles(directory, "*.damaged-*"));
    }

    [Fact]
    public void A_queue_that_is_full_drops_and_counts()
    {
        using var database = Open();
        using ManualResetEventSlim gate = new(), isIn = new();
        database.Write(_ =>
        {
            isIn.Set();
            gate.Wait();
        });
        isIn.Wait();

        var taken = 0;
        for (var i = 0; i < Database.MaxQueued + 500; i++)
            if (database.Write(_ => { })) taken++;
        gate.Set();
        database.Flush();

        Assert.Equal(Database.MaxQueued, taken);
        Assert.Equal(500, telemetry.Of("storage", "writer").Dropped);
    }

    [Fact]
    public void What_a_full_disk_refuses_is_written_when_there_is_space_again()
    {
        using var database = Open();
        database.Schema("t", "CREATE TABLE t(x)");
        database.Read(c => Scalar(c, $"PRAGMA max_page_count = {Scalar(c, "PRAGMA page_count")}"));

        for (var i = 0; i < 3; i++) database.Write(c => Execute(c, "INSERT INTO t VALUES(zeroblob(10000))"));
        Assert.Equal(0, database.Read(c => Scalar(c, "SELECT count(*) FROM t")));
        Assert.Contains("full", database.Problem);
        database.Read(c => Scalar(c, "PRAGMA max_page_count = 1000"));
        database.Flush();

        Assert.Equal(3, database.Read(c => Scalar(c, "SELECT count(*) FROM t")));
        Assert.Equal(("", 0), (database.Problem, telemetry.Of("storage", "writer").Dropped));
    }

    [Fact]
    public void Another_process_that_holds_the_file_delays_writes_and_loses_none()
    {
        using var database = Open();
        database.Schema("t", "CREATE TABLE t(x)");
        database.Flush();
        using var other = new SqliteConnection($"Data Source={FileName};Pooling=False");
        other.Open();
        Execute(other, "BEGIN IMMEDIATE");

        database.Write(c => Execute(c, "INSERT INTO t VALUES(1)"));
        Assert.Equal(0, database.Read(c => Scalar(c, "SELECT count(*) FROM t")));
        Assert.Contains("locked", database.Problem);
        Execute(other, "ROLLBACK");

        Assert.Equal(1, database.Read(c => Scalar(c, "SELECT count(*) FROM t")));
    }

    [Fact]
    public void A_file_that_is_removed_is_made_anew()
    {
        using var database = Open();
        var log = new HistoryLog(database, TimeProvider.System);
        log.Add(Entry(1));
        database.Flush();
        foreach (var file in Directory.GetFiles(directory)) File.Delete(file);

        log.Add(Entry(2));

        Assert.Equal(["text 2"], log.Read("check", null, 10, null).Select(e => e.Text));
        Assert.Equal(1, database.Renewals);
        Assert.True(File.Exists(FileName));
    }

    [Fact]
    public void Where_no_file_can_be_had_memory_is_used_and_said_so()
    {
        Directory.CreateDirectory(FileName);

        using var database = Open();
        var log = new HistoryLog(database, TimeProvider.System);
        log.Add(Entry(1));

        Assert.Single(log.Read("check", null, 10, null));
        Assert.StartsWith($"{FileName} cannot be opened (", database.Problem);
    }

    [Fact]
    public void History_survives_a_restart_and_comes_newest_first()
    {
        using (var database = Open())
        {
            var log = new HistoryLog(database, TimeProvider.System);
            for (var i = 0; i < 5; i++) log.Add(Entry(i, i % 2 == 0 ? "cpu" : "disks"));
            log.Add(Entry(9, "linux", "group"));
        }
        using var again = Open();
        var history = new HistoryLog(again, TimeProvider.System);

        Assert.Equal(["text 4", "text 3", "text 2"], history.Read("check", null, 3, null).Select(e => e.Text));
        Assert.Equal(["text 3", "text 1"], history.Read("check", "disks", 10, null).Select(e => e.Text));
        Assert.Equal(["text 4"], history.Read("check", null, 10, Entry(4).At).Select(e => e.Text));
        Assert.Equal(Entry(9, "linux", "group"), Assert.Single(history.Read("group", null, 10, null)));
    }

    [Fact]
    public void History_is_bounded_by_number_and_by_age()
    {
        using var database = Open();
        var log = new HistoryLog(database, TimeProvider.System, () => (100, TimeSpan.FromDays(366 * 50)));
        for (var i = 0; i < 1100; i++) log.Add(Entry(i));
        Assert.InRange(log.Read("check", null, HistoryLog.MaxRead, null).Count, 100, 700);

        var young = new HistoryLog(database, TimeProvider.System, () => (100, TimeSpan.FromDays(1)));
        young.Add(Entry(0) with { At = TimeProvider.System.GetUtcNow() });
        Assert.Single(young.Read("check", null, HistoryLog.MaxRead, null));
    }

    [Fact]
    public void A_long_text_is_cut()
    {
        using var database = Open();
        var log = new HistoryLog(database, TimeProvider.System);

        log.Add(Entry(1) with { Text = new string('x', 10_000) });

        Assert.Equal(HistoryEntry.MaxText, Assert.Single(log.Read("check", null, 1, null)).Text.Length);
    }
}
