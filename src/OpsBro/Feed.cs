using System.Threading.Channels;

namespace OpsBro;

/// <summary>
/// Tells many readers, in order. Bounded for each reader: a slow one loses its oldest items and its meter counts them.
/// The only way that slices tell each other something; to ask, they call a type of the other slice.
/// </summary>
internal sealed class Feed<T>(string name, Telemetry telemetry)
{
    /// <summary>Items kept for a reader that is behind.</summary>
    public const int Capacity = 8192;

    readonly Lock gate = new();
    readonly Meter meter = telemetry.Of("feed", name);
    volatile Channel<T>[] readers = [];

    /// <summary>True when somebody listens: a publisher asks before it makes many items.</summary>
    public bool HasReaders => readers.Length > 0;

    /// <summary>Gives an item to every reader. Never waits.</summary>
    public void Publish(T item)
    {
        foreach (var reader in readers) reader.Writer.TryWrite(item);
    }

    /// <summary>A reader from now on; dispose it to leave.</summary>
    public Subscription Subscribe()
    {
        var channel = Channel.CreateBounded<T>(
            new BoundedChannelOptions(Capacity) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true },
            _ => meter.Drop());
        lock (gate) readers = [.. readers, channel];
        return new Subscription(this, channel);
    }

    void Leave(Channel<T> channel)
    {
        lock (gate) readers = [.. readers.Where(r => r != channel)];
    }

    /// <summary>One reader's queue.</summary>
    public sealed class Subscription(Feed<T> feed, Channel<T> channel) : IDisposable
    {
        /// <summary>What was published since the last read.</summary>
        public ChannelReader<T> Items => channel.Reader;

        /// <inheritdoc/>
        public void Dispose() => feed.Leave(channel);
    }
}
