namespace OpsBro.Config;

/// <summary>The plain settings of agent.yml; sections belong to the slices that read them.</summary>
internal sealed record AgentSettings
{
    static readonly string[] topics =
    [
        "service_discovery", "automatic_detection", "monitoring", "metrology", "configuration_automation", "system_compliance",
    ];

    /// <summary>Sections whose reader a later release brings: taken, with a warning that they change nothing.</summary>
    static readonly string[] laterSections = ["detectors", "log", "history", "evaluator", "telemetry"];

    /// <summary>Sections: what stands below each is read by the slice of that name.</summary>
    static readonly string[] sections =
    [
        "http", "collectors", "checks", "storage", "gossip", "metrics", "statsd", "graphite", "forward", "websocket", "kv", "dns",
        .. laterSections,
    ];

    /// <summary>Keys that earlier releases had, or that flags set today: taken, and without effect here.</summary>
    static readonly string[] legacy = ["master_key_priv", "master_key_pub", "data", "lock", "socket", "libexec"];

    /// <summary>Groups that this agent is always in; no rule takes them away.</summary>
    public IReadOnlyList<string> Groups { get; init; } = [];

    /// <summary>How people call this agent; empty for the host's name.</summary>
    public string DisplayName { get; init; } = "";

    /// <summary>Title of the process.</summary>
    public string ProcessName { get; init; } = "opsbro";

    /// <summary>Zone of this agent.</summary>
    public string Zone { get; init; } = "internet";

    /// <summary>True when this agent speaks for its zone.</summary>
    public bool IsProxy { get; init; }

    /// <summary>True for the first agent of a cluster: it does not wait for its seeds.</summary>
    public bool IsBootstrap { get; init; }

    /// <summary>Agents to join at start, as <c>host</c> or <c>host:port</c>.</summary>
    public IReadOnlyList<string> Seeds { get; init; } = [];

    /// <summary>Port of the agent, TCP and UDP.</summary>
    public int Port { get; init; } = 6768;

    /// <summary>ERROR, WARNING, INFO or DEBUG.</summary>
    public string LogLevel { get; init; } = "INFO";

    /// <summary>Names of the feature families that are switched off.</summary>
    public IReadOnlyList<string> TopicsOff { get; init; } = [];

    /// <summary>Every key that agent.yml knows.</summary>
    public static IReadOnlyList<string> Keys { get; } =
    [
        "groups", "display_name", "process_name", "node-zone", "proxy-node", "bootstrap", "seeds", "port", "log_level",
        .. topics.Select(topic => topic + "_topic_enabled"), .. sections, .. legacy,
    ];

    /// <summary>What a plain setting is when no file says it, as it would be written.</summary>
    public static IReadOnlyList<(string Key, string Value)> Defaults { get; } =
    [
        ("groups", "[]"), ("display_name", ""), ("process_name", "opsbro"), ("node-zone", "internet"), ("proxy-node", "false"),
        ("bootstrap", "false"), ("seeds", "[]"), ("port", "6768"), ("log_level", "INFO"),
        .. topics.Select(topic => (topic + "_topic_enabled", "true")),
    ];

    /// <summary>True for a key that agent.yml knows.</summary>
    public static bool IsKnown(string key) => Keys.Contains(key);

    /// <summary>Reads them. What cannot be read is a problem and has its default.</summary>
    public static AgentSettings Read(ConfigNode agent, List<Problem> problems)
    {
        var reader = new ObjectReader(agent, problems);
        var level = reader.Text("log_level", "INFO").ToUpperInvariant();
        if (level is not ("ERROR" or "WARNING" or "INFO" or "DEBUG"))
        {
            reader.Complain(reader.Node("log_level")!, $"log_level is \"{level}\"; write ERROR, WARNING, INFO or DEBUG");
            level = "INFO";
        }
        foreach (var name in laterSections)
        {
            if (reader.Node(name) is { } section)
                problems.Add(Problem.At(section, $"nothing in this release reads the section {name}; it changes nothing") with { IsWarning = true });
        }
        return new AgentSettings
        {
            Groups = reader.Texts("groups"),
            DisplayName = reader.Text("display_name"),
            ProcessName = reader.Text("process_name", "opsbro"),
            Zone = reader.Text("node-zone", "internet"),
            IsProxy = reader.Flag("proxy-node", false),
            IsBootstrap = reader.Flag("bootstrap", false),
            Seeds = reader.Texts("seeds"),
            Port = reader.Number("port", 6768, 1, 65535),
            LogLevel = level,
            TopicsOff = [.. topics.Where(topic => !reader.Flag(topic + "_topic_enabled", true))],
        };
    }
}
