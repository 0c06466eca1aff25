using System.Text;

namespace OpsBro.Checks;

/// <summary>
/// One argument of a script with <c>$macro$</c> parts. Grammar: <c>$name$</c>, <c>$first|second$</c> (the first that has a value),
/// <c>$$</c> for a dollar; names hold letters, digits and <c>_ - .</c>; any other dollar stands for itself. A macro's value is put into its
/// argument as data: whatever it holds, it never becomes another argument or a command.
/// </summary>
internal sealed class MacroText
{
    readonly List<Part> parts = [];
    readonly StringBuilder literal = new();

    readonly record struct Part(string Literal, string[] Names);

    /// <summary>The names of each macro, alternatives together.</summary>
    public IEnumerable<string[]> Macros => parts.Where(p => p.Names.Length > 0).Select(p => p.Names);

    /// <summary>A whole text.</summary>
    public static MacroText Parse(string text)
    {
        var made = new MacroText();
        for (var i = 0; i < text.Length;)
        {
            if (text[i] == '$') made.TakeDollar(text, ref i);
            else made.Append(text[i++]);
        }
        return made;
    }

    /// <summary>Adds a character as it is.</summary>
    public void Append(char letter) => literal.Append(letter);

    /// <summary>Reads what begins with the dollar at <paramref name="i"/>, and moves behind it.</summary>
    public void TakeDollar(string text, ref int i)
    {
        if (i + 1 < text.Length && text[i + 1] == '$')
        {
            literal.Append('$');
            i += 2;
            return;
        }
        var end = text.IndexOf('$', i + 1);
        var name = end < 0 ? [] : text.AsSpan(i + 1, end - i - 1).Trim(' ');
        if (!IsName(name))
        {
            literal.Append('$');
            i++;
            return;
        }
        parts.Add(new Part(literal.ToString(), name.ToString().Split('|')));
        literal.Clear();
        i = end + 1;
    }

    static bool IsName(ReadOnlySpan<char> name)
    {
        foreach (var c in name)
            if (!char.IsAsciiLetterOrDigit(c) && c is not ('_' or '-' or '.' or '|')) return false;
        return !name.IsEmpty && name[0] is not ('.' or '|') && name[^1] is not ('.' or '|');
    }

    /// <summary>The text with every macro replaced.</summary>
    /// <param name="find">Finds the value of a name; null when it has none.</param>
    /// <param name="missing">The macro that has no value, when the answer is null.</param>
    public string? Render(Func<string, string?> find, out string missing)
    {
        missing = "";
        if (parts.Count == 0) return literal.ToString();
        var text = new StringBuilder();
        foreach (var (before, names) in parts)
        {
            text.Append(before);
            string? value = null;
            foreach (var name in names)
                if ((value = find(name)) is not null) break;
            if (value is null)
            {
                missing = string.Join('|', names);
                return null;
            }
            text.Append(value);
        }
        return text.Append(literal).ToString();
    }
}
