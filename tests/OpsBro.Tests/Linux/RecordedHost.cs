using OpsBro.Collectors;
using OpsBro.Core.Expressions;
using OpsBro.Platform;

namespace OpsBro.Tests.Linux;

/// <summary>
/// The files of a host in a directory of their own: recorded ones, changed and added to by a test. The directory goes with it.
/// </summary>
sealed class RecordedHost : IDisposable
{
    /// <summary>The recorded kernels.</summary>
    public static readonly string[] Kernels = ["3.10", "4.19", "5.10", "6.1", "6.18"];

    static string Fixtures => Repository.PathOf("src", "OpsBro", "Collectors", "Linux", "fixtures");

    /// <summary>In memory where there is such a place: a hundred small files each test.</summary>
    readonly string root = Directory.CreateDirectory(
        Path.Join(Directory.Exists("/dev/shm") ? "/dev/shm" : Path.GetTempPath(), $"opsbro-host-{Guid.NewGuid():N}")).FullName;

    /// <summary>An empty host, or one with the files of a recorded kernel.</summary>
    public RecordedHost(string? kernel = null)
    {
        Files = new HostFiles(root);
        if (kernel is null) return;
        foreach (var path in FilesOf(kernel)) File.Copy(Path.Join(Fixtures, kernel, path), Make(path));
    }

    /// <summary>What a collector reads from.</summary>
    public HostFiles Files { get; }

    /// <summary>The files recorded of a kernel, as paths on the host.</summary>
    public static IEnumerable<string> FilesOf(string kernel) =>
        Directory.EnumerateFiles(Path.Join(Fixtures, kernel), "*", SearchOption.AllDirectories)
            .Select(path => path[Path.Join(Fixtures, kernel).Length..]).Order(StringComparer.Ordinal);

    /// <summary>The content of one recorded file.</summary>
    public static byte[] Recorded(string kernel, string path) => File.ReadAllBytes(Path.Join(Fixtures, kernel, path));

    /// <summary>Writes a file of the host.</summary>
    public RecordedHost With(string path, string text)
    {
        File.WriteAllText(Make(path), text);
        return this;
    }

    /// <summary>Writes a file of the host.</summary>
    public RecordedHost With(string path, byte[] content)
    {
        File.WriteAllBytes(Make(path), content);
        return this;
    }

    /// <summary>Makes a symbolic link on the host.</summary>
    public RecordedHost WithLink(string path, string target)
    {
        File.CreateSymbolicLink(Make(path), target);
        return this;
    }

    /// <summary>Runs a collector once, at a time in seconds.</summary>
    public Value Run(ICollector collector, double seconds = 0) => Run(collector, Files, seconds).Data;

    /// <summary>Runs a collector once on any host.</summary>
    public static (Value Data, Outcome Outcome) Run(ICollector collector, HostFiles files, double seconds = 0)
    {
        var data = new DataWriter();
        var utc = DateTimeOffset.UnixEpoch.AddSeconds(1_790_000_000 + seconds);
        var run = new CollectorRun(files, data, TimeSpan.FromSeconds(1000 + seconds), utc, CancellationToken.None);
        var outcome = collector.Collect(run);
        return (data.Tree, outcome);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Files.Dispose();
        Directory.Delete(root, recursive: true);
    }

    string Make(string path)
    {
        var full = Path.Join(root, path);
        Directory.CreateDirectory(Path.GetDirectoryName(full)!);
        return full;
    }
}
