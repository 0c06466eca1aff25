namespace OpsBro.Core.Gossip;

/// <summary>What a gossip engine does to the world: the socket loop and the simulator are the two that are told.</summary>
public interface IGossipOutput
{
    /// <summary>Sends a datagram; the bytes are valid during the call only.</summary>
    void Packet(PeerAddress to, ReadOnlySpan<byte> datagram);

    /// <summary>
    /// Dials, sends a request and, when an answer is expected, reads one whole message; then closes. The engine is told later by
    /// <c>StreamAnswered</c> (with an empty frame when none was expected) or <c>StreamFailed</c>, with the same number.
    /// </summary>
    void Dial(long id, PeerAddress to, ReadOnlyMemory<byte> request, bool expectsAnswer, TimeSpan timeout);

    /// <summary>Fills a nonce with random bytes that nobody can foretell.</summary>
    void Nonce(Span<byte> nonce);

    /// <summary>Something happened that others may want to know.</summary>
    void Happened(GossipNews news);

    /// <summary>A message of type 200 (NodeState) came from a peer, by datagram or stream; valid during the call only.</summary>
    void Direct(PeerAddress from, ReadOnlySpan<byte> body);

    /// <summary>
    /// A peer asks something (type 201) on the stream that is being taken in; valid during the call only. What answers it is put into the
    /// stream by whoever holds it (<see cref="GossipEngine.SealAnswer"/>).
    /// </summary>
    void Asked(PeerAddress from, ReadOnlySpan<byte> body) { }

    /// <summary>
    /// A peer says hello (type 202) to make the stream that is being taken in a link; valid during the call only. Answered as a question is
    /// (<see cref="GossipEngine.SealWelcome"/>).
    /// </summary>
    void Linked(PeerAddress from, ReadOnlySpan<byte> body) { }
}
