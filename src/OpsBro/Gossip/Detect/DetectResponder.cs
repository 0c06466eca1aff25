using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Threading.Channels;
using Microsoft.Extensions.Hosting;
using OpsBro.Config;
using OpsBro.Core.Gossip;
using OpsBro.Platform;

namespace OpsBro.Gossip.Detect;

/// <summary>
/// Answers the LAN detection of others: keeps the port open as the configuration says, follows the interfaces, and answers who asks for one of
/// our pools with its key. To all others it is silent. A port that cannot be had is a problem to show, never a fault of the agent.
/// </summary>
internal sealed class DetectResponder : BackgroundService
{
    /// <summary>Interfaces and a port that could not be had are looked at again so often.</summary>
    public static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(10);

    /// <summary>Questions that may wait to be read; beyond it the newest is dropped.</summary>
    public const int MaxWaiting = 256;

    /// <summary>Nodes of a large pool answer spread over this time at most: all at once would drown the one who asks.</summary>
    public static readonly TimeSpan MostSpread = TimeSpan.FromSeconds(1);

    /// <summary>How much each member spreads the answers.</summary>
    public static readonly TimeSpan SpreadEach = TimeSpan.FromMilliseconds(1);

    readonly Cluster cluster;
    readonly ConfigStore config;
    readonly Meter meter;
    readonly Lock gate = new();
    readonly DetectDoor door = new();
    readonly Channel<Question?> waiting = Channel.CreateBounded<Question?>(
        new BoundedChannelOptions(MaxWaiting) { FullMode = BoundedChannelFullMode.DropWrite });
    readonly Dictionary<AddressFamily, DetectListener> listeners = [];
    readonly Dictionary<AddressFamily, string> problems = [];
    readonly Dictionary<GossipPool, PoolDoor> doors = [];
    int port;

    /// <summary>A responder of what the cluster says.</summary>
    public DetectResponder(Cluster cluster, ConfigStore config, Telemetry telemetry)
    {
        (this.cluster, this.config) = (cluster, config);
        meter = telemetry.Of("gossip", "detect");
        cluster.Parts.Troubles.Add(Problems);
    }

    /// <summary>Why others cannot find this node; none when they can, or when that is not wanted.</summary>
    IReadOnlyList<string> Problems()
    {
        lock (gate) return [.. problems.Values.Take(1)];
    }

    /// <summary>A question of our own comes back to us: it is not answered.</summary>
    public void Ours(UInt128 token)
    {
        lock (gate) door.Remember(token);
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        void Changed() => waiting.Writer.TryWrite(null);
        config.Published += Changed;
        try
        {
            while (!stoppingToken.IsCancellationRequested)
            {
                Look();
                await Serve(stoppingToken);
            }
        }
        finally
        {
            config.Published -= Changed;
            Close();
            foreach (var known in doors.Values) known.Dispose();
        }
    }

    void Look()
    {
        var options = cluster.Options;
        var wanted = options is { IsEnabled: true, IsDetectable: true } ? options.DetectPort : 0;
        if (wanted != port) Close();
        port = wanted;
        if (port == 0) return;
        var ways = DetectNetwork.Ways();
        foreach (var family in (AddressFamily[])[AddressFamily.InterNetwork, AddressFamily.InterNetworkV6])
        {
            if (listeners.GetValueOrDefault(family) is not { IsOpen: true }) Open(family);
            if (listeners.GetValueOrDefault(family) is { IsOpen: true } listener) listener.Follow(ways);
        }
    }

    void Open(AddressFamily family)
    {
        if (!(family == AddressFamily.InterNetwork ? Socket.OSSupportsIPv4 : Socket.OSSupportsIPv6)) return;
        try
        {
            var listener = new DetectListener(family, port);
            listeners[family] = listener;
            _ = listener.Run((self, from, datagram) => waiting.Writer.TryWrite(new Question(self, from, datagram.ToArray())));
            lock (gate) problems.Remove(family);
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.AddressFamilyNotSupported)
        {
            // a host without this family has nobody there either
        }
        catch (SocketException e)
        {
            lock (gate)
            {
                problems[family] = $"LAN detection cannot listen on UDP port {port} ({e.Message}): other nodes do not find this one with \"opsbro gossip "
                    + "detect\"; another program has the port: set gossip.detect.port, on all nodes alike; it is tried again";
            }
        }
    }

    void Close()
    {
        foreach (var listener in listeners.Values) listener.Dispose();
        listeners.Clear();
        lock (gate) problems.Clear();
    }

    /// <summary>Serves until it is time to look again.</summary>
    async Task Serve(CancellationToken stop)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(stop);
        patience.CancelAfter(LookAgain);
        try
        {
            while (await waiting.Reader.ReadAsync(patience.Token) is { } question)
            {
                bool mayRead;
                lock (gate) mayRead = door.MayRead(question.Datagram.Length, Monotonic.Now);
                if (mayRead) await Serve(question, stop);
                else meter.Drop();
            }
        }
        catch (OperationCanceledException)
        {
            // time to look, or the end
        }
    }

    async Task Serve(Question question, CancellationToken stop)
    {
        foreach (var gone in doors.Keys.Except(cluster.Pools).ToList())
            if (doors.Remove(gone, out var old)) old.Dispose();
        foreach (var pool in cluster.Pools.Where(p => p.Broken.Length == 0).ToList())
        {
            try
            {
                if (!doors.TryGetValue(pool, out var known)) doors[pool] = known = new PoolDoor(pool);
                await known.Renew(Monotonic.Now);
                if (DetectCodec.ReadAsk(question.Datagram, known.Keys) is not { } ask) continue;
                if (ask.Zone != pool.Settings.Zone || ask.Label != known.Label || !known.IsFor(question.From.Address)) continue;
                await Answer(question, ask, known, stop);
                return;
            }
            catch (PoolClosedException)
            {
                // it closed meanwhile; the next question finds its successor
            }
        }
    }

    async Task Answer(Question question, DetectAsk ask, PoolDoor known, CancellationToken stop)
    {
        var (pool, options) = (known.Pool, cluster.Options);
        lock (gate)
        {
            if (!door.MayAnswer(ask.Token, PeerAddress.Of(question.From.Address, question.From.Port), Monotonic.Now)) return;
        }
        var answer = new DetectAnswer(ask.Token, options.IsProxy, pool.Settings.Advertise, options.Zone, pool.Settings.Name, Product.Version);
        var packet = DetectCodec.Write(answer, known.Keys, RandomNumberGenerator.GetBytes(Core.Wire.Envelope.NonceSize));
        if (packet is null)
        {
            lock (gate)
            {
                problems[AddressFamily.Unspecified] = $"LAN detection is not answered: the zone \"{options.Zone}\" or the name "
                    + $"\"{pool.Settings.Name}\" has more than the {DetectCodec.MaxName} bytes that it takes, or control characters";
            }
            return;
        }
        var members = (await pool.Members()).Members.Count;
        var spread = SpreadEach * members < MostSpread ? SpreadEach * members : MostSpread;
        // proxy nodes are who is looked for; of these answers the door lets only so many wait
        _ = Send(question, packet, options.IsProxy ? TimeSpan.Zero : spread * Random.Shared.NextDouble(), stop);
    }

    async Task Send(Question question, byte[] packet, TimeSpan after, CancellationToken stop)
    {
        try
        {
            if (after >= TimeSpan.FromMilliseconds(1)) await Task.Delay(after, stop);
            if (!question.By.Send(question.From, packet)) meter.Drop();
        }
        catch (OperationCanceledException)
        {
            // the agent stops
        }
    }

    sealed record Question(DetectListener By, IPEndPoint From, byte[] Datagram);
}
