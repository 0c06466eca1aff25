namespace OpsBro.Core.Gossip;

/// <summary>How often something may be done: so many times a second, and at once what was not used in the last one. A field, not readonly.</summary>
/// <param name="perSecond">Times.</param>
struct Allowance(int perSecond)
{
    double left = perSecond;
    TimeSpan at;

    /// <summary>Uses one; false when there is none.</summary>
    public bool Take(TimeSpan now)
    {
        left = Math.Min(perSecond, left + (now - at).TotalSeconds * perSecond);
        at = now;
        if (left < 1) return false;
        left--;
        return true;
    }
}
