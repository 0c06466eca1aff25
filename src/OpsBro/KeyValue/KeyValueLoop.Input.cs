using OpsBro.Core.KeyValue;
using OpsBro.Gossip;
using OpsBro.Platform;

namespace OpsBro.KeyValue;

/// <summary>What requests and links say to the engine. They leave its lock, send what it has for others, and commit what it wrote.</summary>
internal sealed partial class KeyValueLoop
{
    /// <summary>
    /// Asks the engine. The answer is there at once when nobody else has to be asked, and after <see cref="KeyValueLimits.Patience"/> at the latest.
    /// </summary>
    public ValueTask<KeyValueResult> Ask(KeyValueOperation operation)
    {
        if (needsLinks && operation.Consistency != Consistency.Local && Links.Problem is { Length: > 0 } cut)
            return new(new KeyValueResult(KeyValueStatus.Unavailable, cut));
        ValueTask<KeyValueResult> answer;
        lock (gate)
        {
            if (engine is null || view is null) return new(new KeyValueResult(KeyValueStatus.Unavailable, notReady));
            submitting = ++lastId;
            try
            {
                engine.Submit(lastId, operation, Now);
            }
            finally
            {
                submitting = 0;   // after a fault too: a late answer must not become that of the next one who asks
            }
            answer = Answered();
            if (!HasCaused) return answer;
        }
        Finish();
        return answer;
    }

    /// <summary>Sends and commits what was caused: on the sockets' thread at the end of the turn, once for all that came together.</summary>
    void Finish()
    {
        if (SocketLoop.IsHere) SocketLoop.AtEnd(finishing);
        else FinishNow();
    }

    void FinishNow()
    {
        try
        {
            Caused caused;
            lock (gate)
            {
                caused = TakeCaused();
                if (engine?.NextTick < wakesAt)
                {
                    wakesAt = engine.NextTick;
                    Call();
                }
            }
            Start(caused);   // the others write to their disks at the same time
            caused.Written?.Commit();
        }
        // the border of the sockets' thread
        catch (Exception e)
        {
            Break(e);
        }
    }

    /// <summary>The answer to what was just submitted, or the way to it.</summary>
    ValueTask<KeyValueResult> Answered()
    {
        if (submitted is { } answer)
        {
            submitted = null;
            return new(answer);
        }
        var waiter = new KeyWaiter();
        waiting.Add(lastId, waiter);
        return waiter.Task;
    }

    /// <summary>Asks the engine something under its lock; the fallback while there is none.</summary>
    public T Look<T>(Func<KeyValueEngine, T> ask, T otherwise)
    {
        lock (gate) return engine is { } there ? ask(there) : otherwise;
    }

    void Received(LinkPeer from, ReadOnlyMemory<byte> message)
    {
        if (from.Zone != cluster.Options.Zone) return;
        lock (gate) engine?.Receive(from.Name, message, Now);
    }
}
