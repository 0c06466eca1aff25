using System.Buffers.Binary;
using OpsBro.Core.Wire;

namespace OpsBro.Core.Gossip;

/// <summary>
/// Remembers the nonces of encrypted messages for a while: a message that comes twice was recorded by somebody and sent again. Plain
/// messages are not guarded, for honest ones may be alike byte by byte. A nonce is remembered once its message was authentic; else anyone
/// could spoil a message by being faster with a broken copy of it.
/// </summary>
sealed class ReplayGuard
{
    readonly HashSet<ulong> seen = [];
    readonly Queue<(ulong Nonce, TimeSpan At)> order = [];

    /// <summary>The part of a nonce that is remembered, of a payload that starts with its version; null when it is too short.</summary>
    public static ulong? NonceOf(ReadOnlySpan<byte> payload) =>
        payload.Length < Envelope.Overhead ? null : BinaryPrimitives.ReadUInt64BigEndian(payload[1..]);

    /// <summary>It was seen within <see cref="GossipLimits.ReplayWindow"/>.</summary>
    public bool Knows(ulong nonce, TimeSpan now)
    {
        while (order.TryPeek(out var oldest) && now - oldest.At > GossipLimits.ReplayWindow) Drop();
        return seen.Contains(nonce);
    }

    /// <summary>Remembers it; the oldest is forgotten when there are too many.</summary>
    public void Add(ulong nonce, TimeSpan now)
    {
        if (!seen.Add(nonce)) return;
        order.Enqueue((nonce, now));
        if (order.Count > GossipLimits.MaxReplayMemory) Drop();
    }

    void Drop() => seen.Remove(order.Dequeue().Nonce);
}
