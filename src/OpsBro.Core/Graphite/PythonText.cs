using System.Globalization;
using OpsBro.Core.Expressions;

namespace OpsBro.Core.Graphite;

/// <summary>Numbers as Python writes them: the names of results hold them, and dashboards refer to those names.</summary>
public static class PythonText
{
    const int GeneralDigits = 6;
    const int LeastPlainExponent = -4;

    /// <summary><c>str()</c> of a float: 2.0, 0.1, 1e-05, inf.</summary>
    public static string Float(double number) => FloatText.Repr(number);

    /// <summary><c>str()</c> of an int that is held as a double.</summary>
    public static string Integer(double number) =>
        double.IsInfinity(number) || double.IsNaN(number) ? Float(number) : number.ToString("F0", CultureInfo.InvariantCulture);

    /// <summary><c>%d</c>: the fraction is cut off.</summary>
    public static string Whole(double number) => Integer(Math.Truncate(number) + 0.0); // -0.0 is 0

    /// <summary><c>%g</c>: six digits at most, no zeros at the end.</summary>
    public static string General(double number)
    {
        if (double.IsNaN(number)) return "nan";
        if (double.IsInfinity(number)) return number > 0 ? "inf" : "-inf";
        var sign = double.IsNegative(number) ? "-" : "";
        if (number == 0) return sign + "0";
        var (digits, exponent) = FloatText.Significant(Math.Abs(number), GeneralDigits);
        digits = digits.TrimEnd('0');
        if (exponent is < LeastPlainExponent or >= GeneralDigits) return sign + FloatText.Scientific(digits, exponent, 'e', alternate: false);
        if (exponent < 0) return $"{sign}0.{new string('0', -exponent - 1)}{digits}";
        return digits.Length <= exponent + 1
            ? sign + digits.PadRight(exponent + 1, '0')
            : $"{sign}{digits.AsSpan(0, exponent + 1)}.{digits.AsSpan(exponent + 1)}";
    }

    /// <summary>Python's <c>round(number, places)</c>.</summary>
    /// <exception cref="GraphiteException">The rounded number is too large.</exception>
    public static double Round(double number, int places)
    {
        try
        {
            return FloatText.Round(number, places);
        }
        catch (ExpressionException e)
        {
            throw new GraphiteException(e.Message);
        }
    }
}
