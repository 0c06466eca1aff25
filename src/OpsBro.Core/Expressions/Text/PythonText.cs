using System.Globalization;
using System.Text;

namespace OpsBro.Core.Expressions;

/// <summary>What Python knows of characters: white space, line ends, kinds.</summary>
static class PythonText
{
    /// <summary>Ideographs that are numerals (Unihan's kPrimaryNumeric and others), which .NET gives no numeric value.</summary>
    const string Numerals =
        "\u3405\u3483\u382a\u3b4d\u4e00\u4e03\u4e07\u4e09\u4e5d\u4e8c\u4e94\u4e96" +
        "\u4ebf\u4ec0\u4edf\u4ee8\u4f0d\u4f70\u5104\u5146\u5169\u516b\u516d\u5341" +
        "\u5343\u5344\u5345\u534c\u53c1\u53c2\u53c3\u53c4\u56db\u58f1\u58f9\u5e7a" +
        "\u5efe\u5eff\u5f0c\u5f0d\u5f0e\u5f10\u62fe\u634c\u67d2\u6f06\u7396\u767e" +
        "\u8086\u842c\u8cae\u8cb3\u8d30\u9621\u9646\u964c\u9678\u96f6\U00020001\U00020064" +
        "\U000200e2\U00020121\U0002092a\U00020983\U0002098c\U0002099c\U00020aea\U00020afd\U00020b19\U00022390\U00022998\U00023b1b" +
        "\U0002626d";

    /// <summary>Python's str.isspace() of one character.</summary>
    public static bool IsSpace(char c) => c is (>= '\t' and <= '\r') or (>= '\x1c' and <= ' ') or '\x85' or '\xa0' or '\u1680'
        or (>= '\u2000' and <= '\u200a') or '\u2028' or '\u2029' or '\u202f' or '\u205f' or '\u3000';

    /// <summary>Where str.splitlines() parts.</summary>
    public static bool IsLineEnd(char c) => c is (>= '\n' and <= '\r') or (>= '\x1c' and <= '\x1e') or '\x85' or '\u2028' or '\u2029';

    /// <summary>str.strip() of white space.</summary>
    public static string Strip(string text, bool left = true, bool right = true)
    {
        var (first, last) = (0, text.Length);
        while (left && first < last && IsSpace(text[first])) first++;
        while (right && last > first && IsSpace(text[last - 1])) last--;
        return text[first..last];
    }

    /// <summary>A letter.</summary>
    public static bool IsAlpha(Rune rune) =>
        Rune.GetUnicodeCategory(rune) is UnicodeCategory.LowercaseLetter or UnicodeCategory.UppercaseLetter
        or UnicodeCategory.TitlecaseLetter or UnicodeCategory.ModifierLetter or UnicodeCategory.OtherLetter;

    /// <summary>A digit of the decimal system of some script.</summary>
    public static bool IsDecimal(Rune rune) => Rune.GetUnicodeCategory(rune) == UnicodeCategory.DecimalDigitNumber;

    /// <summary>A decimal digit, or one that is raised, lowered or circled.</summary>
    public static bool IsDigit(Rune rune) => IsDecimal(rune) || CharUnicodeInfo.GetDigitValue(rune.ToString(), 0) >= 0;

    /// <summary>Anything that has a numeric value.</summary>
    public static bool IsNumeric(Rune rune) =>
        Rune.GetNumericValue(rune) != -1 || Numerals.Contains(rune.ToString(), StringComparison.Ordinal);

    /// <summary>A letter or something numeric.</summary>
    public static bool IsAlnum(Rune rune) => IsAlpha(rune) || IsDigit(rune) || IsNumeric(rune);
}
