using System.Collections.Concurrent;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;

namespace OpsBro.Storage;

/// <summary>
/// The agent's one SQLite file: states and history. One thread owns the connection. Writes are queued and committed together, a few times a
/// second, so that many small changes cost one write to the disk; reads run on the same thread after every write queued before them.
/// WAL with synchronous NORMAL: a killed agent loses nothing that was committed, a power cut loses at most the last commits.
/// A file that is damaged is moved aside, a message says so, and a new one is started; where no file can be had, memory is used: an agent
/// that forgets is better than none. What a full disk refuses waits for space, as long as it fits the queue.
/// </summary>
internal sealed partial class Database : IDisposable
{
    /// <summary>Writes that wait at most; beyond it they are dropped and counted.</summary>
    public const int MaxQueued = 10_000;

    /// <summary>Writes are gathered this long before they are committed: what a kill -9 can lose.</summary>
    public static readonly TimeSpan GroupTime = TimeSpan.FromMilliseconds(50);

    /// <summary>Wait for another process that holds the file, for instance someone's sqlite3 shell.</summary>
    const int BusyMilliseconds = 2_000;

    /// <summary>Pause before what the disk refused is tried again.</summary>
    static readonly TimeSpan retryPause = TimeSpan.FromSeconds(1);

    /// <summary>SQLite result codes that mean a damaged file: SQLITE_CORRUPT, SQLITE_NOTADB.</summary>
    const int Corrupt = 11, NotADatabase = 26;

    /// <summary>
    /// SQLite result codes of a disk that refuses, whatever the statement: SQLITE_BUSY, LOCKED, NOMEM, READONLY, IOERR, FULL, CANTOPEN.
    /// </summary>
    static readonly int[] refusals = [5, 6, 7, 8, 10, 13, 14];

    /// <summary>SQLite's name for a database without a file.</summary>
    const string Memory = ":memory:";

    static readonly Work nothing = new(_ => { }, IsRead: false);

    /// <summary>One thing to do with the file.</summary>
    readonly record struct Work(Action<SqliteConnection> Do, bool IsRead);

    readonly string file;
    readonly TimeProvider time;
    readonly ILogger<Database> logger;
    readonly Meter meter;
    readonly ConcurrentQueue<Work> queue = new();
    readonly List<Work> refused = [];
    readonly ManualResetEventSlim hasWork = new(false), isUrgent = new(false);
    readonly Dictionary<string, string[]> schemas = [];
    readonly Thread thread;
    SqliteConnection connection;
    int queued, renewals;
    volatile bool isStopping;
    volatile string problem = "";
    bool isFailing, isInMemory;

    static Database() => SQLitePCL.Batteries_V2.Init();

    /// <summary>Opens or makes the file.</summary>
    public Database(string file, TimeProvider time, Telemetry telemetry, ILogger<Database> logger)
    {
        (this.file, this.time, this.logger) = (file, time, logger);
        meter = telemetry.Of("storage", "writer");
        connection = OpenOrReplace();
        if (problem.Length > 0) LogForgets(problem);
        thread = new Thread(Loop) { Name = "storage", IsBackground = true };
        thread.Start();
    }

    /// <summary>How often the file was lost and a new one begun since start: who keeps states writes them again.</summary>
    public int Renewals => Volatile.Read(ref renewals);

    /// <summary>Writes that wait to be committed.</summary>
    public int Queued => Volatile.Read(ref queued);

    /// <summary>The file.</summary>
    public string File => file;

    /// <summary>Why states and history are not stored now, in one line; empty when they are.</summary>
    public string Problem => problem;

    /// <summary>
    /// Brings one component's tables to their newest version. Step 1 makes them, each later step changes them; steps once released never
    /// change. The version of each component stands in the table <c>schema_version</c>.
    /// </summary>
    /// <exception cref="IOException">The disk refuses.</exception>
    public void Schema(string component, params string[] steps)
    {
        try
        {
            Read(c =>
            {
                schemas[component] = steps;
                Migrate(c, component, steps);
                return true;
            });
        }
        catch (SqliteException e)
        {
            throw new IOException($"{file}: the tables of {component} cannot be made: {e.Message}; look at df and at the file's mode", e);
        }
    }

    /// <summary>Queues a write; it is committed within about <see cref="GroupTime"/>. Never waits; false when the queue is full.</summary>
    public bool Write(Action<SqliteConnection> write)
    {
        if (isStopping || Volatile.Read(ref queued) >= MaxQueued)
        {
            meter.Drop();
            return false;
        }
        Enqueue(new Work(write, IsRead: false));
        return true;
    }

    /// <summary>Reads after everything that was queued before. Waits for the answer: keep it short.</summary>
    /// <exception cref="SqliteException">The statement failed.</exception>
    public T Read<T>(Func<SqliteConnection, T> read)
    {
        ObjectDisposedException.ThrowIf(isStopping, this);
        var answer = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        var asked = 0;
        Enqueue(new Work(c =>
        {
            try
            {
                answer.TrySetResult(read(c));
            }
            catch (Exception e) when (e is not SqliteException s || !IsDamage(s) || asked++ > 0)
            {
                answer.TrySetException(e);   // the asker's error, not the writer's; damage is met with a new file, once
            }
        }, IsRead: true));
        isUrgent.Set();
        return answer.Task.GetAwaiter().GetResult();
    }

    /// <summary>Returns when everything queued so far is on its way to the disk.</summary>
    public void Flush()
    {
        Read(_ => true);
        Read(_ => true);   // the commit of the first one's group ends before the second one begins
    }

    void Enqueue(Work work)
    {
        Interlocked.Increment(ref queued);
        queue.Enqueue(work);
        hasWork.Set();
    }

    void Loop()
    {
        while (true)
        {
            if (refused.Count == 0) hasWork.Wait();
            if (!isStopping) isUrgent.Wait(refused.Count == 0 ? GroupTime : retryPause);
            hasWork.Reset();
            isUrgent.Reset();
            if (!queue.IsEmpty || refused.Count > 0) Commit();
            if (isStopping && queue.IsEmpty) return;
        }
    }

    void Commit()
    {
        var began = time.GetTimestamp();
        var group = new List<Work>(refused);
        refused.Clear();
        for (var i = 0; i < MaxQueued && queue.TryDequeue(out var work); i++) group.Add(work);
        Interlocked.Add(ref queued, -group.Count);
        if (!queue.IsEmpty) hasWork.Set();
        var failed = Commit(group);
        Interlocked.Add(ref queued, refused.Count);
        meter.Ran(time.GetElapsedTime(began), failed);
    }

    bool Commit(List<Work> group)
    {
        for (var isSecond = false; ; isSecond = true)
        {
            try
            {
                if (!isInMemory && !System.IO.File.Exists(file)) Renew("someone removed it");
                isFailing = RunAll(group) > 0;
                if (!isInMemory) problem = "";
                return isFailing;
            }
            catch (SqliteException e) when (IsDamage(e) && !isSecond)
            {
                Renew(e.Message);
            }
            catch (SqliteException e)
            {
                Refused(group, e.Message);
                return true;
            }
        }
    }

    void Renew(string reason)
    {
        connection.Dispose();
        connection = OpenNew(reason);
        Interlocked.Increment(ref renewals);
        if (problem.Length > 0) LogForgets(problem);
    }

    /// <summary>The disk takes nothing now: writes wait for it, questions are answered from what there is.</summary>
    void Refused(List<Work> group, string reason)
    {
        if (problem.Length == 0) LogRefused(file, reason);
        problem = $"{file}: states and history cannot be stored: {reason}; look at df and at the file's mode";
        foreach (var work in group)
        {
            if (work.IsRead) Answer(work);
            else if (isStopping) meter.Drop();
            else refused.Add(work);
        }
    }

    void Answer(Work question)
    {
        try
        {
            question.Do(connection);
        }
        catch (SqliteException)
        {
            question.Do(connection);   // damage on top: the second time it is told to who asked
        }
    }

    /// <summary>One transaction for the group; one write that fails does not undo the others.</summary>
    /// <exception cref="SqliteException">The disk refuses, or the file is damaged: nothing was written.</exception>
    int RunAll(List<Work> group)
    {
        var failed = 0;
        using var transaction = connection.BeginTransaction(deferred: true);
        foreach (var work in group)
        {
            try
            {
                work.Do(connection);
            }
            catch (SqliteException e) when (!IsDamage(e) && !refusals.Contains(e.SqliteErrorCode))
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
            return Open(file);
        }
        catch (SqliteException e) when (IsDamage(e))
        {
            return OpenNew(e.Message);
        }
        catch (SqliteException e)
        {
            return OpenMemory(e.Message);
        }
    }

    SqliteConnection OpenNew(string damage)
    {
        try
        {
            MoveAside(damage);
            return WithTables(Open(file));
        }
        catch (Exception e) when (e is SqliteException or IOException or UnauthorizedAccessException)
        {
            return OpenMemory(e.Message);
        }
    }

    SqliteConnection OpenMemory(string reason)
    {
        problem = $"{file} cannot be opened ({reason}): states and history are kept in memory, up to the agent's end; "
                  + "look at the directory's mode and at df, then start the agent again";
        isInMemory = true;
        return WithTables(Open(Memory));
    }

    SqliteConnection WithTables(SqliteConnection opened)
    {
        foreach (var (component, steps) in schemas) Migrate(opened, component, steps);
        return opened;
    }

    static SqliteConnection Open(string source)
    {
        var opened = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = source, Pooling = false, DefaultTimeout = 1 }.ToString());
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
        foreach (var suffix in new[] { "", "-wal", "-shm" })
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
        Message = "{File} is damaged or gone ({Reason}); what is left of it is {Aside}, and a new one was started: history begins anew")]
    partial void LogMovedAside(string file, string reason, string aside);

    [LoggerMessage(Level = LogLevel.Error, Message = "{File}: a write failed: {Reason}")]
    partial void LogWriteFailed(string file, string reason);

    [LoggerMessage(Level = LogLevel.Error,
        Message = "{File}: states and history cannot be stored: {Reason}; they wait for it; look at df and at the file's mode")]
    partial void LogRefused(string file, string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Problem}")]
    partial void LogForgets(string problem);
}
