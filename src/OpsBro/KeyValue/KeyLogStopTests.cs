using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging;
using OpsBro.Core.KeyValue;
using OpsBro.KeyValue;
using OpsBro.Platform;

namespace OpsBro.Tests.KeyValue;

/// <summary>A stop while the disk hangs: it is let go when the test says so.</summary>
public sealed class KeyLogStopTests : IDisposable, ILogger
{
    static readonly TimeSpan patience = TimeSpan.FromSeconds(60);

    readonly string directory = Directory.CreateTempSubdirectory("opsbro-kv-").FullName;
    readonly ManualResetEventSlim hangs = new(false), letGo = new(false);
    readonly List<long> told = [];
    readonly List<string> said = [];
    readonly List<StoredRow> rows = [];
    bool isHanging, isLate;
    long ticket;

    string FileName => Path.Join(directory, "kv.log");

    public void Dispose()
    {
        letGo.Set();
        Directory.Delete(directory, recursive: true);
    }

    KeyLog Open(TimeSpan patience, TimeProvider? time = null) => new(FileName, Give, Told, () => { }, time ?? TimeProvider.System, new Telemetry(), this)
    {
        Patience = patience,
        FlushData = file =>
        {
            if (isLate) Posix.FlushData(file);
            if (Volatile.Read(ref isHanging))
            {
                hangs.Set();
                letGo.Wait();
            }
            if (!isLate) Posix.FlushData(file);
        },
    };

    void Give(int part, Action<IReadOnlyList<StoredRow>> take)
    {
        lock (rows) take(part == 0 ? [.. rows] : []);
    }

    void Told(long upTo)
    {
        lock (told) told.Add(upTo);
    }

    void Write(KeyLog log, string name)
    {
        lock (rows)
        {
            rows.Add(new StoredRow(StoredTable.Entry, name, [1]));
            log.Write(++ticket, [rows[^1]]);
        }
    }

    static void Until(Func<bool> isSo, string what) => Assert.True(SpinWait.SpinUntil(isSo, patience), what);

    void Hang(Action act)
    {
        Volatile.Write(ref isHanging, true);
        act();
        Assert.True(hangs.Wait(patience), "the disk was not asked");
    }

    void LetGo()
    {
        Volatile.Write(ref isHanging, false);
        letGo.Set();
    }

    string[] Names => [.. KeyLogReader.Read(FileName).Rows.Select(row => row.Name).Order(StringComparer.Ordinal)];

    /// <summary>One write that is told, and a second one that hangs, on the log's thread or on one of those who write.</summary>
    Thread HangInACommit(KeyLog log, bool isCaller)
    {
        log.Load();
        Write(log, "a");
        log.Commit();
        Until(() => told.Count == 1, "the first write was not told");
        Write(log, "b");
        var caller = new Thread(log.Commit);
        Hang(isCaller ? caller.Start : log.CommitLater);
        if (!isCaller) caller.Start();
        return caller;
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(false, true)]   // the disk has taken it, and is late to say so
    [InlineData(true, true)]
    public void A_stop_does_not_wait_for_ever_for_a_disk_that_hangs_and_says_what_it_lacks(bool isCaller, bool isLate)
    {
        this.isLate = isLate;
        var log = Open(TimeSpan.Zero);
        var caller = HangInACommit(log, isCaller);
        Write(log, "c");

        log.Dispose();

        var line = Assert.Single(said);
        Assert.Contains("kv.log: the disk has not answered", line);
        Assert.Contains("2 writes may be missing", line);
        LetGo();
        caller.Join();
        Until(() => !log.IsRunning, "the log's thread does not end");
        Assert.Equal([1], told);            // who had waited for the second write was told something else since then
        Assert.Equal(["a", "b"], Names);    // b was under way, c was not begun
        Assert.Single(said);
    }

    /// <summary>A clock that the test sets.</summary>
    sealed class Clock : TimeProvider
    {
        long now = 1;

        public void Pass(TimeSpan time) => Interlocked.Add(ref now, time.Ticks);

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => Interlocked.Read(ref now);
    }

    [Fact]
    public void A_disk_that_has_hung_for_so_long_before_the_stop_is_not_waited_for_once_more()
    {
        var clock = new Clock();
        var log = Open(2 * patience, clock);
        var caller = HangInACommit(log, isCaller: true);
        clock.Pass(2 * patience);
        var stopping = new Thread(log.Dispose);
        stopping.Start();

        Assert.True(stopping.Join(patience), "it is waited for");
        LetGo();
        caller.Join();

        Assert.Contains("1 writes may be missing", Assert.Single(said));
    }

    [Fact]
    public void A_disk_that_answers_in_time_has_everything()
    {
        var log = Open(patience);
        var caller = HangInACommit(log, isCaller: true);
        Write(log, "c");
        var stopping = new Thread(log.Dispose);
        stopping.Start();

        LetGo();
        stopping.Join();
        caller.Join();

        Assert.Equal(["a", "b", "c"], Names);
        Assert.Equal(3, told[^1]);
        Assert.Empty(said);
    }

    [Fact]
    public void Another_log_of_the_same_file_is_not_disturbed_by_one_that_was_given_up()
    {
        var log = Open(TimeSpan.Zero);
        var caller = HangInACommit(log, isCaller: true);
        log.Dispose();
        Volatile.Write(ref isHanging, false);
        told.Clear();
        ticket = 0;

        using (var next = Open(patience))
        {
            Assert.Equal(2, next.Load().Count);
            Write(next, "d");
            next.Commit();
            Until(() => told.Count == 1, "the next log takes nothing");
            LetGo();
            caller.Join();
            Until(() => !log.IsRunning, "the log's thread does not end");
            Write(next, "e");
        }

        Assert.Equal(["a", "b", "d", "e"], Names);
        Assert.Equal([1, 2], told);
    }

    [Theory, InlineData(false), InlineData(true)]
    public void A_log_that_hangs_while_it_is_written_anew_does_not_take_the_place_of_another_one(bool isReplaced)
    {
        var log = Open(TimeSpan.Zero);
        log.Load();
        Write(log, "a");
        log.Commit();
        Until(() => told.Count == 1, "the first write was not told");
        File.Delete(FileName);
        if (isReplaced) File.WriteAllText(FileName, "the letter of a friend");

        Hang(log.Look);
        log.Dispose();
        LetGo();
        Until(() => !log.IsRunning, "the log's thread does not end");

        Assert.Contains("not written anew: what it had is lost", said[^1]);
        Assert.Equal(isReplaced ? "the letter of a friend" : null, File.Exists(FileName) ? File.ReadAllText(FileName) : null);
        Assert.Equal([1], told);
        Assert.Equal(0, log.Rewritten);
    }

    [Fact]
    public void Who_has_the_name_looked_at_does_not_wait_for_a_disk_that_hangs()
    {
        var log = new KeyLog(FileName, Give, Told, () => { }, TimeProvider.System, new Telemetry(), this)
        {
            Patience = TimeSpan.Zero,
            Identify = path =>
            {
                hangs.Set();
                letGo.Wait();
                return FileIdentity.Of(path);
            },
        };
        log.Load();
        var looks = new Thread(log.Look);
        looks.Start();

        Assert.True(looks.Join(patience), "the engine's clock waits for the disk");
        Assert.True(hangs.Wait(patience), "nobody looks");
        log.Dispose();
        LetGo();
        Until(() => !log.IsRunning, "the log's thread does not end");
    }

    /// <summary>A disk that takes some milliseconds for each commit holds up the log's thread: who writes has reads to answer too.</summary>
    [Fact]
    public void A_disk_whose_commits_take_long_each_time_is_waited_for_by_the_thread_of_the_log()
    {
        using var never = new ManualResetEventSlim(false);
        List<string?> threads = [];
        using var log = new KeyLog(FileName, Give, Told, () => { }, TimeProvider.System, new Telemetry(), this)
        {
            Patience = patience,
            FlushData = file =>
            {
                never.Wait(5);
                lock (threads) threads.Add(Thread.CurrentThread.Name);
            },
        };
        log.Load();
        threads.Clear();

        for (var i = 1; i <= 10; i++)
        {
            Write(log, "a");
            log.Commit();
            Until(() => told.Count == i, "a write was not told");
        }

        Assert.NotEqual(KeyLog.Component, threads[0]);   // nobody knows the disk yet
        Assert.All(threads.Skip(1), thread => Assert.Equal(KeyLog.Component, thread));
    }

    void ILogger.Log<TState>(LogLevel level, EventId id, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (level == LogLevel.Error) said.Add(formatter(state, exception));
    }

    bool ILogger.IsEnabled(LogLevel level) => true;

    IDisposable? ILogger.BeginScope<TState>(TState state) => null;
}
