using OpsBro.Core.Gossip;

namespace OpsBro.Tests.Simulation.KeyValue;

/// <summary>
/// Links between agents. Either each pair has a connection that keeps the order and loses what is under way when it breaks, or everything is for itself:
/// lost, doubled, late, out of order, and alive after both ends have been killed.
/// </summary>
sealed class SimulatedNetwork(KeyValueSimulation simulation, Chance chance)
{
    readonly HashSet<(int From, int To)> cut = [];
    readonly HashSet<(int From, int To)> silent = [];
    readonly Dictionary<(int From, int To), TimeSpan> slow = [];
    readonly Dictionary<(int From, int To), TimeSpan> lastArrival = [];
    readonly Dictionary<(int From, int To), int> connection = [];

    /// <summary>Messages keep their order.</summary>
    public bool KeepsOrder { get; set; } = true;

    /// <summary>Part of the messages that is lost; with order the connection breaks there.</summary>
    public double Loss { get; set; }

    /// <summary>Part of the messages that arrives twice (without order).</summary>
    public double Duplication { get; set; }

    /// <summary>Longest usual delay.</summary>
    public TimeSpan Delay { get; set; } = TimeSpan.FromMilliseconds(3);

    /// <summary>Part of the messages that takes up to a thousand times as long (without order).</summary>
    public double Straggling { get; set; }

    /// <summary>Messages sent.</summary>
    public long Messages { get; private set; }

    /// <summary>Their bytes.</summary>
    public long Bytes { get; private set; }

    /// <summary>Nothing gets from one to the other.</summary>
    public void Cut(int from, int to)
    {
        cut.Add((from, to));
        Break(from, to);
    }

    /// <summary>No wall stands any more.</summary>
    public void Heal()
    {
        cut.Clear();
        silent.Clear();
    }

    /// <summary>Nothing gets from one to the other on links; gossip, which is not on them, goes on.</summary>
    public void Silence(int from, int to)
    {
        silent.Add((from, to));
        Break(from, to);
    }

    /// <summary>Nothing reaches a node on its links.</summary>
    public void Deafen(int node)
    {
        for (var from = 0; from < simulation.Nodes.Count; from++) Silence(from, node);
    }

    /// <summary>What two say to each other takes so much longer.</summary>
    public void Slow(int one, int other, TimeSpan by) => slow[(one, other)] = slow[(other, one)] = by;

    /// <summary>It hears all again.</summary>
    public void Hear(int node) => silent.RemoveWhere(pair => pair.To == node);

    /// <summary>What one sends can reach the other.</summary>
    public bool IsOpen(int from, int to) => !cut.Contains((from, to));

    /// <summary>The connection ends; what is under way on it is lost.</summary>
    public void Break(int from, int to)
    {
        if (KeepsOrder) connection[(from, to)] = connection.GetValueOrDefault((from, to)) + 1;
    }

    /// <summary>Who can hear whom in both directions, over others if need be: gossip asks through others.</summary>
    public bool[] ReachableFrom(int start, IReadOnlyList<SimulatedNode> nodes)
    {
        var reached = new bool[nodes.Count];
        reached[start] = true;
        var open = new Stack<int>([start]);
        while (open.TryPop(out var at))
            for (var next = 0; next < nodes.Count; next++)
            {
                if (reached[next] || !nodes[next].IsRunning || !IsOpen(at, next) || !IsOpen(next, at)) continue;
                reached[next] = true;
                open.Push(next);
            }
        return reached;
    }

    /// <summary>Sends a message.</summary>
    public void Send(SimulatedNode from, string member, ReadOnlyMemory<byte> message)
    {
        Messages++;
        Bytes += message.Length;
        var to = simulation.Nodes.FirstOrDefault(n => n.Name == member);
        if (to is null) simulation.Fail("", $"{from.Name} sends to \"{member}\", whom nobody knows");
        var pair = (from.Index, to!.Index);
        if (!IsOpen(pair.Item1, pair.Item2) || silent.Contains(pair)) return;
        if (chance.Fraction() < Loss)
        {
            Break(pair.Item1, pair.Item2);
            return;
        }
        for (var copies = !KeepsOrder && chance.Fraction() < Duplication ? 2 : 1; copies > 0; copies--)
        {
            var delay = chance.Within(!KeepsOrder && chance.Fraction() < Straggling ? Delay * 1_000 * chance.Fraction() : Delay);
            var at = simulation.Now + delay + slow.GetValueOrDefault(pair);
            if (KeepsOrder)
            {
                if (lastArrival.TryGetValue(pair, out var last) && at <= last) at = last + TimeSpan.FromTicks(1);
                lastArrival[pair] = at;
            }
            var (epoch, life) = (connection.GetValueOrDefault(pair), to.Life);
            simulation.At(at, () =>
            {
                if (KeepsOrder && (epoch != connection.GetValueOrDefault(pair) || life != to.Life)) return;
                to.Do(engine => engine.Receive(from.Name, message, to.Clock));
            });
        }
    }
}
