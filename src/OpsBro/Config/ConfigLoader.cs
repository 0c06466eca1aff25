using OpsBro.Config.Packs;

namespace OpsBro.Config;

/// <summary>Makes a <see cref="Configuration"/> of the files. Never throws for what stands in them: every problem is in the result.</summary>
internal static class ConfigLoader
{
    /// <summary>Reads everything.</summary>
    /// <param name="options">Where the files are.</param>
    /// <param name="previous">The configuration before: a file that cannot be read any more keeps what it said there.</param>
    /// <param name="environment">Variables that override; null for the process's own.</param>
    public static Configuration Load(
        AgentOptions options, Configuration? previous = null, IReadOnlyDictionary<string, string>? environment = null)
    {
        var problems = new List<Problem>();
        var files = new ConfigFiles(options, previous, problems).Read();
        var agent = new ConfigNode(ConfigNodeKind.Map, Path.Join(options.ConfigDirectory, "agent.yml"), 0, 0);
        var objects = new List<RawObject>();
        foreach (var file in files.Where(f => f.Place.Pack is null).OrderBy(f => f.Place.Rank))
        {
            var top = new TopLevel(file, problems).Read();
            objects.AddRange(top.Objects);
            if (top.Settings is { } settings) agent = NodeMerge.Over(agent, settings);
        }
        if (EnvironmentSettings.Read(environment ?? EnvironmentSettings.Current(), problems) is { } overrides)
            agent = NodeMerge.Over(agent, overrides);
        _ = AgentSettings.Read(agent, problems);
        var packs = PackAssembler.Assemble(files, problems);
        var all = Finish(objects, packs, problems, out var switchedOff);
        return new Configuration((previous?.Version ?? 0) + 1, agent, all, packs.ConvertAll(p => p.Pack), Sorted(problems))
        {
            Files = files,
            SwitchedOff = switchedOff,
        };
    }

    static List<ConfigObject> Finish(
        List<RawObject> own, List<AssembledPack> packs, List<Problem> problems, out IReadOnlyList<ConfigObject> switchedOff)
    {
        var known = new Dictionary<(string Kind, string Id), ConfigObject>();
        var all = new List<ConfigObject>();
        var off = new List<ConfigObject>();
        foreach (var (raw, pack) in own.Select(o => (o, (Pack?)null)).Concat(packs.SelectMany(p => p.Objects.Select(o => (o, (Pack?)p.Pack)))))
        {
            var made = Make(raw, pack, problems, out var isOn);
            if (!known.TryAdd((made.Kind, made.Id), made))
            {
                var first = known[(made.Kind, made.Id)].Body;
                problems.Add(Problem.At(made.Body,
                    $"a second {made.Kind} \"{made.Id}\"; the first stands at {first.File}:{first.Line} and counts; give this one another name"));
                continue;
            }
            (isOn ? all : off).Add(made);
        }
        switchedOff = off;
        return all;
    }

    static ConfigObject Make(RawObject raw, Pack? pack, List<Problem> problems, out bool isOn)
    {
        isOn = true;
        var body = raw.Body;
        if (ObjectKinds.CanBeSwitchedOff(raw.Kind))
        {
            isOn = new ObjectReader(body, problems).Flag("enabled", true);
            body = NodeMerge.Without(body, "enabled");
        }
        return new ConfigObject(raw.Kind, raw.Id, raw.Name, body, pack);
    }

    static List<Problem> Sorted(List<Problem> problems) =>
        [.. problems.Distinct().OrderBy(p => p.File, StringComparer.Ordinal).ThenBy(p => p.Line).ThenBy(p => p.Column)];
}
