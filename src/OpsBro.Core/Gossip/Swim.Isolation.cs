namespace OpsBro.Core.Gossip;

/// <summary>
/// Whether anybody answers us at all. Who can send nothing, or receives nothing, holds all others dead: it may think so, but when it can
/// speak again these words would fail nodes that are well.
/// </summary>
public sealed partial class Swim
{
    TimeSpan answered = never;   // when anybody last answered anything of ours

    /// <summary>Nobody answered for longer than a node is suspect at least: it is we who are cut off, alone or with a few others.</summary>
    bool IsIsolated(TimeSpan now) => answered == never || now - answered > Suspicion.Least(profile, EstimatedNodes);

    /// <summary>
    /// The first answer after that: nobody is held to account for what it did not answer before. (Steady time does not stop for us, or a node
    /// whose only peer died would never find out.)
    /// </summary>
    void HeardAnswer(TimeSpan now)
    {
        var isBack = answered != never && IsIsolated(now);
        answered = now;
        if (!isBack) return;
        foreach (var node in live)
            if (node.Suspicion is not null) GiveTime(node);
    }

    /// <summary>
    /// A suspect answered us, or could not: it is suspect until it says itself that it is not, but has the whole time for it once more. Where
    /// much is lost, its answer comes through before its word does.
    /// </summary>
    void GiveTime(SwimNode node)
    {
        node.Suspicion!.Restart(Steady(clock));
        suspicions.Enqueue(node, node.Suspicion.Due);
    }
}
