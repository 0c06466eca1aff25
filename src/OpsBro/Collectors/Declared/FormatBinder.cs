using System.Text;
using System.Text.RegularExpressions;
using OpsBro.Collectors.Declared.Formats;
using OpsBro.Config;
using OpsBro.Core.Expressions;

namespace OpsBro.Collectors.Declared;

/// <summary>Reads <c>format</c> and the options of that format into one function.</summary>
internal sealed class FormatBinder(ObjectReader reader, List<Problem> problems)
{
    static readonly string[] formats = ["json", "prometheus", "keyvalue", "csv", "regex"];

    /// <summary>The format's name and function; null, and a problem, when it cannot be made.</summary>
    public (string Name, Func<ReadOnlyMemory<byte>, DictValue>? Format) Read()
    {
        var name = reader.RequiredText("format");
        if (name.Length > 0 && !formats.Contains(name))
            reader.Complain(reader.Node("format")!,
                $"unknown format \"{name}\"{Spelling.Hint(name, formats)}; write one of {string.Join(", ", formats)}");
        foreach (var other in new[] { "keyvalue", "csv", "regex" })
            if (other != name && reader.Map[other] is { } unused && formats.Contains(name))
                reader.Complain(unused, $"{other} is set but the format is {name}");
        reader.Allow("keyvalue", "csv", "regex");
        return (name, name switch
        {
            "json" => bytes => JsonText.Read(bytes.Span),
            "prometheus" => bytes => PrometheusText.Read(Text(bytes)),
            "keyvalue" => KeyValue(),
            "csv" => Csv(),
            "regex" => Regexes(),
            _ => null,
        });
    }

    static string Text(ReadOnlyMemory<byte> bytes)
    {
        var span = bytes.Span;
        return Encoding.UTF8.GetString(span.StartsWith("\uFEFF"u8) ? span[3..] : span);
    }

    Func<ReadOnlyMemory<byte>, DictValue> KeyValue()
    {
        var separator = KeyValueText.DefaultSeparator;
        if (reader.Section("keyvalue") is { } node)
        {
            var section = new ObjectReader(node, problems);
            separator = section.Text("separator", separator);
            section.RefuseTheRest("keyvalue");
        }
        return bytes => KeyValueText.Read(Text(bytes), separator);
    }

    Func<ReadOnlyMemory<byte>, DictValue> Csv()
    {
        var options = new CsvOptions(',', [], []);
        if (reader.Section("csv") is { } node)
        {
            var section = new ObjectReader(node, problems);
            options = new CsvOptions(Separator(section), Columns(section), section.Texts("key"));
            section.RefuseTheRest("csv");
            foreach (var key in options.Key)
                if (options.Names.Count > 0 && !options.Names.Contains(key))
                    section.Complain(section.Node("key")!,
                        $"no column \"{key}\" in header{Spelling.Hint(key, options.Names)}");
        }
        return bytes => CsvText.Read(Text(bytes), options);
    }

    static char Separator(ObjectReader section)
    {
        var text = section.Text("separator", ",");
        if (text is "tab" or "\\t") return '\t';
        if (text.Length == 1 && text[0] is not ('"' or '\n' or '\r')) return text[0];
        section.Complain(section.Node("separator")!, $"separator is \"{text}\"; write one character, or tab");
        return ',';
    }

    /// <summary><c>header: true</c>, the default, takes the names from the first row; a list gives them.</summary>
    static IReadOnlyList<string> Columns(ObjectReader section)
    {
        if (section.Node("header") is not { } node) return [];
        if (node.Kind == ConfigNodeKind.List && node.Items.Count is > 0 and <= CsvText.MaxColumns)
            return section.Texts("header");
        if (node.Kind != ConfigNodeKind.Scalar || node.ToValue() is not { Kind: ValueKind.Bool, AsBool: true })
            section.Complain(node,
                "header must be true, when the first row names the columns, or the list of their names");
        return [];
    }

    Func<ReadOnlyMemory<byte>, DictValue>? Regexes()
    {
        if (reader.Node("regex") is not { } node)
        {
            reader.Complain(reader.Node("format")!,
                "regex is missing; write a list of patterns with named groups below \"regex:\"");
            return null;
        }
        var patterns = new List<Regex>();
        var items = node.Kind == ConfigNodeKind.List ? node.Items : [node];
        if (items.Count is 0 or > RegexText.MaxPatterns || items.Any(item => item.Kind != ConfigNodeKind.Scalar))
            reader.Complain(node, $"regex must be a list of 1 to {RegexText.MaxPatterns} patterns");
        foreach (var item in items.Where(item => item.Kind == ConfigNodeKind.Scalar))
        {
            try
            {
                patterns.Add(RegexText.Compile(item.Text));
            }
            catch (RegexParseException e)
            {
                problems.Add(Problem.In(item, e.Offset, $"not a regular expression: {Tail(e.Message)}"));
            }
            catch (ArgumentException e)
            {
                reader.Complain(item, $"regex: {e.Message}");
            }
        }
        return bytes => RegexText.Read(Text(bytes), patterns);
    }

    /// <summary>
    /// .NET writes <c>Invalid pattern 'P' at offset N. Reason.</c>: the pattern and the place are in the problem
    /// already.
    /// </summary>
    static string Tail(string message)
    {
        var at = message.IndexOf(" at offset ", StringComparison.Ordinal);
        var reason = at < 0 ? message : message[(message.IndexOf(". ", at, StringComparison.Ordinal) + 2)..];
        return reason.TrimEnd('.').ToLowerInvariant();
    }
}
