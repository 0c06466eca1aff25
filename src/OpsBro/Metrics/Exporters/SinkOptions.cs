using System.Security.Cryptography.X509Certificates;

namespace OpsBro.Metrics.Exporters;

/// <summary>The language that a sink speaks.</summary>
internal enum SinkKind
{
    /// <summary>Graphite's plaintext over TCP: carbon-cache, carbon-relay, VictoriaMetrics.</summary>
    Graphite,
    /// <summary>Prometheus remote write 0.1.0: Prometheus, VictoriaMetrics, Mimir, Thanos.</summary>
    RemoteWrite,
    /// <summary>InfluxDB's line protocol over HTTP: InfluxDB 1 to 3, VictoriaMetrics, Telegraf.</summary>
    Influx,
}

/// <summary>One sink of the section <c>forward</c>: where numbers go, which ones, and under which names.</summary>
internal sealed record SinkOptions
{
    /// <summary>Points of one request unless configured.</summary>
    public const int DefaultBatch = 5000;

    /// <summary>Most points of one request: what a restart may send twice at most.</summary>
    public const int MaxBatch = 20_000;

    /// <summary>Time between two looks for new numbers unless configured.</summary>
    public static readonly TimeSpan DefaultInterval = TimeSpan.FromSeconds(5);

    /// <summary>Longest wait for a sink that does not go on, unless configured.</summary>
    public static readonly TimeSpan DefaultTimeout = TimeSpan.FromSeconds(10);

    /// <summary>Key in the section.</summary>
    public required string Name { get; init; }

    /// <summary>What it speaks.</summary>
    public required SinkKind Kind { get; init; }

    /// <summary>Where to post; null for Graphite.</summary>
    public Uri? Url { get; init; }

    /// <summary>Host of a Graphite sink.</summary>
    public string Host { get; init; } = "";

    /// <summary>Port of a Graphite sink.</summary>
    public int Port { get; init; } = 2003;

    /// <summary>Header <c>Authorization</c>, whole; empty for none. Never shown.</summary>
    public string Authorization { get; init; } = "";

    /// <summary>Issuers that are trusted instead of the system's; null for the system's.</summary>
    public X509Certificate2Collection? Issuers { get; init; }

    /// <summary>Stands before each name.</summary>
    public string Prefix { get; init; } = "";

    /// <summary>True: names and tags go as they are; false: as Prometheus takes them. Remote write only.</summary>
    public bool KeepsNames { get; init; }

    /// <summary>Added to each series that has no such tag of its own, sorted by key; the host's among them.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Tags { get; init; } = [];

    /// <summary>Which series go.</summary>
    public NameFilter Filter { get; init; } = NameFilter.All;

    /// <summary>Name of the field of an InfluxDB line.</summary>
    public string Field { get; init; } = "value";

    /// <summary>Most points of one request.</summary>
    public int Batch { get; init; } = DefaultBatch;

    /// <summary>Time between two looks for new numbers.</summary>
    public TimeSpan Interval { get; init; } = DefaultInterval;

    /// <summary>Longest wait for a sink that does not go on.</summary>
    public TimeSpan Timeout { get; init; } = DefaultTimeout;

    /// <summary>Compresses what is sent. InfluxDB only: remote write is always compressed.</summary>
    public bool Gzip { get; init; }

    /// <summary>Where it goes, for people; no secret is in it: what the operator wrote behind the question mark may be one.</summary>
    public string Target => Kind switch
    {
        SinkKind.Graphite => $"{(Host.Contains(':') ? $"[{Host}]" : Host)}:{Port}",
        SinkKind.RemoteWrite when Url!.Query.Length > 1 => Url.GetLeftPart(UriPartial.Path) + "?…",
        _ => Url!.AbsoluteUri,
    };

    /// <summary>For messages: a record would show all it holds, the secret too.</summary>
    public override string ToString() => $"{Name} ({Target})";

    /// <summary>The kind as it is written.</summary>
    public string KindWord => Kind switch
    {
        SinkKind.Graphite => "graphite",
        SinkKind.RemoteWrite => "remote_write",
        _ => "influx",
    };
}
