using OpsBro.Platform;

namespace OpsBro.Collectors.Linux;

/// <summary>
/// TCP and UDP of the whole host: sockets in use, connections, retransmissions, full queues. Source: /proc/net/sockstat, sockstat6,
/// snmp and netstat, whose counters are those of RFC 1213, RFC 4113 and Documentation/networking/snmp_counter.rst.
/// </summary>
internal sealed class Sockets : ICollector
{
    /// <summary>A counter of the kernel and what it becomes: a rate below a section.</summary>
    sealed record Source(string Line, string Column, string Section, string Key, string Meaning);

    static readonly Source[] Sources =
    [
        new("Tcp:", "ActiveOpens", "tcp", "active_opens/s", "Connections opened by this host."),
        new("Tcp:", "PassiveOpens", "tcp", "passive_opens/s", "Connections accepted."),
        new("Tcp:", "AttemptFails", "tcp", "failed_opens/s", "Connections that could not be made."),
        new("Tcp:", "EstabResets", "tcp", "resets/s", "Connections broken by a reset."),
        new("Tcp:", "InSegs", "tcp", "in_segments/s", "Segments received."),
        new("Tcp:", "OutSegs", "tcp", "out_segments/s", "Segments sent, without those sent again."),
        new("Tcp:", "RetransSegs", "tcp", "retransmits/s", "Segments sent again."),
        new("Tcp:", "InErrs", "tcp", "in_errors/s", "Segments received damaged."),
        new("Tcp:", "OutRsts", "tcp", "out_resets/s", "Resets sent, mostly to a closed port."),
        new("TcpExt:", "ListenOverflows", "tcp", "listen_overflows/s", "Connections refused because a program accepts too slowly."),
        new("TcpExt:", "ListenDrops", "tcp", "listen_drops/s", "Connections dropped while opening, overflows included."),
        new("TcpExt:", "TCPTimeouts", "tcp", "timeouts/s", "Retransmission timers that ran out."),
        new("TcpExt:", "SyncookiesSent", "tcp", "syn_cookies/s", "SYN cookies sent: a flood, or a queue that is too short."),
        new("TcpExt:", "TCPBacklogDrop", "tcp", "backlog_drops/s", "Packets dropped because a socket's backlog was full."),
        new("Udp:", "InDatagrams", "udp", "in/s", "Datagrams received."),
        new("Udp:", "OutDatagrams", "udp", "out/s", "Datagrams sent."),
        new("Udp:", "NoPorts", "udp", "no_port/s", "Datagrams to a port where nobody listens."),
        new("Udp:", "InErrors", "udp", "in_errors/s", "Datagrams received and lost, full buffers included."),
        new("Udp:", "RcvbufErrors", "udp", "receive_buffer_errors/s", "Datagrams lost because a program reads too slowly."),
        new("Udp:", "SndbufErrors", "udp", "send_buffer_errors/s", "Datagrams not sent because a buffer was full."),
        new("Icmp:", "InMsgs", "icmp", "in/s", "ICMP messages received."),
        new("Icmp:", "OutMsgs", "icmp", "out/s", "ICMP messages sent."),
        new("Ip:", "ForwDatagrams", "ip", "forwarded/s", "Packets passed on as a router."),
        new("Ip:", "InDiscards", "ip", "in_discards/s", "Packets received and dropped for lack of memory."),
        new("Ip:", "OutNoRoutes", "ip", "no_route/s", "Packets without a route."),
    ];

    const int OutSegments = 5, Retransmits = 6;

    static readonly byte[][] Lines = [.. Sources.Select(s => System.Text.Encoding.ASCII.GetBytes(s.Line))];
    static readonly byte[][] Columns = [.. Sources.Select(s => System.Text.Encoding.ASCII.GetBytes(s.Column))];

    readonly CounterMemory memory = new(Sources.Length);

    /// <inheritdoc/>
    public string Name => "sockets";

    /// <inheritdoc/>
    public string Summary =>
        "TCP and UDP of the host: sockets, connections, retransmissions, losses, from /proc/net/sockstat, snmp and netstat.";

    /// <inheritdoc/>
    public IReadOnlyList<KeyDoc> Keys { get; } =
    [
        new("used", "", "Sockets of all kinds."),
        new("tcp.inuse", "", "TCP sockets in use, listening ones included."),
        new("tcp.orphan", "", "TCP sockets that no program holds any more."),
        new("tcp.time_wait", "", "Closed TCP connections that wait for late packets."),
        new("tcp.alloc", "", "TCP sockets allocated."),
        new("tcp.mem", "pages", "Memory of TCP buffers."),
        new("tcp6.inuse", "", "TCP sockets in use over IPv6."),
        new("tcp.established", "", "TCP connections open at this moment, IPv6 included."),
        new("tcp.retransmit_pct", "%", "Share of segments sent again since the run before; above a few percent the network loses packets."),
        new("udp.inuse", "", "UDP sockets in use."),
        new("udp.mem", "pages", "Memory of UDP buffers."),
        new("udp6.inuse", "", "UDP sockets in use over IPv6."),
        .. Sources.Select(s => new KeyDoc($"{s.Section}.{s.Key}", "1/s", s.Meaning)),
    ];

    /// <inheritdoc/>
    public bool NeedsTwoRuns => true;

    /// <inheritdoc/>
    public Outcome Collect(CollectorRun run)
    {
        if (!run.Host.TryRead("/proc/net/sockstat", out var sockets)) return Outcome.None("there is no /proc/net/sockstat");
        WriteSockets(sockets, run.Data);
        if (run.Host.TryRead("/proc/net/sockstat6", out var sockets6)) WriteSockets(sockets6, run.Data);
        memory.Start(run.Now);
        var counters = memory.Of("all"u8)!;
        var established = -1L;
        if (run.Host.TryRead("/proc/net/snmp", out var snmp)) Parse(snmp, counters.Now, ref established);
        if (run.Host.TryRead("/proc/net/netstat", out var netstat)) Parse(netstat, counters.Now, ref established);
        if (established >= 0) run.Data.Section("tcp").Set("established", established);
        if (counters.HasDifference) WriteRates(counters, run.Data);
        return Outcome.Ok;
    }

    /// <summary>
    /// Takes the counters of <see cref="Sources"/>. Grammar: pairs of lines, <c>Tcp: NAME NAME …</c> and <c>Tcp: 1 2 …</c>; which
    /// names there are differs by kernel.
    /// </summary>
    internal static void Parse(ReadOnlySpan<byte> text, Span<long> counters, ref long established)
    {
        var lines = new LineReader(text);
        while (lines.TryNext(out var headings) && lines.TryNext(out var line))
        {
            var names = new FieldReader(headings);
            var fields = new FieldReader(line);
            if (!names.TryNext(out ReadOnlySpan<byte> protocol) || !fields.TryNext(out ReadOnlySpan<byte> same)) continue;
            if (!protocol.SequenceEqual(same)) continue;
            var first = IndexOf(Lines, protocol, 0);
            if (first < 0) continue;
            while (names.TryNext(out ReadOnlySpan<byte> name) && fields.TryNext(out ReadOnlySpan<byte> field))
            {
                if (!KernelText.TryLong(field, out var number)) continue;
                if (name.SequenceEqual("CurrEstab"u8)) established = number;
                for (var i = first; i < Sources.Length && Lines[i].AsSpan().SequenceEqual(protocol); i++)
                    if (Columns[i].AsSpan().SequenceEqual(name)) counters[i] = number;
            }
        }
    }

    static int IndexOf(byte[][] texts, ReadOnlySpan<byte> text, int from)
    {
        for (var i = from; i < texts.Length; i++)
            if (texts[i].AsSpan().SequenceEqual(text)) return i;
        return -1;
    }

    /// <summary>Grammar of a line: <c>TCP: inuse 3 orphan 0 tw 1 alloc 5 mem 2</c>.</summary>
    static void WriteSockets(ReadOnlySpan<byte> text, DataWriter data)
    {
        var lines = new LineReader(text);
        while (lines.TryNext(out var line))
        {
            var fields = new FieldReader(line);
            if (!fields.TryNext(out ReadOnlySpan<byte> protocol)) continue;
            var section = protocol.SequenceEqual("TCP:"u8) ? data.Section("tcp")
                : protocol.SequenceEqual("UDP:"u8) ? data.Section("udp")
                : protocol.SequenceEqual("TCP6:"u8) ? data.Section("tcp6")
                : protocol.SequenceEqual("UDP6:"u8) ? data.Section("udp6")
                : protocol.SequenceEqual("sockets:"u8) ? data : null;
            while (section is not null && fields.TryNext(out ReadOnlySpan<byte> name) && fields.TryNext(out long number))
                if (KeyOf(name) is { } key) section.Set(key, number);
        }
    }

    static string? KeyOf(ReadOnlySpan<byte> name) =>
        name.SequenceEqual("inuse"u8) ? "inuse"
        : name.SequenceEqual("used"u8) ? "used"
        : name.SequenceEqual("orphan"u8) ? "orphan"
        : name.SequenceEqual("tw"u8) ? "time_wait"
        : name.SequenceEqual("alloc"u8) ? "alloc"
        : name.SequenceEqual("mem"u8) ? "mem" : null;

    static void WriteRates(Counters counters, DataWriter data)
    {
        for (var i = 0; i < Sources.Length; i++) data.Section(Sources[i].Section).Set(Sources[i].Key, counters.Rate(i));
        var sent = counters.Delta(OutSegments);
        data.Section("tcp").Set("retransmit_pct", sent == 0 ? 0 : Math.Min(100, 100.0 * counters.Delta(Retransmits) / sent));
    }
}
