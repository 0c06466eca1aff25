namespace OpsBro.Core.Checks;

/// <summary>
/// The last results of a check, to tell a state that changes all the time from one that changed. The algorithm is Nagios' (its manual,
/// "Detection and Handling of State Flapping"): of the last 21 results each of the 20 steps that is a change counts, the oldest 0.75, the
/// newest 1.25. Packed into one number, two bits a result, so that it is stored and compared as one value.
/// </summary>
/// <param name="Bits">The results, the newest in the lowest two bits.</param>
public readonly record struct FlapWindow(ulong Bits)
{
    /// <summary>Results looked at.</summary>
    public const int Results = 21;

    const double Oldest = 0.75, Newest = 1.25;
    const ulong Mask = (1UL << (2 * Results)) - 1;

    /// <summary>A window in which nothing ever changed: every result is <paramref name="state"/>.</summary>
    public static FlapWindow All(CheckState state)
    {
        var window = default(FlapWindow);
        for (var i = 0; i < Results; i++) window = window.With(state);
        return window;
    }

    /// <summary>The window after one more result; pending is no result.</summary>
    public FlapWindow With(CheckState state) =>
        state == CheckState.Pending ? this : new FlapWindow(((Bits << 2) | (ulong)state) & Mask);

    /// <summary>Weighted share of steps that were changes, from 0 to 100.</summary>
    public double Percent
    {
        get
        {
            double changes = 0;
            for (var step = 1; step < Results; step++)
            {
                var older = (Bits >> (2 * (Results - step))) & 3;
                var newer = (Bits >> (2 * (Results - step - 1))) & 3;
                if (older != newer) changes += Oldest + ((step - 1) * (Newest - Oldest) / (Results - 2));
            }
            return changes * 100 / (Results - 1);
        }
    }
}
