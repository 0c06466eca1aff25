using OpsBro.Core.Wire;

namespace OpsBro.Core.Gossip;

public sealed partial class Swim : IMessageSink
{
    /// <summary>Takes in a datagram.</summary>
    public void Receive(PeerAddress from, ReadOnlySpan<byte> datagram, TimeSpan now)
    {
    }

    /// <summary>Sends a message of Serf straight to a node: as a datagram, or on a stream when it is too large for one.</summary>
    /// <param name="to">Where.</param>
    /// <param name="message">The message, with Serf's type first.</param>
    /// <param name="now">The time.</param>
    public void SendUser(PeerAddress to, ReadOnlySpan<byte> message, TimeSpan now)
    {
    }

    void IMessageSink.Message(MessageType type, ReadOnlySpan<byte> body)
    {
    }
}
