using System.Buffers.Binary;
using Microsoft.Extensions.Logging.Abstractions;
using OpsBro.Core.KeyValue;
using OpsBro.KeyValue;

namespace OpsBro.Tests.KeyValue;

/// <summary>What the log has when the agent, or the host, ends at any moment.</summary>
public sealed class KeyLogCrashTests : IDisposable
{
    const int Writers = 4, Copies = 25, Keys = 400, Chunk = 3_000, Ticket = sizeof(long), Longest = 12_000;

    static readonly TimeSpan patience = TimeSpan.FromSeconds(120);

    readonly string directory = Directory.CreateTempSubdirectory("opsbro-kv-").FullName;
    readonly SemaphoreSlim more = new(0);
    readonly Lock engine = new();
    readonly object told = new();
    readonly Dictionary<string, StoredRow> rows = [];
    readonly Dictionary<string, List<(long Ticket, bool IsThere)>> given = [];
    long ticket, persisted;
    int faults;
    Action betweenParts = () => { };
    Action<long> whenTold = _ => { };

    string FileName => Path.Join(directory, "kv.log");

    public void Dispose() => Directory.Delete(directory, recursive: true);

    KeyLog Open(string file) => new(file, Give, upTo =>
    {
        whenTold(upTo);
        lock (told)
        {
            Assert.True(upTo >= persisted);
            Interlocked.Exchange(ref persisted, upTo);
            Monitor.PulseAll(told);
        }
        more.Release();
    }, () => { }, TimeProvider.System, new Telemetry(), NullLogger.Instance);

    void Give(int part, Action<IReadOnlyList<StoredRow>> take)
    {
        if (part == KeyValueEngine.RowParts / 2 && faults-- > 0) throw new InvalidOperationException("a fault of the program");
        lock (engine) take([.. rows.Values.Where(row => row.Name[^1] % KeyValueEngine.RowParts == part)]);
        if (part % 8 == 0) betweenParts();
    }

    /// <summary>A write of a key, and of the row <c>last</c>, both with the number of their ticket.</summary>
    long Write(KeyLog log, Random random)
    {
        lock (engine)
        {
            var value = new byte[Ticket + random.Next(Longest)];
            BinaryPrimitives.WriteInt64LittleEndian(value, ++ticket);
            var name = $"k{random.Next(Keys)}";
            var isThere = random.Next(8) != 0;
            var row = new StoredRow(StoredTable.Entry, name, isThere ? value : null);
            var last = new StoredRow(StoredTable.Meta, "last", value[..Ticket]);
            rows["last"] = last;
            if (isThere) rows[name] = row;
            else rows.Remove(name);
            if (!given.TryGetValue(name, out var all)) given[name] = all = [];
            all.Add((ticket, isThere));
            log.Write(ticket, [row, last]);
            return ticket;
        }
    }

    /// <summary>As a request does, which is answered once its write is on the disk.</summary>
    void WaitFor(long upTo)
    {
        lock (told)
            while (persisted < upTo) Assert.True(Monitor.Wait(told, patience), $"{upTo} was not told, {persisted} was");
    }

    /// <summary>From its end to its begin: what came while it was copied is missing at the end, as after a crash, and not in the middle.</summary>
    static void Copy(string from, string to)
    {
        using var source = File.OpenHandle(from, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        var bytes = new byte[RandomAccess.GetLength(source)];
        for (var end = bytes.Length; end > 0; end -= Math.Min(Chunk, end))
        {
            var length = Math.Min(Chunk, end);
            Assert.Equal(length, RandomAccess.Read(source, bytes.AsSpan(end - length, length), end - length));
        }
        File.WriteAllBytes(to, bytes);
    }

    static long TicketOf(byte[] data) => BinaryPrimitives.ReadInt64LittleEndian(data);

    /// <summary>What a file holds is what had been given up to some ticket, and all of that: the ticket.</summary>
    long Check(List<StoredRow> found)
    {
        var values = found.ToDictionary(row => row.Name, row => TicketOf(row.Data!));
        var upTo = values.GetValueOrDefault("last");
        lock (engine)
        {
            foreach (var (name, all) in given)
            {
                var (number, isThere) = all.LastOrDefault(one => one.Ticket <= upTo);
                Assert.Equal(isThere ? number : 0, values.GetValueOrDefault(name));
            }
            Assert.InRange(upTo, 0, ticket);
        }
        return upTo;
    }

    void CheckCopy(long before)
    {
        var copy = Path.Join(directory, Path.GetRandomFileName());
        Copy(FileName, copy);
        Assert.True(Check(KeyLogReader.Read(copy).Rows) >= before, $"{before} was told");
        File.Delete(copy);
    }

    [Theory, InlineData(1), InlineData(2)]
    public void A_crash_at_any_moment_leaves_all_that_was_told(int seed)
    {
        var random = new Random(seed);
        using var log = Open(FileName);
        log.Load();
        var committing = new Random(-seed);   // of who commits, one at a time
        betweenParts = () => Write(log, new Random((int)ticket));
        Exception? failed = null;
        whenTold = upTo => failed ??= committing.Next(60) == 0 ? Record.Exception(() => CheckCopy(upTo)) : null;   // nothing is given time to follow
        var isOver = false;
        var writers = Enumerable.Range(0, Writers).Select(i => new Thread(() =>
        {
            var own = new Random(seed * 100 + i);
            while (!Volatile.Read(ref isOver))
            {
                var mine = Write(log, own);
                if (own.Next(10) == 0) continue;   // it lingers until another one commits
                log.Commit();
                WaitFor(mine);
            }
            log.Commit();
        })).ToArray();
        foreach (var writer in writers) writer.Start();
        try
        {
            for (var i = 0; i < Copies || log.Rewritten < 2; i++)
            {
                for (var commits = random.Next(1, 20); commits > 0; commits--) Assert.True(more.Wait(patience), "nothing was told");
                CheckCopy(Interlocked.Read(ref persisted));
                Assert.True(failed is null, $"{failed}");
            }
        }
        finally
        {
            Volatile.Write(ref isOver, true);
            foreach (var writer in writers) writer.Join();
        }
        log.Dispose();

        Assert.Equal(ticket, Check(KeyLogReader.Read(FileName).Rows));
        Assert.Equal(ticket, persisted);
    }

    [Fact]
    public void A_stop_commits_what_lingers_and_tells_of_it()
    {
        var random = new Random(3);
        for (var round = 0; round < 100; round++)
        {
            using var log = Open(FileName);
            log.Load();
            Write(log, random);
            log.CommitLater();
            if (round % 2 == 0) Assert.True(more.Wait(patience), "nothing was told");
            Write(log, random);

            log.Dispose();

            Assert.Equal(ticket, persisted);
            Assert.Equal(ticket, Check(KeyLogReader.Read(FileName).Rows));
            log.Write(ticket + 1, [new StoredRow(StoredTable.Entry, "late", [])]);
            log.Commit();
            Assert.False(log.HasWaiting);
        }
    }

    [Fact]
    public void A_stop_writes_a_file_that_is_gone_anew()
    {
        using var log = Open(FileName);
        log.Load();
        Write(log, new Random(4));
        log.Commit();

        File.Delete(FileName);
        log.Look();
        log.Dispose();

        Assert.Equal(ticket, Check(KeyLogReader.Read(FileName).Rows));
    }

    [Fact]
    public void A_fault_of_the_program_while_it_is_written_anew_is_said_and_it_is_tried_again()
    {
        faults = 1;
        using var log = Open(FileName);
        log.Load();
        Write(log, new Random(5));
        log.CommitLater();
        WaitFor(ticket);

        File.Delete(FileName);
        log.Look();
        Assert.True(SpinWait.SpinUntil(() => log.Problem.Contains("a fault of the program", StringComparison.Ordinal), patience));
        log.Look();
        WaitFor(Write(log, new Random(6)));

        Assert.Equal("", log.Problem);
        Assert.Equal(ticket, Check(KeyLogReader.Read(FileName).Rows));
    }

    [Fact]
    public void More_than_a_disk_takes_is_not_kept_in_memory()
    {
        using var log = Open(FileName);
        log.Load();
        var value = new byte[1 << 20];
        for (var given = 0; given < KeyLog.MaxWaiting; given += value.Length)
        {
            lock (engine)
            {
                rows["a"] = new StoredRow(StoredTable.Entry, "a", value);
                log.Write(++ticket, [rows["a"]]);
            }
        }
        Assert.False(log.HasWaiting);

        WaitFor(ticket);
        Assert.Equal(value, Assert.Single(KeyLogReader.Read(FileName).Rows).Data);
    }
}
