using System.Globalization;
using System.Numerics;
using OpsBro.Core.Expressions;

namespace OpsBro.Collectors;

/// <summary>
/// Turns texts that servers and programs print into numbers where they are numbers, and keys into keys that rules
/// reach.
/// </summary>
internal static class TypedText
{
    /// <summary>
    /// Most characters of a whole number; a longer one stays text (it is an identifier, and big integers cost the
    /// square).
    /// </summary>
    public const int MaxDigits = 40;

    /// <summary>
    /// An int for <c>-12</c>, a float for <c>.5</c> or <c>1e3</c>, else the text itself. Blanks around are dropped.
    /// </summary>
    public static Value Read(ReadOnlySpan<char> text)
    {
        text = text.Trim();
        if (TryNumber(text, out var number)) return number;
        return Value.Of(text.ToString());
    }

    /// <summary>Reads an int or a float in plain decimal form; infinities and NaN are none.</summary>
    public static bool TryNumber(ReadOnlySpan<char> text, out Value number)
    {
        number = default;
        if (text.IsEmpty || text.Length > MaxDigits || text.IndexOfAnyExcept("+-0123456789.eE") >= 0) return false;
        var culture = CultureInfo.InvariantCulture;
        if (long.TryParse(text, NumberStyles.AllowLeadingSign, culture, out var integer))
            number = Value.Of(integer);
        else if (BigInteger.TryParse(text, NumberStyles.AllowLeadingSign, culture, out var big))
            number = Value.Of(big);
        else if (double.TryParse(text, NumberStyles.Float, culture, out var real) && double.IsFinite(real))
            number = Value.Of(real);
        else return false;
        return true;
    }

    /// <summary>
    /// The key under which a rule finds a name: <c>. { } |</c> and control characters become <c>_</c>, because
    /// <c>{{collector.a.b||0}}</c> is cut at them. Blanks around are dropped; an empty name is <c>_</c>.
    /// </summary>
    public static string Key(ReadOnlySpan<char> name)
    {
        name = name.Trim();
        if (name.IsEmpty) return "_";
        var isClean = true;
        foreach (var c in name) isClean &= !IsCut(c);
        return isClean ? name.ToString() : string.Create(name.Length, name, static (key, from) =>
        {
            for (var i = 0; i < from.Length; i++) key[i] = IsCut(from[i]) ? '_' : from[i];
        });
    }

    static bool IsCut(char c) => c is '.' or '{' or '}' or '|' || char.IsControl(c);
}
