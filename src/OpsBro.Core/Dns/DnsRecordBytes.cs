using System.Buffers.Binary;
using System.Net;
using System.Text;

namespace OpsBro.Core.Dns;

/// <summary>
/// Writes records. While a picture is made a record is a <i>body</i>: its type in two bytes, then its data; a <i>tail</i> is what stands
/// behind its owner: type, class, time to live, length, data.
/// </summary>
static class DnsRecordBytes
{
    /// <summary>Bytes before the data: a pointer as owner, type, class, time to live, length.</summary>
    public const int Head = 12;

    /// <summary>A pointer to the name of the question, which stands behind the header.</summary>
    public const ushort Question = 0xC000 | DnsLimits.Header;

    /// <summary>Writes a record whose owner is the question.</summary>
    public static void Write(Span<byte> into, ReadOnlySpan<byte> body, uint ttl)
    {
        BinaryPrimitives.WriteUInt16BigEndian(into, Question);
        WriteTail(into[2..], body, ttl);
    }

    static void WriteTail(Span<byte> into, ReadOnlySpan<byte> body, uint ttl)
    {
        body[..2].CopyTo(into);
        BinaryPrimitives.WriteUInt16BigEndian(into[2..], DnsLimits.InternetClass);
        BinaryPrimitives.WriteUInt32BigEndian(into[4..], ttl);
        BinaryPrimitives.WriteUInt16BigEndian(into[8..], (ushort)(body.Length - 2));
        body[2..].CopyTo(into[10..]);
    }

    /// <summary>A record without its owner.</summary>
    public static byte[] Tail(ReadOnlySpan<byte> body, uint ttl)
    {
        var tail = new byte[10 + body.Length - 2];
        WriteTail(tail, body, ttl);
        return tail;
    }

    /// <summary>The body of an address, A or AAAA.</summary>
    public static byte[] Address(IPAddress address)
    {
        var bytes = address.GetAddressBytes();
        return [0, (byte)(bytes.Length == 4 ? DnsType.A : DnsType.Aaaa), .. bytes];
    }

    /// <summary>The body of a record whose data is a name.</summary>
    public static byte[] Named(DnsType type, byte[] name) => [0, (byte)type, .. name];

    /// <summary>The body of SRV.</summary>
    public static byte[] Service(int priority, int weight, int port, byte[] target)
    {
        byte[] body = [0, (byte)DnsType.Srv, 0, 0, 0, 0, 0, 0, .. target];
        BinaryPrimitives.WriteUInt16BigEndian(body.AsSpan(2), (ushort)priority);
        BinaryPrimitives.WriteUInt16BigEndian(body.AsSpan(4), (ushort)weight);
        BinaryPrimitives.WriteUInt16BigEndian(body.AsSpan(6), (ushort)port);
        return body;
    }

    /// <summary>The body of SOA.</summary>
    public static byte[] Soa(byte[] server, byte[] mailbox, params ReadOnlySpan<uint> numbers)
    {
        byte[] body = [0, (byte)DnsType.Soa, .. server, .. mailbox, .. new byte[numbers.Length * 4]];
        for (var i = 0; i < numbers.Length; i++)
            BinaryPrimitives.WriteUInt32BigEndian(body.AsSpan(body.Length - ((numbers.Length - i) * 4)), numbers[i]);
        return body;
    }

    /// <summary>The body of TXT. A text that is too long is cut, and what exceeds <see cref="DnsLimits.MaxTexts"/> is left out.</summary>
    public static byte[] Texts(IEnumerable<string> texts)
    {
        var body = new List<byte> { 0, (byte)DnsType.Txt };
        foreach (var text in texts)
        {
            var bytes = Encoding.UTF8.GetBytes(text);
            var length = Math.Min(bytes.Length, DnsLimits.MaxText);
            while (length < bytes.Length && length > 0 && (bytes[length] & 0xC0) == 0x80) length--;   // not within a character
            if (body.Count + 1 + length > DnsLimits.MaxTexts) continue;
            body.Add((byte)length);
            body.AddRange(bytes.AsSpan(0, length));
        }
        return [.. body];
    }
}
