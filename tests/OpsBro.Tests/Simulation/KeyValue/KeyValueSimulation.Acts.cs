using OpsBro.Core.KeyValue;

namespace OpsBro.Tests.Simulation.KeyValue;

/// <summary>What is done to nodes and links.</summary>
sealed partial class KeyValueSimulation
{
    /// <summary>Longest time until everybody is settled while clients write: detection, ten quiet seconds, announcements, copies.</summary>
    public const double SettlingSeconds = 120;

    /// <summary>Longest quiet at the end of a run.</summary>
    public const double QuietSeconds = 300;

    /// <summary>Nodes that run.</summary>
    public IEnumerable<SimulatedNode> Running => nodes.Where(n => n.IsRunning);

    /// <summary>All members that run, but for one, are settled.</summary>
    public bool IsSettled(SimulatedNode? but = null) => Running.All(n => n == but || !n.IsMember || n.IsSettled);

    /// <summary>All start, and settle.</summary>
    public void StartAll()
    {
        foreach (var node in nodes) Start(node);
        Settle();
    }

    /// <summary>Lets time pass until all members are settled; without a majority of the copies they cannot be, and it is time that passes.</summary>
    public void Settle(SimulatedNode? but = null)
    {
        Run(Gossip.SoonestDeath + Gossip.DeathSpread + Gossip.News);   // until all have noticed what was last done
        var known = nodes.Count(n => n.IsMember && n.WasMember && !n.HasLeft);
        if (Running.Count(n => n.IsMember && n != but) < Math.Min(KeyValueLimits.Copies, known) / 2 + 1)
        {
            Run(KeyValueLimits.Settle);
            return;
        }
        Require(RunUntil(() => IsSettled(but), SettlingSeconds), $"not settled after {SettlingSeconds} s");
    }

    /// <summary>A clean goodbye: what was asked to be written is on the disk.</summary>
    public void Leave(SimulatedNode node)
    {
        Note(node, "", "leaves");
        node.HasLeft = true;
        node.Kill(most => most - 1);
        Gossip.Change();
    }

    /// <summary>The agent goes on, in the group or no longer.</summary>
    public void Regroup(SimulatedNode node, bool isMember)
    {
        Note(node, "", isMember ? "joins the group" : "leaves the group and runs on");
        node.IsMember = isMember;
        node.WasMember |= isMember;
        Gossip.Change();
        Gossip.Tell(node);
    }

    /// <summary>Two sides that do not hear one another.</summary>
    public void Partition(Func<SimulatedNode, bool> isOnOneSide)
    {
        Note(null, "", $"partition: {string.Join(" ", nodes.Where(isOnOneSide).Select(n => n.Name))} and the rest");
        foreach (var one in nodes)
            foreach (var other in nodes)
                if (isOnOneSide(one) != isOnOneSide(other)) Network.Cut(one.Index, other.Index);
        Gossip.Change();
    }

    /// <summary>One does not hear another.</summary>
    public void CutOneWay(SimulatedNode from, SimulatedNode to)
    {
        Note(null, "", $"{to.Name} does not hear {from.Name}");
        Network.Cut(from.Index, to.Index);
        Gossip.Change();
    }

    /// <summary>All links work.</summary>
    public void Heal()
    {
        Note(null, "", "all links work");
        Network.Heal();
        Gossip.Change();
    }

    /// <summary>A disk refuses writes for some time.</summary>
    public void RefuseWrites(SimulatedNode node, double seconds)
    {
        Note(node, "", $"has a disk that refuses for {seconds:0.0} s");
        node.Do(engine => engine.DiskProblem = "the disk is full");
        var life = node.Life;
        At(Now + TimeSpan.FromSeconds(seconds), () =>
        {
            if (node.Life == life) node.Recover();
        });
    }

    /// <summary>A wall clock jumps.</summary>
    public void Jump(SimulatedNode node, int mostMilliseconds)
    {
        SeeClocks();
        node.Skew = Chance.Below(2 * mostMilliseconds + 1) - mostMilliseconds;
        Note(node, "", $"has a clock {node.Skew} ms ahead");
        SeeClocks();
    }

    /// <summary>All hosts are put to sleep for some time: their clocks go on, nothing else does.</summary>
    public void Skip(TimeSpan time)
    {
        Note(null, "", $"all sleep for {time.TotalHours:0} hours");
        SeeClocks();
        Skipped += time;
        SeeClocks();
    }

    /// <summary>All hosts lose their power at once.</summary>
    public void PowerCut()
    {
        foreach (var node in nodes) Kill(node);
    }

    /// <summary>One of several, or null.</summary>
    public SimulatedNode? Pick(Func<SimulatedNode, bool> isWanted)
    {
        var wanted = nodes.Where(isWanted).ToList();
        return wanted.Count == 0 ? null : wanted[Chance.Below(wanted.Count)];
    }

    /// <summary>Everything works again, all come back, nobody asks for anything: all settle within minutes.</summary>
    public void Calm()
    {
        ClientsWork = false;
        Note(null, "", "calm");
        (Network.Loss, Network.Duplication, Network.Straggling) = (0, 0, 0);
        Heal();
        foreach (var node in nodes)
        {
            if (!node.IsRunning) Start(node);
            node.Recover();
            node.Disk = TimeSpan.FromMilliseconds(2);
        }
        Run(KeyValueLimits.Patience.TotalSeconds + Gossip.SoonestDeath.TotalSeconds + Gossip.DeathSpread.TotalSeconds);
        Require(RunUntil(() => IsSettled(), QuietSeconds), $"not settled after {QuietSeconds} s of quiet");
        Run(15);
    }

    /// <summary>What all hold now.</summary>
    public FinalState Final()
    {
        SeeClocks();
        FastestNow();
        return new FinalState(Now, FastestEver, [.. Running.Select(n => new Holding(n.Name, n.Wall, !n.IsMember || n.IsSettled,
            n.Engine!.LocalEntries("").ToDictionary(e => e.Key), n.Engine.Owners))]);
    }
}
