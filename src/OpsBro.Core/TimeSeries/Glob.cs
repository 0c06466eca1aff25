using System.Text;

namespace OpsBro.Core.TimeSeries;

/// <summary>
/// A pattern of one dotted part: <c>*</c>, <c>?</c>, <c>[a-c]</c>, <c>[!a]</c> and alternatives <c>{x,y}</c>, also nested and empty.
/// See <see href="https://graphite.readthedocs.io/en/1.1.8/render_api.html#paths-and-wildcards">Paths and Wildcards</see>.
/// </summary>
sealed class Glob
{
    /// <summary>Most texts that alternatives may stand for.</summary>
    public const int MaxVariants = 4096;

    enum Kind : byte
    {
        Literal,
        One,
        Many,
        Set,
    }

    /// <summary>One step of a pattern; a set as pairs of first and last.</summary>
    readonly record struct Token(Kind Kind, Rune Rune, Rune[] Set, bool IsNegated);

    readonly List<Token[]> variants = [];

    /// <summary>Reads a pattern.</summary>
    /// <exception cref="PatternException">It stands for too many texts.</exception>
    public Glob(string pattern)
    {
        List<string> texts = [];
        Braces.Expand(pattern, MaxVariants, texts);
        foreach (var text in texts.Distinct(StringComparer.Ordinal))
        {
            if (text.AsSpan().IndexOfAny("*?[") < 0) Literals.Add(Encoding.UTF8.GetBytes(text));
            else variants.Add(Parse([.. text.EnumerateRunes()]));
        }
    }

    /// <summary>The texts among its alternatives that are no patterns themselves.</summary>
    public List<byte[]> Literals { get; } = [];

    /// <summary>True when all its alternatives are texts: then nothing needs to be compared.</summary>
    public bool IsLiteral => variants.Count == 0;

    /// <summary>True when one of the alternatives that are patterns fits a part.</summary>
    public bool MatchesVariant(ReadOnlySpan<byte> part)
    {
        foreach (var tokens in variants)
        {
            if (Matches(tokens, part)) return true;
        }
        return false;
    }

    /// <summary>True when it fits a part.</summary>
    public bool Matches(ReadOnlySpan<byte> part)
    {
        foreach (var literal in Literals)
        {
            if (part.SequenceEqual(literal)) return true;
        }
        return MatchesVariant(part);
    }

    static Token[] Parse(Rune[] text)
    {
        List<Token> tokens = [];
        for (var i = 0; i < text.Length; i++)
        {
            switch (text[i].Value)
            {
                case '*':
                    if (tokens.Count == 0 || tokens[^1].Kind != Kind.Many) tokens.Add(new(Kind.Many, default, [], false));
                    break;
                case '?':
                    tokens.Add(new(Kind.One, default, [], false));
                    break;
                case '[' when SetEnd(text, i) is var end and > 0:
                    tokens.Add(ParseSet(text.AsSpan(i + 1, end - i - 1)));
                    i = end;
                    break;
                default:
                    tokens.Add(new(Kind.Literal, text[i], [], false));
                    break;
            }
        }
        return [.. tokens];
    }

    /// <summary>Place of the bracket that closes a set; one right at the start belongs to it. 0 when there is none: then it is no set.</summary>
    static int SetEnd(Rune[] text, int open)
    {
        var i = open + 1;
        if (i < text.Length && text[i].Value == '!') i++;
        if (i < text.Length && text[i].Value == ']') i++;
        while (i < text.Length && text[i].Value != ']') i++;
        return i < text.Length ? i : 0;
    }

    static Token ParseSet(ReadOnlySpan<Rune> text)
    {
        var isNegated = text.Length > 0 && text[0].Value == '!';
        if (isNegated) text = text[1..];
        List<Rune> set = [];
        for (var i = 0; i < text.Length; i++)
        {
            var isRange = i + 2 < text.Length && text[i + 1].Value == '-';
            set.Add(text[i]);
            set.Add(isRange ? text[i + 2] : text[i]);
            if (isRange) i += 2;
        }
        return new(Kind.Set, default, [.. set], isNegated);
    }

    static bool Matches(Token[] tokens, ReadOnlySpan<byte> part)
    {
        var (token, at) = (0, 0);
        var (retryToken, retryAt) = (-1, 0);
        while (at < part.Length)
        {
            Rune.DecodeFromUtf8(part[at..], out var rune, out var length);
            if (token < tokens.Length && tokens[token].Kind == Kind.Many)
            {
                (retryToken, retryAt) = (++token, at);
            }
            else if (token < tokens.Length && Fits(tokens[token], rune))
            {
                token++;
                at += length;
            }
            else if (retryToken >= 0)
            {
                Rune.DecodeFromUtf8(part[retryAt..], out _, out var skipped);
                retryAt += skipped;
                (token, at) = (retryToken, retryAt);
            }
            else return false;
        }
        while (token < tokens.Length && tokens[token].Kind == Kind.Many) token++;
        return token == tokens.Length;
    }

    static bool Fits(Token token, Rune rune)
    {
        if (token.Kind != Kind.Set) return token.Kind == Kind.One || token.Rune == rune;
        for (var i = 0; i < token.Set.Length; i += 2)
        {
            if (token.Set[i] <= rune && rune <= token.Set[i + 1]) return !token.IsNegated;
        }
        return token.IsNegated;
    }
}

/// <summary>Alternatives in braces: <c>a{b,c{d,e},}</c> is abcd, … Braces that do not pair are themselves.</summary>
static class Braces
{
    /// <summary>Adds every text that a pattern stands for.</summary>
    /// <exception cref="PatternException">There are more than <paramref name="most"/>.</exception>
    public static void Expand(string pattern, int most, List<string> into)
    {
        var waiting = new Stack<string>([pattern]);
        while (waiting.TryPop(out var text))
        {
            if (into.Count + waiting.Count >= most)
            {
                throw new PatternException($"\"{pattern}\" has alternatives for more than {most} texts; ask for fewer at once");
            }
            if (!TryFindInnermost(text, out var open, out var close))
            {
                into.Add(text);
                continue;
            }
            var (before, after) = (text[..open], text[(close + 1)..]);
            foreach (var alternative in text[(open + 1)..close].Split(',').Reverse()) waiting.Push($"{before}{alternative}{after}");
        }
    }

    /// <summary>The first closing brace and the nearest opening one before it.</summary>
    static bool TryFindInnermost(string text, out int open, out int close)
    {
        open = -1;
        for (close = text.IndexOf('}', StringComparison.Ordinal); close >= 0; close = text.IndexOf('}', close + 1))
        {
            open = text.LastIndexOf('{', close);
            if (open >= 0) return true;
        }
        return false;
    }
}
