using OpsBro.Core.Expressions;

namespace OpsBro.Config.Packs;

/// <summary>A pack with its objects, all levels laid over each other.</summary>
internal sealed record AssembledPack(Pack Pack, IReadOnlyList<RawObject> Objects);

/// <summary>
/// Lays the levels of each pack over each other, core &lt; global &lt; zone &lt; local. A higher level overrides single keys of an
/// object of the same kind and name, adds objects, sets parameters; with <c>replace: true</c> in its pack.yml it replaces the pack.
/// </summary>
internal sealed class PackAssembler(string name, List<Problem> problems)
{
    /// <summary>What pack.yml may say besides <c>replace</c> and <c>enabled</c>; the last ones are for people.</summary>
    static readonly string[] aboutKeys =
    [
        "name", "version", "description", "topics", "keywords",
        "types", "homepage", "author", "contributors", "repository", "dependencies", "license",
    ];

    readonly List<PackLevel> levels = [];
    readonly List<RawObject> objects = [];
    ParameterSet parameters = new(name, problems);
    ConfigNode? about;
    bool isOff;

    /// <summary>Assembles every pack that the files belong to, sorted by name. A pack that is switched off has no objects.</summary>
    public static List<AssembledPack> Assemble(IReadOnlyList<ConfigFile> files, List<Problem> problems)
    {
        var packs = new List<AssembledPack>();
        var byPack = files.Where(f => f.Place.Pack is not null).GroupBy(f => f.Place.Pack!).OrderBy(g => g.Key, StringComparer.Ordinal);
        foreach (var pack in byPack)
        {
            var assembler = new PackAssembler(pack.Key, problems);
            foreach (var level in ConfigFiles.Levels)
                if (pack.Where(f => f.Place.Level == level).ToList() is { Count: > 0 } some) assembler.Add(level, some);
            packs.Add(assembler.Finish());
        }
        return packs;
    }

    void Add(string level, List<ConfigFile> files)
    {
        if (files.Find(f => f.Place.Relative is "pack" or "package") is { } file) ReadAbout(file);
        levels.Add(new PackLevel(level, files[0].Place.PackDirectory!));
        if (files.Find(f => f.Place.Relative is "parameters" or "parameters/parameters") is { Documents: [var map, ..] })
        {
            RefuseTwice(map);
            parameters.Add(level, map);
        }
        var before = objects.Count;
        foreach (var one in files.Where(f => f.Place.Relative is not ("pack" or "package" or "parameters" or "parameters/parameters")))
            foreach (var raw in new TopLevel(one, problems).Read().Objects) Lay(raw, before);
    }

    void ReadAbout(ConfigFile file)
    {
        if (file.Documents is not [{ Kind: ConfigNodeKind.Map } map, ..]) return;
        RefuseTwice(map);
        var reader = new ObjectReader(map, problems);
        if (reader.Flag("replace", false))
        {
            levels.Clear();
            objects.Clear();
            parameters = new ParameterSet(name, problems);
            about = null;
        }
        isOff = !reader.Flag("enabled", true);
        reader.Allow(aboutKeys);
        reader.RefuseTheRest("pack.yml");
        about = about is null ? map : NodeMerge.Over(about, map);
    }

    /// <summary>The reader lets a key stand twice at the top of a file, for objects; these files hold none.</summary>
    void RefuseTwice(ConfigNode map)
    {
        foreach (var (key, _) in map.Entries.GroupBy(entry => entry.Key.Text).SelectMany(same => same.Skip(1)))
            problems.Add(Problem.At(key, $"\"{key.Text}\" stands here again; write it once"));
    }

    void Lay(RawObject upper, int before)
    {
        // only objects of lower levels are overridden: two of the same name on one level are a slip that the loader reports
        var at = objects.FindIndex(0, Math.Min(before, objects.Count), lower => lower.Kind == upper.Kind
            && (lower.Name == upper.Name
                || (upper.Word is null && lower.Place.ObjectName == upper.Place.ObjectName && lower.Ordinal == upper.Ordinal)));
        if (at < 0) objects.Add(upper);
        else objects[at] = objects[at] with { Body = NodeMerge.Over(objects[at].Body, upper.Body) };
    }

    AssembledPack Finish()
    {
        var list = parameters.Finish(out var dict);
        var reader = new ObjectReader(about ?? new ConfigNode(ConfigNodeKind.Map, "", 0, 0), problems);
        var highest = levels[^1];
        var pack = new Pack(name, highest.Level, highest.Directory, Value.Of(dict))
        {
            IsOff = isOff,
            Levels = levels,
            ParameterList = list,
            Description = reader.Text("description"),
            Version = reader.Text("version"),
            Topics = reader.Texts("topics"),
            Keywords = reader.Texts("keywords"),
        };
        return new AssembledPack(pack, isOff ? [] : objects);
    }
}
