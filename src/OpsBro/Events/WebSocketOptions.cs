using System.Net;
using OpsBro.Config;

namespace OpsBro.Events;

/// <summary>The section <c>websocket</c> of agent.yml.</summary>
internal sealed record WebSocketOptions
{
    /// <summary>The original's port.</summary>
    public const int DefaultPort = 6769;

    /// <summary>Most readers that may be allowed.</summary>
    public const int MostClients = 20_000;

    /// <summary>True when the port is to be open.</summary>
    public bool IsEnabled { get; init; }

    /// <summary>Address to listen on.</summary>
    public IPAddress Address { get; init; } = IPAddress.Loopback;

    /// <summary>TCP port.</summary>
    public int Port { get; init; } = DefaultPort;

    /// <summary>Readers at the same time.</summary>
    public int MaxClients { get; init; } = 1_024;

    /// <summary>Readers of one address; this host's own addresses are not counted, for proxies call from there.</summary>
    public int MaxClientsPerSource { get; init; } = 100;

    /// <summary>Where it listens.</summary>
    public IPEndPoint Point => new(Address, Port);

    /// <summary>Reads them; what cannot be read is a problem and has its default.</summary>
    public static WebSocketOptions Read(ConfigNode agent, List<Problem> problems)
    {
        var byDefault = new WebSocketOptions();
        if (new ObjectReader(agent, problems).Section("websocket") is not { } section) return byDefault;
        var reader = new ObjectReader(section, problems);
        var options = new WebSocketOptions
        {
            IsEnabled = reader.Flag("enabled", false),
            Address = ReadAddress(reader),
            Port = reader.Number("port", DefaultPort, 1, 65535),
            MaxClients = reader.Number("max_clients", byDefault.MaxClients, 1, MostClients),
            MaxClientsPerSource = reader.Number("max_clients_per_source", byDefault.MaxClientsPerSource, 1, MostClients),
        };
        reader.RefuseTheRest("websocket");
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

/// <summary>Finds what is wrong in the section <c>websocket</c>: for <c>config check</c>.</summary>
internal sealed class WebSocketChecker : IConfigChecker
{
    /// <inheritdoc/>
    public string Kind => "websocket";

    /// <inheritdoc/>
    public void CheckSettings(ConfigNode agent, List<Problem> problems) => WebSocketOptions.Read(agent, problems);
}
