using OpsBro.Core.Expressions;

namespace OpsBro.Collectors.Declared.Formats;

/// <summary>The tree that a format parser builds: bounded, and every key such that a rule reaches it.</summary>
internal sealed class FormatTree
{
    /// <summary>Most values of one answer; a larger one is refused as a whole, since half an answer misleads.</summary>
    public const int MaxValues = DataWriter.MaxValues;

    /// <summary>Deepest nesting.</summary>
    public const int MaxDepth = 32;

    /// <summary>Longest key, in characters; a longer one is cut.</summary>
    public const int MaxKey = 256;

    /// <summary>Longest text value, in characters; a longer one is cut.</summary>
    public const int MaxText = 4096;

    /// <summary>
    /// Where a number goes when deeper keys exist below its own: <c>x 1</c> beside <c>x{a="b"} 2</c>.
    /// </summary>
    public const string OwnValue = "value";

    int values;

    /// <summary>The tree so far.</summary>
    public DictValue Root { get; } = new();

    /// <summary>
    /// Puts a value under a path. A path that is a leaf and a branch keeps its own value under <see cref="OwnValue"/>.
    /// </summary>
    /// <exception cref="FormatException">The tree is full, or the path too deep.</exception>
    public void Set(ReadOnlySpan<string> path, Value value, int line, int column)
    {
        Count(line, column);
        if (path.Length > MaxDepth) throw At(line, column, $"more than {MaxDepth} levels");
        var dict = Root;
        foreach (var part in path[..^1])
        {
            var key = Key(part);
            var isThere = dict.TryGet(key, out var next);
            if (!isThere || next.Kind != ValueKind.Dict)
            {
                var branch = new DictValue();
                if (isThere) branch[OwnValue] = next;
                dict[key] = next = Value.Of(branch);
            }
            dict = next.AsDict;
        }
        var last = Key(path[^1]);
        if (dict.TryGet(last, out var old) && old.Kind == ValueKind.Dict) (dict, last) = (old.AsDict, OwnValue);
        dict[last] = value;
    }

    /// <summary>Counts one value.</summary>
    /// <exception cref="FormatException">There are more than <see cref="MaxValues"/>.</exception>
    public void Count(int line, int column)
    {
        if (++values > MaxValues) throw At(line, column, $"more than {MaxValues} values");
    }

    /// <summary>A key that a rule reaches.</summary>
    public static string Key(ReadOnlySpan<char> name) => TypedText.Key(name.Length > MaxKey ? name[..MaxKey] : name);

    /// <summary>A number where the text is one, else the text.</summary>
    public static Value Typed(ReadOnlySpan<char> text) =>
        TypedText.Read(text.Length > MaxText ? text[..MaxText] : text);

    /// <summary>
    /// The error of a parser: where, from 1, and what. One line, whatever piece of the answer it quotes.
    /// </summary>
    public static FormatException At(int line, int column, string message) =>
        new($"line {line}, column {column}: {Printable(message)}");

    /// <summary>A piece of the answer for a message: short, one line.</summary>
    public static string Shown(ReadOnlySpan<char> text, int most = 40)
    {
        var end = text.IndexOfAny('\r', '\n');
        if (end >= 0) text = text[..end];
        var shown = text.Length > most ? string.Concat(text[..most], "…") : text.ToString();
        return Printable(shown);
    }

    static string Printable(string text) => string.Concat(text.Select(c => char.IsControl(c) ? '?' : c));
}
