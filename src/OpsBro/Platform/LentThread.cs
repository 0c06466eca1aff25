namespace OpsBro.Platform;

/// <summary>
/// Says on which threads an answer is just written for somebody else: they have other things to do. A client that sends its next requests
/// before it has the answers would keep such a thread for as long as it likes.
/// </summary>
internal static class LentThread
{
    [ThreadStatic]
    static bool isLent;

    /// <summary>What goes on here must not begin anything new on this thread.</summary>
    public static bool IsLent
    {
        get => isLent;
        set => isLent = value;
    }
}
