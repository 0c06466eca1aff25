using OpsBro.Core.KeyValue;
using OpsBro.Gossip;

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
        Caused caused;
        bool isBusy;
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
            caused = TakeCaused();
            isBusy = waiting.Count > busyFrom;
        }
        Start(caused, isBusy: isBusy);   // the others write to their disks at the same time
        caused.Written?.Commit();
        return answer;
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

    /// <summary>The messages that came together were received: they share a commit.</summary>
    void BatchEnded()
    {
        Caused caused;
        bool isBusy;
        lock (gate)
        {
            caused = TakeCaused();
            isBusy = waiting.Count > busyFrom;
            if (engine?.NextTick < wakesAt)
            {
                wakesAt = engine.NextTick;
                Call();
            }
        }
        // an answer is written on this thread when it has nothing more to do: a change of thread costs as much as the answer
        Start(caused, isIdle: caused.Written is null, isBusy);
        caused.Written?.Commit();
    }
}
