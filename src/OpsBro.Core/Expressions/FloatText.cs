using System.Globalization;
using System.Numerics;

namespace OpsBro.Core.Expressions;

/// <summary>Floats as text, to the digit as CPython: the shortest text that reads back, and exact digits rounded half to even.</summary>
static class FloatText
{
    const int LeastPlainExponent = -4;
    const int MostPlainExponent = 16;
    const int MantissaBits = 52;
    const int ExponentBias = 1075;

    /// <summary>Python's repr() of a float.</summary>
    public static string Repr(double real)
    {
        if (double.IsNaN(real)) return "nan";
        if (double.IsInfinity(real)) return real > 0 ? "inf" : "-inf";
        var sign = double.IsNegative(real) ? "-" : "";
        var (digits, point) = Shortest(Math.Abs(real));
        if (point > LeastPlainExponent && point <= MostPlainExponent)
        {
            if (point <= 0) return $"{sign}0.{new string('0', -point)}{digits}";
            if (point >= digits.Length) return $"{sign}{digits}{new string('0', point - digits.Length)}.0";
            return $"{sign}{digits.AsSpan(0, point)}.{digits.AsSpan(point)}";
        }
        return sign + Scientific(digits, point - 1, 'e', alternate: false);
    }

    /// <summary>Digits with a point after the first one, and an exponent of at least two digits.</summary>
    public static string Scientific(string digits, int exponent, char letter, bool alternate)
    {
        var point = digits.Length > 1 || alternate ? "." : "";
        var sign = exponent < 0 ? '-' : '+';
        return string.Create(CultureInfo.InvariantCulture, $"{digits[0]}{point}{digits.AsSpan(1)}{letter}{sign}{Math.Abs(exponent):00}");
    }

    /// <summary>The shortest digits that read back as this float, and where the point stands: 0.digits × 10^point.</summary>
    public static (string Digits, int Point) Shortest(double real)
    {
        if (real == 0) return ("0", 1);
        var text = real.ToString("R", CultureInfo.InvariantCulture);
        var e = text.IndexOf('E');
        var mantissa = e < 0 ? text : text[..e];
        var exponent = e < 0 ? 0 : int.Parse(text.AsSpan(e + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        var dot = mantissa.IndexOf('.');
        var whole = dot < 0 ? mantissa.Length : dot;
        var all = dot < 0 ? mantissa : mantissa.Remove(dot, 1);
        var leading = all.Length - all.TrimStart('0').Length;
        var digits = all.Trim('0');
        return (digits, whole + exponent - leading);
    }

    /// <summary>The float times 10^places, rounded half to even to a whole number. The float is finite; its sign is ignored.</summary>
    public static BigInteger Scaled(double real, int places)
    {
        var raw = BitConverter.DoubleToInt64Bits(real) & long.MaxValue;
        var exponent = (int)(raw >> MantissaBits);
        var mantissa = raw & ((1L << MantissaBits) - 1);
        if (exponent == 0) exponent = 1;
        else mantissa |= 1L << MantissaBits;
        var shift = exponent - ExponentBias;
        if (places >= 0)
        {
            var top = mantissa * BigInteger.Pow(10, places);
            return shift >= 0 ? top << shift : Numbers.HalfEvenShift(top, -shift);
        }
        var bottom = BigInteger.Pow(10, -places);
        return shift >= 0
            ? Numbers.HalfEvenDivide((BigInteger)mantissa << shift, bottom)
            : Numbers.HalfEvenDivide(mantissa, bottom << -shift);
    }

    /// <summary>Exactly <paramref name="count"/> significant digits and the decimal exponent of the first one.</summary>
    public static (string Digits, int Exponent) Significant(double real, int count)
    {
        if (real == 0) return (new string('0', count), 0);
        // biased low: one digit too many is seen by its length, one too few could hide behind a carry
        const double bias = 1e-9;
        var exponent = (int)Math.Floor(Math.Log10(Math.Abs(real)) - bias);
        while (true)
        {
            var digits = IntText.Plain(Scaled(real, count - 1 - exponent));
            if (digits.Length == count) return (digits, exponent);
            exponent++;
        }
    }

    /// <summary>Python's round(float, places).</summary>
    public static double Round(double real, int places)
    {
        const int mostUseful = 323, leastUseful = -309;
        if (!double.IsFinite(real) || places > mostUseful) return real;
        if (places < leastUseful) return Math.CopySign(0, real);
        var text = string.Create(CultureInfo.InvariantCulture, $"{Scaled(real, places)}E{-places}");
        var rounded = double.Parse(text, CultureInfo.InvariantCulture);
        if (double.IsInfinity(rounded)) throw new ExpressionException(ErrorKind.Overflow, "rounded value too large to represent");
        return Math.CopySign(rounded, real);
    }
}
