using System.Buffers.Binary;
using System.Text;
using OpsBro.Core.Wire;

namespace OpsBro.Core.Gossip;

/// <summary>Who is there of this pool?</summary>
/// <param name="Token">Drawn at random for each question; the answer repeats it.</param>
/// <param name="Zone">The zone whose pool is meant.</param>
/// <param name="Label">The cluster's label; empty for none.</param>
public sealed record DetectAsk(UInt128 Token, string Zone, string Label);

/// <summary>I am.</summary>
/// <param name="Token">That of the question.</param>
/// <param name="IsProxy">The node speaks for its zone.</param>
/// <param name="Address">Where its gossip listens in the pool that was asked for.</param>
/// <param name="Zone">Its own zone.</param>
/// <param name="Name">Its name.</param>
/// <param name="Version">Of OpsBro.</param>
public sealed record DetectAnswer(UInt128 Token, bool IsProxy, PeerAddress Address, string Zone, string Name, string Version);

/// <summary>
/// LAN detection's datagrams. Page: docs/protocols/lan-detection.md.
/// <code>
/// datagram = "obdt" version:u8 kind:u8 form:u8 payload         version 1; kind 1 ask, 2 answer; form 0 plain, 1 sealed
/// payload  = body                                              plain
///          / 01 nonce:12 ciphertext tag:16                     sealed: AES-GCM, authenticated besides it: purpose, and the seven bytes before
/// ask      = token:16 zone:text label:text 0*                  filled up to 448 bytes, so that no answer is larger than its question
/// answer   = token:16 flags:u8 port:u16 size:u8 address zone:text name:text version:text *     flag 1: proxy node; size 4 or 16
/// text     = length:u8 UTF-8                                   no control characters
/// </code>
/// Integers are big-endian. What follows the last field of an answer is for later versions.
/// </summary>
public static class DetectCodec
{
    /// <summary>Bytes of every question, and the most of an answer.</summary>
    public const int Size = 448;

    /// <summary>Longest name and zone, in bytes.</summary>
    public const int MaxName = 128;

    /// <summary>Longest version, in bytes.</summary>
    public const int MaxVersion = 32;

    const byte Version = 1, Ask = 1, Answer = 2, Plain = 0, Sealed = 1;
    const int Header = 7, TokenSize = 16, LargestAddress = 16;

    static readonly UTF8Encoding strict = new(false, throwOnInvalidBytes: true);

    static ReadOnlySpan<byte> Magic => "obdt"u8;

    /// <summary>Nothing else that is sealed with the cluster's key can be taken for a datagram of detection.</summary>
    static ReadOnlySpan<byte> Purpose => "opsbro lan detection"u8;

    /// <summary>A question as a datagram; null when a text is too long or holds control characters.</summary>
    /// <param name="ask">The question.</param>
    /// <param name="keys">The pool's keys; null when it has none.</param>
    /// <param name="nonce">Twelve bytes drawn at random.</param>
    public static byte[]? Write(DetectAsk ask, Keyring? keys, ReadOnlySpan<byte> nonce)
    {
        Span<byte> body = stackalloc byte[Size];
        body.Clear();
        var writer = new Writer(body);
        writer.Token(ask.Token);
        if (!writer.Text(ask.Zone, MaxName) || !writer.Text(ask.Label, WireLimits.MaxLabel)) return null;
        return Pack(Ask, body[..(Size - Header - (keys is null ? 0 : Envelope.Overhead))], keys, nonce);
    }

    /// <summary>An answer as a datagram; null when a text is too long or holds control characters, or there is no address.</summary>
    public static byte[]? Write(DetectAnswer answer, Keyring? keys, ReadOnlySpan<byte> nonce)
    {
        if (answer.Address.IsNone) return null;
        Span<byte> body = stackalloc byte[Size];
        var writer = new Writer(body);
        writer.Token(answer.Token);
        writer.Byte(answer.IsProxy ? (byte)1 : (byte)0);
        writer.Port(answer.Address.Port);
        Span<byte> address = stackalloc byte[LargestAddress];
        var length = answer.Address.Write(address);
        writer.Byte((byte)length);
        writer.Raw(address[..length]);
        if (!writer.Text(answer.Zone, MaxName) || !writer.Text(answer.Name, MaxName) || !writer.Text(answer.Version, MaxVersion)) return null;
        return Pack(Answer, body[..writer.Length], keys, nonce);
    }

    static byte[] Pack(byte kind, ReadOnlySpan<byte> body, Keyring? keys, ReadOnlySpan<byte> nonce)
    {
        var packet = new byte[Header + (keys is null ? body.Length : Envelope.Size(body.Length, Envelope.Plain))];
        Magic.CopyTo(packet);
        (packet[4], packet[5], packet[6]) = (Version, kind, keys is null ? Plain : Sealed);
        if (keys is null) body.CopyTo(packet.AsSpan(Header));
        else Envelope.Seal(keys, Envelope.Plain, nonce, body, Aad(packet), packet.AsSpan(Header));
        return packet;
    }

    static byte[] Aad(ReadOnlySpan<byte> packet) => [.. Purpose, .. packet[..Header]];

    /// <summary>Reads a question; null when it is none, or not one for these keys. A pool with keys takes no plain one, one without no sealed one.</summary>
    public static DetectAsk? ReadAsk(ReadOnlySpan<byte> packet, Keyring? keys)
    {
        Span<byte> room = stackalloc byte[Size];
        if (packet.Length != Size || !TryUnpack(packet, Ask, keys, room, out var body)) return null;
        var reader = new Reader(body);
        return reader.Token(out var token) && reader.Text(MaxName, out var zone) && reader.Text(WireLimits.MaxLabel, out var label)
            ? new DetectAsk(token, zone, label)
            : null;
    }

    /// <summary>Reads an answer; null when it is none, or not one for these keys.</summary>
    public static DetectAnswer? ReadAnswer(ReadOnlySpan<byte> packet, Keyring? keys)
    {
        Span<byte> room = stackalloc byte[Size];
        if (packet.Length > Size || !TryUnpack(packet, Answer, keys, room, out var body)) return null;
        var reader = new Reader(body);
        if (!reader.Token(out var token) || !reader.Byte(out var flags) || !reader.Port(out var port) || !reader.Byte(out var size)
            || !reader.Raw(size, out var bytes) || !reader.Text(MaxName, out var zone) || !reader.Text(MaxName, out var name)
            || !reader.Text(MaxVersion, out var version)) return null;
        var address = PeerAddress.Of(bytes, port);
        return address.IsReachable && name.Length > 0 ? new DetectAnswer(token, (flags & 1) != 0, address, zone, name, version) : null;
    }

    static bool TryUnpack(ReadOnlySpan<byte> packet, byte kind, Keyring? keys, Span<byte> room, out ReadOnlySpan<byte> body)
    {
        body = default;
        if (packet.Length < Header || !packet.StartsWith(Magic) || packet[4] != Version || packet[5] != kind) return false;
        if (packet[6] != (keys is null ? Plain : Sealed)) return false;
        body = packet[Header..];
        if (keys is null) return true;
        if (body.IsEmpty || body[0] != Envelope.Plain || !Envelope.TryOpen(keys, body, Aad(packet), room, out var length)) return false;
        body = room[..length];
        return true;
    }

    ref struct Writer(Span<byte> into)
    {
        readonly Span<byte> into = into;

        public int Length { get; private set; }

        public void Token(UInt128 token)
        {
            BinaryPrimitives.WriteUInt128BigEndian(into[Length..], token);
            Length += TokenSize;
        }

        public void Byte(byte value) => into[Length++] = value;

        public void Port(ushort port)
        {
            BinaryPrimitives.WriteUInt16BigEndian(into[Length..], port);
            Length += sizeof(ushort);
        }

        public void Raw(ReadOnlySpan<byte> bytes)
        {
            bytes.CopyTo(into[Length..]);
            Length += bytes.Length;
        }

        public bool Text(string text, int most)
        {
            // a lone half of a pair becomes a mark when it is encoded: three bytes for a character at most
            if (text.Length > most || Encoding.UTF8.GetByteCount(text) is var count && count > most || HasControls(text)) return false;
            Byte((byte)count);
            Length += Encoding.UTF8.GetBytes(text, into[Length..]);
            return true;
        }
    }

    ref struct Reader(ReadOnlySpan<byte> rest)
    {
        ReadOnlySpan<byte> rest = rest;

        public bool Raw(int size, out ReadOnlySpan<byte> bytes)
        {
            bytes = default;
            if (rest.Length < size) return false;
            bytes = rest[..size];
            rest = rest[size..];
            return true;
        }

        public bool Token(out UInt128 token)
        {
            token = 0;
            if (!Raw(TokenSize, out var bytes)) return false;
            token = BinaryPrimitives.ReadUInt128BigEndian(bytes);
            return true;
        }

        public bool Byte(out byte value)
        {
            value = 0;
            if (!Raw(1, out var bytes)) return false;
            value = bytes[0];
            return true;
        }

        public bool Port(out ushort port)
        {
            port = 0;
            if (!Raw(sizeof(ushort), out var bytes)) return false;
            port = BinaryPrimitives.ReadUInt16BigEndian(bytes);
            return true;
        }

        public bool Text(int most, out string text)
        {
            text = "";
            if (!Byte(out var length) || length > most || !Raw(length, out var bytes)) return false;
            try
            {
                text = strict.GetString(bytes);
            }
            catch (DecoderFallbackException)
            {
                return false;
            }
            return !HasControls(text);
        }
    }

    /// <summary>They would reach the terminal of whoever looks.</summary>
    static bool HasControls(string text)
    {
        foreach (var c in text)
            if (char.IsControl(c)) return true;
        return false;
    }
}
