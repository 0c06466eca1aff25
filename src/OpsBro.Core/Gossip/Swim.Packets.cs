using System.Text;
using System.Text.Unicode;
using OpsBro.Core.Wire;

namespace OpsBro.Core.Gossip;

/// <summary>Datagrams: read, given to who handles each message, and sent with rumours in the room that is left.</summary>
public sealed partial class Swim : IMessageSink
{
    readonly ReplayGuard? replays;
    PeerAddress sender;       // of the datagram that is being read
    TimeSpan clock;            // of the call that is under way
    int repliesLeft;           // of the datagram that is being read

    /// <summary>Takes in a datagram.</summary>
    public void Receive(PeerAddress from, ReadOnlySpan<byte> datagram, TimeSpan now)
    {
        NoticeLateness(now);
        Counters.PacketsIn++;
        Counters.BytesIn += datagram.Length;
        ulong? nonce = replays is not null && reader.VerifyIncoming && Label.TryRead(datagram, out _, out var payload)
            ? ReplayGuard.NonceOf(payload)
            : null;
        if (nonce is { } old && replays!.Knows(old, now))
        {
            Counters.Replays++;
            return;
        }
        (sender, clock, repliesLeft) = (from, now, GossipLimits.MaxRepliesToPacket);
        var fault = reader.Read(datagram, this);
        if (fault != PacketFault.None) Counters.Add(fault, from, now);
        if (nonce is { } fit && fault is not (PacketFault.NoKey or PacketFault.Label)) replays!.Add(fit, now);
    }

    /// <summary>
    /// Sends a message of Serf straight to a node: as a datagram, or on a stream when it is too large for one; false when too many streams
    /// are under way.
    /// </summary>
    /// <param name="to">Where.</param>
    /// <param name="message">The message, with Serf's type first.</param>
    /// <param name="now">The time.</param>
    public bool SendUser(PeerAddress to, ReadOnlySpan<byte> message, TimeSpan now)
    {
        scratch.Clear();
        if (message.Length < writer.Budget)
        {
            scratch.GetSpan(1)[0] = (byte)MessageType.User;
            scratch.Advance(1);
            message.CopyTo(scratch.GetSpan(message.Length));
            scratch.Advance(message.Length);
            SendBare(to, scratch.Written, checksum: false);
            return true;
        }
        UserStream.Write(scratch, message);
        return Dial(new Dialed(DialKind.User, to, null), scratch.Written, expectsAnswer: false, profile.StreamTimeout);
    }

    void IMessageSink.Message(MessageType type, ReadOnlySpan<byte> body)
    {
        switch (type)
        {
            case MessageType.Ping when PingView.TryRead(body, out var ping):
                if (MayReply()) Answer(ping);
                break;
            case MessageType.IndirectPing when IndirectPing.TryRead(body) is { } request:
                if (MayReply()) PingFor(request);
                break;
            case MessageType.Ack when AckView.TryRead(body, out var ack):
                Answered(ack);
                break;
            case MessageType.Nack when Nack.TryRead(body) is { } nack:
                NotAnswered(nack.SeqNo);
                break;
            case MessageType.Alive when NodeView.TryReadAlive(body, out var alive):
                Alive(alive, isMerge: false, clock);
                break;
            case MessageType.Suspect when AccusationView.TryRead(body, out var suspect):
                Suspect(suspect.Incarnation, suspect.Node, WireText.Decode(suspect.From), clock);
                if (suspect.Node.SequenceEqual(ownName)) Reassure(suspect.Incarnation);
                break;
            case MessageType.Dead when AccusationView.TryRead(body, out var dead):
                Dead(dead.Incarnation, dead.Node, dead.From, clock);
                if (dead.Node.SequenceEqual(ownName)) Reassure(dead.Incarnation);
                break;
            case MessageType.User when !body.IsEmpty:
                user.Message(sender, body, clock);
                break;
            case <= MessageType.Dead or MessageType.Nack or MessageType.User:
                Counters.Malformed++;
                break;
            default:
                Counters.Unknown++;   // a stream's message in a datagram, or of a protocol to come
                break;
        }
    }

    /// <summary>
    /// False when a datagram asks for more than honest ones do: compressed, it may hold thousands of pings, and its source may be forged.
    /// </summary>
    public bool MayReply()
    {
        if (repliesLeft-- > 0) return true;
        Counters.RefusedRequests++;
        return false;
    }

    /// <summary>A node by its name as it stands in a message.</summary>
    SwimNode? Find(ReadOnlySpan<byte> name)
    {
        if (name.Length > WireLimits.MaxName) return null;
        if (!Utf8.IsValid(name)) return known.Find(WireText.Decode(name));
        Span<char> chars = stackalloc char[WireLimits.MaxName];
        return known.Find(chars[..Encoding.UTF8.GetChars(name, chars)]);
    }

    /// <summary>Sends a message, and rumours in the room that is left.</summary>
    void Send(PeerAddress to, ReadOnlySpan<byte> message)
    {
        parcel.Clear();
        if (!parcel.TryAdd(message))
        {
            SendBare(to, message, checksum: false);
            return;
        }
        Fill();
        SendBare(to, parcel.Written, checksum: false);
    }

    /// <summary>Puts rumours into the parcel: those about members first, then Serf's.</summary>
    void Fill()
    {
        rumours.Take(parcel.Room, Compound.PartOverhead, RetransmitLimit, takeRumour);
        if (user.HasRumours) user.Rumours(parcel.Room, Compound.PartOverhead + 1, takeUserRumour, clock);
    }

    void SendBare(PeerAddress to, ReadOnlySpan<byte> messages, bool checksum)
    {
        Span<byte> nonce = stackalloc byte[Envelope.NonceSize];
        if (settings.Keys is not null)
        {
            output.Nonce(nonce);
            Counters.Sealed++;
        }
        var datagram = writer.Write(messages, checksum, nonce);
        if (datagram.IsEmpty) return;   // larger than any datagram: nothing of ours is
        Counters.PacketsOut++;
        Counters.BytesOut += datagram.Length;
        output.Packet(to, datagram);
    }
}
