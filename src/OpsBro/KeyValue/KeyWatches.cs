using System.Threading.Channels;
using OpsBro.Core.KeyValue;

namespace OpsBro.KeyValue;

/// <summary>
/// Who waits for changes of keys on this agent. The engine tells of each change under its lock, so nothing here waits: a reader that is
/// behind loses the oldest and is told to look at everything again.
/// </summary>
internal sealed class KeyWatches
{
    /// <summary>Who may watch at the same time.</summary>
    public const int MaxWatches = 1_000;

    /// <summary>Prefixes that the other nodes are asked to tell of; of more, everything is told.</summary>
    public const int MaxPrefixes = 64;

    /// <summary>Changes kept for a reader that is behind.</summary>
    const int MaxBehind = 256;

    readonly Lock gate = new();
    readonly Action changed;
    volatile KeyWatch[] all = [];

    /// <summary>Nobody watches yet.</summary>
    /// <param name="changed">Told when <see cref="Prefixes"/> may be others; never under a lock of this class.</param>
    public KeyWatches(Action changed) => this.changed = changed;

    /// <summary>How many watch.</summary>
    public int Count => all.Length;

    /// <summary>Watches a key, or all below a prefix, from now on; null when too many do. Dispose it to stop.</summary>
    public KeyWatch? Add(string key, bool isPrefix)
    {
        var watch = new KeyWatch(this, key, isPrefix, Channel.CreateBounded<KeyChange>(new BoundedChannelOptions(MaxBehind) { SingleReader = true }));
        lock (gate)
        {
            if (all.Length >= MaxWatches) return null;
            all = [.. all, watch];
        }
        changed();
        return watch;
    }

    void Remove(KeyWatch watch)
    {
        lock (gate) all = [.. all.Where(w => w != watch)];
        changed();
    }

    /// <summary>What is watched, the shortest that covers it all: for the engine.</summary>
    public IReadOnlyList<string> Prefixes()
    {
        var prefixes = new List<string>();
        foreach (var key in all.Select(watch => watch.Key).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal))
            if (prefixes.Count == 0 || !key.StartsWith(prefixes[^1], StringComparison.Ordinal)) prefixes.Add(key);
        return prefixes.Count <= MaxPrefixes ? prefixes : [""];
    }

    /// <summary>A key changed: wakes who watches it.</summary>
    /// <returns>Whether anybody does.</returns>
    public bool Tell(in KeyChange change)
    {
        var any = false;
        foreach (var watch in all)
        {
            if (!watch.Covers(change.Key)) continue;
            any = true;
            watch.Tell(change);
        }
        return any;
    }

    /// <summary>One reader.</summary>
    internal sealed class KeyWatch(KeyWatches watches, string key, bool isPrefix, Channel<KeyChange> channel) : IDisposable
    {
        volatile bool isBehind;

        /// <summary>The key, or the prefix.</summary>
        public string Key => key;

        /// <summary>The changes, in order.</summary>
        public ChannelReader<KeyChange> Changes => channel.Reader;

        /// <summary>True when it is a change of ours.</summary>
        public bool Covers(string changed) => isPrefix ? changed.StartsWith(key, StringComparison.Ordinal) : changed == key;

        /// <summary>True once after changes were lost: the reader was too slow.</summary>
        public bool HasLost()
        {
            if (!isBehind) return false;
            isBehind = false;
            return true;
        }

        /// <summary>Adds a change, and wakes the reader.</summary>
        public void Tell(in KeyChange change)
        {
            if (!channel.Writer.TryWrite(change)) isBehind = true;
        }

        /// <summary>Waits for a change.</summary>
        /// <returns>False when none came in time.</returns>
        public async Task<bool> Next(TimeSpan patience, CancellationToken cancel)
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
            limit.CancelAfter(patience);
            try
            {
                return await channel.Reader.WaitToReadAsync(limit.Token);
            }
            catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
            {
                return false;
            }
        }

        /// <inheritdoc/>
        public void Dispose() => watches.Remove(this);
    }
}
