using System.Globalization;
using OpsBro.Config;
using OpsBro.Core.Expressions;

namespace OpsBro.Checks;

/// <summary>Where macros look: the check's own keys, its pack's parameters, the variables of agent.yml.</summary>
/// <param name="body">The check.</param>
/// <param name="pack">Its pack, or null.</param>
/// <param name="agent">agent.yml as it is now.</param>
internal sealed class MacroSource(ConfigNode body, Pack? pack, Func<ConfigNode> agent)
{
    /// <summary>Directories where distributions put the monitoring plugins, in the order of looking.</summary>
    public static readonly IReadOnlyList<string> PluginDirectories =
    [
        "/usr/lib/nagios/plugins", "/usr/lib64/nagios/plugins", "/usr/lib/monitoring-plugins", "/usr/libexec/nagios/plugins",
        "/usr/local/nagios/libexec", "/usr/local/libexec/nagios", "/opt/monitoring-plugins/libexec",
    ];

    /// <summary>The value of a macro as text; null when it has none.</summary>
    public string? Find(string name)
    {
        var path = name.Split('.');
        return Text(Walk(body, path)) ?? Text(Walk(pack?.Parameters ?? Value.None, path)) ?? Text(Walk(agent(), path)) ?? BuiltIn(name);
    }

    /// <summary>Why a macro has no value, and what to do.</summary>
    public static string Missing(string name) => name == "nagiosplugins"
        ? "the macro $nagiosplugins$ has no value: no directory of monitoring plugins is here; "
          + "install the package monitoring-plugins, or set nagiosplugins in agent.yml"
        : $"the macro ${name}$ has no value: neither the check nor its pack's parameters nor agent.yml has that key";

    string? BuiltIn(string name) => name switch
    {
        "nagiosplugins" => PluginDirectories.FirstOrDefault(Directory.Exists),
        "pack.directory" => pack?.Directory,
        _ => null,
    };

    static ConfigNode? Walk(ConfigNode? node, string[] path)
    {
        foreach (var key in path) node = node?[key];
        return node;
    }

    static Value? Walk(Value value, string[] path)
    {
        foreach (var key in path)
            if (value.Kind != ValueKind.Dict || !value.AsDict.TryGet(key, out value)) return null;
        return value;
    }

    static string? Text(ConfigNode? node) => node switch
    {
        null or { IsEmpty: true } or { Kind: ConfigNodeKind.Map } => null,
        { Kind: ConfigNodeKind.List } => string.Join(',', node.Items.Select(i => i.Text)),
        _ => node.Text,
    };

    static string? Text(Value? value) => value?.Kind switch
    {
        ValueKind.String => value.Value.AsString,
        ValueKind.Int => value.Value.AsInt.ToString(CultureInfo.InvariantCulture),
        ValueKind.Float => value.Value.AsFloat.ToString(CultureInfo.InvariantCulture),
        ValueKind.Bool => value.Value.AsBool ? "true" : "false",
        ValueKind.List => string.Join(',', value.Value.AsList.Select(i => Text(i))),
        _ => null,
    };
}
