using System.Net.Sockets;
using System.Security.Cryptography;
using Microsoft.Extensions.Logging;
using OpsBro.Core.Dns;
using OpsBro.Core.Gossip;

namespace OpsBro.Dns;

/// <summary>
/// The sockets that the options ask for, and the picture that they answer from. What cannot be opened is a problem, and is tried again;
/// the others work meanwhile.
/// </summary>
internal sealed class DnsServer : IDisposable
{
    readonly TimeProvider time;
    // replaced, never changed: the API's threads read them while the next try opens more
    volatile DnsUdp[] udp = [];
    volatile DnsStreams[] tcp = [];
    volatile string[] problems = [];
    volatile DnsZone zone;
    volatile DnsOptions options;

    /// <summary>A server; nothing is open yet.</summary>
    public DnsServer(DnsOptions options, DnsZone zone, TimeProvider time, ILogger logger)
    {
        (this.options, this.zone, this.time, Logger) = (options, zone, time, logger);
        Forwarder = new DnsForwarder(options.Forwarders, DnsForwarder.Patience);
    }

    /// <summary>The picture that is answered from; replaced as a whole.</summary>
    public DnsZone Zone
    {
        get => zone;
        set => zone = value;
    }

    /// <summary>The options; replaced by others with the same sockets.</summary>
    public DnsOptions Options
    {
        get => options;
        set => options = value;
    }

    /// <summary>Makes cookies, with a key of this server alone.</summary>
    public DnsCookies Cookies { get; } = new(RandomNumberGenerator.GetBytes(16));

    /// <summary>Asks other servers.</summary>
    public DnsForwarder Forwarder { get; }

    /// <summary>Where faults are told.</summary>
    public ILogger Logger { get; }

    /// <summary>Milliseconds since 1970.</summary>
    public long Now => time.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>Where it listens.</summary>
    public string[] Listens => [.. udp.Select(u => u.Name), .. tcp.Select(t => t.Name)];

    /// <summary>Why it does not listen somewhere, with the way out.</summary>
    public string[] Problems => problems;

    /// <summary>What was counted, by UDP and by TCP.</summary>
    public (IReadOnlyList<DnsCounts> Udp, IReadOnlyList<DnsCounts> Tcp) Counts => ([.. udp.Select(u => u.Counts)], [.. tcp.Select(t => t.Counts)]);

    /// <summary>Answers that the kernel did not take, and datagrams that were too long.</summary>
    public long Lost => udp.Sum(u => u.Lost);

    /// <summary>Faults of the program.</summary>
    public long Faults => udp.Sum(u => u.Faults) + tcp.Sum(t => t.Faults);

    /// <summary>TCP connections now, and how many were sent away.</summary>
    public (int Now, long Refused) Connections => (tcp.Sum(t => t.Connections), tcp.Sum(t => t.Refused));

    /// <summary>A responder for one thread.</summary>
    public DnsResponder NewResponder()
    {
        var seed = BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(sizeof(ulong)));
        return new DnsResponder(Cookies, new DnsRateLimit(options.RateLimit, ~seed), new Chance(seed), options.Forwarders.Count > 0);
    }

    /// <summary>Opens what is not open yet.</summary>
    /// <returns>True when something new is open.</returns>
    public bool Open()
    {
        var before = Listens.Length;
        var found = new List<string>();
        foreach (var at in options.Places)
        {
            if (udp.All(u => u.Name != $"udp {at}")) Try($"udp {at}", () => udp = [.. udp, new DnsUdp(at, this)], found);
            if (tcp.All(t => t.Name != $"tcp {at}")) Try($"tcp {at}", () => tcp = [.. tcp, new DnsStreams(at, this)], found);
        }
        problems = [.. found];
        return Listens.Length > before;
    }

    static void Try(string name, Action open, List<string> found)
    {
        try
        {
            open();
        }
        catch (SocketException e)
        {
            var why = e.SocketErrorCode == SocketError.AccessDenied
                ? "ports below 1024 are root's; give the program CAP_NET_BIND_SERVICE, or set dns.port"
                : "another program has it, or the address is not of this host; set dns.address or dns.port";
            found.Add($"dns cannot listen on {name} ({e.Message}): {why}; it is tried again");
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var one in udp) one.Dispose();
        foreach (var one in tcp) one.Dispose();
    }
}
