namespace OpsBro.Core.Wire;

/// <summary>Every limit of the agent RPC. Page: serf-wire.md A16.</summary>
public static class RpcLimits
{
    /// <summary>The only version of the protocol.</summary>
    public const int Version = 1;

    /// <summary>Largest request with its header, in bytes.</summary>
    public const int MaxRequest = 64 * 1024;

    /// <summary>Largest answer that the reader takes, in bytes: all members of a large cluster.</summary>
    public const int MaxAnswer = 64 * 1024 * 1024;

    /// <summary>Longest name of a command, a filter, a level or a key, in bytes.</summary>
    public const int MaxWord = 4_096;

    /// <summary>Most addresses of a join, names of a filter, tags.</summary>
    public const int MaxItems = 1_024;

    /// <summary>Most entries of the statistics, and of each of their parts.</summary>
    public const int MaxStats = 256;
}
