using System.Globalization;
using System.Numerics;

namespace OpsBro.Core.Expressions;

/// <summary>
/// Cuts a rule into tokens. The grammar is that of Python's expressions (docs.python.org/3.11/reference/lexical_analysis.html), plus
/// <code>
/// reference := "{{" root "." path ["||" default] "}}"
///            | "{" ("collector" | "parameters" | "variables" | "configuration") "." path ["||" default] "}"
/// </code>
/// A path may hold any character but braces. White space and line ends part tokens anywhere; a comment goes from # to the line's end.
/// </summary>
sealed class Lexer(string rule, int start, int end)
{
    static readonly string[] Signs =
    [
        "**=", "//=", "<<=", ">>=", "...", "**", "//", "<<", ">>", "<=", ">=", "==", "!=", "->", ":=", "+=", "-=", "*=", "/=", "%=",
        "&=", "|=", "^=", "@=", "+", "-", "*", "/", "%", "&", "|", "^", "~", "<", ">", "(", ")", "[", "]", "{", "}", ",", ":", ".",
        "=", ";", "@", "!",
    ];

    int at = start;

    /// <summary>Where the next token begins or the space before it; may be set back.</summary>
    public int At
    {
        get => at;
        set => at = value;
    }

    /// <summary>The next token.</summary>
    public Token Next()
    {
        SkipSpace();
        if (at >= end) return new Token(TokenKind.End, end, "the end");
        var c = rule[at];
        if (char.IsAsciiDigit(c) || (c == '.' && at + 1 < end && char.IsAsciiDigit(rule[at + 1]))) return Number();
        if (c is '"' or '\'') return Quoted(at, "");
        if (IsNameStart(c)) return Name();
        if (c == '{' && ReferenceSyntax.TryFind(rule, at, end, mustClose: true, out var inside, out var after))
        {
            var token = new Token(TokenKind.Reference, at, rule[inside], Start: inside.Start.Value);
            at = after;
            return token;
        }
        return Sign();
    }

    void SkipSpace()
    {
        while (at < end)
        {
            if (rule[at] is ' ' or '\t' or '\n' or '\r' or '\f') at++;
            else if (rule[at] == '#') while (at < end && rule[at] != '\n') at++;
            else return;
        }
    }

    static bool IsNameStart(char c) => char.IsLetter(c) || c == '_';

    Token Name()
    {
        var first = at;
        while (at < end && (char.IsLetterOrDigit(rule[at]) || rule[at] == '_')) at++;
        var name = rule[first..at];
        if (at < end && rule[at] is '"' or '\'' && name.Length <= 2 && name.AsSpan().IndexOfAnyExcept("rRbBfFuU") < 0)
            return Quoted(first, name.ToLowerInvariant());
        return new Token(TokenKind.Name, first, name);
    }

    Token Quoted(int first, string prefix)
    {
        if (prefix.Contains('b')) throw Error(first, "bytes (b'…') are not part of the rule language; leave the b away");
        if (prefix.Length == 2 && prefix is not ("rf" or "fr")) throw Error(first, $"a text has no prefix {prefix}");
        var quote = rule[at];
        var isTriple = at + 2 < end && rule[at + 1] == quote && rule[at + 2] == quote;
        var width = isTriple ? 3 : 1;
        var inside = at + width;
        for (var i = inside; i < end; i++)
        {
            if (rule[i] == '\\')
            {
                i++;
                continue;
            }
            if (rule[i] == '\n' && !isTriple) break;
            if (rule[i] != quote || (isTriple && !(i + 2 < end && rule[i + 1] == quote && rule[i + 2] == quote))) continue;
            at = i + width;
            return new Token(TokenKind.Text, first, rule[inside..i], Start: inside, Prefix: prefix);
        }
        throw Error(first, $"the text that begins here has no closing {new string(quote, width)}");
    }

    Token Sign()
    {
        foreach (var sign in Signs)
        {
            if (string.CompareOrdinal(rule, at, sign, 0, sign.Length) != 0 || at + sign.Length > end) continue;
            var token = new Token(TokenKind.Sign, at, sign);
            at += sign.Length;
            return token;
        }
        throw Error(at, $"\"{rule.AsSpan(at, char.IsHighSurrogate(rule[at]) && at + 1 < end ? 2 : 1)}\" is not part of the rule language");
    }

    Token Number()
    {
        var first = at;
        if (rule[at] == '0' && at + 1 < end && "xXoObB".Contains(rule[at + 1])) return BasedNumber(first);
        var isFloat = false;
        if (rule[at] != '.') Digits();
        if (at < end && rule[at] == '.')
        {
            isFloat = true;
            at++;
            if (at < end && char.IsAsciiDigit(rule[at])) Digits();
        }
        if (at < end && rule[at] is 'e' or 'E')
        {
            var mark = at++;
            if (at < end && rule[at] is '+' or '-') at++;
            if (at < end && char.IsAsciiDigit(rule[at])) Digits();
            else at = mark;
            isFloat |= at != mark;
        }
        NoNameMayFollow(first);
        var text = rule[first..at].Replace("_", "");
        if (isFloat) return new Token(TokenKind.Number, first, text, Value.Of(double.Parse(text, CultureInfo.InvariantCulture)));
        if (text.Length > 1 && text[0] == '0' && text.Trim('0').Length > 0)
            throw Error(first, $"{text} begins with 0; write {text.TrimStart('0')}, or 0o{text.TrimStart('0')} for octal");
        if (text.Length > Limits.IntDigits) throw Error(first, $"the int has more than {Limits.IntDigits} digits");
        return new Token(TokenKind.Number, first, text, Value.Of(BigInteger.Parse(text, CultureInfo.InvariantCulture)));
    }

    void Digits()
    {
        var first = at;
        while (at < end && (char.IsAsciiDigit(rule[at]) || (rule[at] == '_' && at > first && rule[at - 1] != '_'))) at++;
        if (rule[at - 1] == '_') throw Error(first, "a number does not end with _");
    }

    Token BasedNumber(int first)
    {
        var bits = char.ToLowerInvariant(rule[at + 1]) switch { 'x' => 4, 'o' => 3, _ => 1 };
        at += 2;
        var from = at;
        var digits = 0;
        while (at < end)
        {
            if (rule[at] == '_' && rule[at - 1] != '_' && at + 1 < end)
            {
                at++;
                continue;
            }
            var digit = char.IsAsciiHexDigit(rule[at]) ? Convert.ToInt32(rule[at].ToString(), 16) : -1;
            if (digit < 0) break;
            if (digit >> bits != 0) throw Error(first, $"{rule[at]} is not a digit of {rule.AsSpan(first, 2)}");
            if (++digits * bits > Limits.IntBits) throw Error(first, $"the int has more than {Limits.IntBits} bits");
            at++;
        }
        if (digits == 0 || rule[at - 1] == '_') throw Error(first, "digits are missing");
        NoNameMayFollow(first);
        var value = NumberText.BitDigits(rule[from..at].Replace("_", ""), bits)!.Value;
        return new Token(TokenKind.Number, first, rule[first..at], Value.Of(value));
    }

    /// <summary>Python takes <c>1if x else 2</c> as well, with a warning; we do not.</summary>
    void NoNameMayFollow(int first)
    {
        if (at < end && (IsNameStart(rule[at]) || char.IsAsciiDigit(rule[at])))
            throw Error(first, $"\"{rule.AsSpan(first, at + 1 - first)}\" is not a number; put a space behind it, or quote it");
    }

    static ExpressionException Error(int position, string message) => new(ErrorKind.Syntax, message, position);
}
