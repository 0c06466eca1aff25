using System.Text;
using Microsoft.Data.Sqlite;
using OpsBro.Core.TimeSeries;
using OpsBro.Metrics.Storing;

namespace OpsBro.Metrics;

/// <summary>One number as it was taken in, before it was put into a bucket.</summary>
/// <param name="Name">Canonical name of its series.</param>
/// <param name="At">Unix seconds, as the source said.</param>
/// <param name="Value">The number.</param>
internal readonly record struct JournalPoint(string Name, long At, double Value);

/// <summary>A part of the journal.</summary>
/// <param name="Points">In the order they were taken in; empty when the reader is up to date.</param>
/// <param name="Position">What to confirm once all of them are delivered.</param>
/// <param name="Lost">Numbers that were given up since the reader's last page because the journal's limit was reached.</param>
internal sealed record JournalPage(IReadOnlyList<JournalPoint> Points, long Position, long Lost);

/// <summary>
/// Every number in the order it was taken in: what the store replays after a kill, and the queue on disk of those who pass numbers on.
/// Each follower has a cursor that outlives the agent; what every follower has confirmed, and the store has in its chunks, goes.
/// Without a file it lives in memory, and only for followers: for tests.
/// </summary>
internal sealed partial class MetricJournal : IDisposable
{
    /// <summary>Bytes on disk unless <c>metrics.journal_max</c> says otherwise: some 100 million points.</summary>
    public const long DefaultBytes = 512L << 20;

    /// <summary>Bytes that wait in memory while the disk takes none.</summary>
    const int MaxWaiting = 16 << 20;

    /// <summary>Numbers of series in the file are below it: a damaged one must not fill the memory.</summary>
    const int MaxNumber = 8_000_000;

    /// <summary>Batches kept for reuse.</summary>
    const int MaxSpare = 8;

    /// <summary>Longest wait for room.</summary>
    static readonly TimeSpan roomPatience = TimeSpan.FromSeconds(1);

    readonly ManualResetEventSlim room = new(true);
    readonly JournalFile? file;
    readonly Func<long> maxBytes;
    readonly Dictionary<string, long> cursors = [];
    readonly LinkedList<JournalBatch> waiting = [];
    readonly Stack<JournalBatch> spare = [];
    readonly List<int> seriesOf = [];
    readonly List<int> newNames = [], goneNames = [];
    int[] numberOf = new int[64];
    JournalBatch? current;
    long identity, next, onDisk, sealedEnd, trimmedEnd, storedBytes, peakBytes, waitingBytes, lost;
    int renewals;
    bool isCommitAsked;
    JournalBatch[] taken = [];
    (int Number, string Name)[] takenTexts = [];
    int[] takenGone = [];

    /// <summary>A journal in memory.</summary>
    public MetricJournal() : this(new SeriesIndex((ulong)Random.Shared.NextInt64()), null, () => DefaultBytes) { }

    /// <summary>A journal in a file, with what is left in it.</summary>
    /// <param name="names">Names of the store's series.</param>
    /// <param name="file">Where; null for memory.</param>
    /// <param name="maxBytes">Its limit; asked now and then, so that a reload takes effect.</param>
    public MetricJournal(SeriesIndex names, JournalFile? file, Func<long> maxBytes)
    {
        (Names, this.file, this.maxBytes) = (names, file, maxBytes);
        if (file is null) return;
        var state = file.Load();
        (identity, next, onDisk, storedBytes, renewals) = (state.Identity, state.Next, state.Next, state.Bytes, file.Database.Renewals);
        foreach (var (follower, position) in state.Cursors) cursors[follower] = Math.Min(position, next);
        foreach (var (number, name) in state.Names)
            if (number is >= 0 and < MaxNumber && names.TryAdd(Encoding.UTF8.GetBytes(name), out var series, out _)) Know(number, series);
    }

    /// <summary>One lock for the store and its journal: what is in both must be in the same order in both.</summary>
    public Lock Gate { get; } = new();

    /// <summary>Names of the store's series.</summary>
    public SeriesIndex Names { get; }

    /// <summary>Drawn for each file: positions of another file mean nothing in this one.</summary>
    public long Identity => Volatile.Read(ref identity);

    /// <summary>Position of the next point.</summary>
    public long Next => Volatile.Read(ref next);

    /// <summary>Bytes of all batches in the file.</summary>
    public long StoredBytes => Volatile.Read(ref storedBytes);

    /// <summary>Points that were given up because a limit was reached, or that were damaged.</summary>
    public long Lost => Volatile.Read(ref lost);

    /// <summary>More waits for the disk than it takes: who can wait, should.</summary>
    public bool IsBehind => Volatile.Read(ref waitingBytes) > MaxWaiting / 2 && file?.Database.Problem.Length == 0;

    /// <summary>Its file; null for memory.</summary>
    public string? File => file?.Database.File;

    /// <summary>Everything before this position is on the disk.</summary>
    public long OnDisk => Volatile.Read(ref onDisk);

    /// <summary>Why it is not on the disk now, in one line; empty when it is.</summary>
    public string Problem => file?.Database.Problem ?? "";

    /// <summary>Appends one number: the store calls it for each that it takes, while it holds <see cref="Gate"/>.</summary>
    /// <param name="series">The store's number of its series.</param>
    /// <param name="at">Unix seconds.</param>
    /// <param name="value">The number.</param>
    /// <param name="isDetail">For the store alone: followers do not get it.</param>
    public void Append(int series, long at, double value, bool isDetail = false)
    {
        if (file is null && cursors.Count == 0)
        {
            next++;
            return;
        }
        if (current is { IsFull: true }) Close();
        current ??= NewBatch();
        current.Add(NumberOf(series), at, value, isDetail);
        next++;
        if (file is null || isCommitAsked) return;
        isCommitAsked = file.Database.Write(Commit, Committed);
    }

    /// <summary>Gives back, in order, the points from a position on that are in the file: before anything is appended.</summary>
    /// <returns>Points that are lost, because they are damaged or the disk had no room for them.</returns>
    public long Replay(long position, Action<int, long, double> take)
    {
        if (file is null) return 0;
        var gaps = 0L;
        while (file.Read(position, int.MaxValue) is { Count: > 0 } batches)
        {
            foreach (var batch in batches)
            {
                gaps += Math.Max(0, batch.First - position);
                var reader = new JournalBatch.Reader(batch.Bytes);
                for (var at = batch.First; at < batch.End; at++)
                {
                    if (!reader.Next())
                    {
                        gaps += batch.End - Math.Max(at, position);
                        break;
                    }
                    if (at < position) continue;   // its series may be forgotten
                    if (SeriesOf(reader.Series) is { } series) take(series, reader.At, reader.Value);
                    else gaps++;
                }
                position = batch.End;
            }
        }
        lost += gaps;
        return gaps;
    }

    /// <summary>
    /// The store's chunks have more than this file, which was not committed before a kill: positions go on after both. Before anything is appended.
    /// </summary>
    public void SkipTo(long position)
    {
        lock (Gate) next = Math.Max(next, position);
    }

    /// <summary>The store has everything before this position in its chunks on the disk.</summary>
    public void Sealed(long position)
    {
        lock (Gate) sealedEnd = Math.Max(sealedEnd, position);
        Trim();
    }

    /// <summary>Waits a moment while more is to be written than the disk takes. Not while it takes nothing at all.</summary>
    public void WaitForRoom()
    {
        if (!IsBehind) return;
        room.Reset();
        if (IsBehind) room.Wait(roomPatience);
    }

    /// <summary>Commits what there is now, and waits for it.</summary>
    public void Flush() => file?.Database.Flush();

    /// <summary>Gives what is free in the file back to the disk.</summary>
    public void Shrink()
    {
        file?.Database.Shrink();
        file?.Database.Flush();
    }

    JournalBatch NewBatch()
    {
        if (!spare.TryPop(out var batch)) return new JournalBatch(next);
        batch.Begin(next);
        return batch;
    }

    void Close()
    {
        if (current is null) return;
        waiting.AddLast(current);
        waitingBytes += current.Bytes.Length;
        current = null;
        while (waitingBytes > MaxWaiting)
        {
            lost += waiting.First!.Value.Count;
            Recycle(waiting.First.Value);
        }
    }

    void Recycle(JournalBatch batch)
    {
        if (!waiting.Remove(batch)) return;   // given up meanwhile
        waitingBytes -= batch.Bytes.Length;
        if (spare.Count < MaxSpare && !taken.Contains(batch)) spare.Push(batch);
    }

    /// <summary>On the writer's thread, and again with the same batches when the file was damaged.</summary>
    void Commit(SqliteConnection c)
    {
        lock (Gate)
        {
            isCommitAsked = false;
            Close();
            taken = [.. waiting];
            if (file!.Database.Renewals != renewals) Renew(c);
            takenGone = [.. goneNames];
            takenTexts = [.. newNames.Select(number => (number, Names.TextOf(seriesOf[number])))];
        }
        foreach (var (number, name) in takenTexts) JournalFile.Add(c, number, name);
        foreach (var batch in taken) JournalFile.Add(c, batch);
        foreach (var number in takenGone) JournalFile.RemoveName(c, number);
    }

    /// <summary>The old file was moved aside: in the new one every series is new, and what was sealed in the old one means nothing.</summary>
    void Renew(SqliteConnection c)
    {
        renewals = file!.Database.Renewals;
        identity = Random.Shared.NextInt64();
        storedBytes = 0;
        JournalFile.Begin(c, identity, cursors);
        newNames.Clear();
        goneNames.Clear();
        for (var number = 0; number < seriesOf.Count; number++)
            if (seriesOf[number] >= 0) newNames.Add(number);
    }

    void Committed(bool isOnDisk)
    {
        lock (Gate)
        {
            if (!isOnDisk) return;   // they still wait: the next point asks again
            var known = takenTexts.Select(t => t.Number).ToHashSet();
            newNames.RemoveAll(known.Contains);
            goneNames.RemoveRange(0, Math.Min(takenGone.Length, goneNames.Count));
            var batches = taken;
            taken = [];
            foreach (var batch in batches)
            {
                storedBytes += batch.Bytes.Length;
                onDisk = batch.End;
                Recycle(batch);
            }
            room.Set();
        }
        if (storedBytes > maxBytes()) Trim();
    }

    /// <summary>The journal's own number of a series: its file must be readable without the store's.</summary>
    int NumberOf(int series)
    {
        if (series >= numberOf.Length) Array.Resize(ref numberOf, Math.Max(series + 1, numberOf.Length * 2));
        if (numberOf[series] > 0) return numberOf[series] - 1;
        var number = seriesOf.Count;
        Know(number, series);
        if (file is not null) newNames.Add(number);
        return number;
    }

    /// <summary>True when every follower has confirmed all before a position. Under the gate.</summary>
    public bool IsReadUpTo(long position) => cursors.Values.All(c => c >= position);

    /// <summary>The series is no more: the store's number of it may be given to another, the journal's is not. Under the gate.</summary>
    /// <param name="series">The store's number.</param>
    /// <param name="isRead">Nobody reads its points any more, so its name may go from the file.</param>
    public void Forget(int series, bool isRead)
    {
        if (series >= numberOf.Length || numberOf[series] == 0) return;
        var number = numberOf[series] - 1;
        if (!newNames.Remove(number) && isRead && file is not null) goneNames.Add(number);
        seriesOf[number] = -1;
        numberOf[series] = 0;
    }

    void Know(int number, int series)
    {
        if (series >= numberOf.Length) Array.Resize(ref numberOf, Math.Max(series + 1, numberOf.Length * 2));
        while (seriesOf.Count <= number) seriesOf.Add(-1);
        seriesOf[number] = series;
        numberOf[series] = number + 1;
    }

    int? SeriesOf(int number) => number < seriesOf.Count && seriesOf[number] >= 0 ? seriesOf[number] : null;

    /// <summary>Commits what waits and closes the file.</summary>
    public void Dispose() => file?.Database.Dispose();
}
