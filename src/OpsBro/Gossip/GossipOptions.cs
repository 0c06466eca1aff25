using System.Net;
using System.Text;
using OpsBro.Config;
using OpsBro.Core.Gossip;
using OpsBro.Core.Wire;
using OpsBro.Gossip.Handlers;
using OpsBro.Gossip.Keys;
using OpsBro.Gossip.Rpc;

namespace OpsBro.Gossip;

/// <summary>The section <c>gossip</c> of agent.yml, with the settings of the agent that its pools need.</summary>
internal sealed record GossipOptions
{
    /// <summary>Serf's port, so that Serf's agents join without options.</summary>
    public const int DefaultPort = 7946;

    /// <summary>The port of LAN detection.</summary>
    public const int DefaultDetectPort = 6768;

    /// <summary>Age at which a key is replaced unless <c>key_rotation</c> says otherwise.</summary>
    public static readonly TimeSpan DefaultRotation = TimeSpan.FromDays(30);

    /// <summary>Most seeds.</summary>
    public const int MaxSeeds = 256;

    /// <summary>Longest name of a node: Serf's newer releases take no longer one.</summary>
    public const int MaxName = 128;

    /// <summary>Most bytes of all tags, encoded: peers take 512.</summary>
    public const int MaxTags = 500;

    /// <summary>False: this agent is a cluster of one.</summary>
    public bool IsEnabled { get; init; } = true;

    /// <summary>Address that the sockets listen on; 0.0.0.0 or :: for all.</summary>
    public IPAddress Bind { get; init; } = IPAddress.Any;

    /// <summary>UDP and TCP port.</summary>
    public int Port { get; init; } = DefaultPort;

    /// <summary>Where others reach this agent, for NAT: <c>host</c> or <c>host:port</c>; null for the bound address.</summary>
    public SeedAddress? Advertise { get; init; }

    /// <summary>Name in the cluster; empty for the host's.</summary>
    public string Name { get; init; } = "";

    /// <summary>lan, wan or local.</summary>
    public GossipProfile Profile { get; init; } = GossipProfile.Lan;

    /// <summary>The first key, as it is written: base64, or <c>@FILE</c>; empty for none.</summary>
    public string Encrypt { get; init; } = "";

    /// <summary>Packets of clusters with another label are dropped.</summary>
    public string Label { get; init; } = "";

    /// <summary>Links between agents work in a cluster without a key too, for labs: whoever reaches the port can then write.</summary>
    public bool LinksWithoutKey { get; init; }

    /// <summary>Compresses what is sent.</summary>
    public bool Compress { get; init; } = true;

    /// <summary>The operator's own tags.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Tags { get; init; } = [];

    /// <summary>Remembers the members on disk, to find them after a restart.</summary>
    public bool KeepsSnapshot { get; init; } = true;

    /// <summary>Age at which the key is replaced; null: never by itself.</summary>
    public TimeSpan? KeyRotation { get; init; }

    /// <summary>The operator wrote it.</summary>
    public bool IsRotationAsked { get; init; }

    /// <summary>Answers others' detection.</summary>
    public bool IsDetectable { get; init; } = true;

    /// <summary>Port of LAN detection.</summary>
    public int DetectPort { get; init; } = DefaultDetectPort;

    /// <summary>Where a proxy node listens in its parent's zone.</summary>
    public int ParentPort { get; init; } = DefaultPort + 1;

    /// <summary>Serf's agent RPC.</summary>
    public RpcOptions Rpc { get; init; } = RpcOptions.Off;

    /// <summary>Programs that are run for events and queries.</summary>
    public HandlerOptions Handlers { get; init; } = HandlerOptions.None;

    /// <summary>Agents of the zone above, which a proxy node joins; without a port, on ours: they listen as we do.</summary>
    public IReadOnlyList<SeedAddress> ParentSeeds { get; init; } = [];

    /// <summary>Agents to join.</summary>
    public IReadOnlyList<SeedAddress> Seeds { get; init; } = [];

    /// <summary>Zone of this agent.</summary>
    public string Zone { get; init; } = "internet";

    /// <summary>This agent speaks for its zone.</summary>
    public bool IsProxy { get; init; }

    /// <summary>Reads them; what cannot be read is a problem and has its default.</summary>
    public static GossipOptions Read(ConfigNode agent, List<Problem> problems)
    {
        var top = new ObjectReader(agent, problems);
        var options = new GossipOptions
        {
            Zone = top.Text("node-zone", "internet"),
            // read without a complaint: AgentSettings says what is wrong with it
            IsProxy = new ObjectReader(agent, []).Flag("proxy-node", false),
        };
        if (top.Section("gossip") is not { } section) return options with { Seeds = ReadSeeds(top, "seeds", options.Port), KeyRotation = DefaultRotation };
        var reader = new ObjectReader(section, problems);
        var port = reader.Number("port", DefaultPort, 1, 65535);
        var encrypt = reader.Text("encrypt");
        options = options with
        {
            IsEnabled = reader.Flag("enabled", true),
            Bind = ReadBind(reader),
            Port = port,
            Advertise = ReadAddress(reader, "advertise", port),
            Name = ReadName(reader),
            Profile = ReadProfile(reader),
            Encrypt = encrypt,
            Label = ReadLabel(reader),
            Compress = reader.Flag("compress", true),
            LinksWithoutKey = reader.Flag("links_without_key", false),
            Tags = ReadTags(reader),
            KeepsSnapshot = reader.Flag("snapshot", true),
            KeyRotation = ReadRotation(reader, encrypt.Length == 0),
            IsRotationAsked = reader.Node("key_rotation") is not null,
            ParentPort = reader.Number("parent_port", port < 65535 ? port + 1 : port - 1, 1, 65535),
            Seeds = ReadSeeds(top, "seeds", port),
            ParentSeeds = ReadSeeds(reader, "parent_seeds", port),
        };
        CheckKey(reader, encrypt);
        if (options.ParentPort == port) reader.Complain(reader.Node("parent_port")!, $"parent_port is {port}, which is the port already; write another one");
        options = ReadDetect(reader, options, problems) with
        {
            Rpc = RpcOptions.Read(reader, problems),
            Handlers = HandlerOptions.Read(reader),
        };
        reader.RefuseTheRest("gossip");
        return options;
    }

    static IPAddress ReadBind(ObjectReader reader)
    {
        var text = reader.Text("bind", "0.0.0.0");
        if (IPAddress.TryParse(text.Trim('[', ']'), out var address)) return address;
        reader.Complain(reader.Node("bind")!, $"bind is \"{text}\"; write an address of this host, or 0.0.0.0 or \"::\" for all");
        return IPAddress.Any;
    }

    static SeedAddress? ReadAddress(ObjectReader reader, string key, int port)
    {
        if (reader.Text(key) is not { Length: > 0 } text) return null;
        if (SeedAddress.TryParse(text, port, out var address)) return address;
        reader.Complain(reader.Node(key)!, $"{key} is \"{text}\"; write host, host:port or [address]:port");
        return null;
    }

    static string ReadName(ObjectReader reader)
    {
        var name = reader.Text("name");
        if (name.Length == 0 || IsName(name)) return name;
        reader.Complain(reader.Node("name")!, $"name is \"{name}\"; write letters, digits, dots, dashes and underscores, at most {MaxName}");
        return "";
    }

    /// <summary>True for a name that every peer takes.</summary>
    public static bool IsName(string name) =>
        name.Length is > 0 and <= MaxName && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_');

    static GossipProfile ReadProfile(ObjectReader reader)
    {
        var text = reader.Text("profile", "lan");
        if (GossipProfile.Of(text) is { } profile) return profile;
        var known = GossipProfile.All.Select(p => p.Name).ToList();
        reader.Complain(reader.Node("profile")!, $"profile is \"{text}\"{Spelling.Hint(text, known)}; write lan, wan or local");
        return GossipProfile.Lan;
    }

    static string ReadLabel(ObjectReader reader)
    {
        var label = reader.Text("label");
        if (Encoding.UTF8.GetByteCount(label) <= WireLimits.MaxLabel) return label;
        reader.Complain(reader.Node("label")!, $"label has {Encoding.UTF8.GetByteCount(label)} bytes; write at most {WireLimits.MaxLabel}");
        return "";
    }

    static List<KeyValuePair<string, string>> ReadTags(ObjectReader reader)
    {
        var tags = new List<KeyValuePair<string, string>>();
        if (reader.Section("tags") is not { } section) return tags;
        foreach (var (key, value) in section.Entries)
        {
            if (value.Kind != ConfigNodeKind.Scalar) reader.Complain(value, $"tags.{key.Text} must be one value");
            else if (OwnTags.Reserved.Contains(key.Text))
                reader.Complain(key, $"the agent sets the tag \"{key.Text}\" itself; choose another name");
            else tags.Add(new(key.Text, value.Text));
        }
        var size = OwnTags.Size(tags);
        if (size <= MaxTags - OwnTags.Room) return tags;
        reader.Complain(section, $"the tags take {size} bytes; {MaxTags - OwnTags.Room} is the most, for the agent adds its own to the 512 that peers take");
        return [];
    }

    /// <summary>A key in agent.yml is the operator's, who gives it to new hosts as well: it is replaced by age only when that is asked for.</summary>
    static TimeSpan? ReadRotation(ObjectReader reader, bool isOurs)
    {
        if (reader.Node("key_rotation") is not { } node) return isOurs ? DefaultRotation : null;
        if (node.Text is "off" or "false" or "no" or "never" or "0") return null;
        return reader.Duration("key_rotation", DefaultRotation, TimeSpan.FromMinutes(1), TimeSpan.FromDays(366));
    }

    static void CheckKey(ObjectReader reader, string encrypt)
    {
        if (encrypt.Length > 0 && encrypt[0] != '@' && GossipKey.TryParse(encrypt) is null)
            reader.Complain(reader.Node("encrypt")!, $"encrypt is no key; write {GossipKey.Form}, or @FILE to read it from a file");
    }

    static GossipOptions ReadDetect(ObjectReader reader, GossipOptions options, List<Problem> problems)
    {
        if (reader.Node("detect") is { Kind: ConfigNodeKind.Scalar }) return options with { IsDetectable = reader.Flag("detect", true) };
        if (reader.Section("detect") is not { } section) return options;
        var detect = new ObjectReader(section, problems);
        options = options with
        {
            IsDetectable = detect.Flag("enabled", true),
            DetectPort = detect.Number("port", DefaultDetectPort, 1, 65535),
        };
        detect.RefuseTheRest("gossip.detect");
        return options;
    }

    static List<SeedAddress> ReadSeeds(ObjectReader top, string key, int port)
    {
        var seeds = new List<SeedAddress>();
        foreach (var text in top.Texts(key))
        {
            if (!SeedAddress.TryParse(text, port, out var seed))
                top.Complain(top.Node(key)!, $"the seed \"{text}\" is no address; write host, host:port or [address]:port");
            else if (seeds.Count == MaxSeeds) top.Complain(top.Node(key)!, $"there are more than {MaxSeeds} seeds; the rest is left out");
            else if (!seeds.Contains(seed)) seeds.Add(seed);
        }
        return seeds;
    }
}

/// <summary>Finds what is wrong in the section <c>gossip</c>, and with the files of keys: for <c>config check</c>.</summary>
internal sealed class GossipChecker(AgentOptions places, ConfigStore store) : IConfigChecker
{
    /// <inheritdoc/>
    public string Kind => "gossip";

    /// <inheritdoc/>
    public void CheckSettings(ConfigNode agent, List<Problem> problems)
    {
        var options = GossipOptions.Read(agent, problems);
        new KeyFiles(places).Check(agent, options, options.IsProxy ? ZoneObjects.Tree(store.Current).ParentOf(options.Zone) : null, problems);
    }
}
