using OpsBro.Core.Gossip;
using OpsBro.Core.Wire;

namespace OpsBro.Gossip.Detect;

/// <summary>
/// What detection needs of a pool: its name, and its keys as they are now. The pool's own keyring belongs to its thread, so these are copies,
/// renewed when they are older than <see cref="MostAge"/>.
/// </summary>
internal sealed class PoolDoor(GossipPool pool) : IDisposable
{
    /// <summary>A key that was just installed counts after so long at most.</summary>
    public static readonly TimeSpan MostAge = TimeSpan.FromSeconds(1);

    TimeSpan readAt = TimeSpan.MinValue;

    /// <summary>The pool.</summary>
    public GossipPool Pool => pool;

    /// <summary>The keys; null for a pool without.</summary>
    public Keyring? Keys { get; private set; }

    /// <summary>Label of the cluster.</summary>
    public string Label => pool.Settings.Label;

    /// <summary>Copies the keys when it is time.</summary>
    /// <exception cref="PoolClosedException">The pool is closed.</exception>
    public async Task Renew(TimeSpan now)
    {
        if (readAt != TimeSpan.MinValue && now - readAt < MostAge) return;
        var copies = await pool.KeyCopies();
        Keys?.Dispose();
        Keys = copies.Count > 0 ? new Keyring(copies) : null;
        readAt = now;
    }

    /// <summary>True when a node may be told of this pool: one on another host cannot come to an address of loopback.</summary>
    public bool IsFor(System.Net.IPAddress source) =>
        !System.Net.IPAddress.IsLoopback(pool.Settings.Advertise.ToIPAddress()) || System.Net.IPAddress.IsLoopback(source);

    /// <inheritdoc/>
    public void Dispose() => Keys?.Dispose();
}
