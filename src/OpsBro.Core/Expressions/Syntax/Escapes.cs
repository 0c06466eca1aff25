using System.Globalization;
using System.Text;

namespace OpsBro.Core.Expressions;

/// <summary>The escapes of texts: <c>\n</c>, <c>\x41</c>, <c>\u20ac</c>…; an unknown one stays as it is, as in Python.</summary>
static class Escapes
{
    /// <summary>The text meant.</summary>
    /// <param name="text">As written between the quotes.</param>
    /// <param name="position">Offset of its first character in the rule.</param>
    public static string Decode(string text, int position)
    {
        if (!text.Contains('\\')) return text;
        var decoded = new StringBuilder(text.Length);
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] != '\\' || i + 1 == text.Length)
            {
                decoded.Append(text[i]);
                continue;
            }
            var c = text[++i];
            switch (c)
            {
                case '\n': break;
                case '\\' or '\'' or '"': decoded.Append(c); break;
                case 'a': decoded.Append('\a'); break;
                case 'b': decoded.Append('\b'); break;
                case 'f': decoded.Append('\f'); break;
                case 'n': decoded.Append('\n'); break;
                case 'r': decoded.Append('\r'); break;
                case 't': decoded.Append('\t'); break;
                case 'v': decoded.Append('\v'); break;
                case 'x': i = Hex(text, i, 2, decoded, position); break;
                case 'u': i = Hex(text, i, 4, decoded, position); break;
                case 'U': i = Hex(text, i, 8, decoded, position); break;
                case 'N':
                    throw new ExpressionException(ErrorKind.Syntax, "\\N{…} is not known; write \\u and the number of the character",
                        position + i);
                case >= '0' and <= '7': i = Octal(text, i, decoded); break;
                default: decoded.Append('\\').Append(c); break;
            }
        }
        return decoded.ToString();
    }

    static int Octal(string text, int i, StringBuilder decoded)
    {
        var value = 0;
        var last = Math.Min(i + 3, text.Length);
        for (; i < last && text[i] is >= '0' and <= '7'; i++) value = value * 8 + (text[i] - '0');
        decoded.Append((char)value);
        return i - 1;
    }

    static int Hex(string text, int i, int digits, StringBuilder decoded, int position)
    {
        if (i + digits >= text.Length
            || !int.TryParse(text.AsSpan(i + 1, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value)
            || !Rune.IsValid(value))
        {
            throw new ExpressionException(ErrorKind.Syntax,
                $"\\{text[i]} needs {digits} hexadecimal digits that name a character", position + i);
        }
        decoded.Append(new Rune(value));
        return i + digits;
    }
}
