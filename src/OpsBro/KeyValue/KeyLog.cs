using Microsoft.Extensions.Logging;
using OpsBro.Core.KeyValue;
using OpsBro.Platform;

namespace OpsBro.KeyValue;

/// <summary>
/// The rows of the engine on the disk: <c>kv.log</c>, to which each commit appends one record, flushed before anybody is told. What is given while
/// a commit runs goes into the next one, so that many writes share one flush of the disk, and a single one does not wait: who gave it
/// commits it. The engine has every row in memory, so that the log is written anew from there: when most of it is out of date, after the
/// disk refused a record, and when someone removed or replaced the file.
/// </summary>
internal sealed partial class KeyLog : IDisposable
{
    /// <summary>Component of its meter, and name of its thread.</summary>
    public const string Component = "kv-store";

    /// <summary>
    /// After a commit that took so long, who writes does not commit itself: a disk that stalls holds up the log's thread, not theirs. Of a machine whose
    /// processors are busy even a quick disk's commits take long at times, and a change of thread takes as long again: then the quickest of late counts.
    /// </summary>
    static readonly TimeSpan stalls = TimeSpan.FromMilliseconds(20), longForCaller = TimeSpan.FromMilliseconds(1);

    /// <summary>Pause before what the disk refused is tried again.</summary>
    static readonly TimeSpan retryPause = TimeSpan.FromSeconds(1);

    /// <summary>Bytes that may wait for a disk that hangs. Beyond that they are forgotten, for memory has them, and the log is written anew.</summary>
    public const int MaxWaiting = 64 << 20;

    const int StackBytes = 256 * 1024;

    readonly string path;
    readonly Action<int, Action<IReadOnlyList<StoredRow>>> source;
    readonly Action<long> persisted;
    readonly Action problemChanged;
    readonly TimeProvider time;
    readonly ILogger logger;
    readonly Meter meter;
    readonly Lock gate = new();         // what waits
    readonly Lock committing = new();   // who has it has the file
    readonly Lock telling = new();      // who has it tells what is on the disk
    readonly AutoResetEvent wake = new(false);
    readonly ManualResetEventSlim stop = new(false);
    readonly Thread thread;
    KeyLogFile? file;
    FileIdentity? read;                 // of the file that was loaded
    KeyLogBatch waiting = new(), taken = new();
    KeyLogBatch? fresh;                 // the log that is being written anew misses these
    long last, told, takenTicket, live, underWaySince;
    TimeSpan notBefore, quickest = TimeSpan.MaxValue;
    volatile bool isAsked, isBroken, isFailing, isGivenUp, isLost, isSlow, isStopping, mustLook;
    volatile string problem = "";

    /// <summary>Makes it; <see cref="Load"/> opens the file.</summary>
    /// <param name="path">Which file.</param>
    /// <param name="source">Gives a part of <see cref="KeyValueEngine.Rows"/> to what it is handed, under the engine's lock.</param>
    /// <param name="persisted">Told on the thread that commits up to which ticket all is on the disk.</param>
    /// <param name="problemChanged">Told on the thread that commits that <see cref="Problem"/> is another one.</param>
    /// <param name="time">Wall clock.</param>
    /// <param name="telemetry">Counters.</param>
    /// <param name="logger">Where it says what became of the file.</param>
    public KeyLog(
        string path, Action<int, Action<IReadOnlyList<StoredRow>>> source, Action<long> persisted, Action problemChanged,
        TimeProvider time, Telemetry telemetry, ILogger logger)
    {
        this.path = new FileInfo(path).LinkTarget is null ? path : File.ResolveLinkTarget(path, returnFinalTarget: true)!.FullName;
        (this.source, this.persisted, this.problemChanged, this.time, this.logger) = (source, persisted, problemChanged, time, logger);
        meter = telemetry.Of(Component, "writer");
        thread = new Thread(Run, StackBytes) { IsBackground = true, Name = Component };
    }

    /// <summary>Why nothing can be written now; empty when it can.</summary>
    public string Problem => problem;

    /// <summary>Where what was damaged lies now; empty when nothing was.</summary>
    public string Aside { get; private set; } = "";

    /// <summary>Every row, in no order. Writes may follow.</summary>
    /// <exception cref="IOException">The file cannot be had: what it holds is not known.</exception>
    public List<StoredRow> Load()
    {
        read = FileIdentity.Of(path);
        var found = Read();
        live = found.Bytes;
        try
        {
            File.Delete(Fresh);
            if (found.Id != 0) file = KeyLogFile.GoOn(path, found, FlushData);
            else Begin();
        }
        catch (Exception e) when (IsRefusal(e))
        {
            if (found.Id == 0) throw CannotOpen(e);
            // it can be read and not written: the engine has what there is, and it is written anew once that is possible
            isBroken = true;
            Refused(e);
        }
        thread.Start();
        return found.Rows;
    }

    KeyLogReader.Found Read()
    {
        try
        {
            return File.Exists(path) || Directory.Exists(path) ? KeyLogReader.Read(path) : new(0, 0, false, 0, []);
        }
        catch (InvalidDataException e)
        {
            return MoveAside(e.Message);
        }
        catch (Exception e) when (IsRefusal(e) || e is NotSupportedException)
        {
            throw CannotOpen(e);
        }
    }

    KeyLogReader.Found MoveAside(string damage)
    {
        var aside = AsideAs("damaged");
        try
        {
            File.Move(path, aside);
        }
        catch (Exception e) when (IsRefusal(e))
        {
            throw CannotOpen(e);
        }
        Aside = aside;
        LogMovedAside(path, damage, aside);
        return new(0, 0, false, 0, []);
    }

    string AsideAs(string what) => $"{path}.{what}-{time.GetUtcNow():yyyyMMddTHHmmssfff}";

    IOException CannotOpen(Exception e) =>
        new($"{path} cannot be opened ({e.Message}): keys and values wait for it; look at the directory's mode and at df", e);

    /// <summary>What is disposed is the file of a log that was given up.</summary>
    static bool IsRefusal(Exception e) => e is IOException or UnauthorizedAccessException or ObjectDisposedException;

    void Begin()
    {
        var made = KeyLogFile.Make(Fresh, FlushData);
        try
        {
            TakePlace(made);
        }
        catch
        {
            made.Dispose();
            throw;
        }
    }

    /// <summary>A file that is whole takes the place of the one before, on the disk too.</summary>
    void TakePlace(KeyLogFile made)
    {
        made.Flush();
        if (isGivenUp) throw new IOException("the agent did not wait for it");   // the name may be another log's by now
        MoveForeignAside();
        File.Move(Fresh, path, overwrite: true);
        Posix.FlushDirectory(Path.GetDirectoryName(path)!);
        file?.Dispose();
        file = made;
        isLost = false;
    }

    /// <summary>Writes rows, after those of earlier calls. Never waits; <see cref="Commit"/> follows, outside of the engine's lock.</summary>
    public void Write(long ticket, IReadOnlyList<StoredRow> rows)
    {
        lock (gate)
        {
            last = ticket;
            if (!isBroken) waiting.Add(rows);   // otherwise they are in what is written anew
            fresh?.Add(rows);
            if (waiting.Length > MaxWaiting)
            {
                Break();
                wake.Set();
            }
            if (fresh?.Length > MaxWaiting) fresh = null;   // who writes anew finds that it is gone, and begins again
        }
    }

    /// <summary>What was given is committed after the commit that is under way, or by the next call of <see cref="Commit"/>.</summary>
    public void Ask() => isAsked = true;

    /// <summary>The log's thread commits what was given: for who must not wait for a disk, should it hang.</summary>
    public void CommitLater()
    {
        if (!HasWaiting) return;
        Ask();
        wake.Set();
    }

    /// <summary>
    /// Commits what was given, unless another thread does, which sees to it that it is committed next. May wait for the disk once.
    /// </summary>
    public void Commit()
    {
        if (!HasWaiting) return;
        Ask();
        Interlocked.MemoryBarrier();   // it is said before the lock is looked at: see WakeForMore
        if (isSlow || isFailing) wake.Set();
        else if (committing.TryEnter())
        {
            try
            {
                CommitOnce();
            }
            finally
            {
                committing.Exit();
            }
            WakeForMore();
        }
    }

    /// <summary>What was asked for while this thread committed is the log's thread's. Who found <see cref="committing"/> taken had given it before.</summary>
    void WakeForMore()
    {
        Interlocked.MemoryBarrier();   // the lock is free before it is looked at
        if (isAsked) wake.Set();
    }

    /// <summary>Something was given that no commit has taken yet.</summary>
    public bool HasWaiting
    {
        get
        {
            lock (gate) return !waiting.IsEmpty;
        }
    }

    void Run()
    {
        for (var isLast = false; !isLast && !isGivenUp;)
        {
            wake.WaitOne();
            isLast = isStopping;   // this round has all that was given before
            if (isFailing) stop.Wait(retryPause);
            try
            {
                if (mustLook) LookAtFile();
                if (WantsRewrite) Rewrite();
                CommitAll();
            }
            // the border of the thread: what the file has is not known, and it is written anew
            catch (Exception e)
            {
                Break();
                Refused(e);
            }
        }
        if (isGivenUp) Close();   // what was opened since then too
    }

    void CommitAll()
    {
        do
        {
            lock (committing) CommitOnce();
        }
        while (isAsked && !isFailing && !isBroken);
    }

    /// <summary>Whoever calls it has <see cref="committing"/>.</summary>
    void CommitOnce()
    {
        lock (gate)
        {
            if (isBroken || taken.IsEmpty) isAsked = false;   // otherwise what waits comes after what is tried again
            if (isBroken) return;
            if (taken.IsEmpty)
            {
                (taken, waiting) = (waiting, taken);
                takenTicket = last;
            }
            if (taken.IsEmpty) return;
        }
        var began = Monotonic.Now;
        Volatile.Write(ref underWaySince, time.GetTimestamp());
        var hasFailed = true;
        try
        {
            file!.Reserve(taken.Length);
            hasFailed = !Append(file, taken);
        }
        catch (Exception e) when (IsRefusal(e))
        {
            Refused(e);   // nothing was written: the same is tried again
        }
        Volatile.Write(ref underWaySince, 0);
        var took = Monotonic.Now - began;
        quickest = took < quickest ? took : quickest + (quickest / 8);
        isSlow = took > stalls || quickest > longForCaller;
        meter.Ran(took, hasFailed);
        if (hasFailed) return;
        taken.Clear();
        Done(takenTicket);
        if (WantsRewrite) wake.Set();
    }

    bool Append(KeyLogFile to, KeyLogBatch batch)
    {
        try
        {
            to.Append(batch);
            to.Flush();
            return true;
        }
        catch (Exception e) when (IsRefusal(e))
        {
            // after a flush that failed nobody knows what the disk has
            Break();
            batch.Clear();
            Refused(e);
            return false;
        }
    }

    void Done(long ticket)
    {
        lock (telling)
        {
            if (isGivenUp) return;
            told = ticket;
            Say("");
            persisted(ticket);
        }
    }

    void Refused(Exception e)
    {
        if (isGivenUp) return;   // that was said
        if (problem.Length == 0) LogRefused(path, e.Message);
        Say($"{path}: keys and values cannot be stored: {e.Message}; look at df and at the file's mode");
    }

    void Say(string what)
    {
        isFailing = what.Length > 0;
        if (problem == what) return;
        problem = what;
        problemChanged();
    }

    [LoggerMessage(Level = LogLevel.Error,
        Message = "{File} is damaged ({Reason}); what is left of it is {Aside}, and a new one was started: keys and values begin anew")]
    partial void LogMovedAside(string file, string reason, string aside);

    [LoggerMessage(Level = LogLevel.Error, Message = "{File}: keys and values cannot be stored: {Reason}; they wait for it; look at df and at the file's mode")]
    partial void LogRefused(string file, string reason);
}
