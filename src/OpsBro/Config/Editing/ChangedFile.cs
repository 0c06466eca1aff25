using System.Globalization;
using OpsBro.Cli;

namespace OpsBro.Config.Editing;

/// <summary>Writes an edit, after the whole configuration was read with it: an edit that makes a new problem is refused.</summary>
internal static class ChangedFile
{
    /// <summary>Writes it with a line that says what was changed and when.</summary>
    /// <exception cref="CliError">The edit makes a problem; the file is as it was.</exception>
    public static void Write(AgentOptions options, Configuration before, string path, string oldText, string newText, string change)
    {
        if (newText == oldText) return;
        var date = DateTimeOffset.Now.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);
        var text = YamlEdit.Comment(newText, $"CHANGE: ({date}) {change}");
        var existed = File.Exists(path);
        EditedFile.Write(path, text);
        var known = before.Problems.Select(p => (p.File, p.Message)).ToHashSet();
        var made = ConfigLoader.Load(options).Problems.FirstOrDefault(p => !p.IsWarning && !known.Contains((p.File, p.Message)));
        if (made is null) return;
        if (existed) EditedFile.Write(path, oldText);
        else File.Delete(path);
        throw new CliError(2, $"{made.Message}; nothing was changed");
    }
}
