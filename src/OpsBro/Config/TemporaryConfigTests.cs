using OpsBro.Config;

namespace OpsBro.Tests.Config;

/// <summary>A configuration directory and a directory of shipped packs for one test.</summary>
sealed class TemporaryConfig : IDisposable
{
    static readonly Dictionary<string, string> noEnvironment = [];

    readonly string root = Directory.CreateTempSubdirectory("opsbro-config-").FullName;

    public string Path => System.IO.Path.Join(root, "etc");

    public AgentOptions Options => new()
    {
        ConfigDirectory = Path,
        DataDirectory = System.IO.Path.Join(root, "data"),
        ShippedPacks = System.IO.Path.Join(root, "shipped"),
    };

    public string PathOf(string relative) => System.IO.Path.Join(Path, relative);

    public void Write(string relative, string text) => WriteTo(PathOf(relative), text);

    public void Ship(string relative, string text) => WriteTo(System.IO.Path.Join(root, "shipped", relative), text);

    public Configuration Load(Configuration? previous = null, IReadOnlyDictionary<string, string>? environment = null) =>
        ConfigLoader.Load(Options, previous, environment ?? noEnvironment);

    public void Dispose() => Directory.Delete(root, recursive: true);

    static void WriteTo(string path, string text)
    {
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
    }
}
