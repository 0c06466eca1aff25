namespace OpsBro.Core.Expressions;

/// <summary>The limits of the rule language. What exceeds one ends the rule at once with a LimitError; nothing is cut silently.</summary>
public static class Limits
{
    /// <summary>Longest rule, in characters.</summary>
    public const int RuleLength = 65_536;

    /// <summary>Deepest nesting of brackets, unary operators and conditionals in a rule.</summary>
    public const int Nesting = 100;

    /// <summary>Highest tree of a compiled rule; a sum of that many terms still compiles.</summary>
    public const int TreeHeight = 1_000;

    /// <summary>Longest text a rule may make, in characters.</summary>
    public const int TextLength = 1_048_576;

    /// <summary>Most items of a list, tuple, set or dict that a rule may make.</summary>
    public const int Items = 100_000;

    /// <summary>Largest int, in bits.</summary>
    public const int IntBits = 131_072;

    /// <summary>Most decimal digits of an int that becomes text or is read from text, as in Python.</summary>
    public const int IntDigits = 4_300;

    /// <summary>Work of one evaluation, in steps: a node, an item or 16 characters handled is one step; about 1 s at worst.</summary>
    public const long Steps = 2_000_000;

    /// <summary>Characters or bytes that count as one step.</summary>
    public const int CharactersPerStep = 16;

    internal static ExpressionException Exceeded(string what) => new(ErrorKind.Limit, what);

    internal static int CheckText(long length) => length <= TextLength
        ? (int)length
        : throw Exceeded($"the text would be {length} characters long; the limit is {TextLength}");

    internal static int CheckItems(long count) => count <= Items
        ? (int)count
        : throw Exceeded($"the result would have {count} items; the limit is {Items}");

    internal static void CheckBits(long bits)
    {
        if (bits > IntBits) throw Exceeded($"the int would have {bits} bits; the limit is {IntBits}");
    }
}
