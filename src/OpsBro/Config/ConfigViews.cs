using System.Text.Json;
using System.Text.Json.Serialization;

namespace OpsBro.Config;

/// <summary>A problem as the API gives it.</summary>
/// <param name="File">Absolute path.</param>
/// <param name="Line">From 1; 0 for the whole file.</param>
/// <param name="Column">From 1; 0 for the whole line.</param>
/// <param name="Message">What is wrong and what to write.</param>
/// <param name="Warning">True when it was understood all the same.</param>
/// <param name="Text">All of it on one line.</param>
internal sealed record ProblemEntry(string File, int Line, int Column, string Message, bool Warning, string Text)
{
    /// <summary>The view of a problem.</summary>
    public static ProblemEntry Of(Problem p) => new(p.File, p.Line, p.Column, p.Message, p.IsWarning, p.ToString());
}

/// <summary>What a reload did.</summary>
/// <param name="Version">Of the configuration that holds now.</param>
/// <param name="Added">New objects.</param>
/// <param name="Changed">Objects with other keys or parameters.</param>
/// <param name="Removed">Objects that are gone.</param>
/// <param name="SettingsChanged">True when agent.yml or a drop-in file says something else.</param>
/// <param name="RestartNeeded">Changed sections that count only after a restart.</param>
/// <param name="Problems">Every problem there is.</param>
internal sealed record ReloadView(
    int Version, int Added, int Changed, int Removed, bool SettingsChanged, string[] RestartNeeded, ProblemEntry[] Problems);

/// <summary>One effective value.</summary>
/// <param name="Key">For instance <c>http.listen</c>, <c>packs.linux.cpu.warning</c> or <c>check.linux/cpu.interval</c>.</param>
/// <param name="Value">As it is written; stars for a secret.</param>
/// <param name="File">Where it comes from; <c>default</c> when no file says it.</param>
/// <param name="Line">From 1; 0 when it is not from a file.</param>
/// <param name="Column">From 1; 0 as well.</param>
internal sealed record ConfigEntry(string Key, string Value, string File, int Line, int Column)
{
    /// <summary>The place as one word.</summary>
    [JsonIgnore]
    public string Origin => Line > 0 ? $"{File}:{Line}:{Column}" : File;
}

/// <summary>The effective configuration.</summary>
/// <param name="Version">Grows with each reload.</param>
/// <param name="Directory">The configuration directory.</param>
/// <param name="Entries">Every value.</param>
internal sealed record ConfigView(int Version, string Directory, ConfigEntry[] Entries);

/// <summary>An object that is known, and whether something runs it.</summary>
/// <param name="Kind">check, handler, dns, …</param>
/// <param name="Id">Unique among its kind.</param>
/// <param name="Name">What people see.</param>
/// <param name="Pack">Its pack, or null.</param>
/// <param name="State"><c>started</c>, <c>disabled</c>, <c>error</c>, or <c>not active yet</c> when this release does not run the kind.</param>
/// <param name="File">Where it begins.</param>
/// <param name="Line">From 1.</param>
internal sealed record ModuleView(string Kind, string Id, string Name, string? Pack, string State, string File, int Line);

/// <summary>A pack.</summary>
internal sealed record PackView(
    string Name, bool Enabled, string Level, string Version, string Description, string[] Topics, string[] Keywords, PackLevelView[] Levels,
    PackObjectView[] Objects, ParameterView[] Parameters);

/// <summary>A level's copy of a pack.</summary>
internal sealed record PackLevelView(string Level, string Directory);

/// <summary>An object of a pack.</summary>
internal sealed record PackObjectView(string Kind, string Name, string IfGroup, bool Enabled, string File, int Line);

/// <summary>A parameter; the value is stars for a secret.</summary>
internal sealed record ParameterView(
    string Name, string Type, string Value, string? Default, string Description, string Level, string File, int Line);

/// <summary>JSON of configuration and packs.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(ProblemEntry[]))]
[JsonSerializable(typeof(ReloadView))]
[JsonSerializable(typeof(ConfigView))]
[JsonSerializable(typeof(ConfigEntry[]))]
[JsonSerializable(typeof(ModuleView[]))]
[JsonSerializable(typeof(ParameterView))]
[JsonSerializable(typeof(PackView))]
[JsonSerializable(typeof(PackView[]))]
[JsonSerializable(typeof(Dictionary<string, Dictionary<string, JsonElement[]>>))]
internal sealed partial class ConfigJson : JsonSerializerContext;
