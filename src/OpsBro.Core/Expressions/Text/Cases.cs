using System.Text;

namespace OpsBro.Core.Expressions;

/// <summary>Upper, lower and title case with Unicode's full mappings (one character may become three), as in Python.</summary>
static partial class Cases
{
    const int CapitalSigma = 0x3a3;
    const string FinalSigma = "ς", PlainSigma = "σ";

    /// <summary>str.upper().</summary>
    public static string Upper(string text) => Map(text, UpperOf);

    /// <summary>str.casefold().</summary>
    public static string Fold(string text) => Map(text, FoldOf);

    /// <summary>str.lower().</summary>
    public static string Lower(string text)
    {
        if (Ascii.IsValid(text)) return text.ToLowerInvariant();
        var lower = new StringBuilder(text.Length);
        var at = 0;
        foreach (var rune in text.EnumerateRunes())
        {
            lower.Append(LowerAt(text, at, rune));
            at += rune.Utf16SequenceLength;
        }
        return lower.ToString();
    }

    static string Map(string text, Func<Rune, string> map)
    {
        var mapped = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes()) mapped.Append(map(rune));
        Limits.CheckText(mapped.Length);
        return mapped.ToString();
    }

    static string LowerAt(string text, int at, Rune rune)
    {
        if (rune.Value != CapitalSigma) return LowerOf(rune);
        return EndsWord(text, at) ? FinalSigma : PlainSigma;
    }

    /// <summary>Unicode's Final_Sigma: a cased letter before, none behind; what is ignorable does not count.</summary>
    static bool EndsWord(string text, int at)
    {
        var before = at;
        var isCased = false;
        while (before > 0)
        {
            before -= before > 1 && char.IsLowSurrogate(text[before - 1]) ? 2 : 1;
            var rune = Rune.GetRuneAt(text, before);
            if (IsIgnorable(rune)) continue;
            isCased = IsCased(rune);
            break;
        }
        if (!isCased) return false;
        for (var behind = at + 1; behind < text.Length;)
        {
            var rune = Rune.GetRuneAt(text, behind);
            behind += rune.Utf16SequenceLength;
            if (!IsIgnorable(rune)) return !IsCased(rune);
        }
        return true;
    }

    /// <summary>str.title(): the first letter of each run of letters.</summary>
    public static string Title(string text)
    {
        var title = new StringBuilder(text.Length);
        var inWord = false;
        var at = 0;
        foreach (var rune in text.EnumerateRunes())
        {
            title.Append(inWord ? LowerAt(text, at, rune) : TitleOf(rune));
            inWord = IsCased(rune);
            at += rune.Utf16SequenceLength;
        }
        return title.ToString();
    }

    /// <summary>str.capitalize().</summary>
    public static string Capitalize(string text)
    {
        var capital = new StringBuilder(text.Length);
        var at = 0;
        foreach (var rune in text.EnumerateRunes())
        {
            capital.Append(at == 0 ? TitleOf(rune) : LowerAt(text, at, rune));
            at += rune.Utf16SequenceLength;
        }
        return capital.ToString();
    }

    /// <summary>str.swapcase().</summary>
    public static string Swap(string text)
    {
        var swapped = new StringBuilder(text.Length);
        var at = 0;
        foreach (var rune in text.EnumerateRunes())
        {
            swapped.Append(IsUpper(rune) ? LowerAt(text, at, rune) : IsLower(rune) ? UpperOf(rune) : rune.ToString());
            at += rune.Utf16SequenceLength;
        }
        return swapped.ToString();
    }

    /// <summary>str.isupper(): a letter with case, and none that is lower or title case.</summary>
    public static bool IsUpper(string text)
    {
        var found = false;
        foreach (var rune in text.EnumerateRunes())
        {
            if (IsLower(rune) || IsTitle(rune)) return false;
            found |= IsUpper(rune);
        }
        return found;
    }

    /// <summary>str.islower().</summary>
    public static bool IsLower(string text)
    {
        var found = false;
        foreach (var rune in text.EnumerateRunes())
        {
            if (IsUpper(rune) || IsTitle(rune)) return false;
            found |= IsLower(rune);
        }
        return found;
    }

    /// <summary>str.istitle().</summary>
    public static bool IsTitle(string text)
    {
        var (found, inWord) = (false, false);
        foreach (var rune in text.EnumerateRunes())
        {
            if (IsUpper(rune) || IsTitle(rune))
            {
                if (inWord) return false;
                found = inWord = true;
            }
            else if (IsLower(rune))
            {
                if (!inWord) return false;
                found = true;
            }
            else
            {
                inWord = false;
            }
        }
        return found;
    }
}
