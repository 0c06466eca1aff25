using System.Buffers;
using System.Net;
using OpsBro.Core.Gossip;
using OpsBro.Core.Wire;

namespace OpsBro.Tests.Gossip;

/// <summary>A few engines on a network of the test's making, in virtual time. Everything that happens to them is kept.</summary>
sealed class SwimRig
{
    readonly PriorityQueue<Action, (TimeSpan, long)> events = new();
    readonly Chance chance;
    long made;

    public SwimRig(ulong seed = 1) => chance = new Chance(seed);

    public Dictionary<PeerAddress, SwimHost> Hosts { get; } = [];
    public TimeSpan Now { get; set; } = TimeSpan.FromSeconds(1_000);
    public TimeSpan Delay { get; set; } = TimeSpan.FromMilliseconds(1);

    /// <summary>Whether something from one to another arrives.</summary>
    public Func<SwimHost, SwimHost, bool, bool> Link { get; set; } = (_, _, _) => true;

    public static PeerAddress Address(int number) => PeerAddress.Of(IPAddress.Parse($"10.0.{number / 250}.{1 + number % 250}"), 7946);

    public SwimHost Add(string name, Func<GossipSettings, GossipSettings>? change = null, int? at = null)
    {
        var settings = new GossipSettings { Name = name, Advertise = Address(at ?? Hosts.Count), Compress = false };
        var host = new SwimHost(this, change?.Invoke(settings) ?? settings, chance.Next());
        Hosts[host.Address] = host;
        return host;
    }

    public List<SwimHost> Cluster(int count, Func<GossipSettings, GossipSettings>? change = null)
    {
        var hosts = Enumerable.Range(0, count).Select(i => Add($"n{i}", change)).ToList();
        foreach (var host in hosts.Skip(1)) host.Do(swim => swim.Join(hosts[0].Address, Now));
        Run(TimeSpan.FromSeconds(5));
        return hosts;
    }

    public void At(TimeSpan when, Action action) => events.Enqueue(action, (when, made++));

    public void Run(TimeSpan time)
    {
        var end = Now + time;
        while (true)
        {
            var tick = Hosts.Values.Where(host => !host.Stopped).MinBy(host => host.Due);
            var next = tick?.Due ?? TimeSpan.MaxValue;
            if (events.TryPeek(out _, out var first) && first.Item1 <= next) next = first.Item1;
            if (next > end) break;
            if (next > Now) Now = next;
            if (events.TryPeek(out var action, out first) && first.Item1 <= Now)
            {
                events.Dequeue();
                action();
            }
            else tick!.Do(_ => { });
        }
        Now = end;
    }

    public void RunUntil(Func<bool> done, TimeSpan within)
    {
        for (var end = Now + within; !done();)
        {
            Assert.True(Now < end, $"not so within {within}");
            Run(TimeSpan.FromMilliseconds(10));
        }
    }
}

/// <summary>One engine of a rig.</summary>
sealed class SwimHost : IGossipOutput, ISwimUser
{
    readonly SwimRig rig;
    readonly Chance nonces = new(99);
    byte nonceSeed;

    public SwimHost(SwimRig rig, GossipSettings settings, ulong seed)
    {
        (this.rig, Settings) = (rig, settings);
        nonceSeed = (byte)seed;
        Swim = new Swim(settings, this, new Chance(seed), this, rig.Now);
        Do(_ => { });
    }

    public GossipSettings Settings { get; }
    public Swim Swim { get; }
    public PeerAddress Address => Settings.Advertise;
    public bool Stopped { get; set; }
    public TimeSpan Due { get; set; }
    public List<GossipNews> News { get; } = [];
    public List<string> Log { get; } = [];
    public List<(PeerAddress To, byte[] Bytes)> Sent { get; } = [];
    public List<(long Id, PeerAddress To, byte[] Request)> Dials { get; } = [];
    public List<byte[]> Messages { get; } = [];
    public List<(string Node, TimeSpan RoundTrip, byte[] Payload)> Acks { get; } = [];
    public BroadcastQueue UserQueue { get; } = new();
    public byte[] State { get; set; } = [];
    public List<byte[]> Merged { get; } = [];
    public byte[] Payload { get; set; } = [];

    public void Do(Action<Swim> action)
    {
        action(Swim);
        Due = Swim.Tick(rig.Now);
    }

    public SwimNode? Node(string name) => Swim.Find(name);

    public NodeStatus? StateOf(string name) => Swim.Find(name)?.State;

    /// <summary>Gives a message to the engine as if it came from an address.</summary>
    public void Hear(PeerAddress from, params IWireMessage[] messages)
    {
        foreach (var message in messages) Do(swim => swim.Receive(from, Encoded(message), rig.Now));
    }

    public static byte[] Encoded(IWireMessage message)
    {
        var buffer = new ArrayBufferWriter<byte>();
        message.Write(buffer);
        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>All messages sent since <see cref="Sent"/> was cleared, compounds taken apart.</summary>
    public List<(PeerAddress To, MessageType Type, byte[] Body)> SentMessages()
    {
        var all = new List<(PeerAddress, MessageType, byte[])>();
        var reader = new PacketReader(Settings.Keys, Settings.Label);
        foreach (var (to, bytes) in Sent) reader.Read(bytes, new Collector(to, all));
        return all;
    }

    void IGossipOutput.Packet(PeerAddress to, ReadOnlySpan<byte> datagram)
    {
        var bytes = datagram.ToArray();
        Sent.Add((to, bytes));
        if (!rig.Hosts.TryGetValue(to, out var target) || !rig.Link(this, target, false)) return;
        rig.At(rig.Now + rig.Delay, () =>
        {
            if (!target.Stopped) target.Do(swim => swim.Receive(Address, bytes, rig.Now));
        });
    }

    void IGossipOutput.Dial(long id, PeerAddress to, ReadOnlyMemory<byte> request, bool expectsAnswer, TimeSpan timeout)
    {
        var bytes = request.ToArray();
        Dials.Add((id, to, bytes));
        rig.Hosts.TryGetValue(to, out var target);
        if (target is null || target.Stopped || !rig.Link(this, target, true) || !rig.Link(target, this, true))
        {
            rig.At(rig.Now + timeout, () => Do(swim => swim.StreamFailed(id, "nobody is there", rig.Now)));
            return;
        }
        rig.At(rig.Now + rig.Delay, () =>
        {
            ReadOnlyMemory<byte> answer = default;
            target.Do(swim => answer = swim.Accept(Address, bytes, rig.Now).ToArray());
            rig.At(rig.Now + rig.Delay, () => Do(swim =>
            {
                if (expectsAnswer && answer.IsEmpty) swim.StreamFailed(id, "closed without an answer", rig.Now);
                else swim.StreamAnswered(id, answer, rig.Now);
            }));
        });
    }

    void IGossipOutput.Nonce(Span<byte> nonce)
    {
        for (var i = 0; i < nonce.Length; i++) nonce[i] = (byte)nonces.Next();
        nonce[0] = nonceSeed;
    }

    void IGossipOutput.Happened(GossipNews news) => News.Add(news);

    void IGossipOutput.Direct(PeerAddress from, ReadOnlySpan<byte> body) => Assert.Fail("Swim gives no direct messages");

    void ISwimUser.Message(PeerAddress from, ReadOnlySpan<byte> message, TimeSpan now) => Messages.Add(message.ToArray());

    void ISwimUser.Rumours(int budget, int overhead, RumourTaker take, TimeSpan now) => UserQueue.Take(budget, overhead, 4, take);

    bool ISwimUser.HasRumours => UserQueue.Count > 0;

    void ISwimUser.WriteState(IBufferWriter<byte> output, bool isJoin) => output.Write(State);

    void ISwimUser.MergeState(PeerAddress from, ReadOnlySpan<byte> state, bool isJoin, TimeSpan now) => Merged.Add(state.ToArray());

    void ISwimUser.JoinEnded(PeerAddress to, string error, TimeSpan now) => Log.Add($"join ended {error}".TrimEnd());

    void ISwimUser.Joined(SwimNode node, string cause, TimeSpan now) => Log.Add($"joined {node.Name}");

    void ISwimUser.Gone(SwimNode node, string cause, TimeSpan now) =>
        Log.Add($"{(node.State == NodeStatus.Left ? "left" : "dead")} {node.Name}: {cause}");

    void ISwimUser.Updated(SwimNode node, TimeSpan now) => Log.Add($"updated {node.Name}");

    void ISwimUser.Conflict(SwimNode known, Alive other, TimeSpan now) => Log.Add($"conflict {known.Name}");

    ReadOnlySpan<byte> ISwimUser.AckPayload(SwimNode? asker) => Payload;

    void ISwimUser.PingDone(SwimNode node, TimeSpan roundTrip, ReadOnlySpan<byte> payload, TimeSpan now) =>
        Acks.Add((node.Name, roundTrip, payload.ToArray()));

    sealed class Collector(PeerAddress to, List<(PeerAddress, MessageType, byte[])> all) : IMessageSink
    {
        public void Message(MessageType type, ReadOnlySpan<byte> body) => all.Add((to, type, body.ToArray()));
    }
}
