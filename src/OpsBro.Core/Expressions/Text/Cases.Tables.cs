using System.Collections.Frozen;
using System.Text;

namespace OpsBro.Core.Expressions;

/// <summary>
/// What .NET's simple case mappings lack: Unicode 14's SpecialCasing.txt, title case, CaseFolding.txt and the properties Other_Uppercase
/// and
/// Other_Lowercase. In each table a word is a character and what it becomes. ExpressionDifferentialTests compares all of it with python3.
/// </summary>
static partial class Cases
{
    static readonly FrozenDictionary<int, string> Uppers = Table(
        "\u00df\u0053\u0053 \u0131\u0049 \u0149\u02bc\u004e \u017f\u0053 \u01f0\u004a\u030c " +
        "\u0390\u0399\u0308\u0301 \u03b0\u03a5\u0308\u0301 \u0587\u0535\u0552 \u1e96\u0048\u0331 " +
        "\u1e97\u0054\u0308 \u1e98\u0057\u030a \u1e99\u0059\u030a \u1e9a\u0041\u02be \u1f50\u03a5\u0313 " +
        "\u1f52\u03a5\u0313\u0300 \u1f54\u03a5\u0313\u0301 \u1f56\u03a5\u0313\u0342 \u1f80\u1f08\u0399 " +
        "\u1f81\u1f09\u0399 \u1f82\u1f0a\u0399 \u1f83\u1f0b\u0399 \u1f84\u1f0c\u0399 \u1f85\u1f0d\u0399 " +
        "\u1f86\u1f0e\u0399 \u1f87\u1f0f\u0399 \u1f88\u1f08\u0399 \u1f89\u1f09\u0399 \u1f8a\u1f0a\u0399 " +
        "\u1f8b\u1f0b\u0399 \u1f8c\u1f0c\u0399 \u1f8d\u1f0d\u0399 \u1f8e\u1f0e\u0399 \u1f8f\u1f0f\u0399 " +
        "\u1f90\u1f28\u0399 \u1f91\u1f29\u0399 \u1f92\u1f2a\u0399 \u1f93\u1f2b\u0399 \u1f94\u1f2c\u0399 " +
        "\u1f95\u1f2d\u0399 \u1f96\u1f2e\u0399 \u1f97\u1f2f\u0399 \u1f98\u1f28\u0399 \u1f99\u1f29\u0399 " +
        "\u1f9a\u1f2a\u0399 \u1f9b\u1f2b\u0399 \u1f9c\u1f2c\u0399 \u1f9d\u1f2d\u0399 \u1f9e\u1f2e\u0399 " +
        "\u1f9f\u1f2f\u0399 \u1fa0\u1f68\u0399 \u1fa1\u1f69\u0399 \u1fa2\u1f6a\u0399 \u1fa3\u1f6b\u0399 " +
        "\u1fa4\u1f6c\u0399 \u1fa5\u1f6d\u0399 \u1fa6\u1f6e\u0399 \u1fa7\u1f6f\u0399 \u1fa8\u1f68\u0399 " +
        "\u1fa9\u1f69\u0399 \u1faa\u1f6a\u0399 \u1fab\u1f6b\u0399 \u1fac\u1f6c\u0399 \u1fad\u1f6d\u0399 " +
        "\u1fae\u1f6e\u0399 \u1faf\u1f6f\u0399 \u1fb2\u1fba\u0399 \u1fb3\u0391\u0399 \u1fb4\u0386\u0399 " +
        "\u1fb6\u0391\u0342 \u1fb7\u0391\u0342\u0399 \u1fbc\u0391\u0399 \u1fc2\u1fca\u0399 " +
        "\u1fc3\u0397\u0399 \u1fc4\u0389\u0399 \u1fc6\u0397\u0342 \u1fc7\u0397\u0342\u0399 " +
        "\u1fcc\u0397\u0399 \u1fd2\u0399\u0308\u0300 \u1fd3\u0399\u0308\u0301 \u1fd6\u0399\u0342 " +
        "\u1fd7\u0399\u0308\u0342 \u1fe2\u03a5\u0308\u0300 \u1fe3\u03a5\u0308\u0301 \u1fe4\u03a1\u0313 " +
        "\u1fe6\u03a5\u0342 \u1fe7\u03a5\u0308\u0342 \u1ff2\u1ffa\u0399 \u1ff3\u03a9\u0399 " +
        "\u1ff4\u038f\u0399 \u1ff6\u03a9\u0342 \u1ff7\u03a9\u0342\u0399 \u1ffc\u03a9\u0399 " +
        "\ufb00\u0046\u0046 \ufb01\u0046\u0049 \ufb02\u0046\u004c \ufb03\u0046\u0046\u0049 " +
        "\ufb04\u0046\u0046\u004c \ufb05\u0053\u0054 \ufb06\u0053\u0054 \ufb13\u0544\u0546 " +
        "\ufb14\u0544\u0535 \ufb15\u0544\u053b \ufb16\u054e\u0546 \ufb17\u0544\u053d");

    static readonly FrozenDictionary<int, string> Titles = Table(
        "\u00df\u0053\u0073 \u01c4\u01c5 \u01c5\u01c5 \u01c6\u01c5 \u01c7\u01c8 \u01c8\u01c8 \u01c9\u01c8 " +
        "\u01ca\u01cb \u01cb\u01cb \u01cc\u01cb \u01f1\u01f2 \u01f2\u01f2 \u01f3\u01f2 \u0587\u0535\u0582 " +
        "\u10d0\u10d0 \u10d1\u10d1 \u10d2\u10d2 \u10d3\u10d3 \u10d4\u10d4 \u10d5\u10d5 \u10d6\u10d6 " +
        "\u10d7\u10d7 \u10d8\u10d8 \u10d9\u10d9 \u10da\u10da \u10db\u10db \u10dc\u10dc \u10dd\u10dd " +
        "\u10de\u10de \u10df\u10df \u10e0\u10e0 \u10e1\u10e1 \u10e2\u10e2 \u10e3\u10e3 \u10e4\u10e4 " +
        "\u10e5\u10e5 \u10e6\u10e6 \u10e7\u10e7 \u10e8\u10e8 \u10e9\u10e9 \u10ea\u10ea \u10eb\u10eb " +
        "\u10ec\u10ec \u10ed\u10ed \u10ee\u10ee \u10ef\u10ef \u10f0\u10f0 \u10f1\u10f1 \u10f2\u10f2 " +
        "\u10f3\u10f3 \u10f4\u10f4 \u10f5\u10f5 \u10f6\u10f6 \u10f7\u10f7 \u10f8\u10f8 \u10f9\u10f9 " +
        "\u10fa\u10fa \u10fd\u10fd \u10fe\u10fe \u10ff\u10ff \u1f80\u1f88 \u1f81\u1f89 \u1f82\u1f8a " +
        "\u1f83\u1f8b \u1f84\u1f8c \u1f85\u1f8d \u1f86\u1f8e \u1f87\u1f8f \u1f88\u1f88 \u1f89\u1f89 " +
        "\u1f8a\u1f8a \u1f8b\u1f8b \u1f8c\u1f8c \u1f8d\u1f8d \u1f8e\u1f8e \u1f8f\u1f8f \u1f90\u1f98 " +
        "\u1f91\u1f99 \u1f92\u1f9a \u1f93\u1f9b \u1f94\u1f9c \u1f95\u1f9d \u1f96\u1f9e \u1f97\u1f9f " +
        "\u1f98\u1f98 \u1f99\u1f99 \u1f9a\u1f9a \u1f9b\u1f9b \u1f9c\u1f9c \u1f9d\u1f9d \u1f9e\u1f9e " +
        "\u1f9f\u1f9f \u1fa0\u1fa8 \u1fa1\u1fa9 \u1fa2\u1faa \u1fa3\u1fab \u1fa4\u1fac \u1fa5\u1fad " +
        "\u1fa6\u1fae \u1fa7\u1faf \u1fa8\u1fa8 \u1fa9\u1fa9 \u1faa\u1faa \u1fab\u1fab \u1fac\u1fac " +
        "\u1fad\u1fad \u1fae\u1fae \u1faf\u1faf \u1fb2\u1fba\u0345 \u1fb3\u1fbc \u1fb4\u0386\u0345 " +
        "\u1fb7\u0391\u0342\u0345 \u1fbc\u1fbc \u1fc2\u1fca\u0345 \u1fc3\u1fcc \u1fc4\u0389\u0345 " +
        "\u1fc7\u0397\u0342\u0345 \u1fcc\u1fcc \u1ff2\u1ffa\u0345 \u1ff3\u1ffc \u1ff4\u038f\u0345 " +
        "\u1ff7\u03a9\u0342\u0345 \u1ffc\u1ffc \ufb00\u0046\u0066 \ufb01\u0046\u0069 \ufb02\u0046\u006c " +
        "\ufb03\u0046\u0066\u0069 \ufb04\u0046\u0066\u006c \ufb05\u0053\u0074 \ufb06\u0053\u0074 " +
        "\ufb13\u0544\u0576 \ufb14\u0544\u0565 \ufb15\u0544\u056b \ufb16\u054e\u0576 \ufb17\u0544\u056d");

    static readonly FrozenDictionary<int, string> Folds = Table(
        "\u00b5\u03bc \u00df\u0073\u0073 \u0149\u02bc\u006e \u017f\u0073 \u01f0\u006a\u030c \u0345\u03b9 " +
        "\u0390\u03b9\u0308\u0301 \u03b0\u03c5\u0308\u0301 \u03c2\u03c3 \u03d0\u03b2 \u03d1\u03b8 " +
        "\u03d5\u03c6 \u03d6\u03c0 \u03f0\u03ba \u03f1\u03c1 \u03f5\u03b5 \u0587\u0565\u0582 \u1c80\u0432 " +
        "\u1c81\u0434 \u1c82\u043e \u1c83\u0441 \u1c84\u0442 \u1c85\u0442 \u1c86\u044a \u1c87\u0463 " +
        "\u1c88\ua64b \u1e96\u0068\u0331 \u1e97\u0074\u0308 \u1e98\u0077\u030a \u1e99\u0079\u030a " +
        "\u1e9a\u0061\u02be \u1e9b\u1e61 \u1e9e\u0073\u0073 \u1f50\u03c5\u0313 \u1f52\u03c5\u0313\u0300 " +
        "\u1f54\u03c5\u0313\u0301 \u1f56\u03c5\u0313\u0342 \u1f80\u1f00\u03b9 \u1f81\u1f01\u03b9 " +
        "\u1f82\u1f02\u03b9 \u1f83\u1f03\u03b9 \u1f84\u1f04\u03b9 \u1f85\u1f05\u03b9 \u1f86\u1f06\u03b9 " +
        "\u1f87\u1f07\u03b9 \u1f88\u1f00\u03b9 \u1f89\u1f01\u03b9 \u1f8a\u1f02\u03b9 \u1f8b\u1f03\u03b9 " +
        "\u1f8c\u1f04\u03b9 \u1f8d\u1f05\u03b9 \u1f8e\u1f06\u03b9 \u1f8f\u1f07\u03b9 \u1f90\u1f20\u03b9 " +
        "\u1f91\u1f21\u03b9 \u1f92\u1f22\u03b9 \u1f93\u1f23\u03b9 \u1f94\u1f24\u03b9 \u1f95\u1f25\u03b9 " +
        "\u1f96\u1f26\u03b9 \u1f97\u1f27\u03b9 \u1f98\u1f20\u03b9 \u1f99\u1f21\u03b9 \u1f9a\u1f22\u03b9 " +
        "\u1f9b\u1f23\u03b9 \u1f9c\u1f24\u03b9 \u1f9d\u1f25\u03b9 \u1f9e\u1f26\u03b9 \u1f9f\u1f27\u03b9 " +
        "\u1fa0\u1f60\u03b9 \u1fa1\u1f61\u03b9 \u1fa2\u1f62\u03b9 \u1fa3\u1f63\u03b9 \u1fa4\u1f64\u03b9 " +
        "\u1fa5\u1f65\u03b9 \u1fa6\u1f66\u03b9 \u1fa7\u1f67\u03b9 \u1fa8\u1f60\u03b9 \u1fa9\u1f61\u03b9 " +
        "\u1faa\u1f62\u03b9 \u1fab\u1f63\u03b9 \u1fac\u1f64\u03b9 \u1fad\u1f65\u03b9 \u1fae\u1f66\u03b9 " +
        "\u1faf\u1f67\u03b9 \u1fb2\u1f70\u03b9 \u1fb3\u03b1\u03b9 \u1fb4\u03ac\u03b9 \u1fb6\u03b1\u0342 " +
        "\u1fb7\u03b1\u0342\u03b9 \u1fbc\u03b1\u03b9 \u1fbe\u03b9 \u1fc2\u1f74\u03b9 \u1fc3\u03b7\u03b9 " +
        "\u1fc4\u03ae\u03b9 \u1fc6\u03b7\u0342 \u1fc7\u03b7\u0342\u03b9 \u1fcc\u03b7\u03b9 " +
        "\u1fd2\u03b9\u0308\u0300 \u1fd3\u03b9\u0308\u0301 \u1fd6\u03b9\u0342 \u1fd7\u03b9\u0308\u0342 " +
        "\u1fe2\u03c5\u0308\u0300 \u1fe3\u03c5\u0308\u0301 \u1fe4\u03c1\u0313 \u1fe6\u03c5\u0342 " +
        "\u1fe7\u03c5\u0308\u0342 \u1ff2\u1f7c\u03b9 \u1ff3\u03c9\u03b9 \u1ff4\u03ce\u03b9 " +
        "\u1ff6\u03c9\u0342 \u1ff7\u03c9\u0342\u03b9 \u1ffc\u03c9\u03b9 \ufb00\u0066\u0066 " +
        "\ufb01\u0066\u0069 \ufb02\u0066\u006c \ufb03\u0066\u0066\u0069 \ufb04\u0066\u0066\u006c " +
        "\ufb05\u0073\u0074 \ufb06\u0073\u0074 \ufb13\u0574\u0576 \ufb14\u0574\u0565 \ufb15\u0574\u056b " +
        "\ufb16\u057e\u0576 \ufb17\u0574\u056d");

    static ReadOnlySpan<int> OtherUppercase =>
    [
        0x2160, 0x216f, 0x24b6, 0x24cf, 0x1f130, 0x1f149, 0x1f150, 0x1f169, 0x1f170, 0x1f189,
    ];

    static ReadOnlySpan<int> OtherLowercase =>
    [
        0xaa, 0xaa, 0xba, 0xba, 0x2b0, 0x2b8, 0x2c0, 0x2c1, 0x2e0, 0x2e4, 0x345, 0x345, 0x37a, 0x37a,
        0x1d2c, 0x1d6a, 0x1d78, 0x1d78, 0x1d9b, 0x1dbf, 0x2071, 0x2071, 0x207f, 0x207f, 0x2090, 0x209c,
        0x2170, 0x217f, 0x24d0, 0x24e9, 0x2c7c, 0x2c7d, 0xa69c, 0xa69d, 0xa770, 0xa770, 0xa7f8, 0xa7f9,
        0xab5c, 0xab5f, 0x10780, 0x10780, 0x10783, 0x10785, 0x10787, 0x107b0, 0x107b2, 0x107ba,
    ];

    const string IgnorablePunctuation =
        "\u0027\u002e\u003a\u00b7\u0387\u055f\u05f4\u2018\u2019\u2024\u2027\ufe13\ufe52\ufe55\uff07\uff0e\uff1a";

    static FrozenDictionary<int, string> Table(string words) => words.Split(' ').ToFrozenDictionary(
        word => Rune.GetRuneAt(word, 0).Value, word => word[Rune.GetRuneAt(word, 0).Utf16SequenceLength..]);

    static bool IsIn(ReadOnlySpan<int> ranges, int point)
    {
        for (var i = 0; i < ranges.Length; i += 2)
            if (point >= ranges[i] && point <= ranges[i + 1]) return true;
        return false;
    }

    static string UpperOf(Rune rune) =>
        !rune.IsAscii && Uppers.TryGetValue(rune.Value, out var upper) ? upper : Rune.ToUpperInvariant(rune).ToString();

    static string TitleOf(Rune rune) => !rune.IsAscii && Titles.TryGetValue(rune.Value, out var title) ? title : UpperOf(rune);

    static string LowerOf(Rune rune) => rune.Value == 0x130 ? "i\u0307" : Rune.ToLowerInvariant(rune).ToString();

    static string FoldOf(Rune rune)
    {
        const int cherokee = 0x13a0, lastCherokee = 0x13f5, smallCherokee = 0xab70, lastSmallCherokee = 0xabbf;
        if (!rune.IsAscii && Folds.TryGetValue(rune.Value, out var fold)) return fold;
        return rune.Value switch
        {
            >= cherokee and <= lastCherokee => rune.ToString(),
            >= smallCherokee and <= lastSmallCherokee => new Rune(rune.Value - smallCherokee + cherokee).ToString(),
            >= 0x13f8 and <= 0x13fd => new Rune(rune.Value - 8).ToString(),
            _ => LowerOf(rune),
        };
    }

    static bool IsUpper(Rune rune) => Rune.IsUpper(rune) || (!rune.IsAscii && IsIn(OtherUppercase, rune.Value));

    static bool IsLower(Rune rune) => Rune.IsLower(rune) || (!rune.IsAscii && IsIn(OtherLowercase, rune.Value));

    static bool IsTitle(Rune rune) => Rune.GetUnicodeCategory(rune) == System.Globalization.UnicodeCategory.TitlecaseLetter;

    static bool IsCased(Rune rune) => IsUpper(rune) || IsLower(rune) || IsTitle(rune);

    static bool IsIgnorable(Rune rune) => Rune.GetUnicodeCategory(rune) is System.Globalization.UnicodeCategory.NonSpacingMark
            or System.Globalization.UnicodeCategory.EnclosingMark or System.Globalization.UnicodeCategory.Format
            or System.Globalization.UnicodeCategory.ModifierLetter or System.Globalization.UnicodeCategory.ModifierSymbol
        || (rune.IsBmp && IgnorablePunctuation.Contains((char)rune.Value));
}
