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
        var copies = configuration.Files.Select(file => file.Place).Where(place => place.Pack == pack.Name)
            .GroupBy(place => place.Level!).ToDictionary(level => level.Key, level => level.First().PackDirectory!);
        if (!copies.TryGetValue(parts[0], out var from))
            throw new CliError(2, $"pack {pack.Name} does not exist on level {parts[0]}, but on {string.Join(", ", copies.Keys)}");
        if (ConfigFiles.RankOf(toLevel) <= ConfigFiles.RankOf(parts[0]))
            throw new CliError(2, $"level {toLevel} is not above {parts[0]}; give a higher one with --to-level");
        var target = Path.Join(options.ConfigDirectory, "packs", toLevel, pack.Name);
        var there = copies.GetValueOrDefault(toLevel, target);
        if (Directory.Exists(there)) throw new CliError(2, $"{there} is there already; edit it, or move it away");
        CopyTo(from, target);
        var about = Path.Join(target, File.Exists(Path.Join(target, "package.yml")) ? "package.yml" : "pack.yml");
        var text = YamlEdit.Set(EditedFile.Read(about), ["replace"], "true");
        EditedFile.Write(about, YamlEdit.Comment(text, $"copied from {from}; without replace: true its keys would be laid over that pack"));
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
