namespace OpsBro.Events;

/// <summary>The whole state at one moment.</summary>
/// <param name="Sequence">Changes after this number may be in it already; none before it is missing.</param>
/// <param name="Nodes">An item for each node.</param>
internal sealed record StreamSnapshot(long Sequence, IReadOnlyList<StreamItem> Nodes);

/// <summary>Makes the picture of the whole for readers who lost changes: one for all who need it at about the same time.</summary>
/// <param name="ring">Where changes have numbers.</param>
/// <param name="nodes">Makes the items of the nodes, each with the number that it is given.</param>
/// <param name="now">Monotonic.</param>
internal sealed class StreamSnapshots(EventRing ring, Func<long, Task<IReadOnlyList<StreamItem>>> nodes, Func<TimeSpan> now)
{
    /// <summary>A picture is given to further readers so long: a thousand readers cost as much as one.</summary>
    public static readonly TimeSpan Freshness = TimeSpan.FromSeconds(1);

    readonly Lock gate = new();
    Task<StreamSnapshot>? last;
    TimeSpan lastAt;

    /// <summary>A picture that is made from now on, or was just made.</summary>
    public Task<StreamSnapshot> Take()
    {
        lock (gate)
        {
            if (last is { IsCompleted: false }) return last;
            if (last is { IsCompletedSuccessfully: true } && now() - lastAt < Freshness) return last;
            lastAt = now();
            return last = Task.Run(Make);
        }
    }

    async Task<StreamSnapshot> Make()
    {
        var sequence = ring.Newest;   // before looking: what changes meanwhile is told again, and nothing is missed
        return new StreamSnapshot(sequence, await nodes(sequence));
    }

    /// <summary>Lets go of it when nobody needs it any more.</summary>
    public void Tidy()
    {
        lock (gate)
        {
            if (last is { IsCompleted: true } && now() - lastAt > StreamView.KeepSnapshot) last = null;
        }
    }
}
