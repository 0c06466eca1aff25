using System.Buffers;
using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using OpsBro.Core.Dns;
using OpsBro.Platform;

namespace OpsBro.Dns;

/// <summary>
/// DNS on TCP (RFC 7766): many questions on one connection, each after its length in two bytes; answers as they are ready. Nothing is cut
/// here. A connection that asks nothing is closed, and one client cannot take all places.
/// </summary>
internal sealed partial class DnsStreams : IDisposable
{
    /// <summary>Connections of one client: a share of all.</summary>
    public const int ShareOfOneClient = 4;

    /// <summary>Questions of one connection that wait for another server; one more ends the connection.</summary>
    public const int MaxWaiting = 32;

    const int LengthBytes = 2;

    readonly DnsServer server;
    readonly DnsResponder responder;
    readonly TcpPlaces places;
    readonly TcpDoor door;
    readonly Lock turn = new();
    long faults;

    /// <summary>Listens.</summary>
    /// <exception cref="SocketException">The address is taken, or not of this host.</exception>
    public DnsStreams(IPEndPoint at, DnsServer server)
    {
        this.server = server;
        Name = $"tcp {at}";
        responder = server.NewResponder();
        places = new TcpPlaces(() => server.Options.TcpConnections, () => Math.Max(1, server.Options.TcpConnections / ShareOfOneClient));
        door = new TcpDoor(at, places, Serve);
    }

    /// <summary>Where it listens.</summary>
    public string Name { get; }

    /// <summary>What was counted.</summary>
    public DnsCounts Counts => responder.Counts;

    /// <summary>Connections that were sent away.</summary>
    public long Refused => places.Refused;

    /// <summary>Faults of the program.</summary>
    public long Faults => Interlocked.Read(ref faults);

    /// <summary>Connections now.</summary>
    public int Connections => places.Taken;

    async Task Serve(Socket client, IPAddress remote)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(LengthBytes + DnsUdp.MaxQuery);
        using var patience = new CancellationTokenSource();
        using var connection = new Connection(client, patience);
        try
        {
            client.NoDelay = true;
            var address = remote.GetAddressBytes();
            patience.CancelAfter(server.Options.TcpIdle);
            var held = 0;
            while (await client.ReceiveAsync(buffer.AsMemory(held), patience.Token) is > 0 and var count)
            {
                held += count;
                var used = 0;
                while (held - used >= LengthBytes)
                {
                    var length = BinaryPrimitives.ReadUInt16BigEndian(buffer.AsSpan(used));
                    if (length > DnsUdp.MaxQuery) return;   // no real question is as long
                    if (held - used - LengthBytes < length) break;
                    if (!await Answer(connection, buffer.AsMemory(used + LengthBytes, length), address)) return;
                    used += LengthBytes + length;
                    // only a whole question buys time: a byte now and then does not
                    patience.CancelAfter(server.Options.TcpIdle);
                }
                buffer.AsSpan(used, held - used).CopyTo(buffer);
                held -= used;
            }
            await connection.AllSent();
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or OperationCanceledException)
        {
            // the client is gone, silent for too long, or was sent away
        }
        // the border of a connection: its client is sent away, and the others are served
        catch (Exception e)
        {
            if (Interlocked.Increment(ref faults) == 1) LogFault(server.Logger, Name, e);
        }
        finally
        {
            client.Dispose();
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Answers one question; false when the client sends what is none.</summary>
    async ValueTask<bool> Answer(Connection connection, ReadOnlyMemory<byte> question, byte[] address)
    {
        var answer = ArrayPool<byte>.Shared.Rent(LengthBytes + DnsLimits.MaxMessage);
        try
        {
            var length = Work(question.Span, answer.AsSpan(LengthBytes, DnsLimits.MaxMessage), address, out var ask);
            if (length == DnsResponder.Dropped) return false;
            if (ask is not null) return connection.Later(this, ask);
            BinaryPrimitives.WriteUInt16BigEndian(answer, (ushort)length);
            await connection.Send(answer.AsMemory(0, LengthBytes + length));
            return true;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(answer);
        }
    }

    /// <summary>The responder is for one thread at a time.</summary>
    int Work(ReadOnlySpan<byte> question, Span<byte> answer, byte[] address, out DnsForwarding? ask)
    {
        var (zone, now) = (server.Zone, server.Now);
        var client = new DnsClient(address, isStream: true, isLimited: false, server.Options.MayForward(address));
        lock (turn)
        {
            var length = responder.Answer(zone, question, answer, client, now);
            ask = length == DnsResponder.ToForward
                ? DnsForwarding.Of(responder.Query, question, server.Cookies, client, zone.Settings.UdpSize, now / 1000)
                : null;
            return length;
        }
    }

    /// <summary>One client: its answers are written one at a time.</summary>
    sealed class Connection(Socket client, CancellationTokenSource patience) : IDisposable
    {
        readonly SemaphoreSlim writing = new(1, 1), waiting = new(MaxWaiting, MaxWaiting);

        public async Task Send(ReadOnlyMemory<byte> message)
        {
            await writing.WaitAsync(patience.Token);
            try
            {
                while (!message.IsEmpty) message = message[await client.SendAsync(message, patience.Token)..];
            }
            finally
            {
                writing.Release();
            }
        }

        /// <summary>Asks another server, and goes on meanwhile; false when too many questions wait.</summary>
        public bool Later(DnsStreams streams, DnsForwarding ask)
        {
            if (!waiting.Wait(0)) return false;
            _ = Ask(streams, ask);
            return true;
        }

        async Task Ask(DnsStreams streams, DnsForwarding ask)
        {
            try
            {
                var answer = await streams.server.Forwarder.Ask(ask);
                await Send((byte[])[(byte)(answer.Length >> 8), (byte)answer.Length, .. answer]);
                waiting.Release();
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException or OperationCanceledException)
            {
                // the client did not wait
            }
        }

        /// <summary>The client asks no more: what is on its way is sent.</summary>
        public async Task AllSent()
        {
            for (var i = 0; i < MaxWaiting; i++) await waiting.WaitAsync(patience.Token);
        }

        public void Dispose() => patience.Cancel();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        door.Dispose();
        places.Dispose();
    }

    [LoggerMessage(LogLevel.Error, "dns: a connection on {Place} ended by a fault of the program")]
    static partial void LogFault(ILogger logger, string place, Exception e);
}
