using System.Text;
using OpsBro.Config.Yaml;

namespace OpsBro.Config;

/// <summary>
/// Finds and reads every <c>*.yml</c> and <c>*.yaml</c> of the configuration directory and of the packs, in the order of their names.
/// Hidden files and directories are left out, links are followed but not in circles.
/// </summary>
internal sealed class ConfigFiles(AgentOptions options, Configuration? previous, List<Problem> problems)
{
    static readonly string[] operatorLevels = ["global", "zone", "local"];
    static readonly UTF8Encoding utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    readonly List<ConfigFilePlace> places = [];
    int directories;
    readonly Dictionary<string, ConfigFile> before = previous?.Files.ToDictionary(f => f.Place.Path) ?? [];

    /// <summary>The levels of packs, the strongest last.</summary>
    public static IReadOnlyList<string> Levels { get; } = ["core", .. operatorLevels];

    /// <summary>Place of a level among them, from 0.</summary>
    public static int RankOf(string level) => Levels.TakeWhile(other => other != level).Count();

    /// <summary>Reads everything. A file that cannot be read any more keeps what it said in the previous configuration.</summary>
    public List<ConfigFile> Read()
    {
        if (File.Exists(options.ConfigDirectory))
            problems.Add(new Problem(options.ConfigDirectory, 0, 0, "this is a file; give the directory it is in with --config"));
        FindPacks("core", options.ShippedPacks);
        var packs = Path.Join(options.ConfigDirectory, "packs");
        foreach (var level in operatorLevels) FindPacks(level, Path.Join(packs, level));
        // a pack that was unpacked right below packs/ is a local one
        FindPacks("local", packs, except: [.. operatorLevels, "core"]);
        Find(options.ConfigDirectory, "", new ConfigFilePlace("", "", null, null, null), [], except: ["packs", "zone_keys"]);
        return [.. places.DistinctBy(place => place.Path).Select(ReadOne)];
    }

    void FindPacks(string level, string directory, params string[] except)
    {
        foreach (var pack in Entries(directory, Directory.GetDirectories))
        {
            var name = Path.GetFileName(pack);
            if (name.StartsWith('.') || except.Contains(name)) continue;
            Find(pack, "", new ConfigFilePlace("", "", level, name, pack), [], except: ["templates"]);
        }
    }

    void Find(string directory, string below, ConfigFilePlace root, IReadOnlyList<string> parents, params string[] except)
    {
        if (parents.Count > ConfigLimits.MaxDirectoryDepth)
        {
            problems.Add(new Problem(directory, 0, 0, $"directories deeper than {ConfigLimits.MaxDirectoryDepth} are not read"));
            return;
        }
        if (++directories > ConfigLimits.MaxDirectories)
        {
            if (directories == ConfigLimits.MaxDirectories + 1)
            {
                problems.Add(new Problem(directory, 0, 0,
                    $"more than {ConfigLimits.MaxDirectories} directories; this one and the next ones are not read"));
            }
            return;
        }
        var real = RealPath(directory);
        if (parents.Contains(real)) return;   // a link to a directory above: everything there is read already
        foreach (var file in Entries(directory, Directory.GetFiles))
        {
            var name = Path.GetFileName(file);
            if (name.StartsWith('.') || Path.GetExtension(name) is not (".yml" or ".yaml")) continue;
            if (places.Count >= ConfigLimits.MaxFiles)
            {
                problems.Add(new Problem(directory, 0, 0, $"more than {ConfigLimits.MaxFiles} files; the next ones are not read"));
                return;
            }
            places.Add(root with { Path = file, Relative = below + Path.GetFileNameWithoutExtension(name) });
        }
        foreach (var child in Entries(directory, Directory.GetDirectories))
        {
            var name = Path.GetFileName(child);
            if (name.StartsWith('.') || except.Contains(name)) continue;
            Find(child, below + name + "/", root, [.. parents, real]);
        }
    }

    /// <summary>What a directory holds, sorted; nothing when it is not there.</summary>
    string[] Entries(string directory, Func<string, string[]> list)
    {
        try
        {
            var entries = list(directory);
            Array.Sort(entries, StringComparer.Ordinal);
            return entries;
        }
        catch (DirectoryNotFoundException)
        {
            return [];   // none of these directories must be there
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            if (problems.All(p => p.File != directory))
                problems.Add(new Problem(directory, 0, 0, $"the directory cannot be read ({Reason(e)}); what it said before still holds"));
            var inside = directory + Path.DirectorySeparatorChar;
            places.AddRange(before.Values.Select(f => f.Place).Where(p => p.Path.StartsWith(inside, StringComparison.Ordinal)));
            return [];
        }
    }

    static string RealPath(string directory)
    {
        try
        {
            return new DirectoryInfo(directory).ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? Path.GetFullPath(directory);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return Path.GetFullPath(directory);   // a link to itself, or a closed door: listing it fails as well, and says so
        }
    }

    ConfigFile ReadOne(ConfigFilePlace place)
    {
        var content = Content(place.Path);
        problems.AddRange(content.Problems);
        if (content.IsReadable) return new ConfigFile(place, content.Documents, IsStale: false);
        var documents = before.TryGetValue(place.Path, out var old) ? old.Documents : [];
        return new ConfigFile(place, documents, IsStale: documents.Count > 0);
    }

    static YamlContent Content(string path)
    {
        try
        {
            var info = new FileInfo(path);
            var target = info.ResolveLinkTarget(returnFinalTarget: true) as FileInfo ?? info;
            // pipes and devices have no length either, and opening one would wait for ever
            if (target.Length == 0) return new YamlContent([], [], true);
            if (target.Length > ConfigLimits.MaxFileBytes)
                return Unreadable(path, 0, 0, $"the file is larger than {ConfigLimits.MaxFileBytes / 1024} KiB; split it");
            var bytes = File.ReadAllBytes(path).AsSpan();
            if (bytes.StartsWith(Encoding.UTF8.Preamble)) bytes = bytes[Encoding.UTF8.Preamble.Length..];
            return Decode(path, bytes);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return Unreadable(path, 0, 0, $"the file cannot be read ({Reason(e)})");
        }
    }

    static YamlContent Decode(string path, ReadOnlySpan<byte> bytes)
    {
        try
        {
            return YamlText.Parse(path, utf8.GetString(bytes));
        }
        catch (DecoderFallbackException e)
        {
            var good = bytes[..Math.Clamp(e.Index, 0, bytes.Length)];
            return Unreadable(path, good.Count((byte)'\n') + 1, good.Length - good.LastIndexOf((byte)'\n'), "this is not UTF-8 text");
        }
    }

    static YamlContent Unreadable(string path, int line, int column, string message) =>
        new([], [new Problem(path, line, column, message)], false);

    static string Reason(Exception e) => e switch
    {
        UnauthorizedAccessException => "no permission",
        FileNotFoundException => "a link to nothing",
        _ => e.Message,
    };
}
