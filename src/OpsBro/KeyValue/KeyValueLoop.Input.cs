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
        KeyLog? written;
        List<OutLink>? links;
        lock (gate)
        {
            if (engine is null || view is null) return new(new KeyValueResult(KeyValueStatus.Unavailable, notReady));
            hasWritten = false;
            submitting = ++lastId;
            engine.Submit(lastId, operation, Now);
            submitting = 0;
            answer = Answered();
            (written, links) = (hasWritten ? file : null, Unsent());
        }
        Start(links);   // the others write to their disks at the same time
        written?.Commit();
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
        var waiter = new TaskCompletionSource<KeyValueResult>(TaskCreationOptions.RunContinuationsAsynchronously);
        waiting.Add(lastId, waiter);
        return new(waiter.Task);
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

    /// <summary>The frame of the message that was received last has no more: all of them share a commit.</summary>
    void FrameEnded()
    {
        KeyLog? written;
        List<OutLink>? links;
        lock (gate)
        {
            (written, links) = (file, Unsent());
            if (engine?.NextTick < wakesAt)
            {
                wakesAt = engine.NextTick;
                wake.Set();
            }
        }
        Start(links);
        written?.Commit();
    }
}
