using System.Collections.Concurrent;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;

namespace OpsBro.Storage;

/// <summary>
/// The agent's one SQLite file: states and history. One thread owns the connection. Writes are queued and committed together, a few times a
/// second, so that many small changes cost one write to the disk; reads run on the same thread after every write queued before them.
/// WAL with synchronous NORMAL: a killed agent loses nothing that was committed, a power cut loses at most the last commits.
/// A file that is damaged is moved aside, a message says so, and a new one is started: an agent without memory is better than none.
/// </summary>
internal sealed partial class Database : IDisposable
{
    /// <summary>Writes that wait at most; beyond it they are dropped and counted.</summary>
    public const int MaxQueued = 10_000;

    /// <summary>Writes are gathered this long before they are committed: what a kill -9 can lose.</summary>
    public static readonly TimeSpan GroupTime = TimeSpan.FromMilliseconds(50);

    /// <summary>Wait for another process that holds the file, for instance someone's sqlite3 shell.</summary>
    const int BusyMilliseconds = 2_000;

    /// <summary>SQLite result codes that mean a damaged file: SQLITE_CORRUPT, SQLITE_NOTADB.</summary>
    const int Corrupt = 11, NotADatabase = 26;

    static readonly Action<SqliteConnection> nothing = _ => { };

    readonly string file;
    readonly TimeProvider time;
    readonly ILogger<Database> logger;
    readonly Meter meter;
    readonly ConcurrentQueue<Action<SqliteConnection>> queue = new();
    readonly ManualResetEventSlim hasWork = new(false), isUrgent = new(false);
    readonly Dictionary<string, string[]> schemas = [];
    readonly Thread thread;
    SqliteConnection connection;
    int queued;
    volatile bool isStopping;
    bool isFailing;

    static Database() => SQLitePCL.Batteries_V2.Init();

    /// <summary>Opens or makes the file.</summary>
    /// <exception cref="SqliteException">The file cannot be made, for instance because the directory may not be written.</exception>
    public Database(string file, TimeProvider time, Telemetry telemetry, ILogger<Database> logger)
    {
        (this.file, this.time, this.logger) = (file, time, logger);
        meter = telemetry.Of("storage", "writer");
        connection = OpenOrReplace();
        thread = new Thread(Loop) { Name = "storage", IsBackground = true };
        thread.Start();
    }

    /// <summary>Writes that wait to be committed.</summary>
    public int Queued => Volatile.Read(ref queued);

    /// <summary>The file.</summary>
    public string File => file;

    /// <summary>
    /// Brings one component's tables to their newest version. Step 1 makes them, each later step changes them; steps once released never
    /// change. The version of each component stands in the table <c>schema_version</c>.
    /// </summary>
    public void Schema(string component, params string[] steps) => Read(c =>
    {
        schemas[component] = steps;
        Migrate(c, component, steps);
        return true;
    });

    /// <summary>Queues a write; it is committed within about <see cref="GroupTime"/>. Never waits; false when the queue is full.</summary>
    public bool Write(Action<SqliteConnection> write)
    {
        if (isStopping || Volatile.Read(ref queued) >= MaxQueued)
        {
            meter.Drop();
            return false;
        }
        Enqueue(write);
        return true;
    }

    /// <summary>Reads after everything that was queued before. Waits for the answer: keep it short.</summary>
    /// <exception cref="SqliteException">The statement failed.</exception>
    public T Read<T>(Func<SqliteConnection, T> read)
    {
        ObjectDisposedException.ThrowIf(isStopping, this);
        var answer = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        Enqueue(c =>
        {
            try
            {
                answer.TrySetResult(read(c));
            }
            catch (Exception e) when (e is not SqliteException s || !IsDamage(s))
            {
                answer.TrySetException(e);   // the asker's error, not the writer's
            }
        });
        isUrgent.Set();
        return answer.Task.GetAwaiter().GetResult();
    }

    /// <summary>Returns when everything queued so far is on its way to the disk.</summary>
    public void Flush()
    {
        Read(_ => true);
        Read(_ => true);   // the commit of the first one's group ends before the second one begins
    }

    void Enqueue(Action<SqliteConnection> work)
    {
        Interlocked.Increment(ref queued);
        queue.Enqueue(work);
        hasWork.Set();
    }

    void Loop()
    {
        while (true)
        {
            hasWork.Wait();
            if (!isStopping) isUrgent.Wait(GroupTime);
            hasWork.Reset();
            isUrgent.Reset();
            if (!queue.IsEmpty) Commit();
            if (isStopping && queue.IsEmpty) return;
        }
    }

    void Commit()
    {
        var began = time.GetTimestamp();
        var group = new List<Action<SqliteConnection>>();
        while (group.Count < MaxQueued && queue.TryDequeue(out var work)) group.Add(work);
        Interlocked.Add(ref queued, -group.Count);
        if (!queue.IsEmpty) hasWork.Set();
        var failed = 0;
        try
        {
            failed = RunAll(group);
        }
        catch (SqliteException e) when (IsDamage(e))
        {
            Replace(e.Message);
            failed = RunAll(group);
        }
        catch (SqliteException e)
        {
            // the commit itself failed: a full disk, mostly; the newest states are written again at their next change
            failed = group.Count;
            meter.Drop(group.Count);
            if (!isFailing) LogCommitFailed(file, e.Message);
        }
        isFailing = failed > 0;
        meter.Ran(time.GetElapsedTime(began), failed > 0);
    }

    /// <summary>One transaction for the group; one write that fails does not undo the others.</summary>
    int RunAll(List<Action<SqliteConnection>> group)
    {
        var failed = 0;
        using var transaction = connection.BeginTransaction(deferred: true);
        foreach (var work in group)
        {
            try
            {
                work(connection);
            }
            catch (SqliteException e) when (!IsDamage(e))
            {
                failed++;
                meter.Drop();
                if (!isFailing) LogWriteFailed(file, e.Message);
            }
        }
        transaction.Commit();
        return failed;
    }

    static bool IsDamage(SqliteException e) => e.SqliteErrorCode is Corrupt or NotADatabase;

    SqliteConnection OpenOrReplace()
    {
        try
        {
            return Open();
        }
        catch (SqliteException e) when (IsDamage(e))
        {
            MoveAside(e.Message);
            return Open();
        }
    }

    void Replace(string reason)
    {
        connection.Dispose();
        MoveAside(reason);
        connection = Open();
        foreach (var (component, steps) in schemas) Migrate(connection, component, steps);
    }

    SqliteConnection Open()
    {
        var opened = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = file, Pooling = false }.ToString());
        try
        {
            opened.Open();
            Execute(opened, $"""
                PRAGMA busy_timeout = {BusyMilliseconds};
                PRAGMA journal_mode = WAL;
                PRAGMA synchronous = NORMAL;
                PRAGMA cache_size = -512;
                PRAGMA temp_store = MEMORY;
                PRAGMA journal_size_limit = 4194304;
                CREATE TABLE IF NOT EXISTS schema_version(component TEXT PRIMARY KEY, version INTEGER NOT NULL) WITHOUT ROWID;
                """);
            return opened;
        }
        catch
        {
            opened.Dispose();
            throw;
        }
    }

    void MoveAside(string reason)
    {
        var aside = $"{file}.damaged-{time.GetUtcNow():yyyyMMddTHHmmssfff}";
        System.IO.File.Move(file, aside);
        foreach (var suffix in new[] { "-wal", "-shm" })
            if (System.IO.File.Exists(file + suffix)) System.IO.File.Move(file + suffix, aside + suffix);
        LogMovedAside(file, reason, aside);
    }

    static void Migrate(SqliteConnection c, string component, string[] steps)
    {
        using var ask = c.CreateCommand();
        ask.CommandText = "SELECT version FROM schema_version WHERE component = $component";
        ask.Parameters.AddWithValue("$component", component);
        var version = (int)((long?)ask.ExecuteScalar() ?? 0);
        if (version >= steps.Length) return;
        for (; version < steps.Length; version++) Execute(c, steps[version]);
        using var tell = c.CreateCommand();
        tell.CommandText = "INSERT INTO schema_version VALUES($component, $version) ON CONFLICT DO UPDATE SET version = excluded.version";
        tell.Parameters.AddWithValue("$component", component);
        tell.Parameters.AddWithValue("$version", version);
        tell.ExecuteNonQuery();
    }

    static void Execute(SqliteConnection c, string sql)
    {
        using var command = c.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    /// <summary>Commits what is queued and closes the file.</summary>
    public void Dispose()
    {
        if (isStopping) return;
        isStopping = true;
        Enqueue(nothing);
        isUrgent.Set();
        thread.Join();
        connection.Dispose();
    }

    [LoggerMessage(Level = LogLevel.Error,
        Message = "{File} is damaged ({Reason}); it was moved to {Aside} and a new one started: states and history begin anew")]
    partial void LogMovedAside(string file, string reason, string aside);

    [LoggerMessage(Level = LogLevel.Error, Message = "{File}: a write failed: {Reason}")]
    partial void LogWriteFailed(string file, string reason);

    [LoggerMessage(Level = LogLevel.Error,
        Message = "{File}: states and history cannot be stored: {Reason}; look at df and at the file's mode")]
    partial void LogCommitFailed(string file, string reason);
}
