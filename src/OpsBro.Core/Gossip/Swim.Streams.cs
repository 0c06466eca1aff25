using OpsBro.Core.Wire;

namespace OpsBro.Core.Gossip;

public sealed partial class Swim
{
    /// <summary>Takes in one whole message of a stream that a peer opened; gives the bytes to answer, or nothing.</summary>
    public ReadOnlyMemory<byte> Accept(PeerAddress from, ReadOnlyMemory<byte> frame, TimeSpan now) => default;

    /// <summary>What we dialed was answered.</summary>
    public void StreamAnswered(long id, ReadOnlyMemory<byte> frame, TimeSpan now)
    {
    }

    /// <summary>What we dialed failed.</summary>
    public void StreamFailed(long id, string reason, TimeSpan now)
    {
    }

    /// <summary>Exchanges the whole state with whoever is at an address; <see cref="ISwimUser.JoinEnded"/> tells how it went.</summary>
    public void Join(PeerAddress to, TimeSpan now)
    {
    }
}
