using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace OpsBro.Events;

/// <summary>Frames that we send (RFC 6455, section 5.2): whole messages, never masked.</summary>
internal static class WebSocketFrames
{
    /// <summary>Kinds of frames.</summary>
    public const int Continuation = 0, Text = 1, Binary = 2, Close = 8, Ping = 9, Pong = 10;

    /// <summary>Reasons for an end (section 7.4.1).</summary>
    public const int Normal = 1000, GoingAway = 1001, ProtocolError = 1002, PolicyViolation = 1008, TooBig = 1009;

    /// <summary>Longest payload of a frame that steers, in bytes.</summary>
    public const int MaxControl = 125;

    const byte Final = 0x80;

    /// <summary>True for a reason that may stand in a frame (section 7.4).</summary>
    public static bool MayBeSent(int code) => code is >= 1000 and <= 1014 and not (1004 or 1005 or 1006) or >= 3000 and <= 4999;

    /// <summary>Writes the head of a frame.</summary>
    public static void Head(IBufferWriter<byte> to, int kind, int length)
    {
        var head = to.GetSpan(10);
        head[0] = (byte)(Final | kind);
        var size = 2;
        if (length <= MaxControl) head[1] = (byte)length;
        else if (length <= ushort.MaxValue)
        {
            head[1] = 126;
            BinaryPrimitives.WriteUInt16BigEndian(head[2..], (ushort)length);
            size = 4;
        }
        else
        {
            head[1] = 127;
            BinaryPrimitives.WriteUInt64BigEndian(head[2..], (ulong)length);
            size = 10;
        }
        to.Advance(size);
    }

    /// <summary>A ping or pong.</summary>
    public static byte[] Control(int kind, ReadOnlySpan<byte> payload) => [(byte)(Final | kind), (byte)payload.Length, .. payload];

    /// <summary>An end, with its reason for people.</summary>
    public static byte[] End(int code, string reason)
    {
        var text = Encoding.UTF8.GetBytes(reason);
        return Control(Close, [(byte)(code >> 8), (byte)code, .. text.AsSpan(0, Math.Min(text.Length, MaxControl - 2))]);
    }
}

/// <summary>
/// Reads what a client sends, in pieces of any size. Grammar: RFC 6455, section 5.2. A client says nothing that we need but ping, pong and
/// close; what else it sends is measured and thrown away, without being kept.
/// </summary>
internal sealed class WebSocketReader
{
    /// <summary>Largest message taken, in bytes.</summary>
    public const int MaxMessage = 16 * 1024;

    readonly byte[] head = new byte[14];
    readonly byte[] control = new byte[WebSocketFrames.MaxControl];
    int held, kind, controlLength;
    long left, message;
    bool isFinal, isInside, isInMessage;

    /// <summary>Why the connection must end; 0 while all is well. What comes after it is not read.</summary>
    public int Fault { get; private set; }

    /// <summary>In words.</summary>
    public string Reason { get; private set; } = "";

    /// <summary>The payload of the last ping that has not been taken; null when there is none.</summary>
    public byte[]? Ping { get; private set; }

    /// <summary>True once the client has said that it ends.</summary>
    public bool IsClosed { get; private set; }

    /// <summary>Why it ends, as it said.</summary>
    public int CloseCode { get; private set; } = WebSocketFrames.Normal;

    /// <summary>Pings and pongs that came.</summary>
    public int Controls { get; private set; }

    /// <summary>The ping, which is answered now.</summary>
    public byte[]? TakePing()
    {
        var ping = Ping;
        Ping = null;
        return ping;
    }

    /// <summary>Reads on.</summary>
    public void Read(ReadOnlySpan<byte> bytes)
    {
        while (Fault == 0 && !IsClosed && !bytes.IsEmpty)
        {
            if (!isInside)
            {
                head[held++] = bytes[0];
                bytes = bytes[1..];
                if (held >= 2 && Fault == 0) Begin();
                continue;
            }
            var part = bytes[..(int)Math.Min(left, bytes.Length)];
            if (kind >= WebSocketFrames.Close) Keep(part);
            bytes = bytes[part.Length..];
            left -= part.Length;
            if (left == 0) End();
        }
    }

    /// <summary>Judges the head as soon as all of it is there.</summary>
    void Begin()
    {
        var code = head[1] & 0x7F;
        var lengthBytes = code switch { 126 => 2, 127 => 8, _ => 0 };
        if (held == 2) Judge(code);
        if (Fault != 0 || held < 2 + lengthBytes + 4) return;
        left = lengthBytes switch
        {
            2 => BinaryPrimitives.ReadUInt16BigEndian(head.AsSpan(2)),
            8 => BinaryPrimitives.ReadInt64BigEndian(head.AsSpan(2)),
            _ => code,
        };
        if (kind < WebSocketFrames.Close) message += Math.Clamp(left, 0, MaxMessage + 1);
        if (left < 0) Fail(WebSocketFrames.ProtocolError, "the length of a frame has its highest bit set");
        else if (message > MaxMessage) Fail(WebSocketFrames.TooBig, $"a message may have {MaxMessage} bytes, for nobody reads it");
        isInside = true;
        controlLength = 0;
        if (Fault == 0 && left == 0) End();
    }

    void Judge(int code)
    {
        isFinal = (head[0] & 0x80) != 0;
        kind = head[0] & 0x0F;
        var isControl = kind >= WebSocketFrames.Close;
        if ((head[0] & 0x70) != 0) Fail(WebSocketFrames.ProtocolError, "no extension was agreed on");
        else if (kind is (> WebSocketFrames.Binary and < WebSocketFrames.Close) or > WebSocketFrames.Pong)
            Fail(WebSocketFrames.ProtocolError, $"there is no kind {kind} of frames");
        else if ((head[1] & 0x80) == 0) Fail(WebSocketFrames.ProtocolError, "frames of a client are masked");
        else if (isControl && (!isFinal || code > WebSocketFrames.MaxControl))
            Fail(WebSocketFrames.ProtocolError, $"ping, pong and close are whole, and have at most {WebSocketFrames.MaxControl} bytes");
        else if (!isControl && (kind == WebSocketFrames.Continuation) != isInMessage)
            Fail(WebSocketFrames.ProtocolError, isInMessage ? "a message began inside another one" : "a message goes on that did not begin");
    }

    void Keep(ReadOnlySpan<byte> part)
    {
        var mask = head.AsSpan(2, 4);   // frames that steer have no long length
        foreach (var masked in part)
        {
            control[controlLength] = (byte)(masked ^ mask[controlLength & 3]);
            controlLength++;
        }
    }

    void End()
    {
        isInside = false;
        held = 0;
        switch (kind)
        {
            case WebSocketFrames.Close:
                if (controlLength > 0) CloseCode = controlLength == 1 ? 0 : BinaryPrimitives.ReadUInt16BigEndian(control);
                if (WebSocketFrames.MayBeSent(CloseCode)) IsClosed = true;
                else Fail(WebSocketFrames.ProtocolError, $"a close with the reason {CloseCode}, which nobody may send");
                break;
            case WebSocketFrames.Ping:
                Controls++;
                Ping = control.AsSpan(0, controlLength).ToArray();
                break;
            case WebSocketFrames.Pong:
                Controls++;
                break;
            default:
                isInMessage = !isFinal;
                if (isFinal) message = 0;
                break;
        }
    }

    void Fail(int fault, string reason) => (Fault, Reason) = (fault, reason);
}
