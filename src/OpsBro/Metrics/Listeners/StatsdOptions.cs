using System.Globalization;
using System.Net;
using System.Text;
using OpsBro.Config;
using OpsBro.Core.Statsd;

namespace OpsBro.Metrics.Listeners;

/// <summary>The section <c>statsd</c> of agent.yml.</summary>
internal sealed record StatsdOptions
{
    /// <summary>The port that every client of statsd knows.</summary>
    public const int DefaultPort = 8125;

    /// <summary>Longest path of a unix socket: sockaddr_un, unix(7).</summary>
    public const int MaxSocketPath = 107;

    /// <summary>Most percentiles.</summary>
    public const int MaxPercentiles = 16;

    /// <summary>Most kinds of histograms, and bins of each.</summary>
    public const int MaxHistograms = 16, MaxBins = 64;

    const int MinPacket = 512, MaxPacketBytes = 65_535, MaxLine = 1024 * 1024;
    const int MinReceive = 4096, MaxReceive = 256 * 1024 * 1024;

    /// <summary>Listens at all; off by default: whoever reaches the port can write any number.</summary>
    public bool IsEnabled { get; init; }

    /// <summary>Address of the UDP and TCP sockets.</summary>
    public IPAddress Address { get; init; } = IPAddress.Loopback;

    /// <summary>Port of the UDP socket and of the TCP socket.</summary>
    public int Port { get; init; } = DefaultPort;

    /// <summary>Receives on UDP.</summary>
    public bool Udp { get; init; } = true;

    /// <summary>Receives on TCP.</summary>
    public bool Tcp { get; init; }

    /// <summary>Path of a unix datagram socket; empty for none.</summary>
    public string UnixSocket { get; init; } = "";

    /// <summary>Rights of the unix socket's file.</summary>
    public UnixFileMode UnixMode { get; init; } = DefaultMode;

    /// <summary>Largest datagram, in bytes; what is longer is cut at the last whole line, and counted.</summary>
    public int MaxPacket { get; init; } = MaxPacketBytes;

    /// <summary>Receive buffer asked of the kernel, in bytes: as root whatever is asked, else at most net.core.rmem_max.</summary>
    public int ReceiveBuffer { get; init; } = 16 * 1024 * 1024;

    /// <summary>TCP connections at once.</summary>
    public int TcpConnections { get; init; } = 64;

    /// <summary>Longest line on TCP, in bytes.</summary>
    public int TcpLine { get; init; } = 8192;

    /// <summary>How much is held.</summary>
    public StatsdLimits Limits { get; init; } = new();

    /// <summary>What is made of the values.</summary>
    public StatsdSettings Settings { get; init; } = new();

    /// <summary>Owner and group: DogStatsD's clients run as the application's user, whose group the operator gives.</summary>
    const UnixFileMode DefaultMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.GroupWrite;

    /// <summary>Only what the sockets need is compared.</summary>
    public bool HasTheSocketsOf(StatsdOptions other) => (this with { Settings = other.Settings, Limits = other.Limits }) == other;

    /// <summary>Reads them; what cannot be read is a problem and has its default.</summary>
    public static StatsdOptions Read(ConfigNode agent, List<Problem> problems)
    {
        if (new ObjectReader(agent, problems).Section("statsd") is not { } section) return new StatsdOptions();
        var reader = new ObjectReader(section, problems);
        var byDefault = new StatsdOptions();
        var options = new StatsdOptions
        {
            IsEnabled = reader.Flag("enabled", false),
            Address = ReadAddress(reader),
            Port = reader.Number("port", DefaultPort, 1, 65535),
            Udp = reader.Flag("udp", true),
            Tcp = reader.Flag("tcp", false),
            UnixSocket = ReadPath(reader),
            UnixMode = ReadMode(reader),
            MaxPacket = reader.Number("max_packet", byDefault.MaxPacket, MinPacket, MaxPacketBytes),
            ReceiveBuffer = reader.Number("receive_buffer", byDefault.ReceiveBuffer, MinReceive, MaxReceive),
            TcpConnections = reader.Number("tcp_connections", byDefault.TcpConnections, 1, 4096),
            TcpLine = reader.Number("tcp_line", byDefault.TcpLine, MinPacket, MaxLine),
            Limits = new StatsdLimits
            {
                MaxMetrics = reader.Number("max_metrics", byDefault.Limits.MaxMetrics, 16, 5_000_000),
                MaxTimerValues = reader.Number("max_timer_values", byDefault.Limits.MaxTimerValues, 1, 100_000_000),
                MaxSetMembers = reader.Number("max_set_members", byDefault.Limits.MaxSetMembers, 1, 10_000_000),
            },
            Settings = ReadSettings(reader),
        };
        if (options is { IsEnabled: true, Udp: false, Tcp: false, UnixSocket: "" })
            reader.Complain(section, "statsd is enabled and listens nowhere; set udp, tcp or unix_socket");
        reader.RefuseTheRest("statsd");
        return options;
    }

    static StatsdSettings ReadSettings(ObjectReader reader)
    {
        var byDefault = new StatsdSettings();
        var isIdleDeleted = reader.Flag("delete_idle", false);
        return new StatsdSettings
        {
            IntervalSeconds = (int)reader.Duration("interval", TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(1), TimeSpan.FromHours(1)).TotalSeconds,
            Percentiles = ReadPercentiles(reader),
            Histograms = ReadHistograms(reader),
            TimerMetrics = reader.Texts("timer_metrics"),
            GlobalPrefix = ReadPart(reader, "global_prefix", byDefault.GlobalPrefix),
            GlobalSuffix = ReadPart(reader, "global_suffix", byDefault.GlobalSuffix),
            PrefixCounter = ReadPart(reader, "prefix_counter", byDefault.PrefixCounter),
            PrefixTimer = ReadPart(reader, "prefix_timer", byDefault.PrefixTimer),
            PrefixGauge = ReadPart(reader, "prefix_gauge", byDefault.PrefixGauge),
            PrefixSet = ReadPart(reader, "prefix_set", byDefault.PrefixSet),
            PrefixStats = ReadPart(reader, "prefix_stats", byDefault.PrefixStats),
            LegacyNamespace = reader.Flag("legacy_namespace", false),
            LegacyNames = reader.Flag("legacy_names", false),
            FlushCounts = reader.Flag("flush_counts", true),
            DeleteCounters = reader.Flag("delete_counters", isIdleDeleted),
            DeleteTimers = reader.Flag("delete_timers", isIdleDeleted),
            DeleteSets = reader.Flag("delete_sets", isIdleDeleted),
            DeleteGauges = reader.Flag("delete_gauges", isIdleDeleted),
            GaugesMaxTtl = reader.Number("gauges_max_ttl", 1, 1, 1_000_000),
        };
    }

    static IPAddress ReadAddress(ObjectReader reader)
    {
        var text = reader.Text("address", "127.0.0.1");
        if (IPAddress.TryParse(text.Trim('[', ']'), out var address)) return address;
        reader.Complain(reader.Node("address")!, $"address is \"{text}\"; write an address of this host, or 0.0.0.0 or \"::\" for all");
        return IPAddress.Loopback;
    }

    static string ReadPath(ObjectReader reader)
    {
        var path = reader.Text("unix_socket");
        if (path.Length == 0 || (path[0] == '/' && Encoding.UTF8.GetByteCount(path) <= MaxSocketPath)) return path;
        reader.Complain(reader.Node("unix_socket")!, $"unix_socket is \"{path}\"; write an absolute path of at most {MaxSocketPath} bytes");
        return "";
    }

    static UnixFileMode ReadMode(ObjectReader reader)
    {
        if (reader.Node("unix_mode") is not { } node) return DefaultMode;
        try
        {
            var mode = Convert.ToInt32(node.Text, 8);
            if (mode is >= 0 and <= 0x1FF) return (UnixFileMode)mode;
        }
        catch (Exception e) when (e is FormatException or ArgumentException or OverflowException)
        {
            // told below, as what is out of range
        }
        reader.Complain(node, $"unix_mode is \"{node.Text}\"; write octal rights, for instance \"0660\"");
        return DefaultMode;
    }

    static string ReadPart(ObjectReader reader, string key, string otherwise)
    {
        // an empty one is a wish, too: the part is left out
        if (reader.Map[key] is { Kind: ConfigNodeKind.Scalar, Text.Length: 0, IsQuoted: true })
        {
            reader.Allow(key);
            return "";
        }
        var text = reader.Text(key, otherwise);
        if (text.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-')) return text;
        reader.Complain(reader.Node(key)!, $"{key} is \"{text}\"; write letters, digits, dots, dashes and underscores");
        return otherwise;
    }

    static IReadOnlyList<double> ReadPercentiles(ObjectReader reader)
    {
        if (reader.Node("percentiles") is not { } node) return new StatsdSettings().Percentiles;
        var percentiles = new List<double>();
        foreach (var text in reader.Texts("percentiles"))
        {
            if (!TryNumber(text, out var percent) || percent is <= -100 or 0 or > 100)
                reader.Complain(node, $"percentiles holds \"{text}\"; write numbers above -100 and up to 100, for instance [90, 99.9, -10]");
            else if (percentiles.Count == MaxPercentiles)
                reader.Complain(node, $"percentiles holds more than {MaxPercentiles}; \"{text}\" is left out");
            else percentiles.Add(percent);
        }
        return percentiles;
    }

    static bool TryNumber(string text, out double number) => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out number)
        && double.IsFinite(number);

    static List<StatsdHistogram> ReadHistograms(ObjectReader reader)
    {
        var histograms = new List<StatsdHistogram>();
        if (reader.Node("histogram") is not { } node) return histograms;
        var items = node.Kind == ConfigNodeKind.List ? node.Items : [node];
        foreach (var item in items)
        {
            if (item.Kind != ConfigNodeKind.Map || histograms.Count == MaxHistograms)
            {
                reader.Complain(item, $"histogram is a list of at most {MaxHistograms}; write for instance [{{metric: render, bins: [10, 100, inf]}}]");
                continue;
            }
            // its keys are few: they are looked at here, without a reader that would complain of the place twice
            var bins = new List<double>();
            foreach (var bin in item["bins"]?.Items ?? [])
            {
                var limit = bin.Text is "inf" or ".inf" ? double.PositiveInfinity : TryNumber(bin.Text, out var number) ? number : double.NaN;
                if (double.IsNaN(limit) || bins.Count == MaxBins || (bins.Count > 0 && bins[^1] >= limit))
                    reader.Complain(bin, $"bins holds \"{bin.Text}\"; write at most {MaxBins} rising numbers, the last may be inf");
                else bins.Add(limit);
            }
            foreach (var (key, _) in item.Entries)
                if (key.Text is not ("metric" or "bins")) reader.Complain(key, $"unknown key \"{key.Text}\" in statsd.histogram; known are metric and bins");
            histograms.Add(new StatsdHistogram(item["metric"]?.Text ?? "", bins));
        }
        return histograms;
    }
}

/// <summary>Finds what is wrong in the section <c>statsd</c>: for <c>config check</c>.</summary>
internal sealed class StatsdChecker : IConfigChecker
{
    /// <inheritdoc/>
    public string Kind => "statsd";

    /// <inheritdoc/>
    public void CheckSettings(ConfigNode agent, List<Problem> problems) => StatsdOptions.Read(agent, problems);
}
