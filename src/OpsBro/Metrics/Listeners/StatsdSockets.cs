using System.Net;
using System.Net.Sockets;
using OpsBro.Platform;

namespace OpsBro.Metrics.Listeners;

/// <summary>The sockets that the options ask for. What cannot be opened is a problem, and is tried again; the others work meanwhile.</summary>
internal sealed class StatsdSockets(StatsdOptions options, Func<StatsdIntake> intake) : IDisposable
{
    // replaced, never changed: the API's threads read them while a reload or the next try opens more
    volatile string[] problems = [];
    volatile StatsdReceiver[] receivers = [];
    volatile StatsdStreams? streams;

    string Place => new IPEndPoint(options.Address, options.Port).ToString();

    /// <summary>Where it listens.</summary>
    public string[] Listens => [.. receivers.Select(r => r.Name), .. streams is null ? [] : (string[])[$"tcp {Place}"]];

    /// <summary>Why it does not listen somewhere, with the way out.</summary>
    public string[] Problems => problems;

    /// <summary>Datagrams that were longer than the buffer.</summary>
    public long Cut => receivers.Sum(r => r.Cut);

    /// <summary>Datagrams that the kernel dropped.</summary>
    public long Drops => receivers.Sum(r => r.Drops);

    /// <summary>Receive buffers that the kernel granted.</summary>
    public long Granted => receivers.Sum(r => r.Granted);

    /// <summary>TCP connections now.</summary>
    public int Connections => streams?.Connections ?? 0;

    /// <summary>TCP connections that were sent away.</summary>
    public long RefusedConnections => streams?.Refused ?? 0;

    /// <summary>Opens what is not open yet.</summary>
    /// <returns>True when something new is open.</returns>
    public bool Open()
    {
        var before = Listens.Length;
        var found = new List<string>();
        var at = new IPEndPoint(options.Address, options.Port);
        if (options.Udp) Receive($"udp {Place}", () => BatchSocket.Udp(at, options.ReceiveBuffer, options.MaxPacket), found);
        if (options.UnixSocket.Length > 0)
        {
            Receive($"unix {options.UnixSocket}",
                () => BatchSocket.Unix(options.UnixSocket, options.UnixMode, options.ReceiveBuffer, options.MaxPacket), found);
        }
        if (options.Tcp && streams is null)
            Try($"tcp {Place}", () => streams = new StatsdStreams(at, options.TcpConnections, options.TcpLine, intake), found);
        problems = [.. found];
        return Listens.Length > before;
    }

    void Receive(string name, Func<BatchSocket> open, List<string> found)
    {
        if (receivers.All(r => r.Name != name)) Try(name, () => receivers = [.. receivers, new StatsdReceiver(name, open(), intake)], found);
    }

    static void Try(string name, Action open, List<string> found)
    {
        try
        {
            open();
        }
        catch (Exception e) when (e is SocketException or IOException or UnauthorizedAccessException)
        {
            found.Add($"statsd cannot listen on {name} ({e.Message}): another program has it, or the address is not of this host; "
                + "set statsd.address, statsd.port or statsd.unix_socket; it is tried again");
        }
    }

    /// <summary>Takes what has arrived, and closes.</summary>
    public void Dispose()
    {
        foreach (var receiver in receivers) receiver.Dispose();
        streams?.Dispose();
    }
}
