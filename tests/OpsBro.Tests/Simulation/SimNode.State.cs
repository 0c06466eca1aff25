using OpsBro.Core.Gossip;
using OpsBro.Core.NodeState;

namespace OpsBro.Tests.Simulation;

/// <content>What the node says of itself and knows of others: NodeState on top of its gossip.</content>
sealed partial class SimNode : INodeStateOutput
{
    NodeStateEngine? state;

    /// <summary>The running engine.</summary>
    public NodeStateEngine State => state ?? throw new InvalidOperationException($"{Name} says nothing of itself");

    /// <summary>Nodes that it takes for gone.</summary>
    public HashSet<string> Gone { get; } = [];

    /// <summary>Says something of itself.</summary>
    public void Say(string key, string? value, bool urgent)
    {
        if (value is null) State.Remove(key, urgent, cluster.Now);
        else if (State.Set(key, value, urgent, cluster.Now) is { } refusal) cluster.Require(false, refusal);
        Settle();
    }

    /// <summary>Knows all others and what they say from the start.</summary>
    public void Assume(IReadOnlyCollection<(NodeFacts Facts, uint Incarnation)> others)
    {
        Engine.Assume(others, cluster.Now);
        if (state is not null)
            foreach (var other in cluster.Nodes)
                if (other != this) state.Assume(other.State.Self, other.Address, cluster.Now);
        Settle();
    }

    void StartState()
    {
        state = cluster.State(this);
        if (state is null) return;
        Gone.Clear();
        foreach (var (key, value) in Facts) state.Set(key, value, urgent: false, cluster.Now);
        cluster.States!.Restarted(this);
    }

    /// <summary>What an ordinary node says at its start.</summary>
    static IEnumerable<(string Key, string Value)> Facts =>
    [
        ("fact/os", "debian 12"), ("fact/version", "1.0.0"), ("fact/kernel", "6.1.0-13-amd64"), ("group/linux", ""), ("group/debian", ""),
        ("check/load", "OK"), ("check/disk/root", "OK"), ("service/ssh", "OK"),
    ];

    void StopState()
    {
        if (state is null) return;
        cluster.States!.Forget(this);
        state = null;
    }

    TimeSpan TickState() => state?.Tick(cluster.Now) ?? TimeSpan.MaxValue;

    void NoteState(MemberNews news)
    {
        if (state is null || news.Member.Name == Name || news.Member.Tag("ob") is null) return;
        if (news.Change is MemberChange.Join or MemberChange.Update) state.PeerUp(news.Member.Name, news.Member.Address, "", cluster.Now);
        else state.PeerGone(news.Member.Name, "", cluster.Now);
    }

    void IGossipOutput.Direct(PeerAddress from, ReadOnlySpan<byte> body) => state?.Receive(body, cluster.Now);

    void INodeStateOutput.Send(int pool, PeerAddress to, ReadOnlySpan<byte> body) => Engine.SendDirect(to, body, cluster.Now);

    void INodeStateOutput.Changed(NodeMap before, NodeMap after) => cluster.States!.Changed(this, after);

    void INodeStateOutput.Gone(NodeMap map, TimeSpan? since)
    {
        if (since is null) Gone.Remove(map.Name);
        else Gone.Add(map.Name);
    }

    void INodeStateOutput.Dropped(NodeMap map) => Gone.Remove(map.Name);
}
