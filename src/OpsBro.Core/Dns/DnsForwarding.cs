using System.Buffers.Binary;

namespace OpsBro.Core.Dns;

/// <summary>A query that another server answers: what must be known to ask it and to answer the client.</summary>
/// <param name="Id">The client's id.</param>
/// <param name="Flags">The client's flags.</param>
/// <param name="Question">Name, type and class as they came.</param>
/// <param name="HasEdns">The client has EDNS.</param>
/// <param name="DnssecOk">The client wants DNSSEC.</param>
/// <param name="Limit">Bytes that the answer may have.</param>
/// <param name="Cookie">Both cookies for the client; empty when it showed none.</param>
public sealed record DnsForwarding(ushort Id, ushort Flags, byte[] Question, bool HasEdns, bool DnssecOk, int Limit, byte[] Cookie)
{
    /// <summary>Of a query that a responder will not answer itself.</summary>
    /// <param name="query">The query, as the responder read it.</param>
    /// <param name="message">Its bytes.</param>
    /// <param name="cookies">Makes the client's cookie.</param>
    /// <param name="client">Who asks.</param>
    /// <param name="udpSize">Our own largest answer by UDP.</param>
    /// <param name="seconds">Now.</param>
    public static DnsForwarding Of(
        in DnsQuery query, ReadOnlySpan<byte> message, DnsCookies cookies, in DnsClient client, int udpSize, long seconds)
    {
        var cookie = query.CookieLength > 0 ? new byte[DnsLimits.FullCookie] : [];
        if (cookie.Length > 0) cookies.Write(cookie, message.Slice(query.CookieAt, query.CookieLength), client.Address, seconds);
        var limit = client.IsStream ? DnsLimits.MaxMessage : query.HasEdns ? Math.Clamp(query.UdpSize, DnsLimits.PlainUdp, udpSize) : DnsLimits.PlainUdp;
        return new DnsForwarding(
            query.Header.Id, query.Header.Flags, message[DnsLimits.Header..query.QuestionEnd].ToArray(), query.HasEdns, query.DnssecOk, limit, cookie);
    }

    /// <summary>What is sent to the other server: the same question, nothing else of the client's.</summary>
    public byte[] Query(ushort id)
    {
        var message = new byte[DnsLimits.Header + Question.Length + DnsLimits.OptBytes];
        const ushort Kept = DnsHeader.RecursionDesired | DnsHeader.AuthenticData | DnsHeader.CheckingDisabled;
        DnsQuery.Write(message, id, (ushort)(Flags & Kept), Question, DnsLimits.DefaultUdp, DnssecOk);
        return message;
    }

    /// <summary>True for an answer to that question with that id; letters of names compare without their case.</summary>
    public bool IsAnswer(ReadOnlySpan<byte> message, ushort id)
    {
        if (!DnsHeader.TryRead(message, out var header) || header.Id != id || !header.Has(DnsHeader.Response) || header.Opcode != 0) return false;
        // a server that cannot read EDNS may leave the question out with its FORMERR
        if (header.Questions == 0) return header.Rcode is not (int)DnsRcode.NoError;
        if (header.Questions != 1 || message.Length < DnsLimits.Header + Question.Length) return false;
        Span<byte> theirs = stackalloc byte[Question.Length], ours = stackalloc byte[Question.Length];
        DnsNames.Lower(message.Slice(DnsLimits.Header, Question.Length), theirs);
        DnsNames.Lower(Question, ours);
        return theirs.SequenceEqual(ours);
    }

    /// <summary>
    /// The answer for the client, made of the other server's: the client's id and question, our OPT record for its one (EDNS ends at each
    /// server), cut when it is too long. Null when it cannot be read.
    /// </summary>
    public byte[]? Answer(ReadOnlySpan<byte> theirs)
    {
        if (!DnsHeader.TryRead(theirs, out var header)) return null;
        if (header.Questions == 0) return Failure((DnsRcode)header.Rcode);
        var reader = new DnsReader(theirs, DnsLimits.Header + Question.Length);
        var before = header.Answers + header.Authorities;
        var (end, additionals, extended) = (0, header.Additionals, 0u);
        for (var i = 0; i < before + header.Additionals; i++)
        {
            var at = reader.At;
            if (!reader.TrySkipName() || !reader.TryRecord(out var head)) return null;
            if (head.Type != DnsType.Opt) continue;
            if (i < before) return null;
            // it stands at the end; what is behind it can only be a signature over the whole message
            (end, additionals, extended) = (at, (ushort)(i - before), head.Ttl >> 24);
            break;
        }
        if (end == 0) end = reader.At;
        const ushort Kept = DnsHeader.OpcodeMask | DnsHeader.RcodeMask | DnsHeader.AuthenticData | DnsHeader.Truncated;
        var flags = (ushort)((header.Flags & Kept) | (Flags & (DnsHeader.RecursionDesired | DnsHeader.CheckingDisabled))
            | DnsHeader.Response | DnsHeader.RecursionAvailable);
        var rcode = (DnsRcode)((extended << 4) | (uint)header.Rcode);
        if (end + OptLength > Limit) return Make([], flags | DnsHeader.Truncated, rcode, 0, 0, 0);
        return Make(theirs[(DnsLimits.Header + Question.Length)..end], flags, rcode, header.Answers, header.Authorities, additionals);
    }

    /// <summary>An answer with an error.</summary>
    public byte[] Failure(DnsRcode rcode)
    {
        var flags = (Flags & (DnsHeader.RecursionDesired | DnsHeader.CheckingDisabled)) | DnsHeader.Response | DnsHeader.RecursionAvailable | (int)rcode;
        return Make([], flags, rcode, 0, 0, 0);
    }

    int OptLength => HasEdns ? DnsLimits.OptBytes + (Cookie.Length > 0 ? 4 + Cookie.Length : 0) : 0;

    byte[] Make(ReadOnlySpan<byte> records, int flags, DnsRcode rcode, ushort answers, ushort authorities, int additionals)
    {
        var recordsAt = DnsLimits.Header + Question.Length;
        var message = new byte[recordsAt + records.Length + OptLength];
        new DnsHeader(Id, (ushort)flags, 1, answers, authorities, (ushort)(additionals + (HasEdns ? 1 : 0))).Write(message);
        Question.CopyTo(message, DnsLimits.Header);
        records.CopyTo(message.AsSpan(recordsAt));
        if (!HasEdns) return message;
        var opt = message.AsSpan(recordsAt + records.Length);
        DnsQuery.WriteOpt(opt, DnsLimits.DefaultUdp, rcode, DnssecOk, opt.Length - DnsLimits.OptBytes);
        if (Cookie.Length == 0) return message;
        BinaryPrimitives.WriteUInt16BigEndian(opt[DnsLimits.OptBytes..], DnsLimits.CookieOption);
        BinaryPrimitives.WriteUInt16BigEndian(opt[(DnsLimits.OptBytes + 2)..], (ushort)Cookie.Length);
        Cookie.CopyTo(opt[(DnsLimits.OptBytes + 4)..]);
        return message;
    }
}
