using System.Globalization;

namespace OpsBro.Core.Checks;

/// <summary>
/// One value of a plugin's performance data. Grammar (plugin guidelines, "Performance data"):
/// <code>
/// data   = *( value SP )
/// value  = label "=" number [ unit ] [ ";" [ range ] [ ";" [ range ] [ ";" [ number ] [ ";" [ number ] ] ] ] ]
/// label  = word without = and ' / "'" any, with '' for ' "'"
/// number = ["-"] digits ["." digits] [exponent] / "U"        U: the value could not be found out
/// unit   = s us ms % B KB MB GB TB c, or any word
/// range  = ["@"] [start ":"] [end]                           kept as text
/// </code>
/// What does not parse is left out: one bad value does not spoil the others. A decimal comma, which plugins print in some locales, is read
/// as a point.
/// </summary>
/// <param name="Label">Its name.</param>
/// <param name="Value">The number; NaN for <c>U</c>.</param>
/// <param name="Unit">The unit as written; empty for counts.</param>
/// <param name="Warning">Range of the warning threshold, as text; empty when there is none.</param>
/// <param name="Critical">Range of the critical threshold, as text; empty when there is none.</param>
/// <param name="Least">Smallest possible value; NaN when not given.</param>
/// <param name="Most">Largest possible value; NaN when not given.</param>
public readonly record struct PerfValue(
    string Label, double Value, string Unit, string Warning, string Critical, double Least, double Most)
{
    /// <summary>Most values taken from one output.</summary>
    public const int MaxValues = 256;

    /// <summary>Longest label, unit or range, in characters; a longer one makes its value unreadable.</summary>
    public const int MaxWord = 255;

    /// <summary>Reads performance data into <paramref name="values"/>, up to <see cref="MaxValues"/>.</summary>
    public static void Parse(ReadOnlySpan<char> data, List<PerfValue> values)
    {
        while (values.Count < MaxValues)
        {
            data = data.TrimStart();
            if (data.IsEmpty) return;
            if (!TryLabel(ref data, out var label))
            {
                SkipWord(ref data);
                continue;
            }
            var end = data.IndexOfAny(' ', '\t', '\n');
            var word = end < 0 ? data : data[..end];
            data = end < 0 ? [] : data[end..];
            if (TryValue(label, word, out var value)) values.Add(value);
        }
    }

    /// <summary>Reads up to and with the equals sign.</summary>
    static bool TryLabel(ref ReadOnlySpan<char> data, out string label)
    {
        label = "";
        if (data[0] != '\'')
        {
            var equals = data.IndexOf('=');
            // a label without quotes holds no space, but some plugins print them so: the original took them as well
            if (equals <= 0 || equals > MaxWord) return false;
            label = data[..equals].Trim().ToString();
            data = data[(equals + 1)..];
            return label.Length > 0;
        }
        for (var i = 1; i < data.Length && i <= MaxWord; i++)
        {
            if (data[i] != '\'') continue;
            if (i + 1 < data.Length && data[i + 1] == '\'')
            {
                i++;
                continue;
            }
            label = data[1..i].ToString().Replace("''", "'", StringComparison.Ordinal);
            if (i + 1 >= data.Length || data[i + 1] != '=') return false;
            data = data[(i + 2)..];
            return label.Length > 0;
        }
        return false;
    }

    static void SkipWord(ref ReadOnlySpan<char> data)
    {
        var end = data.IndexOfAny(' ', '\t', '\n');
        data = end < 0 ? [] : data[end..];
    }

    static bool TryValue(string label, ReadOnlySpan<char> word, out PerfValue value)
    {
        value = default;
        Span<Range> parts = stackalloc Range[6];
        var count = word.Split(parts, ';');
        var amount = word[parts[0]];
        double number;
        ReadOnlySpan<char> unit = [];
        if (amount.Length > 0 && amount[0] is 'U' or 'u' && (amount.Length == 1 || !char.IsAsciiLetter(amount[1])))
        {
            number = double.NaN;
            unit = amount[1..];
        }
        else
        {
            var digits = NumberLength(amount);
            if (!TryNumber(amount[..digits], out number)) return false;
            unit = amount[digits..];
        }
        if (unit.Length > MaxWord) return false;
        if (!TryRange(word, parts, count, 1, out var warning) || !TryRange(word, parts, count, 2, out var critical)) return false;
        var least = Bound(word, parts, count, 3);
        var most = Bound(word, parts, count, 4);
        if (unit is "%" && double.IsNaN(least) && double.IsNaN(most)) (least, most) = (0, 100);
        value = new PerfValue(label, number, unit.ToString(), warning, critical, least, most);
        return true;
    }

    static bool TryRange(ReadOnlySpan<char> word, ReadOnlySpan<Range> parts, int count, int index, out string range)
    {
        range = "";
        if (index >= count) return true;
        var text = word[parts[index]];
        if (text.Length > MaxWord) return false;
        range = text.ToString();
        return true;
    }

    static double Bound(ReadOnlySpan<char> word, ReadOnlySpan<Range> parts, int count, int index) =>
        index < count && TryNumber(word[parts[index]], out var bound) ? bound : double.NaN;

    /// <summary>Length of the number at the start: an exponent only when digits follow, for "e" may begin a unit.</summary>
    static int NumberLength(ReadOnlySpan<char> text)
    {
        var i = 0;
        if (i < text.Length && text[i] is '-' or '+') i++;
        while (i < text.Length && (char.IsAsciiDigit(text[i]) || text[i] is '.' or ',')) i++;
        if (i == 0 || i >= text.Length || text[i] is not ('e' or 'E')) return i;
        var j = i + 1;
        if (j < text.Length && text[j] is '-' or '+') j++;
        if (j >= text.Length || !char.IsAsciiDigit(text[j])) return i;
        while (j < text.Length && char.IsAsciiDigit(text[j])) j++;
        return j;
    }

    static bool TryNumber(ReadOnlySpan<char> text, out double number)
    {
        const NumberStyles styles = NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent;
        number = double.NaN;
        if (text.IsEmpty || text.Length > 64) return false;
        Span<char> pointed = stackalloc char[text.Length];
        text.Replace(pointed, ',', '.');
        return double.TryParse(pointed, styles, CultureInfo.InvariantCulture, out number) && double.IsFinite(number);
    }
}
