namespace OpsBro.Config;

/// <summary>What a configuration may hold at most. What exceeds a limit is a problem with the file's name, never an endless read.</summary>
internal static class ConfigLimits
{
    /// <summary>Largest file read, in bytes.</summary>
    public const int MaxFileBytes = 1024 * 1024;

    /// <summary>Most files of one directory tree.</summary>
    public const int MaxFiles = 10_000;

    /// <summary>Most directories looked into; a slip like <c>--config /</c> ends here.</summary>
    public const int MaxDirectories = 2_000;

    /// <summary>Deepest directory below the one that is read.</summary>
    public const int MaxDirectoryDepth = 16;

    /// <summary>Deepest nesting of lists and maps in a file.</summary>
    public const int MaxNodeDepth = 64;

    /// <summary>Most values of a file; what an alias repeats counts each time.</summary>
    public const int MaxNodes = 100_000;

    /// <summary>Most problems kept of one file; the next ones would only repeat the first.</summary>
    public const int MaxProblemsPerFile = 20;
}
