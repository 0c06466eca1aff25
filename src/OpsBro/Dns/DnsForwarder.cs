using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using OpsBro.Core.Dns;

namespace OpsBro.Dns;

/// <summary>
/// Asks other servers for names that are not ours, one after the other until one answers. Each question goes from a socket of its own, so
/// from a port that nobody can guess, with a random id; only what comes from the server that was asked, with that id and that question,
/// is believed. Nothing is kept: a resolver beside this agent does that better.
/// </summary>
/// <param name="servers">Whom to ask, the first one first.</param>
/// <param name="patience">How long one server may take.</param>
internal sealed class DnsForwarder(IReadOnlyList<IPEndPoint> servers, TimeSpan patience)
{
    /// <summary>Questions on their way; further ones fail at once.</summary>
    public const int MaxAtOnce = 512;

    /// <summary>Servers that may be silent for one question: it has so many times the patience, then it is SERVFAIL.</summary>
    public const int MaxTries = 3;

    /// <summary>Datagrams that are not believed, for one question; then the next server is asked.</summary>
    public const int MaxStrangers = 16;

    /// <summary>How long one server may take: a stub resolver waits for 5 s (resolv.conf(5)), and is to hear from us before that.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(1_500);

    int atOnce, best;
    long asked, failed, overflows, strangers;

    /// <summary>Questions asked elsewhere.</summary>
    public long Asked => Interlocked.Read(ref asked);

    /// <summary>Questions that no server answered.</summary>
    public long Failed => Interlocked.Read(ref failed);

    /// <summary>Questions that found no place.</summary>
    public long Overflows => Interlocked.Read(ref overflows);

    /// <summary>Datagrams that were no answers to what was asked.</summary>
    public long Strangers => Interlocked.Read(ref strangers);

    /// <summary>The answer for the client; SERVFAIL when there is none. It does not throw.</summary>
    public async Task<byte[]> Ask(DnsForwarding ask)
    {
        Interlocked.Increment(ref asked);
        if (Interlocked.Increment(ref atOnce) > MaxAtOnce)
        {
            Interlocked.Decrement(ref atOnce);
            Interlocked.Increment(ref overflows);
            return ask.Failure(DnsRcode.ServFail);
        }
        try
        {
            // the caller is the thread that answers from memory
            return await Task.Run(() => AskAll(ask));
        }
        finally
        {
            Interlocked.Decrement(ref atOnce);
        }
    }

    async Task<byte[]> AskAll(DnsForwarding ask)
    {
        byte[]? last = null;
        var first = Volatile.Read(ref best);
        using var whole = new CancellationTokenSource(patience * MaxTries);
        for (var i = 0; i < Math.Max(MaxTries, servers.Count); i++)
        {
            var number = (first + i) % servers.Count;
            if (whole.IsCancellationRequested)
            {
                Volatile.Write(ref best, number);   // those before it were silent: the next question begins here
                break;
            }
            if (await AskOne(ask, servers[number], whole.Token) is not { } answer || ask.Answer(answer) is not { } mine) continue;
            var rcode = (DnsRcode)(answer[3] & DnsHeader.RcodeMask);
            // it answers, but cannot help: perhaps the next one can
            if (rcode is DnsRcode.ServFail or DnsRcode.Refused or DnsRcode.NotImp or DnsRcode.FormErr)
            {
                last ??= mine;
                if (i + 1 >= servers.Count) break;
                continue;
            }
            Volatile.Write(ref best, number);
            return mine;
        }
        Interlocked.Increment(ref failed);
        return last ?? ask.Failure(DnsRcode.ServFail);
    }

    async Task<byte[]?> AskOne(DnsForwarding ask, IPEndPoint at, CancellationToken whole)
    {
        using var one = CancellationTokenSource.CreateLinkedTokenSource(whole);
        one.CancelAfter(patience);
        var id = BinaryPrimitives.ReadUInt16LittleEndian(RandomNumberGenerator.GetBytes(sizeof(ushort)));
        try
        {
            var answer = await ByUdp(ask, id, at, one.Token);
            if (answer is null || (answer[2] & DnsHeader.Truncated >> 8) == 0) return answer;
            return await ByTcp(ask, id, at, one.Token) ?? answer;
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException)
        {
            return null;   // silent, or nobody listens there
        }
    }

    async Task<byte[]?> ByUdp(DnsForwarding ask, ushort id, IPEndPoint at, CancellationToken stop)
    {
        using var socket = new Socket(at.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        // connected: the kernel takes datagrams of that server only
        await socket.ConnectAsync(at, stop);
        await socket.SendAsync(ask.Query(id), stop);
        var buffer = new byte[DnsLimits.MaxUdp];
        for (var i = 0; i < MaxStrangers; i++)
        {
            var length = await socket.ReceiveAsync(buffer.AsMemory(), stop);
            if (ask.IsAnswer(buffer.AsSpan(0, length), id)) return buffer[..length];
            Interlocked.Increment(ref strangers);
        }
        return null;
    }

    static async Task<byte[]?> ByTcp(DnsForwarding ask, ushort id, IPEndPoint at, CancellationToken stop)
    {
        using var socket = new Socket(at.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync(at, stop);
            await using var stream = new NetworkStream(socket, ownsSocket: false);
            var query = ask.Query(id);
            await stream.WriteAsync((byte[])[(byte)(query.Length >> 8), (byte)query.Length, .. query], stop);
            var head = new byte[2];
            await stream.ReadExactlyAsync(head, stop);
            var answer = new byte[BinaryPrimitives.ReadUInt16BigEndian(head)];
            await stream.ReadExactlyAsync(answer, stop);
            return ask.IsAnswer(answer, id) ? answer : null;
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            return null;   // the client gets what came by UDP, cut as it is
        }
    }
}
