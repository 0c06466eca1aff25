using OpsBro.Platform;

namespace OpsBro.Events;

/// <summary>What every port needs to serve readers: the changes, pictures of the whole, the greeting, and who may come in.</summary>
internal sealed class StreamHub(EventRing ring, EventSources sources, StreamDoor door, TimeProvider clock)
{
    /// <summary>The changes.</summary>
    public EventRing Ring => ring;

    /// <summary>Pictures of the whole.</summary>
    public StreamSnapshots Snapshots { get; } = new(ring, sources.Snapshot, () => Monotonic.Now);

    /// <summary>Who may come in.</summary>
    public StreamDoor Door => door;

    /// <summary>A session of a new reader.</summary>
    public StreamSession Session(StreamView view, long? since) =>
        new(new StreamCursor(ring, view, Snapshots, number => new HelloView(number, sources.Node, clock.GetUtcNow()), since), Monotonic.Now);
}
