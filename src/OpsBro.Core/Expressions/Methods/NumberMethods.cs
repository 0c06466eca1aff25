using System.Numerics;

namespace OpsBro.Core.Expressions;

/// <summary>The methods of int and float.</summary>
static class NumberMethods
{
    const int MantissaBits = 52;
    const int ExponentBias = 1075;

    /// <summary>Adds all of them.</summary>
    public static void AddTo(MethodTable.Adder add)
    {
        add(ValueKind.Int, "bit_length()", a => Value.Of((long)BigInteger.Abs(a.Self.ToBigInteger()).GetBitLength()));
        add(ValueKind.Int, "bit_count()", a => Value.Of(BitCount(BigInteger.Abs(a.Self.ToBigInteger()))));
        add(ValueKind.Int, "conjugate()", a => Value.Of(a.Self.ToBigInteger()));
        add(ValueKind.Int, "as_integer_ratio()", a => Value.TupleOf([Value.Of(a.Self.ToBigInteger()), Value.Of(1)]));
        add(ValueKind.Float, "is_integer()",
            a => Value.Of(double.IsFinite(a.Self.AsFloat) && Math.Floor(a.Self.AsFloat) == a.Self.AsFloat));
        add(ValueKind.Float, "conjugate()", a => a.Self);
        add(ValueKind.Float, "as_integer_ratio()", a => Ratio(a.Self.AsFloat));
    }

    static long BitCount(BigInteger value) => value.ToByteArray().Sum(b => (long)BitOperations.PopCount(b));

    static Value Ratio(double value)
    {
        if (double.IsNaN(value)) throw new ExpressionException(ErrorKind.Value, "cannot convert NaN to integer ratio");
        if (double.IsInfinity(value)) throw new ExpressionException(ErrorKind.Overflow, "cannot convert Infinity to integer ratio");
        var raw = BitConverter.DoubleToInt64Bits(value) & long.MaxValue;
        var exponent = (int)(raw >> MantissaBits);
        BigInteger top = raw & ((1L << MantissaBits) - 1);
        if (exponent == 0) exponent = 1;
        else top += 1L << MantissaBits;
        var shift = exponent - ExponentBias;
        var bottom = BigInteger.One;
        if (shift >= 0) top <<= shift;
        else bottom <<= -shift;
        var divisor = BigInteger.GreatestCommonDivisor(top, bottom);
        return Value.TupleOf([Value.Of((double.IsNegative(value) ? -top : top) / divisor), Value.Of(bottom / divisor)]);
    }
}
