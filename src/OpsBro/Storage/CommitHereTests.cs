using System.Collections.Concurrent;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;
using OpsBro.Storage;

namespace OpsBro.Tests.Storage;

public sealed class CommitHereTests : IDisposable
{
    static readonly TimeSpan patience = TimeSpan.FromMinutes(1);

    readonly string directory = Directory.CreateTempSubdirectory("opsbro-storage-").FullName;
    readonly Telemetry telemetry = new();
    readonly ConcurrentQueue<(bool IsOnDisk, int Thread)> told = new();
    readonly ConcurrentQueue<SqliteTransaction?> transactions = new();
    readonly SemaphoreSlim more = new(0);

    public void Dispose() => Directory.Delete(directory, recursive: true);

    Database Open()
    {
        var kind = new DatabaseKind { CommitsHere = true, GroupTime = TimeSpan.Zero };
        var database = new Database(Path.Join(directory, "opsbro.db"), TimeProvider.System, telemetry, NullLogger<Database>.Instance, kind);
        database.Schema("t", "CREATE TABLE t(x)");
        return database;
    }

    void Insert(SqliteConnection c)
    {
        using var command = c.CreateCommand();
        transactions.Enqueue(command.Transaction);
        command.CommandText = "INSERT INTO t VALUES(1)";
        command.ExecuteNonQuery();
    }

    void Told(bool isOnDisk)
    {
        told.Enqueue((isOnDisk, Environment.CurrentManagedThreadId));
        more.Release();
    }

    long Rows()
    {
        using var database = Open();
        return database.Read(c =>
        {
            using var command = c.CreateCommand();
            command.CommandText = "SELECT count(*) FROM t";
            return (long)command.ExecuteScalar()!;
        });
    }

    /// <summary>Another thread that writes, commits, and stays in its commit until it is let go.</summary>
    Thread Stay(Database database, ManualResetEventSlim gate)
    {
        using ManualResetEventSlim isIn = new();
        var thread = new Thread(() =>
        {
            database.Write(c =>
            {
                Insert(c);
                isIn.Set();
                gate.Wait();
            }, Told);
            database.CommitHere();
        });
        thread.Start();
        Assert.True(isIn.Wait(patience));
        return thread;
    }

    [Fact]
    public void Who_writes_alone_commits_on_its_own_thread()
    {
        using (var database = Open())
        {
            database.Write(Insert, Told);
            Assert.Empty(told);   // nobody else was woken for it

            database.CommitHere();

            Assert.Equal([(true, Environment.CurrentManagedThreadId)], told);
        }
        Assert.Equal(1, Rows());
    }

    [Fact]
    public void What_is_written_during_a_commit_waits_for_nobody_and_goes_together_into_the_next()
    {
        using (var database = Open())
        {
            using ManualResetEventSlim gate = new();
            var first = Stay(database, gate);
            for (var i = 0; i < 5; i++)
            {
                database.Write(Insert, Told);
                database.CommitHere();
            }
            Assert.Empty(told);

            gate.Set();
            while (told.Count < 6) Assert.True(more.Wait(patience), "nothing was told");
            first.Join();

            Assert.All(told.Skip(1), one => Assert.NotEqual(Environment.CurrentManagedThreadId, one.Thread));
            Assert.Single(transactions.Skip(1).Distinct());
        }
        Assert.Equal(6, Rows());
    }

    [Fact]
    public void An_end_waits_for_the_commit_of_a_caller()
    {
        var database = Open();
        using ManualResetEventSlim gate = new();
        var first = Stay(database, gate);
        database.Write(Insert, Told);
        var end = new Thread(database.Dispose);
        end.Start();
        while (database.Write(_ => { })) Thread.Yield();   // until it has begun to end

        gate.Set();
        Assert.True(end.Join(patience) && first.Join(patience));
        database.CommitHere();

        Assert.Equal([true, true], told.Select(one => one.IsOnDisk));
        Assert.Equal(2, Rows());
    }

    [Fact]
    public void Many_writers_and_an_end_in_their_midst_lose_nothing_that_was_told()
    {
        var database = Open();
        Thread[] writers = [.. Enumerable.Range(0, 4).Select(_ => new Thread(() =>
        {
            while (database.Write(Insert, Told)) database.CommitHere();
        }))];
        foreach (var writer in writers) writer.Start();
        while (told.Count < 200) Assert.True(more.Wait(patience), "nothing was told");

        database.Dispose();
        foreach (var writer in writers) Assert.True(writer.Join(patience));

        Assert.True(told.Count >= 200);
        Assert.Equal(told.Count(one => one.IsOnDisk), Rows());
    }

    [Fact]
    public void What_the_disk_refuses_is_tried_again_by_the_writers_thread()
    {
        using (var database = Open())
        {
            database.Read(c => Pages(c, "PRAGMA max_page_count = 1"));   // no more than it has
            database.Write(c => Pages(c, "INSERT INTO t VALUES(zeroblob(100000))"), Told);
            database.CommitHere();
            Assert.Contains("full", database.Problem);
            Assert.Empty(told);

            database.Read(c => Pages(c, "PRAGMA max_page_count = 1000"));
            Assert.True(more.Wait(patience));

            Assert.Equal((true, ""), (Assert.Single(told).IsOnDisk, database.Problem));
        }
        Assert.Equal(1, Rows());
    }

    static bool Pages(SqliteConnection c, string sql)
    {
        using var command = c.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
        return true;
    }
}
