namespace OpsBro.Core.Expressions;

/// <summary>What a token is.</summary>
enum TokenKind : byte
{
    /// <summary>Behind the last one.</summary>
    End,
    /// <summary>int or float.</summary>
    Number,
    /// <summary>A quoted text with its prefix.</summary>
    Text,
    /// <summary>A name or a keyword.</summary>
    Name,
    /// <summary>An operator or a bracket.</summary>
    Sign,
    /// <summary><c>{{…}}</c>, or <c>{…}</c> with one of the roots.</summary>
    Reference,
}

/// <summary>One token.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Position">Offset of its first character in the rule.</param>
/// <param name="Text">Name or sign; the inside of a text or reference, as written.</param>
/// <param name="Value">The number.</param>
/// <param name="Start">Offset of <paramref name="Text"/> in the rule, where that is not <paramref name="Position"/>.</param>
/// <param name="Prefix">Of a text: its letters before the quote, lower case.</param>
readonly record struct Token(TokenKind Kind, int Position, string Text, Value Value = default, int Start = 0, string Prefix = "");
