using OpsBro.Core.Wire;

namespace OpsBro.Core.Gossip;

/// <summary>Streams: what one that came in asks for, and how one that we dialed ended.</summary>
public sealed partial class Swim
{
    readonly Dictionary<long, Dialed> dialed = [];
    long streamsMade;

    /// <summary>
    /// Takes in one whole message of a stream that a peer opened; gives the bytes to answer, or nothing. The caller lets no more than
    /// <see cref="GossipLimits.MaxInboundStreams"/> be under way.
    /// </summary>
    public ReadOnlyMemory<byte> Accept(PeerAddress from, ReadOnlyMemory<byte> frame, TimeSpan now)
    {
        NoticeLateness(now);
        (sender, clock, repliesLeft) = (from, now, GossipLimits.MaxRepliesToPacket);
        Counters.StreamsIn++;
        Counters.StreamBytesIn += frame.Length;
        var fault = Open(from, frame, dialed: false, now, out var message);
        if (fault != StreamFault.None) return ErrorOf(fault) is { } error ? Refusal(error) : default;
        switch (message.Type)
        {
            case MessageType.PushPull:
                // our state goes out as it was before theirs came in, as they expect
                var ours = Seal(WriteState(isJoin: false), dialed: false);
                var problem = Merge(from, message.Body.Span, now);
                return problem.Length == 0 ? ours : Refusal(problem);
            case MessageType.Ping when PingView.TryRead(message.Body.Span, out var ping):
                if (!ping.Node.IsEmpty && !ping.Node.SequenceEqual(ownName))
                {
                    Counters.Misdirected++;
                    return default;
                }
                scratch.Clear();
                new Ack(ping.SeqNo, default).Write(scratch);
                return Seal(scratch.Written, dialed: false);
            case MessageType.User when UserStream.TryRead(message.Body.Span, out var body) && !body.IsEmpty:
                user.Message(from, body, now);
                return default;
            case MessageType.Ping or MessageType.User:
                Counters.Malformed++;
                return default;
            default:
                Counters.Unknown++;
                return default;
        }
    }

    /// <summary>What we dialed was answered; with an empty frame when no answer was expected.</summary>
    public void StreamAnswered(long id, ReadOnlyMemory<byte> frame, TimeSpan now)
    {
        NoticeLateness(now);
        if (!dialed.Remove(id, out var stream)) return;
        (sender, clock) = (stream.To, now);
        Counters.StreamBytesIn += frame.Length;
        if (stream.Kind == DialKind.User) return;
        var fault = Open(stream.To, frame, dialed: true, now, out var message);
        if (fault != StreamFault.None)
        {
            Ended(stream, $"the answer makes no sense: {new GossipFault(PacketFault.None, fault, stream.To, now).Text}", now);
            return;
        }
        switch (message.Type)
        {
            case MessageType.PushPull when stream.Kind is DialKind.Join or DialKind.PushPull:
                HeardAnswer(now);
                Ended(stream, Merge(stream.To, message.Body.Span, now), now);
                if (stream.Kind == DialKind.Join) TellMyself(now);
                break;
            case MessageType.Ack when stream.Kind == DialKind.Ping && AckView.TryRead(message.Body.Span, out var ack):
                StreamProbeAnswered(stream.Node!, ack.SeqNo);
                break;
            case MessageType.Error when StreamError.TryRead(message.Body.Span) is { } error:
                Ended(stream, $"{stream.To} refuses: {error.Error}", now);
                break;
            default:
                Counters.Malformed++;
                Ended(stream, $"{stream.To} answers something else", now);
                break;
        }
    }

    /// <summary>What we dialed failed.</summary>
    public void StreamFailed(long id, string reason, TimeSpan now)
    {
        NoticeLateness(now);
        clock = now;
        if (dialed.Remove(id, out var stream)) Ended(stream, reason.Length == 0 ? "it failed" : reason, now);
    }

    /// <summary>Exchanges the whole state with whoever is at an address; <see cref="ISwimUser.JoinEnded"/> tells how it went.</summary>
    public void Join(PeerAddress to, TimeSpan now)
    {
        clock = now;
        if (!PushPull(to, isJoin: true)) user.JoinEnded(to, $"more than {GossipLimits.MaxDials} streams are under way", now);
    }

    StreamFault Open(PeerAddress from, ReadOnlyMemory<byte> frame, bool dialed, TimeSpan now, out StreamMessage message)
    {
        message = default;
        ulong? nonce = replays is not null && Label.TryRead(frame.Span, out _, out var rest) && rest.Length > 1 + sizeof(uint)
            && rest[0] == (byte)MessageType.Encrypt ? ReplayGuard.NonceOf(rest[(1 + sizeof(uint))..]) : null;
        if (nonce is { } old && replays!.Knows(old, now))
        {
            Counters.Replays++;
            return StreamFault.Malformed;
        }
        var fault = streams.TryRead(frame, dialed, out message);
        if (fault != StreamFault.None) Counters.Add(fault, from, now);
        else if (nonce is { } fit) replays!.Add(fit, now);
        return fault;
    }

    /// <summary>The words that memberlist uses, so that its operators find them in their logs.</summary>
    static string? ErrorOf(StreamFault fault) => fault switch
    {
        StreamFault.NotEncrypted => "Encryption is configured but remote state is not encrypted",
        StreamFault.WrongKey => "No installed keys could decrypt the message",
        StreamFault.NoKeys => "Remote state is encrypted and encryption is not configured",
        _ => null,
    };

    ReadOnlyMemory<byte> Refusal(string error)
    {
        scratch.Clear();
        new StreamError(error).Write(scratch);
        return Seal(scratch.Written, dialed: false);
    }

    /// <summary>A user message for a stream that is not ours to dial, uncompressed.</summary>
    public ReadOnlyMemory<byte> SealUser(ReadOnlySpan<byte> message, bool dialed)
    {
        var framed = new System.Buffers.ArrayBufferWriter<byte>(message.Length + WireLimits.MaxFields);
        UserStream.Write(framed, message);
        return Seal(framed.WrittenSpan, dialed, compress: false);
    }

    /// <summary>The user message that answers a stream which somebody else dialed; empty, and why, when it makes no sense.</summary>
    public ReadOnlyMemory<byte> OpenUser(PeerAddress from, ReadOnlyMemory<byte> frame, TimeSpan now, out string error)
    {
        Counters.StreamBytesIn += frame.Length;
        error = "";
        var fault = Open(from, frame, dialed: true, now, out var message);
        if (fault != StreamFault.None) error = $"the answer makes no sense: {new GossipFault(PacketFault.None, fault, from, now).Text}";
        else if (message.Type == MessageType.Error && StreamError.TryRead(message.Body.Span) is { } refusal) error = $"{from} refuses: {refusal.Error}";
        else if (message.Type == MessageType.User && UserStream.TryRead(message.Body.Span, out var body) && !body.IsEmpty)
            return message.Body.Slice(message.Body.Length - body.Length, body.Length);
        else error = $"{from} answers something else";
        return default;
    }

    ReadOnlyMemory<byte> Seal(ReadOnlySpan<byte> message, bool dialed, bool compress = true)
    {
        Span<byte> nonce = stackalloc byte[Envelope.NonceSize];
        if (settings.Keys is not null)
        {
            output.Nonce(nonce);
            Counters.Sealed++;
        }
        var sealedMessage = new System.Buffers.ArrayBufferWriter<byte>(message.Length + Envelope.PaddedOverhead);
        streams.Write(message, dialed, nonce, sealedMessage, compress: compress);
        Counters.StreamBytesOut += sealedMessage.WrittenCount;
        return sealedMessage.WrittenMemory;
    }

    bool Dial(Dialed stream, ReadOnlySpan<byte> message, bool expectsAnswer, TimeSpan timeout)
    {
        if (dialed.Count >= GossipLimits.MaxDials)
        {
            Counters.RefusedRequests++;
            return false;
        }
        Counters.StreamsOut++;
        dialed[++streamsMade] = stream;
        output.Dial(streamsMade, stream.To, Seal(message, dialed: true), expectsAnswer, timeout);
        return true;
    }

    /// <summary>A ping on a stream that failed tells no more than its silence would: the probe goes on.</summary>
    void Ended(Dialed stream, string error, TimeSpan now)
    {
        if (stream.Kind is DialKind.Join or DialKind.PushPull && error.Length > 0) Counters.FailedPushPulls++;
        if (stream.Kind == DialKind.Join) user.JoinEnded(stream.To, error, now);
    }

    enum DialKind
    {
        Join,
        PushPull,
        Ping,
        User,
    }

    sealed record Dialed(DialKind Kind, PeerAddress To, SwimNode? Node)
    {
        public uint SeqNo { get; init; }
    }
}
