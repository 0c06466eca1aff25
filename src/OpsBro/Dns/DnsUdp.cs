using Microsoft.Extensions.Logging;
using OpsBro.Core.Dns;
using OpsBro.Platform;

namespace OpsBro.Dns;

/// <summary>A thread of its own that answers on one UDP socket, blocked in the kernel while nobody asks.</summary>
internal sealed partial class DnsUdp : IDisposable
{
    /// <summary>Longest query taken, in bytes: a name, and what EDNS adds to it.</summary>
    public const int MaxQuery = 2048;

    const int ReceiveBuffer = 4 * 1024 * 1024, StackBytes = 256 * 1024;

    readonly AnswerSocket socket;
    readonly DnsServer server;
    readonly DnsResponder responder;
    readonly Thread thread;
    volatile bool isClosing;
    long lost, faults, tooLong;

    /// <summary>Begins to answer.</summary>
    /// <exception cref="System.Net.Sockets.SocketException">The address is taken, or not of this host.</exception>
    public DnsUdp(System.Net.IPEndPoint at, DnsServer server)
    {
        this.server = server;
        Name = $"udp {at}";
        responder = server.NewResponder();
        socket = new AnswerSocket(at, ReceiveBuffer, MaxQuery, DnsLimits.MaxUdp);
        thread = new Thread(Run, StackBytes) { IsBackground = true, Name = $"dns {Name}" };
        thread.Start();
    }

    /// <summary>Where it listens.</summary>
    public string Name { get; }

    /// <summary>What was counted.</summary>
    public DnsCounts Counts => responder.Counts;

    /// <summary>Answers that the kernel did not take, and queries that were longer than any real one.</summary>
    public long Lost => Interlocked.Read(ref lost) + Interlocked.Read(ref tooLong);

    /// <summary>Faults of the program.</summary>
    public long Faults => Interlocked.Read(ref faults);

    void Run()
    {
        while (!isClosing)
        {
            try
            {
                Round();
            }
            // the border of the loop: what comes next is answered
            catch (Exception e)
            {
                if (Interlocked.Increment(ref faults) == 1) LogFault(server.Logger, Name, e);
            }
        }
    }

    void Round()
    {
        var count = socket.Receive();
        if (isClosing) return;
        var now = server.Now;
        var (zone, options) = (server.Zone, server.Options);
        for (var i = 0; i < count; i++)
        {
            if (socket.IsCut(i))
            {
                Interlocked.Increment(ref tooLong);
                continue;
            }
            var address = socket.AddressOf(i);
            var client = new DnsClient(address, isStream: false, isLimited: !AddressRange.IsLoopback(address), options.MayForward(address));
            var length = responder.Answer(zone, socket[i], socket.Room(i), client, now);
            if (length > 0) socket.Answer(i, length);
            else if (length == DnsResponder.ToForward) Forward(i, client, zone, now);
        }
        if (socket.Send() is > 0 and var notTaken) Interlocked.Add(ref lost, notTaken);
    }

    void Forward(int number, in DnsClient client, DnsZone zone, long now)
    {
        var ask = DnsForwarding.Of(responder.Query, socket[number], server.Cookies, client, zone.Settings.UdpSize, now / 1000);
        _ = AnswerLater(ask, socket.SenderOf(number));
    }

    async Task AnswerLater(DnsForwarding ask, AnswerSocket.Sender to)
    {
        var answer = await server.Forwarder.Ask(ask);
        if (!isClosing && !socket.Send(to, answer)) Interlocked.Increment(ref lost);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        isClosing = true;
        socket.End();
        thread.Join();
        socket.Dispose();
    }

    [LoggerMessage(LogLevel.Error, "dns: {Place} met a fault of the program; it goes on")]
    static partial void LogFault(ILogger logger, string place, Exception e);
}
