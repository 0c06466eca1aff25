using System.Diagnostics;

namespace OpsBro.Tests.EndToEnd;

/// <summary>Packages of npm that tests run with node: of one release each, fetched into the user's cache once for all runs.</summary>
static class NpmPackage
{
    /// <summary>The directory of a package.</summary>
    public static async Task<string> Install(string name, string version)
    {
        var cache = Environment.GetEnvironmentVariable("XDG_CACHE_HOME") is { Length: > 0 } given
            ? given
            : Path.Join(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile, Environment.SpecialFolderOption.DoNotVerify), ".cache");
        var home = Path.Join(cache, "opsbro-tests", $"npm-{name}-{version}");
        var program = Path.Join(home, "node_modules", name);
        if (File.Exists(Path.Join(program, "package.json"))) return program;
        Directory.CreateDirectory(Path.GetDirectoryName(home)!);
        // made beside it and then renamed: a run that is cut off leaves nothing half
        var made = $"{home}.{Environment.ProcessId}.{Environment.CurrentManagedThreadId}";
        Directory.CreateDirectory(made);
        var said = await RunningAgent.Run(Start("npm",
            "install", "--prefix", made, "--omit=optional", "--ignore-scripts", "--no-audit", "--no-fund", "--no-save", $"{name}@{version}"));
        Assert.True(said.ExitCode == 0, $"npm could not fetch {name}@{version}: {said.Errors}");
        try
        {
            Directory.Move(made, home);
        }
        catch (IOException) when (File.Exists(Path.Join(program, "package.json")))
        {
            Directory.Delete(made, recursive: true);   // another run was quicker
        }
        return program;
    }

    /// <summary>A program that is talked to over its input and output.</summary>
    public static ProcessStartInfo Start(string program, params string[] args) => new(program, args)
    {
        RedirectStandardInput = true,
        RedirectStandardOutput = true,
        RedirectStandardError = true,
    };
}
