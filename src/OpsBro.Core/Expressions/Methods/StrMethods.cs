using System.Text;

namespace OpsBro.Core.Expressions;

/// <summary>The methods of str.</summary>
static partial class StrMethods
{
    /// <summary>Adds all of them.</summary>
    public static void AddTo(MethodTable.Adder add)
    {
        AddCases(add);
        AddTests(add);
        AddSearches(add);
        AddParts(add);
        AddPadding(add);
        Add(add, "format(*args, **kwargs)", a => StrFormat.Format(a.Self.AsString, a));
    }

    static void Add(MethodTable.Adder add, string prototype, Func<Arguments, string> call) =>
        add(ValueKind.String, prototype, a => Value.Of(call(a)));

    static void AddTest(MethodTable.Adder add, string prototype, Func<Arguments, bool> call) =>
        add(ValueKind.String, prototype, a => Value.Of(call(a)));

    static void AddCases(MethodTable.Adder add)
    {
        Add(add, "upper()", a => Cases.Upper(a.Self.AsString));
        Add(add, "lower()", a => Cases.Lower(a.Self.AsString));
        Add(add, "title()", a => Cases.Title(a.Self.AsString));
        Add(add, "capitalize()", a => Cases.Capitalize(a.Self.AsString));
        Add(add, "swapcase()", a => Cases.Swap(a.Self.AsString));
        Add(add, "casefold()", a => Cases.Fold(a.Self.AsString));
    }

    static void AddTests(MethodTable.Adder add)
    {
        AddTest(add, "isalpha()", a => All(a, PythonText.IsAlpha));
        AddTest(add, "isdecimal()", a => All(a, PythonText.IsDecimal));
        AddTest(add, "isdigit()", a => All(a, PythonText.IsDigit));
        AddTest(add, "isnumeric()", a => All(a, PythonText.IsNumeric));
        AddTest(add, "isalnum()", a => All(a, PythonText.IsAlnum));
        AddTest(add, "isspace()", a => All(a, rune => rune.IsBmp && PythonText.IsSpace((char)rune.Value)));
        AddTest(add, "isascii()", a => Ascii.IsValid(a.Self.AsString));
        AddTest(add, "isprintable()", a => a.Self.AsString.Length == 0 || All(a, ReprText.IsPrintable));
        AddTest(add, "isupper()", a => Cases.IsUpper(a.Self.AsString));
        AddTest(add, "islower()", a => Cases.IsLower(a.Self.AsString));
        AddTest(add, "istitle()", a => Cases.IsTitle(a.Self.AsString));
    }

    static bool All(Arguments a, Func<Rune, bool> test)
    {
        foreach (var rune in a.Self.AsString.EnumerateRunes())
            if (!test(rune)) return false;
        return a.Self.AsString.Length > 0;
    }

    static void AddPadding(MethodTable.Adder add)
    {
        Add(add, "center(width, fillchar=' ', /)", a => Center(a));
        Add(add, "ljust(width, fillchar=' ', /)", a => Pad(a, 0, Missing(a)));
        Add(add, "rjust(width, fillchar=' ', /)", a => Pad(a, Missing(a), 0));
        Add(add, "zfill(width, /)", a => ZeroFill(a));
        Add(add, "expandtabs(tabsize=8)", a => ExpandTabs(a.Self.AsString, Width(a)));
    }

    static int Width(Arguments a) => Limits.CheckText(Math.Max(0, a.Int(0)));

    static int Missing(Arguments a) => Math.Max(0, Width(a) - CodePoints.Count(a.Self.AsString));

    static string Pad(Arguments a, int left, int right)
    {
        var fill = a.Text(1);
        if (CodePoints.Count(fill) != 1)
            throw new ExpressionException(ErrorKind.Type, "The fill character must be exactly one character long");
        if (left + right == 0) return a.Self.AsString;
        var text = new StringBuilder();
        for (var i = 0; i < left; i++) text.Append(fill);
        text.Append(a.Self.AsString);
        for (var i = 0; i < right; i++) text.Append(fill);
        return text.ToString();
    }

    static string Center(Arguments a)
    {
        var missing = Missing(a);
        var left = missing / 2 + (missing & Width(a) & 1);
        return Pad(a, left, missing - left);
    }

    static string ZeroFill(Arguments a)
    {
        var text = a.Self.AsString;
        var zeros = new string('0', Missing(a));
        return text.Length > 0 && text[0] is '+' or '-' ? text[0] + zeros + text[1..] : zeros + text;
    }

    static string ExpandTabs(string text, int size)
    {
        var expanded = new StringBuilder(text.Length);
        var column = 0;
        foreach (var rune in text.EnumerateRunes())
        {
            if (rune.Value == '\t')
            {
                var spaces = size == 0 ? 0 : size - column % size;
                expanded.Append(' ', spaces);
                column += spaces;
            }
            else
            {
                expanded.Append(rune);
                column = rune.Value is '\n' or '\r' ? 0 : column + 1;
            }
            Limits.CheckText(expanded.Length);
        }
        return expanded.ToString();
    }
}
