using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using OpsBro.Api;
using OpsBro.Core.Gossip;
using OpsBro.Core.Wire;
using OpsBro.Platform;

namespace OpsBro.Gossip.Detect;

/// <summary>
/// Looks for other nodes of our pools on the local networks: asks by broadcast and multicast on every interface, collects answers until the
/// time is over, and joins the best ones when that is wanted.
/// </summary>
internal sealed class Detection(Cluster cluster, DetectResponder responder)
{
    /// <summary>How long answers are taken unless told otherwise.</summary>
    public static readonly TimeSpan DefaultTime = TimeSpan.FromSeconds(5);

    /// <summary>Longest time that may be asked for.</summary>
    public static readonly TimeSpan MostTime = TimeSpan.FromSeconds(60);

    /// <summary>The question is asked so often within the time: datagrams are lost.</summary>
    public const int Rounds = 3;

    /// <summary>Most nodes listed of one detection.</summary>
    public const int MaxFound = 1_024;

    /// <summary>Nodes that are tried, one after the other, until one is joined.</summary>
    public const int MaxTried = 8;

    /// <summary>Detections at one time; a further one waits for its turn.</summary>
    readonly SemaphoreSlim turn = new(1, 1);

    /// <summary>Looks for nodes.</summary>
    /// <param name="time">How long.</param>
    /// <param name="autoJoin">Joins the preferred one of each pool: a proxy node, else the first other.</param>
    /// <param name="cancel">Ends it early.</param>
    public async Task<DetectView> Run(TimeSpan time, bool autoJoin, CancellationToken cancel)
    {
        if (autoJoin) await cluster.ComeBack();
        await turn.WaitAsync(cancel);
        var pools = new List<PoolDoor>();
        try
        {
            foreach (var pool in cluster.Pools.Where(p => p.Broken.Length == 0).ToList()) pools.Add(new PoolDoor(pool));
            if (pools.Count == 0) throw new ApiProblem(409, "gossip is not running, so there is nothing to look for; see opsbro agent info");
            foreach (var pool in pools) await pool.Renew(Monotonic.Now);
            var hunt = new Hunt(pools, cluster.Options.DetectPort, responder);
            await hunt.Run(time, cancel);
            var found = hunt.Found;
            var (joined, problem) = autoJoin ? await Join(pools, found, cancel) : ([], "");
            if (found.Count == 0) problem = hunt.Problem;
            return new DetectView([.. found.Select(f => f.View)], string.Join(", ", joined), problem);
        }
        catch (PoolClosedException e)
        {
            throw new ApiProblem(409, e.Message);
        }
        finally
        {
            foreach (var pool in pools) pool.Dispose();
            turn.Release();
        }
    }

    static async Task<(List<string> Joined, string Problem)> Join(List<PoolDoor> pools, IReadOnlyList<Found> found, CancellationToken cancel)
    {
        var joined = new List<string>();
        var problem = "";
        foreach (var pool in pools)
        {
            foreach (var one in found.Where(f => f.Pool == pool).Take(MaxTried))
            {
                // the address that it tells is perhaps one of another network than ours; the answer's source is one that reaches us
                var places = new[] { one.Answer.Address, one.Source }.Where(place => !place.IsNone).Distinct();
                string? error = null;
                foreach (var place in places)
                {
                    error = await pool.Pool.Join(place, ignoreOldEvents: true, cancel);
                    if (error is not null) continue;
                    joined.Add(place.ToString());
                    break;
                }
                if (error is null) break;
                problem = $"{one.Answer.Name} answered, and cannot be joined at {one.Answer.Address}: {error}";
            }
        }
        return (joined, joined.Count > 0 ? "" : problem);
    }

    /// <summary>A node that answered.</summary>
    /// <param name="Pool">For which pool.</param>
    /// <param name="Answer">What it said.</param>
    /// <param name="Source">Where the answer came from, with the gossip port it told; none for an address of the link only.</param>
    internal sealed record Found(PoolDoor Pool, DetectAnswer Answer, PeerAddress Source)
    {
        /// <summary>For people.</summary>
        public DetectedView View => new(Answer.Name, Answer.Zone, Answer.Address.ToString(), Answer.IsProxy, Answer.Version);
    }

    /// <summary>One detection.</summary>
    sealed class Hunt(List<PoolDoor> pools, int port, DetectResponder responder)
    {
        /// <summary>Bytes read of a datagram.</summary>
        const int Room = 1_024;

        readonly Lock gate = new();
        readonly Dictionary<UInt128, PoolDoor> tokens = [];
        readonly Dictionary<(PoolDoor, string Zone, string Name), Found> found = [];
        string sendProblem = "";
        int sent;

        /// <summary>Who answered: proxy nodes first, of our own pool before those of the one above, then by name.</summary>
        public IReadOnlyList<Found> Found
        {
            get
            {
                lock (gate)
                {
                    return
                    [
                        .. found.Values.OrderBy(f => pools.IndexOf(f.Pool)).ThenBy(f => !f.Answer.IsProxy)
                            .ThenBy(f => f.Answer.Zone, StringComparer.Ordinal).ThenBy(f => f.Answer.Name, StringComparer.Ordinal),
                    ];
                }
            }
        }

        /// <summary>Why nothing could be asked; empty when it could.</summary>
        public string Problem => sent > 0 ? "" : sendProblem.Length > 0 ? sendProblem : "no interface of this host has an address to ask from";

        public async Task Run(TimeSpan time, CancellationToken cancel)
        {
            using var end = CancellationTokenSource.CreateLinkedTokenSource(cancel);
            var sockets = new Dictionary<DetectWay, Socket>();
            var readers = new List<Task>();
            try
            {
                for (var round = 0; round < Rounds; round++)
                {
                    // an interface may have come since the last round
                    foreach (var way in DetectNetwork.Ways())
                        if (!sockets.ContainsKey(way) && Open(way) is { } socket)
                        {
                            sockets[way] = socket;
                            readers.Add(Read(socket, way, end.Token));
                        }
                    foreach (var pool in pools) Ask(pool, sockets);
                    await Task.Delay(time / Rounds, cancel);
                }
            }
            finally
            {
                await end.CancelAsync();
                foreach (var socket in sockets.Values) socket.Dispose();
                await Task.WhenAll(readers);
            }
        }

        Socket? Open(DetectWay way)
        {
            try
            {
                return DetectNetwork.Asking(way);
            }
            catch (SocketException e)
            {
                sendProblem = $"nothing could be sent by {way.Name}: {e.Message}";
                return null;
            }
        }

        void Ask(PoolDoor pool, Dictionary<DetectWay, Socket> sockets)
        {
            // another token each time: an answer that got lost is given again
            var token = BitConverter.ToUInt128(RandomNumberGenerator.GetBytes(16));
            var ask = new DetectAsk(token, pool.Pool.Settings.Zone, pool.Label);
            var packet = DetectCodec.Write(ask, pool.Keys, RandomNumberGenerator.GetBytes(Envelope.NonceSize));
            if (packet is null)
            {
                sendProblem = $"the name of zone {pool.Pool.Settings.Zone} is longer than the {DetectCodec.MaxName} bytes that detection takes";
                return;
            }
            lock (gate) tokens[token] = pool;
            responder.Ours(token);
            foreach (var (way, socket) in sockets)
                foreach (var target in way.Targets()) Send(way, socket, target, packet);
        }

        void Send(DetectWay way, Socket socket, IPAddress target, byte[] packet)
        {
            try
            {
                socket.SendTo(packet, SocketFlags.None, new IPEndPoint(target, port));
                sent++;
            }
            catch (SocketException e)
            {
                sendProblem = $"nothing could be sent by {way.Name} to {target}: {e.Message}";   // told when no other way took it either
            }
        }

        async Task Read(Socket socket, DetectWay way, CancellationToken cancel)
        {
            var buffer = new byte[Room];
            EndPoint any = new IPEndPoint(way.From is null ? IPAddress.IPv6Any : IPAddress.Any, 0);
            try
            {
                while (true)
                {
                    var got = await socket.ReceiveFromAsync(buffer, any, cancel);
                    Heard(buffer.AsSpan(0, got.ReceivedBytes), ((IPEndPoint)got.RemoteEndPoint).Address);
                }
            }
            catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException or SocketException)
            {
                // the time is over, or the interface went away
            }
        }

        void Heard(ReadOnlySpan<byte> datagram, IPAddress from)
        {
            // one at a time: a keyring is not for several threads
            lock (gate)
            {
                foreach (var pool in pools)
                {
                    if (found.Count >= MaxFound) return;
                    if (DetectCodec.ReadAnswer(datagram, pool.Keys) is not { } answer) continue;
                    if (tokens.GetValueOrDefault(answer.Token) != pool) continue;
                    var source = from.IsIPv6LinkLocal ? default : PeerAddress.Of(from, answer.Address.Port);
                    found.TryAdd((pool, answer.Zone, answer.Name), new Found(pool, answer, source));
                    return;
                }
            }
        }
    }
}
