using System.Text;
using OpsBro.Core.Gossip;

namespace OpsBro.Gossip;

/// <summary>
/// Keeps the members on disk, so that a restart finds them: lines are added as things happen, written in the background within
/// <see cref="FlushWithin"/>, and the file is written anew when it has grown. The pool's thread never waits for the disk.
/// </summary>
internal sealed class SnapshotFile : IDisposable
{
    /// <summary>Longest time from a change to the file.</summary>
    public static readonly TimeSpan FlushWithin = TimeSpan.FromMilliseconds(500);

    /// <summary>Time after which a disk that refused is tried again.</summary>
    static readonly TimeSpan retry = TimeSpan.FromSeconds(30);

    /// <summary>Bytes below which the file is left as it is; above, twice <see cref="LineBytes"/> for each member.</summary>
    public const int LeastCompaction = 128 * 1024;

    const int LineBytes = 128;

    readonly string path;
    // what is known: held for a moment only, for the pool's thread takes it
    readonly Lock gate = new();
    // the file: held as long as the disk takes; taken before the gate
    readonly Lock disk = new();
    readonly Timer timer;
    readonly StringBuilder waiting = new();
    SnapshotContents now = new();
    long size;
    bool isDue, isOpen = true, mustRewrite;

    /// <summary>A snapshot in a file that need not be there yet.</summary>
    public SnapshotFile(string path)
    {
        this.path = path;
        timer = new Timer(_ => Flush());
    }

    /// <summary>Why the file is not as it should be; empty when all is well.</summary>
    public string Problem { get; private set; } = "";

    /// <summary>What the file says; what it says from now on follows from it. Lines that are none are left out, and the file is put aside.</summary>
    public SnapshotContents Load()
    {
        lock (gate)
        {
            try
            {
                if (StateFile.Read(path) is not { } bytes) return new SnapshotContents();
                now = SnapshotContents.Read(bytes);
                size = bytes.Length;
                // an unfinished line must not run into the next one
                mustRewrite = bytes is [.., not (byte)'\n'];
                if (now.BadLines > 0)
                {
                    Problem = $"{path} had {now.BadLines} lines that are none and was put aside as {StateFile.Quarantine(path)}; the other lines are used";
                    mustRewrite = true;
                }
                if (mustRewrite) Schedule(FlushWithin);
                return SnapshotContents.Read(Encoding.UTF8.GetBytes(now.Write()));
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                Problem = $"{path} cannot be read ({e.Message}); members are found by the seeds alone";
                return new SnapshotContents();
            }
        }
    }

    /// <summary>A member is alive.</summary>
    public void Alive(string name, PeerAddress address) => Add(SnapshotContents.Peer("alive", name, address));

    /// <summary>A member failed: for Serf it is not alive, for us it is worth another try.</summary>
    public void Failed(string name, PeerAddress address) =>
        Add($"not-alive: {name}\n", SnapshotContents.Peer("# failed", name, address));

    /// <summary>A member left, or was forgotten.</summary>
    public void Gone(string name) => Add($"not-alive: {name}\n");

    /// <summary>An address was joined by hand.</summary>
    public void Seed(SeedAddress seed) => Add($"# seed: {seed}\n");

    /// <summary>This node left on purpose.</summary>
    public void Left() => Add("leave\n");

    /// <summary>The clocks as they are now; cheap when nothing changed.</summary>
    public void Clocks(ulong clock, ulong eventClock, ulong queryClock)
    {
        if (now.Clock == clock && now.EventClock == eventClock && now.QueryClock == queryClock) return;
        lock (gate)
        {
            (now.Clock, now.EventClock, now.QueryClock) = (clock, eventClock, queryClock);
            Schedule(FlushWithin);
        }
    }

    void Add(params ReadOnlySpan<string> lines)
    {
        lock (gate)
        {
            foreach (var line in lines)
            {
                if (line.Length == 0 || !now.Take(line[..^1])) continue;
                if (!mustRewrite) waiting.Append(line);
            }
            Schedule(FlushWithin);
        }
    }

    void Schedule(TimeSpan after)
    {
        if (isDue || !isOpen) return;
        isDue = true;
        timer.Change(after, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Writes what waits.</summary>
    public void Flush()
    {
        lock (disk)
        {
            if (Waiting() is not { } next) return;
            try
            {
                if (next.IsAll) StateFile.Replace(path, next.Text);
                var written = next.IsAll ? Encoding.UTF8.GetByteCount(next.Text) : StateFile.Append(path, next.Text);
                lock (gate)
                {
                    size = written;
                    if (Problem.Contains("cannot be written", StringComparison.Ordinal)) Problem = "";
                }
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                lock (gate)
                {
                    Problem = $"{path} cannot be written ({e.Message}); after a restart members are found by the seeds alone";
                    // perhaps half a line is there: all is written anew when the disk takes it again
                    mustRewrite = true;
                    waiting.Clear();
                    Schedule(retry);
                }
            }
        }
    }

    /// <summary>What is to be written: all, or what came since; null for nothing.</summary>
    (bool IsAll, string Text)? Waiting()
    {
        lock (gate)
        {
            if (!isDue) return null;
            isDue = false;
            var isAll = mustRewrite || size > Math.Max(LeastCompaction, 2 * LineBytes * (now.Alive.Count + now.Failed.Count));
            var text = isAll ? now.Write() : waiting.Append(now.Clocks()).ToString();
            waiting.Clear();
            mustRewrite = false;
            return (isAll, text);
        }
    }

    /// <summary>Writes what waits, and writes no more.</summary>
    public void Dispose()
    {
        timer.Dispose();
        lock (disk)
        {
            lock (gate) isOpen = false;
            Flush();
        }
    }
}
