using System.Net;
using OpsBro.Config;

namespace OpsBro.Metrics.Listeners;

/// <summary>The section <c>graphite</c> of agent.yml.</summary>
internal sealed record GraphiteOptions
{
    /// <summary>The ports that every client of Graphite knows.</summary>
    public const int DefaultPort = 2003, DefaultPicklePort = 2004;

    /// <summary>Most connections that can be asked for.</summary>
    public const int MostConnections = 10_000;

    const int MinLine = 256, MaxLineBytes = 65_536;
    const int MinReceive = 4096, MaxReceive = 256 * 1024 * 1024;

    /// <summary>Listens at all; off by default: whoever reaches the port can write any number.</summary>
    public bool IsEnabled { get; init; }

    /// <summary>Address of all its sockets.</summary>
    public IPAddress Address { get; init; } = IPAddress.Loopback;

    /// <summary>Port of the lines, on TCP and UDP.</summary>
    public int Port { get; init; } = DefaultPort;

    /// <summary>Takes lines on TCP.</summary>
    public bool Tcp { get; init; } = true;

    /// <summary>Takes lines on UDP.</summary>
    public bool Udp { get; init; } = true;

    /// <summary>Takes pickles on TCP.</summary>
    public bool Pickle { get; init; }

    /// <summary>Port of the pickles.</summary>
    public int PicklePort { get; init; } = DefaultPicklePort;

    /// <summary>Connections at once, lines and pickles together; further ones are closed at once, and counted.</summary>
    public int MaxConnections { get; init; } = 1_000;

    /// <summary>Longest line, in bytes.</summary>
    public int MaxLine { get; init; } = 4_096;

    /// <summary>Longest pickle, in bytes.</summary>
    public int MaxPickle { get; init; } = 1024 * 1024;

    /// <summary>A connection on which nothing came for so long is closed.</summary>
    public TimeSpan IdleTimeout { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>Receive buffer of the UDP socket that is asked of the kernel, in bytes: at most net.core.rmem_max.</summary>
    public int ReceiveBuffer { get; init; } = 8 * 1024 * 1024;

    /// <summary>Reads them; what cannot be read is a problem and has its default.</summary>
    public static GraphiteOptions Read(ConfigNode agent, List<Problem> problems)
    {
        if (new ObjectReader(agent, problems).Section("graphite") is not { } section) return new GraphiteOptions();
        var reader = new ObjectReader(section, problems);
        var byDefault = new GraphiteOptions();
        var options = new GraphiteOptions
        {
            IsEnabled = reader.Flag("enabled", false),
            Address = ReadAddress(reader),
            Port = reader.Number("port", DefaultPort, 1, 65535),
            Tcp = reader.Flag("tcp", true),
            Udp = reader.Flag("udp", true),
            Pickle = reader.Flag("pickle", false),
            PicklePort = reader.Number("pickle_port", DefaultPicklePort, 1, 65535),
            MaxConnections = reader.Number("max_connections", byDefault.MaxConnections, 1, MostConnections),
            MaxLine = reader.Number("max_line", byDefault.MaxLine, MinLine, MaxLineBytes),
            MaxPickle = reader.Number("max_pickle", byDefault.MaxPickle, 1024, 16 * 1024 * 1024),
            IdleTimeout = reader.Duration("idle_timeout", byDefault.IdleTimeout, TimeSpan.FromSeconds(1), TimeSpan.FromDays(7)),
            ReceiveBuffer = reader.Number("receive_buffer", byDefault.ReceiveBuffer, MinReceive, MaxReceive),
        };
        if (options is { IsEnabled: true, Tcp: false, Udp: false, Pickle: false })
            reader.Complain(section, "graphite is enabled and listens nowhere; set tcp, udp or pickle to true");
        if (options is { Tcp: true, Pickle: true } && options.Port == options.PicklePort)
            reader.Complain(section, $"graphite takes lines and pickles on the same port {options.Port}; set pickle_port to another one");
        reader.RefuseTheRest("graphite");
        return options;
    }

    static IPAddress ReadAddress(ObjectReader reader)
    {
        var text = reader.Text("address", "127.0.0.1");
        if (IPAddress.TryParse(text.Trim('[', ']'), out var address)) return address;
        reader.Complain(reader.Node("address")!, $"address is \"{text}\"; write an address of this host, or 0.0.0.0 or \"::\" for all");
        return IPAddress.Loopback;
    }
}

/// <summary>Finds what is wrong in the section <c>graphite</c>: for <c>config check</c>.</summary>
internal sealed class GraphiteChecker : IConfigChecker
{
    /// <inheritdoc/>
    public string Kind => "graphite";

    /// <inheritdoc/>
    public void CheckSettings(ConfigNode agent, List<Problem> problems) => GraphiteOptions.Read(agent, problems);
}
