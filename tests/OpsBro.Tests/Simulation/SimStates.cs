using OpsBro.Core.NodeState;

namespace OpsBro.Tests.Simulation;

/// <summary>How many nodes know exactly what a node says of itself, kept up by their news.</summary>
sealed class SimStates(SimCluster cluster, int nodes)
{
    readonly uint[] prints = new uint[(long)nodes * nodes];
    readonly uint[] own = new uint[nodes];
    readonly int[] knowing = new int[nodes];

    /// <summary>Running nodes, itself included, that know the latest of it.</summary>
    public int KnowingOf(int subject) => knowing[subject];

    /// <summary>All running nodes know the latest of all running nodes.</summary>
    public bool AllKnowAll
    {
        get
        {
            foreach (var node in cluster.Nodes)
                if (node.IsRunning && knowing[node.Index] != cluster.Running) return false;
            return true;
        }
    }

    /// <summary>For messages: how many do not know something.</summary>
    public string Lacking()
    {
        var lacking = cluster.Nodes.Where(node => node.IsRunning && knowing[node.Index] != cluster.Running).ToList();
        return lacking.Count == 0 ? "all know all" : $"{lacking.Count} nodes are not known to all, for instance {lacking[0].Name} only to "
            + $"{knowing[lacking[0].Index]} of {cluster.Running}";
    }

    /// <summary>A node knows something else of one.</summary>
    public void Changed(SimNode observer, NodeMap map)
    {
        var subject = SimNode.IndexOf(map.Name);
        if (subject < 0 || subject >= nodes) return;
        var print = Print(map);
        if (subject == observer.Index && print != own[subject])
        {
            own[subject] = print;
            knowing[subject] = 0;
            for (var i = 0; i < nodes; i++)
                if (i != subject && prints[Cell(i, subject)] == print) knowing[subject]++;
            prints[Cell(subject, subject)] = 0;
        }
        ref var cell = ref prints[Cell(observer.Index, subject)];
        if (cell == own[subject]) knowing[subject]--;
        cell = print;
        if (cell == own[subject]) knowing[subject]++;
    }

    /// <summary>A node knows nothing but itself.</summary>
    public void Restarted(SimNode node)
    {
        Forget(node);
        Changed(node, node.State.Self);
    }

    /// <summary>A node is gone: what it knew counts no more.</summary>
    public void Forget(SimNode node)
    {
        for (var subject = 0; subject < nodes; subject++)
        {
            ref var cell = ref prints[Cell(node.Index, subject)];
            if (cell != 0 && cell == own[subject]) knowing[subject]--;
            cell = 0;
        }
    }

    long Cell(int observer, int subject) => (long)observer * nodes + subject;

    static uint Print(NodeMap map)
    {
        var print = NodeId.Print(map.Id, map.Generation, map.Version);
        return Math.Max((uint)(print ^ print >> 32), 1);
    }
}
