using System.Buffers;
using System.Net;
using System.Net.Sockets;
using OpsBro.Core.Gossip;
using OpsBro.Core.Wire;
using OpsBro.Platform;

namespace OpsBro.Gossip;

/// <summary>
/// The TCP side of a pool: one message each way, then the end. Who has not shown a key yet gets few streams, a deadline, and memory only
/// as bytes come in, whatever length it announces.
/// </summary>
/// <param name="bind">Where to listen.</param>
/// <param name="timeout">Longest time of a stream that came in.</param>
/// <param name="accept">Gives a whole message to the engine, and says what becomes of the stream.</param>
/// <param name="meter">Counts what is given up.</param>
internal sealed class GossipStreams(
    IPEndPoint bind, TimeSpan timeout, Func<PeerAddress, ReadOnlyMemory<byte>, Task<StreamReply>> accept, Meter meter) : IDisposable
{
    /// <summary>Streams that may come in at once.</summary>
    public const int MaxInbound = 128;

    /// <summary>Of one address: a peer that goes wild leaves room for the others.</summary>
    public const int MaxInboundOfOne = 64;

    /// <summary>Streams that may go out at once.</summary>
    public const int MaxOutbound = 128;

    /// <summary>Bytes that all streams which came in may hold together; what exceeds it is closed.</summary>
    public const int MaxInboundBytes = 96 * 1024 * 1024;

    const int FirstBuffer = 8 * 1024;

    readonly Meter meter = meter;
    readonly CancellationTokenSource stop = new();
    readonly TcpPlaces places = new(() => MaxInbound, () => MaxInboundOfOne, () => meter.Drop());
    TcpDoor? door;
    int outbound;
    long held;

    /// <summary>Listens.</summary>
    /// <exception cref="SocketException">The address is taken, or not of this host.</exception>
    public void Start() => door = new TcpDoor(bind, places, Serve);

    async Task Serve(Socket peer, IPAddress address)
    {
        var (failed, isKept) = (true, false);
        var began = Monotonic.Now;
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(stop.Token);
        deadline.CancelAfter(timeout);
        try
        {
            peer.NoDelay = true;
            var from = (IPEndPoint)peer.RemoteEndPoint!;
            using var frame = await Read(peer, isInbound: true, deadline.Token);
            var reply = await accept(PeerAddress.Of(from.Address, from.Port), frame.Memory);
            if (!reply.Answer.IsEmpty) await Send(peer, reply.Answer, deadline.Token);
            // what is kept is not ours any more, and has no place here: links have limits of their own
            isKept = reply.Keep is { } keep && await keep(peer, deadline.Token);
            if (!isKept) peer.Shutdown(SocketShutdown.Send);
            failed = false;
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException or IOException or ObjectDisposedException)
        {
            // a peer that goes, is slow, or talks nonsense: it is counted, and tries again
        }
        finally
        {
            if (!isKept) peer.Dispose();
            meter.Ran(Monotonic.Now - began, failed);
        }
    }

    /// <summary>Dials, sends, reads one message when an answer is expected. Says the answer (empty without one) or why it failed.</summary>
    public async Task<(ReadOnlyMemory<byte> Answer, string? Error)> Dial(PeerAddress to, ReadOnlyMemory<byte> request, bool expectsAnswer, TimeSpan most)
    {
        var (_, answer, error) = await Dial(to, request, expectsAnswer, keeps: false, most);
        return (answer, error);
    }

    /// <summary>The same, and what was dialed stays open: it is the caller's when there is no error.</summary>
    public Task<(Socket? Kept, ReadOnlyMemory<byte> Answer, string? Error)> DialKept(PeerAddress to, ReadOnlyMemory<byte> request, TimeSpan most) =>
        Dial(to, request, expectsAnswer: true, keeps: true, most);

    async Task<(Socket? Kept, ReadOnlyMemory<byte> Answer, string? Error)> Dial(
        PeerAddress to, ReadOnlyMemory<byte> request, bool expectsAnswer, bool keeps, TimeSpan most)
    {
        if (Interlocked.Increment(ref outbound) > MaxOutbound)
        {
            Interlocked.Decrement(ref outbound);
            meter.Drop();
            return (null, default, $"more than {MaxOutbound} streams are under way");
        }
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(stop.Token);
        deadline.CancelAfter(most);
        Socket? socket = null;
        try
        {
            var place = to.ToEndPoint();
            socket = new Socket(place.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            // a link comes from the address that others know us by, as far as we know it
            if (keeps && !bind.Address.Equals(IPAddress.Any) && !bind.Address.Equals(IPAddress.IPv6Any)) socket.Bind(new IPEndPoint(bind.Address, 0));
            await socket.ConnectAsync(place, deadline.Token);
            await Send(socket, request, deadline.Token);
            if (!expectsAnswer)
            {
                socket.Shutdown(SocketShutdown.Send);
                return (null, default, null);
            }
            using var frame = await Read(socket, isInbound: false, deadline.Token);
            var kept = keeps ? socket : null;
            if (keeps) socket = null;
            // the engine may keep it longer than the buffer is ours
            return (kept, frame.Memory.ToArray(), null);
        }
        catch (Exception e) when (e is SocketException or IOException)
        {
            return (null, default, e.Message);
        }
        catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException)
        {
            return (null, default, stop.IsCancellationRequested ? "the agent stops" : $"no answer within {most.TotalSeconds:0.#} s");
        }
        finally
        {
            socket?.Dispose();
            Interlocked.Decrement(ref outbound);
        }
    }

    static async Task Send(Socket socket, ReadOnlyMemory<byte> bytes, CancellationToken cancel)
    {
        while (!bytes.IsEmpty) bytes = bytes[await socket.SendAsync(bytes, SocketFlags.None, cancel)..];
    }

    async Task<Frame> Read(Socket socket, bool isInbound, CancellationToken cancel)
    {
        var framer = new StreamFramer();
        var frame = new Frame(this, isInbound);
        try
        {
            frame.Grow(FirstBuffer, 0);
            var length = 0;
            while (true)
            {
                if (length == frame.Buffer.Length) frame.Grow(length * 2, length);
                var count = await socket.ReceiveAsync(frame.Buffer.AsMemory(length), SocketFlags.None, cancel);
                if (count == 0) throw new IOException(length == 0 ? "the peer closed without a word" : "the peer closed in the middle of a message");
                length += count;
                switch (framer.Advance(frame.Buffer.AsSpan(0, length)))
                {
                    case StreamProgress.Complete:
                        frame.Length = framer.Length;
                        return frame;
                    case StreamProgress.Malformed:
                        throw new IOException("what the peer says makes no sense");
                }
            }
        }
        catch (Exception)
        {
            frame.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        stop.Cancel();
        door?.Dispose();
    }

    sealed class Frame(GossipStreams owner, bool isInbound) : IDisposable
    {
        public byte[] Buffer { get; private set; } = [];

        public int Length { get; set; }

        public ReadOnlyMemory<byte> Memory => Buffer.AsMemory(0, Length);

        public void Grow(int size, int used)
        {
            if (isInbound && Interlocked.Add(ref owner.held, size - Buffer.Length) > MaxInboundBytes)
            {
                Interlocked.Add(ref owner.held, Buffer.Length - size);
                owner.meter.Drop();
                throw new IOException("too many bytes come in at once");
            }
            var larger = ArrayPool<byte>.Shared.Rent(size);
            // a rented array may be larger than asked; what is counted is what it is
            if (isInbound) Interlocked.Add(ref owner.held, larger.Length - size);
            Buffer.AsSpan(0, used).CopyTo(larger);
            Return();
            Buffer = larger;
        }

        void Return()
        {
            if (Buffer.Length > 0) ArrayPool<byte>.Shared.Return(Buffer);
        }

        public void Dispose()
        {
            if (isInbound) Interlocked.Add(ref owner.held, -Buffer.Length);
            Return();
            Buffer = [];
        }
    }
}

/// <summary>What becomes of a stream that came in.</summary>
/// <param name="Answer">Sent first; empty for nothing.</param>
/// <param name="Keep">Takes the stream over and says so; false, or null: it is closed.</param>
internal readonly record struct StreamReply(ReadOnlyMemory<byte> Answer, Func<Socket, CancellationToken, Task<bool>>? Keep = null);
