using System.Collections.Concurrent;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;

namespace OpsBro.Storage;

/// <summary>
/// A SQLite file of the agent: states and history, or what its <see cref="DatabaseKind"/> says. One thread at a time has the connection. Writes
/// are queued and committed together, a few times a second, so that many small changes cost one write to the disk; reads run on
/// the same thread after every write queued before them.
/// WAL with synchronous NORMAL: a killed agent loses nothing that was committed, a power cut loses at most the last commits.
/// A file that is damaged is moved aside, a message says so, and a new one is started; where no file can be had, memory is used: an agent
/// that forgets is better than none. What a full disk refuses waits for space, as long as it fits the queue.
/// </summary>
internal sealed partial class Database : IDisposable
{
    /// <summary>Writes that wait at most; beyond it they are dropped and counted.</summary>
    public const int MaxQueued = 10_000;

    /// <summary>Wait for another process that holds the file, for instance someone's sqlite3 shell.</summary>
    const int BusyMilliseconds = 2_000;

    /// <summary>Pause before what the disk refused is tried again.</summary>
    static readonly TimeSpan retryPause = TimeSpan.FromSeconds(1);

    /// <summary>SQLite result codes that mean a damaged file: SQLITE_CORRUPT, SQLITE_NOTADB.</summary>
    const int Corrupt = 11, NotADatabase = 26;

    /// <summary>SQLITE_CANTOPEN.</summary>
    const int CannotOpen = 14;

    /// <summary>
    /// SQLite result codes of a disk that refuses, whatever the statement: SQLITE_BUSY, LOCKED, NOMEM, READONLY, IOERR, FULL, CANTOPEN.
    /// </summary>
    static readonly int[] refusals = [5, 6, 7, 8, 10, 13, 14];

    /// <summary>SQLite's name for a database without a file.</summary>
    const string Memory = ":memory:";

    static readonly Work nothing = new(_ => { }, IsRead: false);

    /// <summary>One thing to do with the file, and whom to tell whether it is on the disk.</summary>
    readonly record struct Work(Action<SqliteConnection> Do, bool IsRead, Action<bool>? Ended = null);

    readonly string file;
    readonly DatabaseKind kind;
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
    volatile string problem = "", aside = "";
    volatile bool isShrinkAsked;
    bool isFailing, isInMemory, isWaiting;

    static Database() => SQLitePCL.Batteries_V2.Init();

    /// <summary>Opens or makes the file.</summary>
    public Database(string file, TimeProvider time, Telemetry telemetry, ILogger<Database> logger, DatabaseKind? kind = null)
    {
        (this.file, this.time, this.logger, this.kind) = (file, time, logger, kind ?? DatabaseKind.States);
        meter = telemetry.Of(this.kind.Component, "writer");
        connection = OpenOrReplace();
        if (problem.Length > 0) LogForgets(problem);
        thread = new Thread(Loop) { Name = this.kind.Component, IsBackground = true };
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

    /// <summary>What became of a file that was damaged since the agent started; empty when none was.</summary>
    public string Aside => aside;

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

    /// <summary>
    /// Queues a write; it is committed within about <see cref="DatabaseKind.GroupTime"/>.
    /// Never waits; false when the queue is full.
    /// A write may run again, on a new file, when damage is met before its commit.
    /// </summary>
    /// <param name="write">What to write.</param>
    /// <param name="ended">Told on the thread that commits: true once it is committed, false when it never will be.</param>
    public bool Write(Action<SqliteConnection> write, Action<bool>? ended = null)
    {
        if (isStopping || Volatile.Read(ref queued) >= MaxQueued)
        {
            meter.Drop();
            return false;
        }
        Enqueue(new Work(write, IsRead: false, ended));
        return true;
    }

    /// <summary>Commits what is queued without waiting for more.</summary>
    public void Hurry() => isUrgent.Set();

    /// <summary>Gives pages that are free back to the disk, and empties the log of commits, after the next commit.</summary>
    public void Shrink()
    {
        isShrinkAsked = true;
        Enqueue(nothing);
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
            if (!isStopping) isUrgent.Wait(refused.Count == 0 ? kind.GroupTime : retryPause);
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
                if (isWaiting) Reopen();
                else if (!isInMemory && !System.IO.File.Exists(file)) Renew("someone removed it");
                isFailing = RunAll(group) > 0;
                if (!isInMemory) problem = "";
                if (isShrinkAsked) ShrinkNow();
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
        if (problem.Length == 0) LogRefused(file, kind.What, reason);
        problem = $"{file}: {kind.What} cannot be stored: {reason}; look at df and at the file's mode";
        foreach (var work in group)
        {
            if (work.IsRead) Answer(work);
            else if (isStopping) Drop(work);
            else refused.Add(work);
        }
    }

    void Drop(Work work)
    {
        meter.Drop();
        work.Ended?.Invoke(false);
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
        List<Work> failed = [];
        using (var transaction = connection.BeginTransaction(deferred: true))
        {
            foreach (var work in group)
            {
                try
                {
                    work.Do(connection);
                }
                catch (SqliteException e) when (!IsDamage(e) && !refusals.Contains(e.SqliteErrorCode))
                {
                    failed.Add(work);
                    if (!isFailing) LogWriteFailed(file, e.Message);
                }
            }
            transaction.Commit();
        }
        foreach (var work in failed) Drop(work);
        foreach (var work in group)
            if (work.Ended is { } ended && !failed.Contains(work)) ended(true);
        return failed.Count;
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
        while (queue.TryDequeue(out var late)) Drop(late);   // it came between the last look and the end
    }

    [LoggerMessage(Level = LogLevel.Error,
        Message = "{File} is damaged or gone ({Reason}); what is left of it is {Aside}, and a new one was started: {What} begin anew")]
    partial void LogMovedAside(string file, string reason, string aside, string what);

    [LoggerMessage(Level = LogLevel.Error, Message = "{File}: a write failed: {Reason}")]
    partial void LogWriteFailed(string file, string reason);

    [LoggerMessage(Level = LogLevel.Error,
        Message = "{File}: {What} cannot be stored: {Reason}; they wait for it; look at df and at the file's mode")]
    partial void LogRefused(string file, string what, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{File} keeps its free pages: {Reason}")]
    partial void LogNotShrunk(string file, string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Problem}")]
    partial void LogForgets(string problem);
}
