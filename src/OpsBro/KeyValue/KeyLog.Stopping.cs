using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging;
using OpsBro.Platform;

namespace OpsBro.KeyValue;

/// <summary>How the log ends, though its disk may hang.</summary>
internal sealed partial class KeyLog
{
    /// <summary>
    /// A stop waits so long for the disk, less what a commit that is under way has waited already. <see cref="AgentHost.StopPatience"/> is for
    /// all that the agent has to end.
    /// </summary>
    public static readonly TimeSpan StopPatience = TimeSpan.FromSeconds(5);

    /// <summary>How long a stop waits: <see cref="StopPatience"/>, less for tests.</summary>
    public TimeSpan Patience { get; init; } = StopPatience;

    /// <summary>Waits until a file's data is on the platter; tests have a disk that hangs.</summary>
    public Action<SafeHandle> FlushData { get; init; } = Posix.FlushData;

    /// <summary>Tells which file a path leads to; tests have a disk that hangs.</summary>
    public Func<string, FileIdentity?> Identify { get; init; } = FileIdentity.Of;

    /// <summary>The log's thread has not ended.</summary>
    public bool IsRunning => thread.IsAlive;

    /// <summary>
    /// Commits what waits, tells of it, and closes the file; what is given later is lost. A file that can take nothing is tried once more to be written anew.
    /// A disk that does not answer in time is left alone, and the log says what it lacks.
    /// </summary>
    public void Dispose()
    {
        if (isStopping) return;
        isStopping = true;
        stop.Set();
        wake.Set();
        var since = Volatile.Read(ref underWaySince);
        var until = Monotonic.Now + Patience - (since == 0 ? TimeSpan.Zero : time.GetElapsedTime(since));
        if (IsRunning && !thread.Join(Left(until)) || !committing.TryEnter(Left(until)))
        {
            GiveUp();
            return;
        }
        try
        {
            Close();
        }
        finally
        {
            committing.Exit();
        }
    }

    static TimeSpan Left(TimeSpan until) => until > Monotonic.Now ? until - Monotonic.Now : TimeSpan.Zero;

    /// <summary>Nothing is committed any more.</summary>
    void Close()
    {
        Break();
        file?.Dispose();
    }

    /// <summary>
    /// Threads hang in the disk. They are left there: when it lets them go they write nothing more, for the file is closed, and tell of nothing.
    /// What they had begun may come onto the disk.
    /// </summary>
    void GiveUp()
    {
        long missing;
        lock (telling)
        {
            isGivenUp = true;
            lock (gate) missing = last - told;
        }
        var what = isLost
            ? "the file that was removed or replaced is not written anew: what it had is lost to this host"
            : $"{missing} writes may be missing on it, of which nobody was told that they are stored";
        LogGivenUp(path, Patience.TotalSeconds, what);
        Close();
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "{File}: the disk has not answered for {Seconds} s, and is not waited for any longer: {What}")]
    partial void LogGivenUp(string file, double seconds, string what);
}
