using OpsBro.Cli;

namespace OpsBro.Config.Packs;

/// <summary>Names like <c>local.linux.cpu_warning</c>: a level, a pack and a parameter.</summary>
internal static class ParameterKey
{
    /// <summary>Cuts it into its parts.</summary>
    /// <exception cref="CliError">It has fewer than three, or the first is no level.</exception>
    public static (string Level, string Pack, string Name) Parse(string key)
    {
        var parts = key.Split('.', 3);
        if (parts.Length < 3 || parts.Any(string.IsNullOrEmpty))
            throw new CliError(2, $"\"{key}\" is no LEVEL.PACK.KEY; write for instance local.linux.cpu_warning");
        if (!ConfigFiles.Levels.Contains(parts[0]))
            throw new CliError(2, $"\"{parts[0]}\" is no level; write core, global, zone or local");
        return (parts[0], parts[1], parts[2]);
    }

    /// <summary>A pack by its name.</summary>
    /// <exception cref="CliError">There is none.</exception>
    public static Pack FindPack(Configuration configuration, string name) =>
        configuration.Packs.FirstOrDefault(pack => pack.Name == name)
        ?? throw new CliError(2,
            $"no pack is named \"{name}\"{Spelling.Hint(name, configuration.Packs.Select(pack => pack.Name))}; see opsbro packs list");

    /// <summary>A parameter by its name.</summary>
    /// <exception cref="CliError">There is no such pack or parameter.</exception>
    public static Parameter Find(Configuration configuration, string pack, string name)
    {
        var known = FindPack(configuration, pack).ParameterList;
        return known.FirstOrDefault(parameter => parameter.Name == name)
            ?? throw new CliError(2, $"pack {pack} has no parameter \"{name}\"{Spelling.Hint(name, known.Select(p => p.Name))}; "
                + $"see opsbro packs show {pack}");
    }
}
