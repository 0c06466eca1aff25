using OpsBro.Core.Gossip;

namespace OpsBro.Tests.Simulation;

/// <summary>A node took another for failed.</summary>
/// <param name="At">When, in virtual time.</param>
/// <param name="Observer">Who says so.</param>
/// <param name="Subject">Of whom.</param>
/// <param name="Cause">Why, in its words.</param>
readonly record struct SimFailure(TimeSpan At, int Observer, int Subject, string Cause);

/// <summary>What every node thinks of every other, kept up by their news: asking 10,000 engines for 10,000 members takes too long.</summary>
sealed class SimViews(int nodes)
{
    readonly byte[] statuses = new byte[(long)nodes * nodes];
    readonly int[] alive = new int[nodes];
    readonly int[] failed = new int[nodes];
    readonly int[] left = new int[nodes];

    /// <summary>Every "failed" that was said, in order.</summary>
    public List<SimFailure> Failures { get; } = [];

    /// <summary>How a node sees another.</summary>
    public MemberStatus Of(int observer, int subject) => (MemberStatus)statuses[(long)observer * nodes + subject];

    /// <summary>Observers, itself included, for whom it is alive.</summary>
    public int AliveTo(int subject) => alive[subject];

    /// <summary>Observers for whom it failed.</summary>
    public int FailedTo(int subject) => failed[subject];

    /// <summary>Observers for whom it left.</summary>
    public int LeftTo(int subject) => left[subject];

    /// <summary>Every node sees every node alive.</summary>
    public void AllSeeAll()
    {
        Array.Fill(statuses, (byte)MemberStatus.Alive);
        Array.Fill(alive, nodes);
    }

    /// <summary>Notes what an observer says.</summary>
    public void Set(int observer, int subject, MemberStatus status)
    {
        ref var cell = ref statuses[(long)observer * nodes + subject];
        Count((MemberStatus)cell, subject, -1);
        Count(status, subject, 1);
        cell = (byte)status;
    }

    /// <summary>An observer is gone: what it thought counts no more.</summary>
    public void Forget(int observer)
    {
        for (var subject = 0; subject < nodes; subject++) Set(observer, subject, MemberStatus.None);
    }

    void Count(MemberStatus status, int subject, int by)
    {
        if (status is MemberStatus.Alive or MemberStatus.Leaving) alive[subject] += by;
        else if (status == MemberStatus.Failed) failed[subject] += by;
        else if (status == MemberStatus.Left) left[subject] += by;
    }
}
