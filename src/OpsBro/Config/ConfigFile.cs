namespace OpsBro.Config;

/// <summary>A file that configures something, and where it stands.</summary>
/// <param name="Path">Absolute path.</param>
/// <param name="Relative">Path below the configuration directory, or below its pack's, with '/' and without <c>.yml</c>.</param>
/// <param name="Level">core, global, zone or local for a file of a pack; null for one of the configuration directory itself.</param>
/// <param name="Pack">The pack's name; null as well.</param>
/// <param name="PackDirectory">The pack's directory on that level.</param>
internal sealed record ConfigFilePlace(string Path, string Relative, string? Level, string? Pack, string? PackDirectory)
{
    /// <summary>Name without directories and <c>.yml</c>.</summary>
    public string BaseName => System.IO.Path.GetFileName(Relative);

    /// <summary>True for <c>agent.yml</c> and what stands in <c>conf.d/</c>: the files whose free keys are global variables.</summary>
    public bool IsAgentFile =>
        Pack is null && (Relative == "agent" || Relative.StartsWith("conf.d/", StringComparison.Ordinal));

    /// <summary>Later files win: agent.yml, then any other, then conf.d; each by name.</summary>
    public int Rank => Relative == "agent" ? 0 : IsAgentFile ? 2 : 1;

    /// <summary>What people call the object of this file: in a pack the path below its folder of a kind, else the file's name.</summary>
    public string ObjectName => Pack is null ? BaseName : Relative[(Relative.IndexOf('/') + 1)..];
}

/// <summary>A file as it was last understood.</summary>
/// <param name="Place">Where it stands.</param>
/// <param name="Documents">Its documents; those of the previous configuration when <paramref name="IsStale"/>.</param>
/// <param name="IsStale">True when the file can no longer be read and what it said before still holds.</param>
internal sealed record ConfigFile(ConfigFilePlace Place, IReadOnlyList<ConfigNode> Documents, bool IsStale);
