using System.Buffers.Binary;

namespace OpsBro.Core.Dns;

/// <summary>The twelve bytes before everything else (RFC 1035, 4.1.1).</summary>
/// <param name="Id">Which query.</param>
/// <param name="Flags">QR, opcode, AA, TC, RD, RA, AD, CD, rcode.</param>
/// <param name="Questions">Count of questions.</param>
/// <param name="Answers">Count of answers.</param>
/// <param name="Authorities">Count of records of authority.</param>
/// <param name="Additionals">Count of further records.</param>
public readonly record struct DnsHeader(ushort Id, ushort Flags, ushort Questions, ushort Answers, ushort Authorities, ushort Additionals)
{
    /// <summary>Bits of <see cref="Flags"/>.</summary>
    public const ushort Response = 0x8000, Authoritative = 0x0400, Truncated = 0x0200, RecursionDesired = 0x0100, RecursionAvailable = 0x0080,
        AuthenticData = 0x0020, CheckingDisabled = 0x0010;

    /// <summary>The bits of the command, and of the rcode.</summary>
    public const ushort OpcodeMask = 0x7800, RcodeMask = 0x000F;

    /// <summary>0 for a query.</summary>
    public int Opcode => (Flags & OpcodeMask) >> 11;

    /// <summary>The lower four bits of the rcode.</summary>
    public int Rcode => Flags & RcodeMask;

    /// <summary>True when a bit is set.</summary>
    public bool Has(ushort bit) => (Flags & bit) != 0;

    /// <summary>Reads it.</summary>
    public static bool TryRead(ReadOnlySpan<byte> message, out DnsHeader header)
    {
        header = default;
        if (message.Length < DnsLimits.Header) return false;
        header = new DnsHeader(
            BinaryPrimitives.ReadUInt16BigEndian(message), BinaryPrimitives.ReadUInt16BigEndian(message[2..]),
            BinaryPrimitives.ReadUInt16BigEndian(message[4..]), BinaryPrimitives.ReadUInt16BigEndian(message[6..]),
            BinaryPrimitives.ReadUInt16BigEndian(message[8..]), BinaryPrimitives.ReadUInt16BigEndian(message[10..]));
        return true;
    }

    /// <summary>Writes it.</summary>
    public void Write(Span<byte> into)
    {
        BinaryPrimitives.WriteUInt16BigEndian(into, Id);
        BinaryPrimitives.WriteUInt16BigEndian(into[2..], Flags);
        BinaryPrimitives.WriteUInt16BigEndian(into[4..], Questions);
        BinaryPrimitives.WriteUInt16BigEndian(into[6..], Answers);
        BinaryPrimitives.WriteUInt16BigEndian(into[8..], Authorities);
        BinaryPrimitives.WriteUInt16BigEndian(into[10..], Additionals);
    }
}

/// <summary>A record between its name and its data.</summary>
/// <param name="Type">Its type.</param>
/// <param name="Class">Its class; of OPT the size of datagrams.</param>
/// <param name="Ttl">Seconds; of OPT the extended rcode, the version and flags.</param>
/// <param name="DataAt">Where its data begins in the message.</param>
/// <param name="DataLength">Bytes of it.</param>
public readonly record struct DnsRecordHead(DnsType Type, ushort Class, uint Ttl, int DataAt, int DataLength);

/// <summary>
/// Reads a message from its beginning to its end without allocating. Nothing in it is believed: every length is checked, and a
/// compression pointer must point before itself, at most <see cref="DnsLimits.MaxJumps"/> times.
/// </summary>
public ref struct DnsReader(ReadOnlySpan<byte> message, int at = DnsLimits.Header)
{
    readonly ReadOnlySpan<byte> message = message;

    /// <summary>Where the next thing begins.</summary>
    public int At { get; set; } = at;

    /// <summary>Steps over a name without following it.</summary>
    public bool TrySkipName()
    {
        while (At < message.Length)
        {
            var length = message[At];
            if (length == 0)
            {
                At++;
                return true;
            }
            if (length >= 0xC0)
            {
                At += 2;
                return At <= message.Length;
            }
            if (length > DnsLimits.MaxLabel) return false;
            At += length + 1;
        }
        return false;
    }

    /// <summary>Reads a name, following its pointers, into at least <see cref="DnsLimits.MaxName"/> bytes.</summary>
    /// <param name="into">Takes it uncompressed, with its last zero.</param>
    /// <param name="length">How long it is.</param>
    public bool TryName(scoped Span<byte> into, out int length)
    {
        length = 0;
        int at = At, jumps = 0, after = -1;
        while (at < message.Length)
        {
            var count = message[at];
            if (count >= 0xC0)
            {
                if (at + 1 >= message.Length) return false;
                var to = BinaryPrimitives.ReadUInt16BigEndian(message[at..]) & 0x3FFF;
                // backwards only: a loop cannot be built of such jumps
                if (to >= at || ++jumps > DnsLimits.MaxJumps) return false;
                if (after < 0) after = at + 2;
                at = to;
                continue;
            }
            if (count > DnsLimits.MaxLabel || at + 1 + count > message.Length || length + 1 + count > DnsLimits.MaxName) return false;
            message.Slice(at, count + 1).CopyTo(into[length..]);
            (at, length) = (at + count + 1, length + count + 1);
            if (count > 0) continue;
            At = after < 0 ? at : after;
            return true;
        }
        return false;
    }

    /// <summary>Reads the type and class of a question; its name is read already.</summary>
    public bool TryQuestion(out DnsType type, out ushort @class)
    {
        (type, @class) = (default, default);
        if (At + 4 > message.Length) return false;
        type = (DnsType)BinaryPrimitives.ReadUInt16BigEndian(message[At..]);
        @class = BinaryPrimitives.ReadUInt16BigEndian(message[(At + 2)..]);
        At += 4;
        return true;
    }

    /// <summary>Reads what stands between a record's name and its data, and steps over the data.</summary>
    public bool TryRecord(out DnsRecordHead head)
    {
        head = default;
        if (At + 10 > message.Length) return false;
        var fixedPart = message.Slice(At, 10);
        var length = BinaryPrimitives.ReadUInt16BigEndian(fixedPart[8..]);
        if (At + 10 + length > message.Length) return false;
        head = new DnsRecordHead(
            (DnsType)BinaryPrimitives.ReadUInt16BigEndian(fixedPart), BinaryPrimitives.ReadUInt16BigEndian(fixedPart[2..]),
            BinaryPrimitives.ReadUInt32BigEndian(fixedPart[4..]), At + 10, length);
        At += 10 + length;
        return true;
    }
}
