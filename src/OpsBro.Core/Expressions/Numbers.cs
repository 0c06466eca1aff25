using System.Numerics;

namespace OpsBro.Core.Expressions;

/// <summary>Comparison, hashing and conversion of numbers, exact over int, big int and float.</summary>
static class Numbers
{
    /// <summary>Ints up to this size are exact as floats.</summary>
    const long ExactAsFloat = 1L << 53;

    const int MantissaBits = 53;

    const int LargestExponent = 1024;

    static long hashesOfNaN;   // threads that lose a count do no harm

    /// <summary>Python's <c>==</c> of two numbers.</summary>
    public static bool AreEqual(Value left, Value right) => TryCompare(left, right, out var order) && order == 0;

    /// <summary>Orders two numbers; false when one is not a number (NaN).</summary>
    public static bool TryCompare(Value left, Value right, out int order)
    {
        switch (left.Kind == ValueKind.Float, right.Kind == ValueKind.Float)
        {
            case (true, true):
                order = left.AsFloat.CompareTo(right.AsFloat);
                return !double.IsNaN(left.AsFloat) && !double.IsNaN(right.AsFloat);
            case (true, false):
                var known = TryCompareToFloat(right, left.AsFloat, out order);
                order = -order;
                return known;
            case (false, true):
                return TryCompareToFloat(left, right.AsFloat, out order);
            default:
                order = left.Kind == ValueKind.BigInt || right.Kind == ValueKind.BigInt
                    ? left.ToBigInteger().CompareTo(right.ToBigInteger())
                    : left.AsInt.CompareTo(right.AsInt);
                return true;
        }
    }

    static bool TryCompareToFloat(Value integer, double real, out int order)
    {
        order = 0;
        if (double.IsNaN(real)) return false;
        if (integer.Kind != ValueKind.BigInt && integer.AsInt is >= -ExactAsFloat and <= ExactAsFloat)
        {
            order = ((double)integer.AsInt).CompareTo(real);
            return true;
        }
        if (double.IsInfinity(real))
        {
            order = real > 0 ? -1 : 1;
            return true;
        }
        var floor = Math.Floor(real);
        order = integer.ToBigInteger().CompareTo(new BigInteger(floor));
        if (order == 0 && real > floor) order = -1;
        return true;
    }

    /// <summary>A hash that is the same for equal numbers of all kinds.</summary>
    public static int HashOf(Value number)
    {
        if (number.Kind is ValueKind.Int or ValueKind.Bool) return HashOf(number.AsInt);
        if (number.Kind == ValueKind.BigInt) return number.AsBigInt.GetHashCode();
        var real = number.AsFloat;
        if (double.IsNaN(real)) return HashOf(++hashesOfNaN);   // equals nothing, so any hash will do, but the same one would collide
        if (!double.IsFinite(real) || Math.Floor(real) != real) return HashOf(BitConverter.DoubleToInt64Bits(real));
        return Value.Of(new BigInteger(real)) is { Kind: ValueKind.Int } small
            ? HashOf(small.AsInt)
            : new BigInteger(real).GetHashCode();
    }

    /// <summary>Seeded for each process: .NET's own hash of a long folds its halves, so that a rule can make keys that collide.</summary>
    static int HashOf(long bits) => HashCode.Combine((int)bits, (int)(bits >> 32));

    /// <summary>The nearest float, ties to even; infinity when it is too large. (.NET's own conversion cuts.)</summary>
    public static double ToDouble(BigInteger value)
    {
        var magnitude = BigInteger.Abs(value);
        var bits = (long)magnitude.GetBitLength();
        if (bits <= MantissaBits) return (double)value;
        if (bits > LargestExponent) return value.Sign < 0 ? double.NegativeInfinity : double.PositiveInfinity;
        var shift = (int)bits - MantissaBits;
        var mantissa = HalfEvenShift(magnitude, shift);
        var real = Math.ScaleB((double)mantissa, shift);
        return value.Sign < 0 ? -real : real;
    }

    /// <summary>The int or float as a float.</summary>
    /// <exception cref="ExpressionException">OverflowError: it is too large.</exception>
    public static double ToFloat(Value number)
    {
        if (number.Kind == ValueKind.Float) return number.AsFloat;
        if (number.Kind != ValueKind.BigInt) return number.AsInt;
        var real = ToDouble(number.AsBigInt);
        return double.IsInfinity(real) ? throw new ExpressionException(ErrorKind.Overflow, "int too large to convert to float") : real;
    }

    /// <summary>Divides by 2^shift, rounded half to even; only for values that are not negative.</summary>
    public static BigInteger HalfEvenShift(BigInteger value, int shift)
    {
        if (shift <= 0) return value << -shift;
        var quotient = value >> shift;
        var rest = value - (quotient << shift);
        var half = BigInteger.One << (shift - 1);
        var order = rest.CompareTo(half);
        return order > 0 || (order == 0 && !quotient.IsEven) ? quotient + 1 : quotient;
    }

    /// <summary>Divides, rounded half to even; only for values that are not negative.</summary>
    public static BigInteger HalfEvenDivide(BigInteger value, BigInteger divisor)
    {
        var quotient = BigInteger.DivRem(value, divisor, out var rest);
        var order = (rest * 2).CompareTo(divisor);
        return order > 0 || (order == 0 && !quotient.IsEven) ? quotient + 1 : quotient;
    }

    /// <summary>Python's <c>int / int</c>: the float nearest to the true quotient.</summary>
    public static double TrueDivide(BigInteger dividend, BigInteger divisor)
    {
        if (BigInteger.Abs(dividend) <= ExactAsFloat && BigInteger.Abs(divisor) <= ExactAsFloat) return (double)dividend / (double)divisor;
        if (dividend.IsZero) return divisor.Sign < 0 ? -0.0 : 0;
        var negative = dividend.Sign * divisor.Sign < 0;
        var (a, b) = (BigInteger.Abs(dividend), BigInteger.Abs(divisor));
        const int smallestExponent = -1074;
        var exponent = (long)a.GetBitLength() - (long)b.GetBitLength();
        if (exponent > LargestExponent)
            throw new ExpressionException(ErrorKind.Overflow, "integer division result too large for a float");
        if (exponent < smallestExponent - 2) return negative ? -0.0 : 0.0;
        var shift = (int)Math.Max(exponent - MantissaBits, smallestExponent);
        var (top, bottom) = shift >= 0 ? (a, b << shift) : (a << -shift, b);
        var quotient = BigInteger.DivRem(top, bottom, out var rest);
        var extra = (int)quotient.GetBitLength() - MantissaBits;
        if (extra > 0 && shift + extra >= smallestExponent)
        {
            // one or two bits too many: keep a sticky bit so that the second rounding knows of the rest
            quotient = HalfEvenShift((quotient << 1) + (rest.IsZero ? 0 : 1), extra + 1);
            shift += extra;
        }
        else
        {
            quotient = HalfEvenDivide(top, bottom);
        }
        var real = Math.ScaleB((double)quotient, shift);
        if (double.IsInfinity(real))
            throw new ExpressionException(ErrorKind.Overflow, "integer division result too large for a float");
        return negative ? -real : real;
    }
}
