using OpsBro.Core.Dns;

namespace OpsBro.Dns;

/// <summary>
/// Carries the counts of servers, of which a reload makes new ones, into the agent's own counters: <c>dns/udp</c> and <c>dns/tcp</c> count
/// queries (failures: SERVFAIL; dropped: no answer, or not the whole one, by the limit of answers), <c>dns/nxdomain</c> names that are not there,
/// <c>dns/forward</c> questions asked elsewhere. Called by one thread.
/// </summary>
internal sealed class DnsMeters(Telemetry telemetry)
{
    readonly Count udp = new(telemetry.Of("dns", "udp")), tcp = new(telemetry.Of("dns", "tcp")), missing = new(telemetry.Of("dns", "nxdomain")),
        forward = new(telemetry.Of("dns", "forward"));

    /// <summary>Adds what came since the last time.</summary>
    public void Take(DnsServer server)
    {
        var counts = server.Counts;
        udp.Take(Of(counts.Udp), server.Lost);
        tcp.Take(Of(counts.Tcp), server.Connections.Refused);
        missing.Take((counts.Udp.Concat(counts.Tcp).Sum(c => c.Of(DnsRcode.NxDomain)), 0, 0), 0);
        forward.Take((server.Forwarder.Asked, server.Forwarder.Failed, server.Forwarder.Overflows), 0);
    }

    /// <summary>The next server counts from nothing.</summary>
    public void Over()
    {
        foreach (var one in (Count[])[udp, tcp, missing, forward]) one.Over();
    }

    static (long, long, long) Of(IReadOnlyList<DnsCounts> all) =>
        (all.Sum(c => c.Queries), all.Sum(c => c.Of(DnsRcode.ServFail)), all.Sum(c => c.Dropped + c.Limited));

    sealed class Count(Meter meter)
    {
        (long Runs, long Failures, long Dropped) before;

        public void Take((long Runs, long Failures, long Dropped) now, long lost)
        {
            now.Dropped += lost;
            meter.Add(now.Runs - before.Runs, now.Failures - before.Failures);
            meter.Drop(now.Dropped - before.Dropped);
            before = now;
        }

        public void Over() => before = default;
    }
}
