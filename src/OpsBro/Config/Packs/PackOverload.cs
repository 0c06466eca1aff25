using OpsBro.Cli;
using OpsBro.Config.Editing;

namespace OpsBro.Config.Packs;

/// <summary>Copies a pack to a higher level, where the copy replaces it: what the operator deletes there is gone.</summary>
internal static class PackOverload
{
    /// <summary>Largest pack that is copied, in files.</summary>
    const int maxFiles = 1_000;

    /// <summary>Copies; returns the new directory.</summary>
    /// <exception cref="CliError">The names are wrong, or the copy is there already.</exception>
    public static string Copy(AgentOptions options, Configuration configuration, string levelAndPack, string toLevel)
    {
        var parts = levelAndPack.Split('.', 2);
        if (parts.Length < 2 || !ConfigFiles.Levels.Contains(parts[0]))
            throw new CliError(2, $"\"{levelAndPack}\" is no LEVEL.PACK; write for instance core.linux");
        var pack = ParameterKey.FindPack(configuration, parts[1]);
        var from = pack.Levels.FirstOrDefault(level => level.Level == parts[0])
            ?? throw new CliError(2, $"pack {pack.Name} does not exist on level {parts[0]}, but on {string.Join(", ", pack.Levels.Select(l => l.Level))}");
        if (ConfigFiles.RankOf(toLevel) <= ConfigFiles.RankOf(from.Level))
            throw new CliError(2, $"level {toLevel} is not above {from.Level}; give a higher one with --to-level");
        var target = Path.Join(options.ConfigDirectory, "packs", toLevel, pack.Name);
        var there = pack.Levels.FirstOrDefault(level => level.Level == toLevel)?.Directory ?? target;
        if (Directory.Exists(there)) throw new CliError(2, $"{there} is there already; edit it, or move it away");
        CopyTo(from.Directory, target);
        var about = Path.Join(target, File.Exists(Path.Join(target, "package.yml")) ? "package.yml" : "pack.yml");
        var text = YamlEdit.Set(EditedFile.Read(about), ["replace"], "true");
        EditedFile.Write(about, YamlEdit.Comment(text, $"copied from {from.Directory}; without replace: true its keys would be laid over that pack"));
        return target;
    }

    static void CopyTo(string from, string target)
    {
        var files = Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories).Take(maxFiles + 1).ToList();
        if (files.Count > maxFiles) throw new CliError(2, $"{from} holds more than {maxFiles} files; copy it by hand");
        foreach (var file in files)
        {
            var copy = Path.Join(target, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }
    }
}
