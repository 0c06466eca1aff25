namespace OpsBro.Core.Dns;

/// <summary>What one responder counted. It alone writes; anybody may read.</summary>
public sealed class DnsCounts
{
    readonly long[] byRcode = new long[(int)DnsRcode.BadCookie + 1];

    /// <summary>Messages that came.</summary>
    public long Queries { get; internal set; }

    /// <summary>Messages that were no queries.</summary>
    public long Dropped { get; internal set; }

    /// <summary>Queries of a network that had its share.</summary>
    public long Limited { get; internal set; }

    /// <summary>Answers that were cut: the client asks again by TCP.</summary>
    public long Cut { get; internal set; }

    /// <summary>Answers with an rcode.</summary>
    public long Of(DnsRcode rcode) => byRcode[(int)rcode];

    internal void Count(DnsRcode rcode) => byRcode[(int)rcode]++;
}
