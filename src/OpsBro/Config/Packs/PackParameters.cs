using OpsBro.Cli;
using OpsBro.Config.Editing;

namespace OpsBro.Config.Packs;

/// <summary>Sets parameters in the files of a level.</summary>
internal static class PackParameters
{
    /// <summary>Sets one parameter, after a look at what the configuration would be; returns the file.</summary>
    /// <exception cref="CliError">The level, the name or the value is not right; no file was changed.</exception>
    public static string Set(AgentOptions options, string level, string pack, string name, string value)
    {
        var before = ConfigLoader.Load(options);
        var known = ParameterKey.FindPack(before, pack);
        if (level == "core")
            throw new CliError(2, $"the next update replaces level core; write local.{pack}.{name}");
        if (ConfigFiles.RankOf(level) < ConfigFiles.RankOf(known.Levels[0].Level))
            throw new CliError(2, $"pack {pack} begins on level {known.Levels[0].Level}; write {known.Levels[0].Level}.{pack}.{name}");
        var parameter = known.ParameterList.FirstOrDefault(p => p.Name == name);
        // one without a value is not in the list: the problem of the edited file tells a wrong name
        if (parameter is null && !before.Problems.Any(p => p.Message.Contains($"parameter {name} has no value", StringComparison.Ordinal)))
            ParameterKey.Find(before, pack, name);
        var path = FileOf(options, known, level);
        return Write(options, before, path, name, value, parameter?.IsSecret ?? Secrets.IsSecretKey(name));
    }

    static string Write(AgentOptions options, Configuration before, string path, string name, string value, bool isSecret)
    {
        var text = EditedFile.Read(path);
        var keys = name.Split('.');
        // where the parameter is declared in full, its default is what the level says
        if (NodeAt(path, text, keys) is { } node && ParameterDeclaration.IsDeclaration(node)) keys = [.. keys, "default"];
        try
        {
            ChangedFile.Write(options, before, path, text, YamlEdit.Set(text, keys, value),
                $"SET {name} → {(isSecret ? Secrets.Stars : value)}");
        }
        catch (EditRefused e)
        {
            throw new CliError(2, $"{path}: {e.Message}");
        }
        return path;
    }

    static ConfigNode? NodeAt(string path, string text, string[] keys)
    {
        if (Yaml.YamlText.Parse(path, text).Documents is not [var node, ..]) return null;
        foreach (var key in keys)
        {
            if (node[key] is not { } below) return null;
            node = below;
        }
        return node;
    }

    static string FileOf(AgentOptions options, Pack pack, string level)
    {
        var directory = pack.Levels.FirstOrDefault(l => l.Level == level)?.Directory
            ?? Path.Join(options.ConfigDirectory, "packs", level, pack.Name);
        var old = Path.Join(directory, "parameters", "parameters.yml");
        return File.Exists(old) ? old : Path.Join(directory, "parameters.yml");
    }
}
