using System.Globalization;

namespace OpsBro.Core.Expressions;

/// <summary>
/// A format of <c>format()</c>, <c>str.format</c> and f-texts (docs.python.org/3.11/library/string.html#formatspec):
/// <code>[[fill]align][sign][z][#][0][width][, | _][.precision][type]</code>
/// </summary>
struct FormatSpec
{
    /// <summary>Padding character, one code point.</summary>
    public string Fill = " ";

    /// <summary>&lt; &gt; ^ =, or NUL for the type's own.</summary>
    public char Align = '\0';

    /// <summary>+ - space, or NUL.</summary>
    public char Sign = '\0';

    /// <summary>True to drop the sign of a zero.</summary>
    public bool NoNegativeZero;

    /// <summary>True for #.</summary>
    public bool Alternate;

    /// <summary>Least width in characters.</summary>
    public int Width;

    /// <summary>, _ or NUL.</summary>
    public char Grouping = '\0';

    /// <summary>Digits or characters; -1 when not given.</summary>
    public int Precision = -1;

    /// <summary>The type, or NUL.</summary>
    public char Type = '\0';

    FormatSpec(string fill) => Fill = fill;

    static bool IsAlign(string spec, int at) => at < spec.Length && spec[at] is '<' or '>' or '^' or '=';

    /// <summary>Reads a format.</summary>
    /// <param name="spec">The text.</param>
    /// <param name="ownAlign">How the type aligns by itself.</param>
    /// <param name="typeName">Python's name of the type, for errors.</param>
    /// <exception cref="ExpressionException">ValueError: it is no format.</exception>
    public static FormatSpec Parse(string spec, char ownAlign, string typeName)
    {
        var format = new FormatSpec(" ");
        var at = 0;
        var firstWidth = spec.Length > 1 && char.IsHighSurrogate(spec[0]) ? 2 : 1;
        var hasFill = IsAlign(spec, firstWidth);
        if (hasFill)
        {
            format.Fill = spec[..firstWidth];
            format.Align = spec[firstWidth];
            at = firstWidth + 1;
        }
        else if (IsAlign(spec, 0))
        {
            format.Align = spec[at++];
        }
        if (at < spec.Length && spec[at] is '+' or '-' or ' ') format.Sign = spec[at++];
        if (at < spec.Length && spec[at] == 'z') (format.NoNegativeZero, at) = (true, at + 1);
        if (at < spec.Length && spec[at] == '#') (format.Alternate, at) = (true, at + 1);
        if (!hasFill && at < spec.Length && spec[at] == '0')
        {
            format.Fill = "0";
            if (format.Align == '\0' && ownAlign == '>') format.Align = '=';
            at++;
        }
        format.Width = Number(spec, ref at) ?? 0;
        if (at < spec.Length && spec[at] is ',' or '_')
        {
            format.Grouping = spec[at++];
            if (at < spec.Length && spec[at] is ',' or '_')
                throw Bad(spec[at] == format.Grouping ? $"Cannot specify '{spec[at]}' with '{spec[at]}'." : "Cannot specify both ',' and '_'.");
        }
        if (at < spec.Length && spec[at] == '.')
        {
            at++;
            format.Precision = Number(spec, ref at) ?? throw Bad("Format specifier missing precision");
        }
        if (spec.Length - at > 1) throw Bad($"Invalid format specifier '{spec}' for object of type '{typeName}'");
        if (at < spec.Length) format.Type = spec[at];
        if (format.Align == '\0') format.Align = ownAlign;
        return format;
    }

    /// <summary>A ValueError.</summary>
    public static ExpressionException Bad(string message) => new(ErrorKind.Value, message);

    static int? Number(string spec, ref int at)
    {
        var first = at;
        while (at < spec.Length && char.IsAsciiDigit(spec[at])) at++;
        if (at == first) return null;
        if (!int.TryParse(spec.AsSpan(first, at - first), NumberStyles.None, CultureInfo.InvariantCulture, out var number))
            throw Limits.Exceeded($"the format \"{spec.AsSpan(first, Math.Min(20, at - first))}…\" is too large");
        return Limits.CheckText(number);
    }

    /// <summary>Pads a text on the sides.</summary>
    public readonly string Pad(string text)
    {
        var missing = Width - CodePoints.Count(text);
        if (missing <= 0) return text;
        var left = Align switch { '>' or '=' => missing, '^' => missing / 2, _ => 0 };
        return Repeat(left) + text + Repeat(missing - left);
    }

    /// <summary>The padding, so many times.</summary>
    public readonly string Repeat(int count) =>
        Fill.Length == 1 ? new string(Fill[0], count) : string.Concat(Enumerable.Repeat(Fill, count));
}
