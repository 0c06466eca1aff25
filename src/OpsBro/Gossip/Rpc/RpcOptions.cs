using System.Net;
using OpsBro.Config;

namespace OpsBro.Gossip.Rpc;

/// <summary>The section <c>gossip: rpc:</c> of agent.yml.</summary>
/// <param name="IsEnabled">Listens for Serf's clients.</param>
/// <param name="Listen">Where.</param>
/// <param name="AuthKey">What a client must show; empty for none.</param>
internal sealed record RpcOptions(bool IsEnabled, IPEndPoint Listen, string AuthKey)
{
    /// <summary>Serf's own port: the stock command needs no option.</summary>
    public const int DefaultPort = 7373;

    /// <summary>Longest auth_key, in characters.</summary>
    public const int MaxKey = 1_024;

    /// <summary>Not listening.</summary>
    public static RpcOptions Off => new(false, new IPEndPoint(IPAddress.Loopback, DefaultPort), "");

    /// <summary>Reads it; with any problem in it nobody is listened to.</summary>
    public static RpcOptions Read(ObjectReader gossip, List<Problem> problems)
    {
        if (gossip.Section("rpc") is not { } section) return Off;
        var reader = new ObjectReader(section, problems);
        var options = new RpcOptions(reader.Flag("enabled", false), ReadAddress(reader), reader.Text("auth_key"));
        if (options.AuthKey.Length > MaxKey)
            reader.Complain(reader.Node("auth_key")!, $"auth_key has {options.AuthKey.Length} characters; write at most {MaxKey}");
        if (options is { IsEnabled: true, AuthKey: "" } && !IPAddress.IsLoopback(options.Listen.Address))
        {
            reader.Complain(reader.Node("address")!, $"rpc.address is {options.Listen}, where others reach it, and there is no auth_key: "
                + $"whoever connects could command this agent; write gossip.rpc.auth_key, or listen on 127.0.0.1:{options.Listen.Port}");
        }
        reader.RefuseTheRest("gossip.rpc");
        return reader.IsClean ? options : Off;
    }

    static IPEndPoint ReadAddress(ObjectReader reader)
    {
        if (reader.Text("address") is not { Length: > 0 } text) return Off.Listen;
        var isWithPort = text.StartsWith('[') ? text.Contains("]:", StringComparison.Ordinal) : text.Count(c => c == ':') == 1;
        if (IPEndPoint.TryParse(isWithPort ? text : $"{(text.StartsWith('[') || !text.Contains(':') ? text : $"[{text}]")}:{DefaultPort}", out var place)
            && place.Port > 0) return place;
        reader.Complain(reader.Node("address")!, $"address is \"{text}\"; write an address of this host and a port, for instance 127.0.0.1:{DefaultPort}");
        return Off.Listen;
    }

    /// <summary>Without the key: options may come into a log.</summary>
    public override string ToString() => IsEnabled ? $"rpc on {Listen}" : "rpc off";
}
