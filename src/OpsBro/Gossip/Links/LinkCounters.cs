namespace OpsBro.Gossip;

/// <summary>What links did since the agent started. Safe from any thread.</summary>
/// <param name="meter">Frames, in and out, and what was dropped.</param>
internal sealed class LinkCounters(Meter meter)
{
    long framesIn, framesOut, messagesIn, messagesOut, refusals;

    /// <summary>Frames that came in.</summary>
    public long FramesIn => Interlocked.Read(ref framesIn);

    /// <summary>Frames that went out.</summary>
    public long FramesOut => Interlocked.Read(ref framesOut);

    /// <summary>Messages that came in.</summary>
    public long MessagesIn => Interlocked.Read(ref messagesIn);

    /// <summary>Messages that went out.</summary>
    public long MessagesOut => Interlocked.Read(ref messagesOut);

    /// <summary>Messages given up: no such member, no room, too old, nobody takes them, or the link broke under them.</summary>
    public long Drops => meter.Dropped;

    /// <summary>Hellos that were refused, and links that ended because a frame was not the next one.</summary>
    public long Refusals => Interlocked.Read(ref refusals);

    /// <summary>A frame was taken.</summary>
    public void Received(int messages, TimeSpan time, bool failed)
    {
        Interlocked.Increment(ref framesIn);
        Interlocked.Add(ref messagesIn, messages);
        meter.Ran(time, failed);
    }

    /// <summary>A frame was given to the kernel.</summary>
    public void Sent(int messages, TimeSpan time)
    {
        Interlocked.Increment(ref framesOut);
        Interlocked.Add(ref messagesOut, messages);
        meter.Ran(time);
    }

    /// <summary>Messages were given up.</summary>
    public void Drop(int count = 1) => meter.Drop(count);

    /// <summary>Somebody was refused.</summary>
    public void Refuse() => Interlocked.Increment(ref refusals);
}
