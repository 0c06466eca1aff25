namespace OpsBro.Storage;

/// <summary>What a <see cref="Database"/> is for, and what follows from it.</summary>
internal sealed record DatabaseKind
{
    /// <summary>States and history: small, asked for all the time.</summary>
    public static readonly DatabaseKind States = new();

    /// <summary>Name of its thread, and component of its meter.</summary>
    public string Component { get; init; } = "storage";

    /// <summary>What it keeps, in messages: a plural.</summary>
    public string What { get; init; } = "states and history";

    /// <summary>Writes are gathered this long before they are committed: what a kill -9 can lose.</summary>
    public TimeSpan GroupTime { get; init; } = TimeSpan.FromMilliseconds(50);

    /// <summary>Gives free pages back to the disk when <see cref="Database.Shrink"/> asks; taken when the file is made.</summary>
    public bool Shrinks { get; init; }

    /// <summary>The log of commits is cut to this when it has grown beyond it, in bytes.</summary>
    public int LogBytes { get; init; } = 4 << 20;

    /// <summary>
    /// While the file cannot be had, writes wait for it, and questions meet empty tables. False: memory takes its place to the agent's end.
    /// </summary>
    public bool WaitsForFile { get; init; }
}
