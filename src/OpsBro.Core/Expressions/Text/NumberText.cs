using System.Globalization;
using System.Numerics;
using System.Text;

namespace OpsBro.Core.Expressions;

/// <summary>Python's int(text, base) and float(text).</summary>
static class NumberText
{
    static ExpressionException BadInt(string text, int numberBase) =>
        new(ErrorKind.Value, $"invalid literal for int() with base {numberBase}: {Shown(text)}");

    /// <summary>CPython takes fewer characters for white space here than str.strip() does: not the separators U+001C to U+001F.</summary>
    static string Trim(string text)
    {
        var (first, last) = (0, text.Length);
        while (first < last && IsSpace(text[first])) first++;
        while (last > first && IsSpace(text[last - 1])) last--;
        return text[first..last];
    }

    static bool IsSpace(char c) => PythonText.IsSpace(c) && c is not (>= '\x1c' and < ' ');

    static string Shown(string text) => Value.Of(text.Length > 50 ? text[..50] + "…" : text).Repr();

    /// <summary>Reads an int: sign, prefix of the base, digits with single underscores between them, white space around.</summary>
    public static BigInteger ParseInt(string text, int numberBase)
    {
        var digits = AsciiDigits(Trim(text));
        var negative = digits.StartsWith('-');
        if (negative || digits.StartsWith('+')) digits = digits[1..];
        var prefixBase =
            digits.Length > 1 && digits[0] == '0' ? digits[1] switch { 'x' or 'X' => 16, 'o' or 'O' => 8, 'b' or 'B' => 2, _ => 0 } : 0;
        var hasPrefix = prefixBase != 0 && (numberBase == 0 || numberBase == prefixBase);
        if (hasPrefix) digits = digits[2..];
        var radix = numberBase == 0 ? (hasPrefix ? prefixBase : 10) : numberBase;
        var body = digits.TrimStart('_') == digits || hasPrefix ? digits : "";
        if (hasPrefix && body.StartsWith('_')) body = body[1..];
        if (body.Length == 0 || body.EndsWith('_') || body.StartsWith('_') || body.Contains("__")) throw BadInt(text, numberBase);
        body = body.Replace("_", "");
        if (numberBase == 0 && !hasPrefix && body.Length > 1 && body[0] == '0' && body.Trim('0').Length > 0) throw BadInt(text, numberBase);
        var isPowerOfTwo = BitOperations.IsPow2(radix);
        if (!isPowerOfTwo && body.Length > Limits.IntDigits && body.TrimStart('0').Length > 0)
            throw new ExpressionException(ErrorKind.Value, $"the text has more than {Limits.IntDigits} digits");
        Limits.CheckBits((long)body.Length * BitOperations.Log2((uint)radix));
        var value = Digits(body, radix) ?? throw BadInt(text, numberBase);
        return negative ? -value : value;
    }

    static BigInteger? Digits(string body, int radix)
    {
        if (radix == 10)
            return body.AsSpan().IndexOfAnyExceptInRange('0', '9') < 0
                ? BigInteger.Parse(body, NumberStyles.None, CultureInfo.InvariantCulture)
                : null;
        if (BitOperations.IsPow2(radix)) return BitDigits(body, BitOperations.Log2((uint)radix));
        var value = BigInteger.Zero;
        var (chunk, scale) = (0L, 1L);   // many digits at a time, or a long text takes the square of its length
        foreach (var c in body)
        {
            var digit = Digit(c);
            if (digit >= radix) return null;
            (chunk, scale) = (chunk * radix + digit, scale * radix);
            if (scale <= long.MaxValue / radix / radix) continue;
            value = value * scale + chunk;
            (chunk, scale) = (0, 1);
        }
        return value * scale + chunk;
    }

    /// <summary>Digits of base 2, 4, 8, 16 or 32; null when one does not belong to the base.</summary>
    public static BigInteger? BitDigits(string body, int bitsPerDigit)
    {
        var bytes = new byte[body.Length * bitsPerDigit / 8 + 1];
        for (var i = 0; i < body.Length; i++)
        {
            var digit = Digit(body[body.Length - 1 - i]);
            if (digit >> bitsPerDigit != 0) return null;
            for (var b = 0; b < bitsPerDigit; b++)
            {
                var bit = i * bitsPerDigit + b;
                bytes[bit / 8] |= (byte)((digit >> b & 1) << bit % 8);
            }
        }
        return new BigInteger(bytes, isUnsigned: true);
    }

    /// <summary>The value of a digit; more than any base for what is none.</summary>
    static int Digit(char c) => char.IsAsciiDigit(c) ? c - '0' : char.IsAsciiLetter(c) ? (c | 0x20) - 'a' + 10 : byte.MaxValue;

    /// <summary>Decimal digits of all scripts as ASCII.</summary>
    static string AsciiDigits(string text)
    {
        if (Ascii.IsValid(text)) return text;
        var ascii = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes())
        {
            if (Rune.GetUnicodeCategory(rune) == UnicodeCategory.DecimalDigitNumber) ascii.Append((int)Rune.GetNumericValue(rune));
            else ascii.Append(rune);
        }
        return ascii.ToString();
    }

    /// <summary>Reads a float: also inf, infinity and nan.</summary>
    public static double ParseFloat(string text)
    {
        var body = AsciiDigits(Trim(text));
        var unsigned = body.Length > 0 && body[0] is '+' or '-' ? body[1..] : body;
        var sign = body.StartsWith('-') ? -1.0 : 1.0;
        switch (unsigned.ToLowerInvariant())
        {
            case "inf" or "infinity": return sign * double.PositiveInfinity;
            case "nan": return double.NaN;
        }
        if (IsFloat(unsigned)) return sign * double.Parse(unsigned.Replace("_", ""), NumberStyles.Float, CultureInfo.InvariantCulture);
        throw new ExpressionException(ErrorKind.Value, $"could not convert string to float: {Shown(text)}");
    }

    static bool IsFloat(string text)
    {
        var at = 0;
        var whole = Run(text, ref at);
        var fraction = 0;
        if (at < text.Length && text[at] == '.')
        {
            at++;
            fraction = Run(text, ref at);
        }
        if (whole < 0 || fraction < 0 || whole + fraction == 0) return false;
        if (at < text.Length && text[at] is 'e' or 'E')
        {
            at++;
            if (at < text.Length && text[at] is '+' or '-') at++;
            if (Run(text, ref at) <= 0) return false;
        }
        return at == text.Length;
    }

    /// <summary>Digits with single underscores between them; -1 when an underscore stands elsewhere.</summary>
    static int Run(string text, ref int at)
    {
        var first = at;
        while (at < text.Length && (char.IsAsciiDigit(text[at]) || text[at] == '_')) at++;
        var run = text.AsSpan(first, at - first);
        return run.StartsWith("_") || run.EndsWith("_") || run.Contains("__", StringComparison.Ordinal) ? -1 : run.Length;
    }
}
