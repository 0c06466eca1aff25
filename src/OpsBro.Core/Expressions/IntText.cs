using System.Globalization;
using System.Numerics;

namespace OpsBro.Core.Expressions;

/// <summary>Ints as text and back.</summary>
static class IntText
{
    /// <summary>The largest int below 10^4300, by bits: longer ones are measured by their digits.</summary>
    const int SurelyShortBits = 14_284;

    /// <summary>Decimal digits with a sign.</summary>
    /// <exception cref="ExpressionException">ValueError: more digits than <see cref="Limits.IntDigits"/>.</exception>
    public static string Decimal(BigInteger value)
    {
        var text = Plain(value);
        if ((long)value.GetBitLength() > SurelyShortBits && text.Length - (value.Sign < 0 ? 1 : 0) > Limits.IntDigits)
            throw new ExpressionException(ErrorKind.Value, $"the int has more than {Limits.IntDigits} digits: too many to be written");
        return text;
    }

    /// <summary>Decimal digits with a sign, of any length.</summary>
    public static string Plain(BigInteger value) => value.ToString(CultureInfo.InvariantCulture);

    /// <summary>Digits in base 2, 8 or 16, without sign and prefix.</summary>
    public static string Digits(BigInteger value, int bitsPerDigit, bool upper)
    {
        if (value.IsZero) return "0";
        var magnitude = BigInteger.Abs(value);
        var count = ((int)(long)magnitude.GetBitLength() + bitsPerDigit - 1) / bitsPerDigit;
        var bytes = magnitude.ToByteArray(isUnsigned: true);
        return string.Create(count, (bytes, bitsPerDigit, upper), static (text, state) =>
        {
            var (bytes, bitsPerDigit, upper) = state;
            for (var i = 0; i < text.Length; i++)
            {
                var digit = 0;
                for (var b = bitsPerDigit - 1; b >= 0; b--)
                {
                    var bit = (text.Length - 1 - i) * bitsPerDigit + b;
                    digit = digit * 2 + (bit / 8 < bytes.Length ? (bytes[bit / 8] >> (bit % 8)) & 1 : 0);
                }
                text[i] = (upper ? "0123456789ABCDEF" : "0123456789abcdef")[digit];
            }
        });
    }
}
