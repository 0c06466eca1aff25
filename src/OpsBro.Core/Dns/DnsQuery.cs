using System.Buffers.Binary;

namespace OpsBro.Core.Dns;

/// <summary>What is to be done with a message before its name is looked at.</summary>
public enum DnsReading
{
    /// <summary>A query that can be answered.</summary>
    Good,

    /// <summary>No query: too short, or an answer, which is never answered.</summary>
    Drop,

    /// <summary>It cannot be read: FORMERR.</summary>
    Malformed,

    /// <summary>Another command than a query: NOTIMP.</summary>
    OtherCommand,
}

/// <summary>
/// A query, read from its bytes without allocating. Grammar: RFC 1035, 4.1; EDNS: RFC 6891; the option COOKIE: RFC 7873.
/// <code>
/// query    = header [question] *record      ; one question, or none and a cookie; OPT at most once, in the additional records
/// question = name type class                ; a name without pointers: there is nothing before it
/// </code>
/// </summary>
public struct DnsQuery
{
    /// <summary>The header.</summary>
    public DnsHeader Header;

    /// <summary>Bytes of the name with its last zero; 0 when there is no question that could be read.</summary>
    public int NameLength;

    /// <summary>Labels of the name.</summary>
    public int Labels;

    /// <summary>What is asked for.</summary>
    public DnsType Type;

    /// <summary>Of which class.</summary>
    public ushort Class;

    /// <summary>The query has EDNS.</summary>
    public bool HasEdns;

    /// <summary>The size of datagrams that the client takes.</summary>
    public int UdpSize;

    /// <summary>The version of EDNS.</summary>
    public int Version;

    /// <summary>The client wants DNSSEC; the bit is given back.</summary>
    public bool DnssecOk;

    /// <summary>Where the cookies stand; 0 for none.</summary>
    public int CookieAt;

    /// <summary>Bytes of them: 8 for the client's alone.</summary>
    public int CookieLength;

    /// <summary>Where the question ends.</summary>
    public readonly int QuestionEnd => NameLength == 0 ? DnsLimits.Header : DnsLimits.Header + NameLength + 4;

    /// <summary>Reads a message.</summary>
    /// <param name="message">As it came.</param>
    /// <param name="name">Takes the name in lower case: at least <see cref="DnsLimits.MaxName"/> bytes.</param>
    /// <param name="starts">Takes where each label begins in it: at least <see cref="DnsLimits.MaxLabels"/> places.</param>
    /// <param name="query">What was read, as far as it could be.</param>
    public static DnsReading Read(ReadOnlySpan<byte> message, Span<byte> name, Span<byte> starts, out DnsQuery query)
    {
        query = default;
        if (!DnsHeader.TryRead(message, out query.Header) || query.Header.Has(DnsHeader.Response)) return DnsReading.Drop;
        if (query.Header.Opcode != 0) return DnsReading.OtherCommand;
        if (query.Header.Questions > 1 || (query.Header.Questions == 1 && !query.ReadQuestion(message, name, starts))) return DnsReading.Malformed;
        var records = query.Header.Answers + query.Header.Authorities + query.Header.Additionals;
        if (records > 0 && (records > DnsLimits.MaxQueryRecords || !query.ReadRecords(message))) return DnsReading.Malformed;
        // who asks nothing may ask for a cookie (RFC 7873, 5.4)
        return query.Header.Questions == 1 || query.CookieLength > 0 ? DnsReading.Good : DnsReading.Malformed;
    }

    bool ReadQuestion(ReadOnlySpan<byte> message, Span<byte> name, Span<byte> starts)
    {
        // counted in a local: with the field, what .NET 10.0.12 compiles under TieredPGO runs out of starts after some ten thousand queries
        int at = DnsLimits.Header, labels = 0;
        while (true)
        {
            if (at >= message.Length) return false;
            var length = message[at];
            if (length == 0) break;
            if (length > DnsLimits.MaxLabel || at + length - DnsLimits.Header >= DnsLimits.MaxName - 1) return false;
            starts[labels++] = (byte)(at - DnsLimits.Header);
            at += length + 1;
        }
        var end = at + 1;
        if (end + 4 > message.Length) return false;
        (NameLength, Labels) = (end - DnsLimits.Header, labels);
        Type = (DnsType)BinaryPrimitives.ReadUInt16BigEndian(message[end..]);
        Class = BinaryPrimitives.ReadUInt16BigEndian(message[(end + 2)..]);
        DnsNames.Lower(message.Slice(DnsLimits.Header, NameLength), name);
        return true;
    }

    bool ReadRecords(ReadOnlySpan<byte> message)
    {
        var reader = new DnsReader(message, QuestionEnd);
        var before = Header.Answers + Header.Authorities;
        var all = before + Header.Additionals;
        Span<byte> owner = stackalloc byte[DnsLimits.MaxName];
        for (var i = 0; i < all; i++)
        {
            if (!reader.TryName(owner, out var length)) return false;
            var isRoot = length == 1;
            if (!reader.TryRecord(out var head)) return false;
            if (head.Type != DnsType.Opt) continue;
            if (i < before || HasEdns || !isRoot) return false;
            HasEdns = true;
            UdpSize = head.Class;
            Version = (int)(head.Ttl >> 16) & 0xFF;
            DnssecOk = (head.Ttl & 0x8000) != 0;
            // options of a version that is not known may look different
            if (Version == 0 && !ReadOptions(message, head.DataAt, head.DataLength)) return false;
        }
        return true;
    }

    bool ReadOptions(ReadOnlySpan<byte> message, int at, int length)
    {
        var end = at + length;
        while (at < end)
        {
            if (at + 4 > end) return false;
            var code = BinaryPrimitives.ReadUInt16BigEndian(message[at..]);
            var size = BinaryPrimitives.ReadUInt16BigEndian(message[(at + 2)..]);
            at += 4;
            if (at + size > end) return false;
            // of several cookies the first counts (RFC 7873, 5.2)
            if (code == DnsLimits.CookieOption && CookieLength == 0)
            {
                if (size is not (DnsLimits.ClientCookie or >= 16 and <= 40)) return false;
                (CookieAt, CookieLength) = (at, size);
            }
            at += size;
        }
        return true;
    }

    /// <summary>Writes a query, for <c>dns query</c> and for forwarders.</summary>
    /// <returns>Its length.</returns>
    /// <param name="into">At least 12 + the name + 4 + 11 bytes.</param>
    /// <param name="id">Its id.</param>
    /// <param name="flags">Its flags.</param>
    /// <param name="question">Name, type and class as they stand on the wire.</param>
    /// <param name="udpSize">Datagrams that are taken; 0: without EDNS.</param>
    /// <param name="dnssecOk">The client wants DNSSEC.</param>
    public static int Write(Span<byte> into, ushort id, ushort flags, ReadOnlySpan<byte> question, int udpSize, bool dnssecOk)
    {
        new DnsHeader(id, flags, 1, 0, 0, (ushort)(udpSize > 0 ? 1 : 0)).Write(into);
        question.CopyTo(into[DnsLimits.Header..]);
        var at = DnsLimits.Header + question.Length;
        if (udpSize == 0) return at;
        WriteOpt(into[at..], udpSize, DnsRcode.NoError, dnssecOk, 0);
        return at + DnsLimits.OptBytes;
    }

    /// <summary>Writes an OPT record without options.</summary>
    public static void WriteOpt(Span<byte> into, int udpSize, DnsRcode rcode, bool dnssecOk, int optionBytes)
    {
        into[0] = 0;
        BinaryPrimitives.WriteUInt16BigEndian(into[1..], (ushort)DnsType.Opt);
        BinaryPrimitives.WriteUInt16BigEndian(into[3..], (ushort)udpSize);
        BinaryPrimitives.WriteUInt32BigEndian(into[5..], ((uint)rcode >> 4 << 24) | (dnssecOk ? 0x8000u : 0));
        BinaryPrimitives.WriteUInt16BigEndian(into[9..], (ushort)optionBytes);
    }
}
