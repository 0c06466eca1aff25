namespace OpsBro.Core.Expressions;

/// <summary>CPython's PyOS_double_to_string: the types e, f and g, and none.</summary>
static class FloatFormat
{
    const int OwnPrecision = 6;
    const int ReprExponent = 16;

    /// <summary>Largest exponent of a float, in digits: what a precision beyond it adds are zeros.</summary>
    const int UsefulDigits = 1_100;

    /// <summary>Formats a float that is not negative.</summary>
    /// <param name="value">The float.</param>
    /// <param name="type">e E f F g G, or NUL for the shortest text that reads back, or with a precision g with a digit behind the
    /// point.</param>
    /// <param name="precision">Digits; -1 for the type's own.</param>
    /// <param name="alternate">True to keep the point and the zeros of g.</param>
    public static string Format(double value, char type, int precision, bool alternate)
    {
        var isUpper = char.IsUpper(type);
        if (!double.IsFinite(value)) return double.IsNaN(value) ? (isUpper ? "NAN" : "nan") : isUpper ? "INF" : "inf";
        switch (type)
        {
            case 'f' or 'F': return Fixed(value, precision < 0 ? OwnPrecision : precision, alternate);
            case 'e' or 'E': return Exponential(value, precision < 0 ? OwnPrecision : precision, isUpper ? 'E' : 'e', alternate);
            case 'g' or 'G': return General(value, precision < 0 ? OwnPrecision : precision, isUpper ? 'E' : 'e', alternate, addsDotZero: false);
            default:
                if (precision >= 0) return General(value, precision, 'e', alternate, addsDotZero: true);
                var (digits, point) = FloatText.Shortest(value);
                return Place(digits, point, point <= -4 || point > ReprExponent, 'e', alternate, addsDotZero: true);
        }
    }

    static string Fixed(double value, int precision, bool alternate)
    {
        var exact = Math.Min(precision, UsefulDigits);
        var digits = IntText.Plain(FloatText.Scaled(value, exact)).PadLeft(exact + 1, '0');
        var whole = digits[..^exact];
        if (precision == 0) return alternate ? whole + "." : whole;
        return $"{whole}.{digits[^exact..]}{new string('0', precision - exact)}";
    }

    static string Exponential(double value, int precision, char letter, bool alternate)
    {
        var exact = Math.Min(precision, UsefulDigits);
        var (digits, exponent) = FloatText.Significant(value, exact + 1);
        return FloatText.Scientific(digits + new string('0', precision - exact), exponent, letter, alternate);
    }

    static string General(double value, int precision, char letter, bool alternate, bool addsDotZero)
    {
        precision = Math.Max(precision, 1);
        var exact = Math.Min(precision, UsefulDigits);
        var (digits, exponent) = FloatText.Significant(value, exact);
        digits = alternate ? digits + new string('0', precision - exact) : TrimZeros(digits);
        var point = exponent + 1;
        return Place(digits, point, point <= -4 || point > precision - (addsDotZero ? 1 : 0), letter, alternate, addsDotZero);
    }

    static string TrimZeros(string digits) => digits.TrimEnd('0') is { Length: > 0 } trimmed ? trimmed : "0";

    static string Place(string digits, int point, bool asExponential, char letter, bool alternate, bool addsDotZero)
    {
        if (asExponential) return FloatText.Scientific(digits, point - 1, letter, alternate);
        if (point <= 0) return $"0.{new string('0', -point)}{digits}";
        if (point < digits.Length) return $"{digits.AsSpan(0, point)}.{digits.AsSpan(point)}";
        var whole = digits + new string('0', point - digits.Length);
        return addsDotZero ? whole + ".0" : alternate ? whole + "." : whole;
    }
}
