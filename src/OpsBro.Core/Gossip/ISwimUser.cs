using System.Buffers;
using OpsBro.Core.Wire;

namespace OpsBro.Core.Gossip;

/// <summary>
/// What stands on Swim: Serf does, as memberlist's delegate. All is called on the engine's thread; what is given is valid during
/// the call only, <see cref="SwimNode"/>s excepted.
/// </summary>
public interface ISwimUser
{
    /// <summary>A user message: its first byte is Serf's type.</summary>
    void Message(PeerAddress from, ReadOnlySpan<byte> message, TimeSpan now);

    /// <summary>
    /// Gives rumours for a datagram, each with its Serf type first, as long as they fit: each costs its length and
    /// <paramref name="overhead"/> of the budget. <paramref name="take"/> is called for each.
    /// </summary>
    void Rumours(int budget, int overhead, RumourTaker take, TimeSpan now);

    /// <summary>Rumours are waiting: a gossip round has something to send.</summary>
    bool HasRumours { get; }

    /// <summary>Writes its part of a push/pull.</summary>
    void WriteState(IBufferWriter<byte> output, bool isJoin);

    /// <summary>
    /// Takes in the part of a peer. <paramref name="from"/>: the address that we dialed, or the one that the peer dialed from.
    /// </summary>
    void MergeState(PeerAddress from, ReadOnlySpan<byte> state, bool isJoin, TimeSpan now);

    /// <summary>
    /// A push/pull that <c>Join</c> asked for ended; after <see cref="MergeState"/>, when it was fine. <paramref name="error"/>: why it
    /// failed; empty when it did not. (The user tells the world: Swim itself sends no <see cref="JoinNews"/>.)
    /// </summary>
    void JoinEnded(PeerAddress to, string error, TimeSpan now);

    /// <summary>A node is new or back.</summary>
    void Joined(SwimNode node, string cause, TimeSpan now);

    /// <summary>A node is dead or left: its state says which.</summary>
    void Gone(SwimNode node, string cause, TimeSpan now);

    /// <summary>A node's Meta or address changed.</summary>
    void Updated(SwimNode node, TimeSpan now);

    /// <summary>A node claims the name of another, or ours, with another address.</summary>
    void Conflict(SwimNode known, Alive other, TimeSpan now);

    /// <summary>The payload of an ack: the coordinate, or nothing.</summary>
    /// <param name="asker">Whom it goes to; null when nobody knows it.</param>
    ReadOnlySpan<byte> AckPayload(SwimNode? asker);

    /// <summary>An ack came straight from a node.</summary>
    void PingDone(SwimNode node, TimeSpan roundTrip, ReadOnlySpan<byte> payload, TimeSpan now);
}

/// <summary>Takes one rumour.</summary>
public delegate void RumourTaker(ReadOnlySpan<byte> rumour);
