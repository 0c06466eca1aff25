namespace OpsBro.Core.Dns;

/// <summary>Types of records that have a meaning here; any other number is a type as well. Page: IANA, DNS parameters.</summary>
public enum DnsType : ushort
{
    /// <summary>IPv4 address.</summary>
    A = 1,

    /// <summary>Name server.</summary>
    Ns = 2,

    /// <summary>Another name.</summary>
    Cname = 5,

    /// <summary>Start of authority.</summary>
    Soa = 6,

    /// <summary>The name of an address.</summary>
    Ptr = 12,

    /// <summary>Host information; the answer to ANY (RFC 8482).</summary>
    Hinfo = 13,

    /// <summary>Mail exchange.</summary>
    Mx = 15,

    /// <summary>Texts.</summary>
    Txt = 16,

    /// <summary>IPv6 address.</summary>
    Aaaa = 28,

    /// <summary>Host and port of a service (RFC 2782).</summary>
    Srv = 33,

    /// <summary>EDNS (RFC 6891).</summary>
    Opt = 41,

    /// <summary>The first of the types that are no data but commands: TKEY, TSIG, IXFR, AXFR, MAILB, MAILA.</summary>
    FirstCommand = 249,

    /// <summary>Signature of a message.</summary>
    Tsig = 250,

    /// <summary>Transfer of what changed.</summary>
    Ixfr = 251,

    /// <summary>Transfer of a zone.</summary>
    Axfr = 252,

    /// <summary>The last of the commands.</summary>
    LastCommand = 254,

    /// <summary>All types.</summary>
    Any = 255,
}

/// <summary>How an answer ends; numbers above 15 need EDNS.</summary>
public enum DnsRcode
{
    /// <summary>Well; also when the name has no record of that type.</summary>
    NoError = 0,

    /// <summary>The query cannot be read.</summary>
    FormErr = 1,

    /// <summary>No server could tell.</summary>
    ServFail = 2,

    /// <summary>There is no such name.</summary>
    NxDomain = 3,

    /// <summary>No such command.</summary>
    NotImp = 4,

    /// <summary>Not for this server.</summary>
    Refused = 5,

    /// <summary>A version of EDNS that is not known.</summary>
    BadVers = 16,

    /// <summary>The server's cookie is old or wrong; a new one is in the answer (RFC 7873).</summary>
    BadCookie = 23,
}

/// <summary>Sizes and limits of the protocol and of this server.</summary>
public static class DnsLimits
{
    /// <summary>Bytes of a header.</summary>
    public const int Header = 12;

    /// <summary>Longest name on the wire, its last zero included.</summary>
    public const int MaxName = 255;

    /// <summary>Longest label.</summary>
    public const int MaxLabel = 63;

    /// <summary>Most labels: each takes two bytes at least.</summary>
    public const int MaxLabels = 127;

    /// <summary>Answers to a client without EDNS.</summary>
    public const int PlainUdp = 512;

    /// <summary>Largest answer by UDP unless the operator says otherwise: no network cuts it (DNS flag day 2020).</summary>
    public const int DefaultUdp = 1232;

    /// <summary>The most that an operator may set.</summary>
    public const int MaxUdp = 4096;

    /// <summary>Longest message: TCP has two bytes for the length.</summary>
    public const int MaxMessage = 65_535;

    /// <summary>Records that a query may carry besides its question; resolvers send one or two.</summary>
    public const int MaxQueryRecords = 16;

    /// <summary>Jumps from one compression pointer to the next.</summary>
    public const int MaxJumps = 64;

    /// <summary>Answers that are put in front by weight; the rest follows in any order, for clients use the first ones.</summary>
    public const int MaxWeighted = 8;

    /// <summary>Bytes of one text in a TXT record.</summary>
    public const int MaxText = 255;

    /// <summary>Bytes of all texts about one node.</summary>
    public const int MaxTexts = 1_024;

    /// <summary>The class of the internet.</summary>
    public const ushort InternetClass = 1;

    /// <summary>Any class.</summary>
    public const ushort AnyClass = 255;

    /// <summary>The header of an OPT record: a root name, type, class, time to live, length.</summary>
    public const int OptBytes = 11;

    /// <summary>The option COOKIE.</summary>
    public const int CookieOption = 10;

    /// <summary>Bytes of a client's cookie.</summary>
    public const int ClientCookie = 8;

    /// <summary>Bytes of both cookies as we give them (RFC 9018).</summary>
    public const int FullCookie = 24;
}
