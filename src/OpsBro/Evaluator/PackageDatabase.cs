using System.Text;
using Microsoft.Data.Sqlite;
using OpsBro.Platform;

namespace OpsBro.Evaluator;

/// <summary>
/// The names of the installed packages, read from the database of the package manager itself: /var/lib/dpkg/status, apk's installed,
/// rpm's SQLite file (or, for its older formats, from <c>rpm -qa</c>), pacman's directory. Read again when the database changed.
/// </summary>
/// <param name="root">Directory that stands for <c>/</c>.</param>
internal sealed class PackageDatabase(string root = "/")
{
    /// <summary>Longest run of <c>rpm -qa</c>.</summary>
    public static readonly TimeSpan RpmPatience = TimeSpan.FromSeconds(20);

    /// <summary>Output of <c>rpm -qa</c> that is read, in bytes: some 100,000 packages.</summary>
    const int MaxRpmOutput = 4 * 1024 * 1024;

    /// <summary>Most packages kept.</summary>
    const int MaxPackages = 200_000;

    volatile Picture? picture;

    /// <summary>What was read, and when its sources changed last.</summary>
    sealed record Picture(string Signature, HashSet<string> Names);

    /// <summary>True when a package of that name is installed. False when no database is known.</summary>
    public bool Has(string name)
    {
        var sources = Sources();
        var signature = string.Join('|', sources.Select(s => $"{s.Path}:{File.GetLastWriteTimeUtc(s.Path).Ticks}"));
        var known = picture;
        if (known?.Signature != signature) picture =
            known = new Picture(signature, [.. sources.SelectMany(s => s.Read(s.Path)).Take(MaxPackages)]);
        return known.Names.Contains(name);
    }

    List<(string Path, Func<string, IEnumerable<string>> Read)> Sources()
    {
        (string, Func<string, IEnumerable<string>>)[] possible =
        [
            ("var/lib/dpkg/status", Dpkg),
            ("lib/apk/db/installed", Apk),
            ("usr/lib/apk/db/installed", Apk),
            ("var/lib/rpm/rpmdb.sqlite", RpmSqlite),
            ("usr/lib/sysimage/rpm/rpmdb.sqlite", RpmSqlite),
            ("var/lib/rpm/Packages", _ => RpmProgram()),
            ("usr/lib/sysimage/rpm/Packages.db", _ => RpmProgram()),
            ("var/lib/pacman/local", Pacman),
        ];
        return [.. from source in possible
                   let path = Path.Join(root, source.Item1)
                   where Path.Exists(path)
                   select (path, source.Item2)];
    }

    static IEnumerable<string> Lines(string path)
    {
        try
        {
            return File.ReadLines(path, Encoding.UTF8);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];   // dpkg replaces its file: read again when it is there
        }
    }

    /// <summary>Stanzas of <c>Package: NAME</c> and <c>Status: install ok installed</c>.</summary>
    static IEnumerable<string> Dpkg(string path)
    {
        var name = "";
        foreach (var line in Lines(path))
        {
            if (line.StartsWith("Package: ", StringComparison.Ordinal)) name = line["Package: ".Length..].Trim();
            else if (line.StartsWith("Status: ", StringComparison.Ordinal) && line.EndsWith(" installed", StringComparison.Ordinal))
                yield return name;
        }
    }

    static IEnumerable<string> Apk(string path) =>
        from line in Lines(path) where line.StartsWith("P:", StringComparison.Ordinal) select line[2..].Trim();

    static List<string> RpmSqlite(string path)
    {
        var names = new List<string>();
        try
        {
            // immutable: rpm may write at this moment, and we may not be allowed to make its lock files
            using var database =
                new SqliteConnection($"Data Source=file:{Uri.EscapeDataString(path)}?immutable=1;Mode=ReadOnly;Pooling=False");
            database.Open();
            using var command = database.CreateCommand();
            command.CommandText = "SELECT DISTINCT key FROM Name";
            using var reader = command.ExecuteReader();
            while (reader.Read()) names.Add(reader.GetString(0).TrimEnd('\0'));
        }
        catch (Exception e) when (e is SqliteException or InvalidCastException)
        {
            // written at this moment, or another format: rpm itself knows
            names.AddRange(RpmProgram());
        }
        return names;
    }

    static string[] RpmProgram()
    {
        var result = ProcessGroup.Run(new ProgramStart("rpm", "-qa", "--qf", "%{NAME}\n") { MaxOutput = MaxRpmOutput }, RpmPatience);
        return result.IsSuccess ? result.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries) : [];
    }

    /// <summary>Directories named NAME-VERSION-RELEASE.</summary>
    static IEnumerable<string> Pacman(string path) =>
        from directory in Directory.EnumerateDirectories(path)
        let parts = Path.GetFileName(directory).Split('-')
        where parts.Length > 2
        select string.Join('-', parts[..^2]);
}
