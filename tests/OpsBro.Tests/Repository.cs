using System.Runtime.CompilerServices;

namespace OpsBro.Tests;

/// <summary>Where the files of the repository are, for tests that read fixtures, packs and docs.</summary>
static class Repository
{
    /// <summary>The repository's root.</summary>
    public static string Root { get; } = Path.GetFullPath(Path.Join(Here(), "..", ".."));

    /// <summary>A path below the root.</summary>
    public static string PathOf(params string[] parts) => Path.Join([Root, .. parts]);

    static string Here([CallerFilePath] string path = "") => Path.GetDirectoryName(path)!;
}
