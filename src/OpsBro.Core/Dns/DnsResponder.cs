using System.Buffers.Binary;
using OpsBro.Core.Gossip;

namespace OpsBro.Core.Dns;

/// <summary>Who asks.</summary>
/// <param name="address">4 or 16 bytes.</param>
/// <param name="isStream">By TCP: nothing is cut.</param>
/// <param name="isLimited">By UDP, and not from this host: it gets its share of answers only.</param>
/// <param name="mayForward">Names of others are asked elsewhere for it.</param>
public readonly ref struct DnsClient(ReadOnlySpan<byte> address, bool isStream, bool isLimited, bool mayForward)
{
    /// <summary>4 or 16 bytes.</summary>
    public ReadOnlySpan<byte> Address { get; } = address;

    /// <summary>By TCP: nothing is cut.</summary>
    public bool IsStream => isStream;

    /// <summary>By UDP, and not from this host: it gets its share of answers only.</summary>
    public bool IsLimited => isLimited;

    /// <summary>Names of others are asked elsewhere for it.</summary>
    public bool MayForward => mayForward;
}

/// <summary>
/// Answers queries out of a <see cref="DnsZone"/> without allocating: it reads the question, looks the name up and copies records. For one
/// thread. It knows RFC 1034, 1035, 2181, 2308, 2782, 6891, 7873, 8020, 8482, 9018.
/// </summary>
/// <param name="cookies">Makes cookies.</param>
/// <param name="limit">Who gets how much.</param>
/// <param name="chance">Mixes answers.</param>
/// <param name="canForward">The server asks others for names that are not ours: RA is set.</param>
public sealed class DnsResponder(DnsCookies cookies, DnsRateLimit limit, Chance chance, bool canForward)
{
    /// <summary>Returned instead of a length: nothing is sent, or another server must be asked.</summary>
    public const int Dropped = 0, ToForward = -1;

    readonly DnsCounts counts = new();
    int[] order = new int[256];
    long[] seen = new long[256];
    long round;

    /// <summary>What was counted.</summary>
    public DnsCounts Counts => counts;

    /// <summary>The last query; of one to forward, what must be known to send its answer.</summary>
    public ref readonly DnsQuery Query => ref query;

    DnsQuery query;

    /// <summary>Answers one message.</summary>
    /// <param name="zone">The picture.</param>
    /// <param name="message">As it came.</param>
    /// <param name="into">Takes the answer: <see cref="DnsLimits.MaxUdp"/> bytes at least, for TCP <see cref="DnsLimits.MaxMessage"/>.</param>
    /// <param name="client">Who asks.</param>
    /// <param name="now">Milliseconds since 1970.</param>
    /// <returns>Bytes of the answer, <see cref="Dropped"/>, or <see cref="ToForward"/>.</returns>
    public int Answer(DnsZone zone, ReadOnlySpan<byte> message, Span<byte> into, in DnsClient client, long now)
    {
        counts.Queries++;
        Span<byte> name = stackalloc byte[DnsLimits.MaxName];
        Span<byte> starts = stackalloc byte[DnsLimits.MaxLabels];
        var reading = DnsQuery.Read(message, name, starts, out query);
        if (reading == DnsReading.Drop)
        {
            counts.Dropped++;
            return Dropped;
        }
        var cookie = reading == DnsReading.Good && query.CookieLength > 0 ? message.Slice(query.CookieAt, query.CookieLength) : default;
        if (client.IsLimited && !cookies.IsGood(cookie, client.Address, now / 1000) && !limit.Take(client.Address, now))
            return Refuse(zone, message, into, client, cookie, reading, now);
        var answer = new DnsAnswer(into, Limit(zone, into.Length, client.IsStream));
        switch (reading)
        {
            case DnsReading.OtherCommand:
                return Finish(zone, ref answer, message, client, cookie, DnsRcode.NotImp, isOurs: false, now);
            case DnsReading.Malformed:
                return Finish(zone, ref answer, message, client, default, DnsRcode.FormErr, isOurs: false, now);
        }
        answer.Question(message, query.QuestionEnd);
        if (query.Version > 0) return Finish(zone, ref answer, message, client, default, DnsRcode.BadVers, isOurs: false, now);
        if (query.NameLength == 0) return Finish(zone, ref answer, message, client, cookie, DnsRcode.NoError, isOurs: false, now);
        if (query.Class is not (DnsLimits.InternetClass or DnsLimits.AnyClass) || query.Type is >= DnsType.FirstCommand and <= DnsType.LastCommand)
            return Finish(zone, ref answer, message, client, cookie, DnsRcode.Refused, isOurs: false, now);
        if (query.Type == DnsType.Opt) return Finish(zone, ref answer, message, client, cookie, DnsRcode.FormErr, isOurs: false, now);
        var found = zone.Find(name[..query.NameLength], starts[..query.Labels]);
        // of addresses we know PTR of our nodes; the rest another server may know, and without one there is nothing
        var isOthers = found.Place == DnsPlace.Elsewhere || (found.IsAddress && (found.Place != DnsPlace.Found || query.Type != DnsType.Ptr));
        if (isOthers && canForward && client.MayForward && query.Header.Has(DnsHeader.RecursionDesired)) return ToForward;
        if (found.Place == DnsPlace.Elsewhere) return Finish(zone, ref answer, message, client, cookie, DnsRcode.Refused, isOurs: false, now);
        var rcode = Fill(zone, ref answer, found, now / 1000);
        return Finish(zone, ref answer, message, client, cookie, rcode, isOurs: true, now);
    }

    /// <summary>Bytes that the answer may have, the OPT record not counted.</summary>
    int Limit(DnsZone zone, int room, bool isStream)
    {
        var most = isStream ? Math.Min(room, DnsLimits.MaxMessage)
            : query.HasEdns ? Math.Clamp(query.UdpSize, DnsLimits.PlainUdp, zone.Settings.UdpSize)
            : DnsLimits.PlainUdp;
        return most - (query.HasEdns ? DnsLimits.OptBytes + (query.CookieLength > 0 ? 4 + DnsLimits.FullCookie : 0) : 0);
    }

    DnsRcode Fill(DnsZone zone, ref DnsAnswer answer, in DnsFound found, long seconds)
    {
        if (found.Place == DnsPlace.Missing)
        {
            answer.Authority(zone, AuthorityAt(zone, found, answer.Into));
            return DnsRcode.NxDomain;
        }
        var ownerIsApex = found.Place == DnsPlace.Apex;
        if (found.Set is not null && query.Type == DnsType.Any) answer.Owned(zone.Hinfo);
        else if (ownerIsApex && query.Type == DnsType.Soa) answer.Owned(zone.Soa);
        else if (found.Set is { } set && (!found.IsServiceName || query.Type is DnsType.Srv or DnsType.Txt) && set.Of(query.Type) is { } records)
            Copy(zone, ref answer, records, found.Filter, seconds);
        if (answer.Answers == 0 && !answer.IsCut) answer.Authority(zone, AuthorityAt(zone, found, answer.Into));
        return DnsRcode.NoError;
    }

    /// <summary>
    /// Where in the question's name the zone begins that says that there is nothing: our domain. Which reverse zone was delegated to us is not
    /// known: what is behind the first label of an address, or a part of an address itself, is in it, and resolvers keep the answer.
    /// </summary>
    int AuthorityAt(DnsZone zone, in DnsFound found, ReadOnlySpan<byte> answer) => !found.IsAddress ? query.NameLength - zone.DomainLength
        : found.Place == DnsPlace.Between ? 0
        : 1 + answer[DnsLimits.Header];

    /// <summary>Copies the records of those who are meant, mixed or as they are near, as many as there is room for.</summary>
    void Copy(DnsZone zone, ref DnsAnswer answer, DnsRecords records, in DnsFilter filter, long seconds)
    {
        if (order.Length < records.Count) order = new int[zone.MostRecords];
        var count = 0;
        var isAll = filter.IsAll;
        var firsts = records.Firsts;
        if (firsts is not null) NewRound(zone);
        for (var i = 0; i < records.Count; i++)
            if ((isAll || filter.Has(records.Node(i))) && (firsts is null || IsNew(firsts[i]))) order[count++] = i;
        var left = 0L;
        var weights = zone.Settings.IsNearestFirst ? null : records.Weights;
        if (weights is not null)
            for (var i = 0; i < count; i++) left += weights[order[i]];
        for (var i = 0; i < count; i++)
        {
            if (!zone.Settings.IsNearestFirst && i < count - 1)
            {
                var next = weights is not null && left > 0 && i < DnsLimits.MaxWeighted ? Weighted(weights, i, left) : i + chance.Below(count - i);
                (order[i], order[next]) = (order[next], order[i]);
                if (weights is not null) left -= weights[order[i]];
            }
            if (!answer.TryAdd(records[order[i]], query.Type == DnsType.Txt ? Age(zone, records.Node(order[i]), seconds) : -1)) return;
        }
        if (query.Type is not (DnsType.Srv or DnsType.Ns)) return;
        NewRound(zone);
        for (var i = 0; i < count; i++)
            if (IsNew(records.Node(order[i])) && !answer.TryAddHost(zone.Hosts[records.Node(order[i])], query.NameLength - zone.DomainLength)) return;
    }

    void NewRound(DnsZone zone)
    {
        if (seen.Length < Math.Max(zone.MostRecords, zone.Hosts.Length)) seen = new long[Math.Max(zone.MostRecords, zone.Hosts.Length)];
        round++;
    }

    /// <summary>No record is twice in an answer (RFC 2181, 5): true when that number was not met in this round.</summary>
    bool IsNew(int number)
    {
        if (seen[number] == round) return false;
        seen[number] = round;
        return true;
    }

    /// <summary>One of those that are left; who has twice the weight comes twice as often.</summary>
    int Weighted(int[] weights, int from, long left)
    {
        var lot = (long)((chance.Next() >> 33) * (ulong)left >> 31);
        for (; ; from++)
        {
            lot -= weights[order[from]];
            if (lot < 0) return from;
        }
    }

    static long Age(DnsZone zone, int node, long seconds) => Math.Max(0, seconds - zone.Nodes[node].Since);

    /// <summary>
    /// The network has had its share. Who shows a cookie of its own gets one of ours to try with, while the share of those lasts; of the others
    /// every second one is sent to TCP, where nobody can write another's address, without a cookie: an honest client comes through, and nobody
    /// gets more bytes than were sent in his name.
    /// </summary>
    int Refuse(DnsZone zone, ReadOnlySpan<byte> message, Span<byte> into, in DnsClient client, ReadOnlySpan<byte> cookie, DnsReading reading, long now)
    {
        counts.Limited++;
        if (reading != DnsReading.Good) return Dropped;
        if (!cookie.IsEmpty && !limit.TakeCookie(client.Address, now)) cookie = default;
        if (cookie.IsEmpty && chance.Below(2) == 0) return Dropped;
        var answer = new DnsAnswer(into, into.Length);
        answer.Question(message, query.QuestionEnd);
        if (cookie.IsEmpty) answer.IsCut = true;
        return Finish(zone, ref answer, message, client, cookie, cookie.IsEmpty ? DnsRcode.NoError : DnsRcode.BadCookie, isOurs: false, now);
    }

    int Finish(
        DnsZone zone, ref DnsAnswer answer, ReadOnlySpan<byte> message, in DnsClient client, ReadOnlySpan<byte> cookie, DnsRcode rcode, bool isOurs, long now)
    {
        counts.Count(rcode);
        // there is no longer message than this: who is in it was chosen by lot
        if (client.IsStream) answer.IsCut = false;
        if (answer.IsCut) counts.Cut++;
        var length = answer.At;
        if (query.HasEdns)
        {
            var options = cookie.IsEmpty ? 0 : 4 + DnsLimits.FullCookie;
            var opt = answer.Into[length..];
            DnsQuery.WriteOpt(opt, zone.Settings.UdpSize, rcode, query.DnssecOk, options);
            if (options > 0)
            {
                BinaryPrimitives.WriteUInt16BigEndian(opt[DnsLimits.OptBytes..], DnsLimits.CookieOption);
                BinaryPrimitives.WriteUInt16BigEndian(opt[(DnsLimits.OptBytes + 2)..], DnsLimits.FullCookie);
                cookies.Write(opt[(DnsLimits.OptBytes + 4)..], cookie, client.Address, now / 1000);
            }
            length += DnsLimits.OptBytes + options;
        }
        var header = query.Header;
        var flags = (header.Flags & (DnsHeader.OpcodeMask | DnsHeader.RecursionDesired | DnsHeader.CheckingDisabled)) | DnsHeader.Response
            | (isOurs ? DnsHeader.Authoritative : 0) | (answer.IsCut ? DnsHeader.Truncated : 0)
            | (canForward && client.MayForward ? DnsHeader.RecursionAvailable : 0) | ((int)rcode & DnsHeader.RcodeMask);
        new DnsHeader(
            header.Id, (ushort)flags, (ushort)(answer.HasQuestion ? 1 : 0), (ushort)answer.Answers, (ushort)answer.Authorities,
            (ushort)(answer.Additionals + (query.HasEdns ? 1 : 0))).Write(answer.Into);
        return length;
    }
}
