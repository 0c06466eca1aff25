using Microsoft.Extensions.Logging;
using OpsBro.Core.KeyValue;
using OpsBro.Platform;

namespace OpsBro.KeyValue;

/// <summary>How the log is written anew from what the engine has in memory.</summary>
internal sealed partial class KeyLog
{
    /// <summary>A log that is shorter than this is not written anew only for being out of date.</summary>
    public const long LeastRewritten = 8L << 20;

    /// <summary>Pause before a log that is out of date, and could not be written anew, is tried again: nothing is lost by it.</summary>
    static readonly TimeSpan rewritePause = TimeSpan.FromMinutes(1);

    /// <summary>Times that the log was written anew.</summary>
    public int Rewritten { get; private set; }

    string Fresh => path + ".new";

    /// <summary>
    /// The engine's clock calls it, about once a second: what could not be written is tried again, and a file that is gone, or is another one, is noticed.
    /// </summary>
    public void Look()
    {
        mustLook = true;
        wake.Set();
    }

    /// <summary>On the log's thread, which alone gives the name another file: a disk that hangs may not even tell which file it is.</summary>
    void LookAtFile()
    {
        mustLook = false;
        if (isFailing || isBroken) return;
        var found = Identify(path);
        isLost = found != file!.Identity;
        if (!isLost) return;
        if (found is null) LogGone(path);
        else LogReplaced(path);
        Break();
    }

    /// <summary>What somebody put in the place of the log is not ours to remove.</summary>
    void MoveForeignAside()
    {
        if (FileIdentity.Of(path) is not { } found || found == (file?.Identity ?? read)) return;
        var aside = AsideAs("foreign");
        if (Directory.Exists(path)) Directory.Move(path, aside);
        else File.Move(path, aside);
        LogForeign(path, aside);
    }

    bool WantsRewrite => isBroken || (file!.End > LeastRewritten + 2 * live && Monotonic.Now >= notBefore);

    /// <summary>A log that is only out of date is as good after a stop; one that is broken lacks something.</summary>
    bool MayGoOn => !isGivenUp && (isBroken || !isStopping);

    /// <summary>The file can take nothing more: it is written anew.</summary>
    void Break()
    {
        lock (gate)
        {
            isBroken = true;
            waiting.Clear();
        }
    }

    /// <summary>
    /// Writes the log anew. What the engine gives meanwhile goes to both, in the order in which it comes: at the end the new one holds what
    /// the engine holds.
    /// </summary>
    void Rewrite()
    {
        KeyLogFile? made = null;
        try
        {
            made = KeyLogFile.Make(Fresh, FlushData);
            lock (gate) fresh = new KeyLogBatch();
            var batch = new KeyLogBatch();
            for (var part = 0; part < KeyValueEngine.RowParts && MayGoOn; part++)
            {
                source(part, AddFresh);
                TakeFresh(ref batch);
                Put(made, batch);
                if (!isFailing) CommitAll();   // who writes meanwhile is not held up
            }
            lock (committing) End(made, batch);
            made = null;
        }
        catch (Exception e) when (IsRefusal(e))
        {
            notBefore = Monotonic.Now + rewritePause;
            if (isBroken) Refused(e);
            else LogNotRewritten(path, e.Message);
        }
        finally
        {
            Forget(made);
        }
    }

    void Forget(KeyLogFile? made)
    {
        lock (gate) fresh = null;
        made?.Dispose();
    }

    void AddFresh(IReadOnlyList<StoredRow> rows)
    {
        lock (gate) StillFresh.Add(rows);
    }

    KeyLogBatch StillFresh => fresh ?? throw new IOException($"more than {MaxWaiting} bytes were written before the disk took them");

    void TakeFresh(ref KeyLogBatch batch)
    {
        lock (gate) (fresh, batch) = (batch, StillFresh);
    }

    static void Put(KeyLogFile made, KeyLogBatch batch)
    {
        if (batch.IsEmpty) return;
        made.Reserve(batch.Length);
        made.Append(batch);
        batch.Clear();
    }

    /// <summary>The last rows, and the new file takes the place of the old one.</summary>
    void End(KeyLogFile made, KeyLogBatch batch)
    {
        long ticket;
        if (!MayGoOn) throw new IOException("the agent stops");
        Break();   // what waits is in the new file too; should that fail, the old one lacks it
        taken.Clear();
        lock (gate)
        {
            (fresh, batch) = (batch, StillFresh);
            ticket = last;
        }
        Put(made, batch);
        TakePlace(made);
        live = made.End;
        lock (gate)
        {
            if (fresh is not null) (waiting, fresh, isBroken) = (fresh, waiting, false);   // what came since then
        }
        Rewritten++;
        Done(ticket);
        wake.Set();
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "{File} is gone while the agent runs; it is written anew from memory")]
    partial void LogGone(string file);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{File} is another file than the one that the agent writes; it is written anew from memory")]
    partial void LogReplaced(string file);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{File} was put there by somebody else; it is {Aside} now")]
    partial void LogForeign(string file, string aside);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{File} could not be written anew, and keeps what is out of date: {Reason}")]
    partial void LogNotRewritten(string file, string reason);
}
