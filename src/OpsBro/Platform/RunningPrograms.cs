namespace OpsBro.Platform;

/// <summary>The programs of one owner that run now, so that they end with it: an agent that stops leaves no plugin behind.</summary>
internal sealed class RunningPrograms
{
    readonly Lock gate = new();
    readonly HashSet<int> pids = [];
    bool isEnded;

    /// <summary>Programs that run now.</summary>
    public int Count
    {
        get
        {
            lock (gate) return pids.Count;
        }
    }

    /// <summary>Kills every program with its group, and each one that is added later.</summary>
    public void EndAll()
    {
        lock (gate)
        {
            isEnded = true;
            foreach (var pid in pids) ProcessGroup.KillGroup(pid, LibcSpawn.SigKill);
        }
    }

    /// <summary>A program was started.</summary>
    internal void Add(int pid)
    {
        lock (gate)
        {
            pids.Add(pid);
            if (isEnded) ProcessGroup.KillGroup(pid, LibcSpawn.SigKill);
        }
    }

    /// <summary>A program is about to be reaped: its number may name another one soon.</summary>
    internal void Remove(int pid)
    {
        lock (gate) pids.Remove(pid);
    }
}
