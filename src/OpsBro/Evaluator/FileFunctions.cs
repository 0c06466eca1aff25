using System.Collections.Concurrent;
using System.Globalization;
using System.Numerics;
using System.Text.Json;
using System.Text.RegularExpressions;
using OpsBro.Core.Expressions;
using OpsBro.Platform;

namespace OpsBro.Evaluator;

/// <summary>Functions that look at files.</summary>
internal static class FileFunctions
{
    const string Group = "filesystem";

    /// <summary>Patterns kept compiled; beyond it they are compiled each time.</summary>
    const int MaxPatterns = 256;

    /// <summary>Longest search for a pattern; the largest file takes well below a second with most.</summary>
    static readonly TimeSpan patternPatience = TimeSpan.FromSeconds(5);

    /// <summary>Most values taken from a JSON file.</summary>
    const int MaxJsonValues = 500_000;

    const RegexOptions patternOptions =
        RegexOptions.NonBacktracking | RegexOptions.IgnoreCase | RegexOptions.Multiline | RegexOptions.CultureInvariant;

    static readonly JsonDocumentOptions lenient = new() { AllowTrailingCommas = true, CommentHandling = JsonCommentHandling.Skip };

    static readonly ConcurrentDictionary<string, Regex> patterns = new(StringComparer.Ordinal);

    /// <summary>Adds all of them.</summary>
    public static void AddTo(FunctionTable table)
    {
        Add(table, "file_exists(path)", "True when there is a file, directory or anything else of that path.",
            a => Value.Of(Path.Exists(a.Text(0))));
        Add(table, "is_plain_file(path)", "True when the path is a plain file, or a link to one.", a => Value.Of(RawFile.IsPlain(a.Text(0))));
        Add(table, "is_dir(path)", "True when the path is a directory, or a link to one.", a => Value.Of(Directory.Exists(a.Text(0))));
        Add(table, "is_link(path)", "True when the path is a symbolic link.", a => Value.Of(IsLink(a.Text(0))));
        Add(table, "path_dirname(path)", "The directory part of the path.", a => Value.Of(DirectoryPart(a.Text(0))));
        Add(table, "grep_file(string, path, regexp=False)",
            "True when the file holds the text, in any case; with regexp=True, when a line matches the pattern. "
            + "False when it cannot be read.", Grep);
        Add(table, "parse_json_file(path)", "The content of a JSON file.", ParseJson);
    }

    static void Add(FunctionTable table, string prototype, string summary, Func<Arguments, Value> call) =>
        table.Add(new FunctionDoc(prototype[..prototype.IndexOf('(')], Group, prototype, summary), call);

    static bool IsLink(string path)
    {
        try
        {
            return path.Length > 0 && new FileInfo(path.Length > 1 ? path.TrimEnd('/') : path).LinkTarget is not null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return false;   // what cannot be looked at is no link that we know of
        }
    }

    /// <summary>Python's os.path.dirname.</summary>
    static string DirectoryPart(string path)
    {
        var head = path[..(path.LastIndexOf('/') + 1)];
        return head.Trim('/').Length == 0 ? head : head.TrimEnd('/');
    }

    static Value Grep(Arguments a)
    {
        var (wanted, isPattern) = (a.Text(0), a.Flag(2));
        var pattern = isPattern ? Pattern(a, wanted) : null;
        if (BoundedFile.Text(a.Text(1)) is not { } content) return Value.Of(false);
        try
        {
            return Value.Of(pattern?.IsMatch(content) ?? content.Contains(wanted, StringComparison.OrdinalIgnoreCase));
        }
        catch (RegexMatchTimeoutException)
        {
            throw a.Fail($"\"{wanted}\" takes longer than {patternPatience.TotalSeconds} s; write a simpler pattern");
        }
    }

    /// <summary>A pattern whose time grows with the text only: no back-references or look-around.</summary>
    static Regex Pattern(Arguments a, string text)
    {
        if (patterns.TryGetValue(text, out var known)) return known;
        try
        {
            var pattern = new Regex(text, patternOptions, patternPatience);
            if (patterns.Count < MaxPatterns) patterns[text] = pattern;
            return pattern;
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException)
        {
            throw a.Fail($"\"{text}\" is not a pattern: {e.Message}");
        }
    }

    static Value ParseJson(Arguments a)
    {
        var path = a.Text(0);
        var content = BoundedFile.Bytes(path) ?? throw a.Fail($"{path} cannot be read");
        try
        {
            using var json = JsonDocument.Parse(content, lenient);
            var left = MaxJsonValues;
            return ToValue(json.RootElement, ref left);
        }
        catch (JsonException e)
        {
            throw a.Fail($"{path}:{e.LineNumber + 1} is not JSON: {e.Message.Split(" LineNumber")[0]}");
        }
        catch (InvalidOperationException)
        {
            // what the parser says of a \ud800 without its other half
            throw a.Fail($"{path} has a text with half of a surrogate pair");
        }
    }

    /// <summary>A JSON value; <paramref name="left"/> counts the values that may still come.</summary>
    static Value ToValue(JsonElement json, ref int left)
    {
        if (--left < 0)
            throw new ExpressionException(ErrorKind.Limit, $"the JSON has more than {MaxJsonValues} values");
        switch (json.ValueKind)
        {
            case JsonValueKind.True: return Value.Of(true);
            case JsonValueKind.False: return Value.Of(false);
            case JsonValueKind.String: return Value.Of(json.GetString()!);
            case JsonValueKind.Number: return ToNumber(json);
            case JsonValueKind.Array:
                var list = new List<Value>();
                foreach (var item in json.EnumerateArray()) list.Add(ToValue(item, ref left));
                return Value.ListOf(list);
            case JsonValueKind.Object:
                var dict = new DictValue();
                foreach (var property in json.EnumerateObject()) dict[property.Name] = ToValue(property.Value, ref left);
                return Value.Of(dict);
            default: return Value.None;
        }
    }

    static Value ToNumber(JsonElement json)
    {
        if (json.TryGetInt64(out var whole)) return Value.Of(whole);
        var text = json.GetRawText();
        return text.Length <= Limits.IntDigits && text.AsSpan().IndexOfAny(".eE") < 0
            ? Value.Of(BigInteger.Parse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture))
            : Value.Of(json.GetDouble());
    }
}
