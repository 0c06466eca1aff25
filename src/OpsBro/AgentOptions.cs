namespace OpsBro;

/// <summary>Where this agent lives: fixed before anything is read, by flags and environment.</summary>
internal sealed record AgentOptions
{
    /// <summary>Directory of the operator's files: <c>--config</c>, <c>OPSBRO_CONFIG</c>, /etc/opsbro.</summary>
    public required string ConfigDirectory { get; init; }

    /// <summary>Directory of the agent's own files: <c>--data</c>, <c>OPSBRO_DATA</c>, /var/lib/opsbro.</summary>
    public required string DataDirectory { get; init; }

    /// <summary>Looks for other members on the local networks until one is there: <c>--auto-detect</c>.</summary>
    public bool AutoDetect { get; init; }

    /// <summary>The packs shipped beside the binary (level core).</summary>
    public string ShippedPacks { get; init; } = Path.Join(AppContext.BaseDirectory, "packs");

    /// <summary>The API's unix socket.</summary>
    public string Socket => Path.Join(DataDirectory, "opsbro.sock");

    /// <summary>The store: states and history.</summary>
    public string DatabaseFile => Path.Join(DataDirectory, "opsbro.db");

    /// <summary>The metrics that are kept.</summary>
    public string MetricsFile => Path.Join(DataDirectory, "metrics.db");

    /// <summary>The last metrics, and those that wait to be passed on.</summary>
    public string MetricJournalFile => Path.Join(DataDirectory, "metrics-journal.db");

    /// <summary>Keys and values.</summary>
    public string KeyValueFile => Path.Join(DataDirectory, "kv.log");

    /// <summary>Log files.</summary>
    public string LogDirectory => Path.Join(DataDirectory, "logs");
}
