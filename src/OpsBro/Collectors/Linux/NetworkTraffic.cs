using OpsBro.Platform;

namespace OpsBro.Collectors.Linux;

/// <summary>
/// Traffic of each network interface but the loopback: growth of the kernel's counters since the run before, and rates.
/// Source: /proc/net/dev, see proc_pid_net(5).
/// </summary>
internal sealed class NetworkTraffic : ICollector
{
    // eight columns received, eight sent, in the order of /proc/net/dev
    static readonly string[] Columns =
    [
        "recv_bytes", "recv_packets", "recv_errs", "recv_drop", "recv_fifo", "recv_frame", "recv_compressed", "recv_multicast",
        "trans_bytes", "trans_packets", "trans_errs", "trans_drop", "trans_fifo", "trans_colls", "trans_carrier", "trans_compressed",
    ];

    const int ReceivedBytes = 0, ReceivedPackets = 1, ReceivedErrors = 2, ReceivedDrops = 3,
        SentBytes = 8, SentPackets = 9, SentErrors = 10, SentDrops = 11, HeaderLines = 2;

    readonly CounterMemory interfaces = new(Columns.Length);

    /// <inheritdoc/>
    public string Name => "networktraffic";

    /// <inheritdoc/>
    public string Summary => "Bytes, packets, errors and drops of each network interface, from /proc/net/dev.";

    /// <inheritdoc/>
    public bool NeedsTwoRuns => true;

    /// <inheritdoc/>
    public IReadOnlyList<KeyDoc> Keys { get; } =
    [
        new("<interface>.recv_bytes/s", "bytes/s", "Bytes received."),
        new("<interface>.trans_bytes/s", "bytes/s", "Bytes sent."),
        new("<interface>.recv_packets/s", "1/s", "Packets received."),
        new("<interface>.trans_packets/s", "1/s", "Packets sent."),
        new("<interface>.recv_errs/s", "1/s", "Packets that arrived damaged."),
        new("<interface>.trans_errs/s", "1/s", "Packets that could not be sent."),
        new("<interface>.recv_drop/s", "1/s", "Packets received and thrown away, for instance because a queue was full."),
        new("<interface>.trans_drop/s", "1/s", "Packets thrown away before they were sent."),
        .. Columns.Select(column => new KeyDoc($"<interface>.{column}", column.EndsWith("bytes", StringComparison.Ordinal) ? "bytes" : "",
            $"Growth of the kernel's counter {column.Replace('_', ' ')} since the run before.")),
    ];

    /// <inheritdoc/>
    public Outcome Collect(CollectorRun run)
    {
        if (!run.Host.Exists("/proc/net/dev")) return Outcome.None("there is no /proc/net/dev");
        Parse(run.Host.Read("/proc/net/dev"), run.Now, interfaces);
        foreach (var counters in interfaces.Current)
            if (counters.HasDifference) Write(counters, run.Data.Section(counters.Name));
        return Outcome.Ok;
    }

    /// <summary>
    /// Takes the counters of every interface but <c>lo</c>. Grammar of a line: blanks, name, <c>:</c>, 16 integers; older kernels leave
    /// no blank after the colon.
    /// </summary>
    /// <exception cref="FormatException">The two lines of headings are not there, or say other columns.</exception>
    internal static void Parse(ReadOnlySpan<byte> text, TimeSpan now, CounterMemory interfaces)
    {
        interfaces.Start(now);
        var lines = new LineReader(text);
        for (var i = 0; i < HeaderLines; i++)
            if (!lines.TryNext(out var heading) || heading.IndexOf((byte)'|') < 0)
                throw new FormatException("/proc/net/dev does not start with its two lines of headings");
        Span<long> numbers = stackalloc long[Columns.Length];
        while (lines.TryNext(out var line))
        {
            var colon = line.LastIndexOf((byte)':');   // an alias such as eth0:1 has one in its name
            if (colon < 0) continue;
            var name = KernelText.Trim(line[..colon]);
            if (name.IsEmpty || name.SequenceEqual("lo"u8)) continue;
            if (new FieldReader(line[(colon + 1)..]).Fill(numbers) < Columns.Length) continue;
            if (interfaces.Of(name) is { } known) numbers.CopyTo(known.Now);
        }
        interfaces.End();
    }

    static void Write(Counters counters, DataWriter data)
    {
        data.Set("recv_bytes/s", counters.Rate(ReceivedBytes));
        data.Set("trans_bytes/s", counters.Rate(SentBytes));
        data.Set("recv_packets/s", counters.Rate(ReceivedPackets));
        data.Set("trans_packets/s", counters.Rate(SentPackets));
        data.Set("recv_errs/s", counters.Rate(ReceivedErrors));
        data.Set("trans_errs/s", counters.Rate(SentErrors));
        data.Set("recv_drop/s", counters.Rate(ReceivedDrops));
        data.Set("trans_drop/s", counters.Rate(SentDrops));
        for (var i = 0; i < Columns.Length; i++) data.Set(Columns[i], counters.Delta(i));
    }
}
