using OpsBro.Core.Expressions;

namespace OpsBro.Config;

/// <summary>A pack: a directory of objects that belong together, with the parameters its rules read.</summary>
/// <param name="Name">The directory's name.</param>
/// <param name="Level">The highest level that it exists on: core, global, zone or local.</param>
/// <param name="Directory">Absolute path of that level's copy.</param>
/// <param name="Parameters">Effective parameters as a dict, what <c>{{parameters.x}}</c> reads.</param>
internal sealed record Pack(string Name, string Level, string Directory, Value Parameters)
{
    /// <summary>The levels that count, the strongest last.</summary>
    public IReadOnlyList<PackLevel> Levels { get; init; } = [];

    /// <summary>Each parameter with its type and the place of its value.</summary>
    public IReadOnlyList<Parameter> ParameterList { get; init; } = [];

    /// <summary>What the pack is for, from pack.yml.</summary>
    public string Description { get; init; } = "";

    /// <summary>Its version, from pack.yml.</summary>
    public string Version { get; init; } = "";

    /// <summary>Its topics, the main one first, from pack.yml.</summary>
    public IReadOnlyList<string> Topics { get; init; } = [];

    /// <summary>Words to find it by, from pack.yml.</summary>
    public IReadOnlyList<string> Keywords { get; init; } = [];

    /// <summary>True when a level says <c>enabled: false</c>: its objects do not exist, its parameters are kept.</summary>
    public bool IsOff { get; init; }

    /// <summary>Changes when an effective parameter does.</summary>
    public string Signature => string.Join('\n', ParameterList.Select(p => $"{p.Name}={p.Type}:{p.Text}"));

    /// <summary>A file of the pack, for instance <c>templates/mail.tpl</c>, from the strongest level that has it; null when none has.</summary>
    public string? FindFile(string relative) => Levels.Reverse()
        .Select(level => Path.Join(level.Directory, relative))
        .FirstOrDefault(File.Exists);
}

/// <summary>A level's copy of a pack.</summary>
internal sealed record PackLevel(string Level, string Directory);

/// <summary>One parameter of a pack.</summary>
/// <param name="Name">Keys from the top of parameters.yml, joined by dots.</param>
/// <param name="Type">int, float, number, string, bool, string_list or duration.</param>
/// <param name="Value">The effective value; a duration is its seconds.</param>
/// <param name="Text">The value as it is written; never shown when <paramref name="IsSecret"/>.</param>
/// <param name="Level">The level whose file sets it.</param>
/// <param name="Place">Where it is set.</param>
/// <param name="Default">The default as it is written; null when there is none.</param>
/// <param name="Description">What it is for.</param>
/// <param name="IsSecret">True when nobody may read it.</param>
internal sealed record Parameter(
    string Name, string Type, Value Value, string Text, string Level, ConfigNode Place, string? Default, string Description, bool IsSecret)
{
    /// <summary>What each level says, the strongest last.</summary>
    public IReadOnlyList<ParameterSetting> Settings { get; init; } = [];

    /// <summary>The text for people: stars for a secret.</summary>
    public string ShownText => IsSecret && Text.Length > 0 ? Secrets.Stars : Text;
}

/// <summary>What one level sets a parameter to.</summary>
/// <param name="Level">core, global, zone or local.</param>
/// <param name="Text">As it is written.</param>
/// <param name="Place">Where.</param>
internal sealed record ParameterSetting(string Level, string Text, ConfigNode Place);
