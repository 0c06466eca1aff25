using System.Globalization;
using OpsBro.Core.Expressions;

namespace OpsBro.Config.Packs;

/// <summary>One declared parameter and the value it has so far.</summary>
internal sealed class ParameterDeclaration
{
    static readonly string[] keys = ["type", "default", "description", "secret", "min", "max"];
    static readonly string[] types = ["int", "float", "number", "string", "bool", "string_list", "duration"];

    readonly string type;
    readonly string? defaultText;
    double least = double.NegativeInfinity, most = double.PositiveInfinity;
    readonly List<ParameterSetting> settings = [];
    string description = "", level;
    bool isSecret;
    ConfigNode place;
    Value? value;

    ParameterDeclaration(string name, string type, string level, ConfigNode place, string? defaultText) =>
        (Name, this.type, this.level, this.place, this.defaultText) = (name, type, level, place, defaultText);

    /// <summary>Keys from the top of parameters.yml, joined by dots.</summary>
    public string Name { get; }

    /// <summary>True for <c>{type: …, default: …}</c>; a group may hold a parameter named <c>type</c>, but not beside a <c>default</c>.</summary>
    public static bool IsDeclaration(ConfigNode node) =>
        node.Kind == ConfigNodeKind.Map && node["type"] is { Kind: ConfigNodeKind.Scalar }
        && (node["default"] is not null || node.Entries.All(entry => keys.Contains(entry.Key.Text)));

    /// <summary>A plain value: its type is what it looks like.</summary>
    public static ParameterDeclaration Plain(string name, string level, ConfigNode key, ConfigNode node)
    {
        var type = node.Kind == ConfigNodeKind.List
            ? "string_list"
            : node.ToValue().Kind switch
            {
                ValueKind.Bool => "bool",
                ValueKind.Int or ValueKind.Float => "number",
                _ => "string",
            };
        var declaration = new ParameterDeclaration(name, type, level, key, TextOf(node)) { isSecret = Secrets.IsSecretKey(name) };
        declaration.Set(level, node, []);
        return declaration;
    }

    /// <summary>A declaration in full.</summary>
    public static ParameterDeclaration Declared(string name, string level, ConfigNode key, ConfigNode node, List<Problem> problems)
    {
        var reader = new ObjectReader(node, problems);
        var type = reader.Text("type");
        if (!types.Contains(type))
        {
            reader.Complain(reader.Node("type") ?? node,
                $"unknown type \"{type}\"{Spelling.Hint(type, types)}; write one of {string.Join(", ", types)}");
            type = "string";
        }
        var declaration = new ParameterDeclaration(name, type, level, key, node["default"] is { } text ? TextOf(text) : null)
        {
            description = reader.Text("description"),
            isSecret = reader.Flag("secret", Secrets.IsSecretKey(name)),
            least = Limit(reader, type, "min", double.NegativeInfinity),
            most = Limit(reader, type, "max", double.PositiveInfinity),
        };
        reader.Allow("default");
        reader.RefuseTheRest($"parameter {name}");
        if (node["default"] is { } value) declaration.Set(level, value, problems);
        return declaration;
    }

    static double Limit(ObjectReader reader, string type, string key, double otherwise)
    {
        if (reader.Node(key) is not { } node) return otherwise;
        if (type == "duration" && Durations.TryParse(node.Text, out var duration)) return duration.TotalSeconds;
        if (double.TryParse(node.Text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number)) return number;
        reader.Complain(node, $"{key} is \"{node.Text}\"; write a number");
        return otherwise;
    }

    /// <summary>Sets the value; one of another type is a problem and changes nothing.</summary>
    public void Set(string from, ConfigNode node, List<Problem> problems)
    {
        if (Convert(node) is not { } converted)
        {
            problems.Add(Problem.At(node, $"parameter {Name} is {Shown(node)}; write {Example}"));
            return;
        }
        if (converted.IsNumber && (converted.ToDouble() < least || converted.ToDouble() > most))
        {
            problems.Add(Problem.At(node, $"parameter {Name} is {Shown(node)}; {Limits}"));
            return;
        }
        (value, place, level) = (converted, node, from);
        settings.Add(new ParameterSetting(from, TextOf(node), node));
    }

    /// <summary>The effective parameter; null, and a problem, when it has no value at all.</summary>
    public Parameter? Finish(string pack, List<Problem> problems)
    {
        if (value is { } known)
            return new Parameter(Name, type, known, TextOf(place), level, place, defaultText, description, isSecret)
            {
                Settings = settings,
            };
        if (defaultText is null)
        {
            problems.Add(Problem.At(place,
                $"parameter {Name} has no value; set it with \"opsbro packs parameters set local.{pack}.{Name} VALUE\""));
        }
        return null;
    }

    Value? Convert(ConfigNode node)
    {
        if (type == "string_list")
        {
            if (node.IsEmpty) return Value.ListOf([]);
            if (node.Kind == ConfigNodeKind.Scalar) return Value.ListOf([Value.Of(node.Text)]);
            return node.Kind == ConfigNodeKind.List && node.Items.All(item => item.Kind == ConfigNodeKind.Scalar)
                ? Value.ListOf([.. node.Items.Select(item => Value.Of(item.Text))])
                : null;
        }
        if (node.Kind != ConfigNodeKind.Scalar) return null;
        var plain = node.ToValue();
        return (type, plain.Kind) switch
        {
            ("string", _) => Value.Of(node.Text),
            ("bool", ValueKind.Bool) or ("int", ValueKind.Int) or ("number", ValueKind.Int or ValueKind.Float) => plain,
            ("float", ValueKind.Int or ValueKind.Float) => Value.Of(plain.ToDouble()),
            ("duration", _) when Durations.TryParse(node.Text, out var duration) => Seconds(duration),
            _ => null,
        };
    }

    /// <summary>Whole seconds are an int, so that a rule prints 30 and not 30.0.</summary>
    static Value Seconds(TimeSpan duration) =>
        duration.Ticks % TimeSpan.TicksPerSecond == 0 ? Value.Of((long)duration.TotalSeconds) : Value.Of(duration.TotalSeconds);

    string Shown(ConfigNode node) => isSecret ? "not of its type" : $"\"{TextOf(node)}\"";

    string Example => type switch
    {
        "int" => "a whole number",
        "float" or "number" => "a number",
        "bool" => "true or false",
        "string_list" => "a list of texts",
        "duration" => "a duration, for instance 250ms, 10s or 5m",
        _ => "one value",
    };

    string Limits => (least, most) switch
    {
        (double.NegativeInfinity, _) => FormattableString.Invariant($"write at most {most}"),
        (_, double.PositiveInfinity) => FormattableString.Invariant($"write at least {least}"),
        _ => FormattableString.Invariant($"write {least} to {most}"),
    };

    /// <summary>A value as it is written on one line.</summary>
    static string TextOf(ConfigNode node) => node.Kind switch
    {
        ConfigNodeKind.List => "[" + string.Join(", ", node.Items.Select(TextOf)) + "]",
        ConfigNodeKind.Map => "{…}",
        _ => node.Text,
    };
}
