using System.Globalization;
using System.Text;
using OpsBro.Config;
using OpsBro.Core.Expressions;

namespace OpsBro.Collectors.Declared;

/// <summary>
/// A value of a collector object with <c>{{parameters.x}}</c> or <c>{{parameters.x||default}}</c> in it, filled in at each run. Only the
/// double braces count: an argument such as <c>{print $1}</c> stands for itself.
/// </summary>
internal sealed class DeclaredText
{
    readonly List<(string Plain, string[]? Path, string? Otherwise)> parts = [];

    /// <summary>As written, for messages.</summary>
    public string Source { get; }

    /// <summary>True when nothing in it is to be filled in, not even something that was written wrongly.</summary>
    public bool IsPlain => !Source.Contains("{{", StringComparison.Ordinal);

    DeclaredText(string source) => Source = source;

    /// <summary>Reads a node; what is wrong goes to the problems, at its column.</summary>
    public static DeclaredText Read(ConfigNode node, List<Problem> problems)
    {
        var text = new DeclaredText(node.Text);
        var at = 0;
        while (node.Text.IndexOf("{{", at, StringComparison.Ordinal) is >= 0 and var open)
        {
            text.parts.Add((node.Text[at..open], null, null));
            var close = node.Text.IndexOf("}}", open, StringComparison.Ordinal);
            var inner = close < 0 ? node.Text[(open + 2)..] : node.Text[(open + 2)..close];
            if (close < 0) problems.Add(Problem.In(node, open, "\"{{\" is never closed; write {{parameters.NAME}}"));
            else if (!text.AddReference(inner))
                problems.Add(Problem.In(node, open, $"\"{{{{{inner}}}}}\": a collector reads its pack's parameters; write {{{{parameters.NAME}}}}"));
            at = close < 0 ? node.Text.Length : close + 2;
        }
        text.parts.Add((node.Text[at..], null, null));
        return text;
    }

    /// <summary>A text without parameters.</summary>
    public static DeclaredText Plain(string plain) => new(plain);

    bool AddReference(string inner)
    {
        var bar = inner.IndexOf("||", StringComparison.Ordinal);
        var otherwise = bar < 0 ? null : inner[(bar + 2)..].Trim().Trim('\'', '"');
        var words = (bar < 0 ? inner : inner[..bar]).Trim().Split('.');
        if (words.Length < 2 || words[0] != "parameters" || words.Any(word => word.Length == 0)) return false;
        parts.Add(("", words[1..], otherwise));
        return true;
    }

    /// <summary>The text with the parameters filled in.</summary>
    /// <exception cref="FormatException">A parameter is not there, or is a list or a group.</exception>
    public string Fill(Value parameters)
    {
        if (IsPlain) return Source;
        var text = new StringBuilder();
        foreach (var (plain, path, otherwise) in parts) text.Append(path is null ? plain : Look(parameters, path, otherwise));
        return text.ToString();
    }

    static string Look(Value value, string[] path, string? otherwise)
    {
        foreach (var word in path)
        {
            if (value.Kind == ValueKind.Dict && value.AsDict.TryGet(word, out value)) continue;
            return otherwise ?? throw new FormatException($"there is no parameter \"{string.Join('.', path)}\" in this collector's pack");
        }
        return value.Kind switch
        {
            ValueKind.String => value.AsString,
            ValueKind.Bool => value.AsBool ? "true" : "false",
            ValueKind.Int => value.AsInt.ToString(CultureInfo.InvariantCulture),
            ValueKind.Float => value.AsFloat.ToString(CultureInfo.InvariantCulture),
            ValueKind.BigInt => value.AsBigInt.ToString(CultureInfo.InvariantCulture),
            ValueKind.None => "",
            _ => throw new FormatException($"parameter \"{string.Join('.', path)}\" is not one value"),
        };
    }
}
