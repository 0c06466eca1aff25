using System.Numerics;

namespace OpsBro.Core.Expressions;

/// <summary>The arithmetic of Python. 64-bit ints and floats are computed in place; what overflows becomes a big int.</summary>
static class Arithmetic
{
    /// <summary>Bits of a big int that are one step to read; and pairs of such that are one step to multiply.</summary>
    const int BitsPerStep = 128, ProductsPerStep = 32;

    /// <summary><c>-a</c>, <c>+a</c>, <c>~a</c>.</summary>
    public static Value Unary(char sign, Value value)
    {
        if (value.Kind == ValueKind.Float && sign != '~') return sign == '-' ? Value.Of(-value.AsFloat) : value;
        if (!value.IsInt) throw new ExpressionException(ErrorKind.Type, $"bad operand type for unary {sign}: '{value.TypeName}'");
        return sign switch
        {
            '-' => Value.Of(-value.ToBigInteger()),
            '+' => Value.Of(value.ToBigInteger()),
            _ => Value.Of(-value.ToBigInteger() - 1),
        };
    }

    /// <summary>Two operands of any types.</summary>
    public static Value Binary(ref Evaluation run, Operator sign, Value a, Value b)
    {
        if (a.Kind == ValueKind.Float || b.Kind == ValueKind.Float)
        {
            if (a.IsNumber && b.IsNumber && sign < Operator.And) return Floats(sign, Numbers.ToFloat(a), Numbers.ToFloat(b));
        }
        else if (a.Kind is ValueKind.Int or ValueKind.Bool && b.Kind is ValueKind.Int or ValueKind.Bool)
        {
            return Ints(ref run, sign, a, b);
        }
        else if (a.IsInt && b.IsInt)
        {
            return BigInts(ref run, sign, a.ToBigInteger(), b.ToBigInteger());
        }
        run.Charge(a.Weight + b.Weight);
        return Collections.Binary(ref run, sign, a, b);
    }

    static Value Ints(ref Evaluation run, Operator sign, Value left, Value right)
    {
        var (a, b) = (left.AsInt, right.AsInt);
        switch (sign)
        {
            case Operator.Add:
                var sum = unchecked(a + b);
                if (((a ^ sum) & (b ^ sum)) < 0) break;
                return Value.Of(sum);
            case Operator.Subtract:
                var difference = unchecked(a - b);
                if (((a ^ b) & (a ^ difference)) < 0) break;
                return Value.Of(difference);
            case Operator.Multiply:
                var high = Math.BigMul(a, b, out var low);
                if (high != low >> 63) break;
                return Value.Of(low);
            case Operator.FloorDivide when b != 0 && a != long.MinValue:
                return Value.Of(a / b - (a % b != 0 && (a ^ b) < 0 ? 1 : 0));
            case Operator.Modulo when b != 0 && a != long.MinValue:
                var rest = a % b;
                return Value.Of(rest != 0 && (rest ^ b) < 0 ? rest + b : rest);
            case Operator.And or Operator.Or or Operator.Xor:
                var both = sign switch { Operator.And => a & b, Operator.Or => a | b, _ => a ^ b };
                return left.Kind == ValueKind.Bool && right.Kind == ValueKind.Bool ? Value.Of(both != 0) : Value.Of(both);
            case Operator.ShiftRight when b >= 0:
                return Value.Of(a >> (int)Math.Min(b, 63));
        }
        return BigInts(ref run, sign, a, b);
    }

    static Value BigInts(ref Evaluation run, Operator sign, BigInteger a, BigInteger b)
    {
        run.Charge(Cost(sign, a, b));
        switch (sign)
        {
            case Operator.Add: return Checked(a + b);
            case Operator.Subtract: return Checked(a - b);
            case Operator.Multiply:
                Limits.CheckBits((long)a.GetBitLength() + (long)b.GetBitLength() - 1);
                return Value.Of(a * b);
            case Operator.Divide:
                return b.IsZero ? throw DivisionByZero("division by zero") : Value.Of(Numbers.TrueDivide(a, b));
            case Operator.FloorDivide:
                return b.IsZero ? throw DivisionByZero("integer division or modulo by zero") : Value.Of(FloorDivide(a, b).Quotient);
            case Operator.Modulo:
                return b.IsZero ? throw DivisionByZero("integer modulo by zero") : Value.Of(FloorDivide(a, b).Remainder);
            case Operator.Power: return Power(a, b);
            case Operator.And: return Value.Of(a & b);
            case Operator.Or: return Value.Of(a | b);
            case Operator.Xor: return Value.Of(a ^ b);
            default: return Shift(sign, a, b);
        }
    }

    /// <summary>Steps of an operation on big ints: products and quotients take the product of the lengths, a power that of its result.</summary>
    static long Cost(Operator sign, BigInteger a, BigInteger b)
    {
        var (left, right) = ((long)a.GetBitLength() / BitsPerStep, (long)b.GetBitLength() / BitsPerStep);
        switch (sign)
        {
            case Operator.Multiply or Operator.Divide or Operator.FloorDivide or Operator.Modulo:
                return left + right + left * right / ProductsPerStep;
            case Operator.Power or Operator.ShiftLeft:
                var bits = sign == Operator.Power ? (double)a.GetBitLength() * (double)b : (double)a.GetBitLength() + (double)b;
                var result = (long)Math.Clamp(bits, 0, Limits.IntBits) / BitsPerStep;
                return left + right + result + (sign == Operator.Power ? result * result / ProductsPerStep : 0);
            default:
                return left + right;
        }
    }

    static Value Checked(BigInteger value)
    {
        Limits.CheckBits((long)value.GetBitLength());
        return Value.Of(value);
    }

    static ExpressionException DivisionByZero(string message) => new(ErrorKind.ZeroDivision, message);

    /// <summary>Quotient rounded down, and the rest with the sign of the divisor.</summary>
    public static (BigInteger Quotient, BigInteger Remainder) FloorDivide(BigInteger a, BigInteger b)
    {
        var quotient = BigInteger.DivRem(a, b, out var rest);
        return !rest.IsZero && rest.Sign * b.Sign < 0 ? (quotient - 1, rest + b) : (quotient, rest);
    }

    static Value Power(BigInteger a, BigInteger b)
    {
        if (b.Sign < 0)
        {
            if (a.IsZero) throw DivisionByZero("0.0 cannot be raised to a negative power");
            return Floats(Operator.Power, Numbers.ToFloat(Value.Of(a)), Numbers.ToFloat(Value.Of(b)));
        }
        if (a.IsZero || a.IsOne) return Value.Of(b.IsZero ? BigInteger.One : a);
        if (a == BigInteger.MinusOne) return Value.Of(b.IsEven ? 1 : -1);
        if (b > Limits.IntBits) throw Limits.Exceeded($"the power is too large; ints have at most {Limits.IntBits} bits");
        Limits.CheckBits(((long)BigInteger.Abs(a).GetBitLength() - 1) * (long)b);
        return Checked(BigInteger.Pow(a, (int)b));
    }

    static Value Shift(Operator sign, BigInteger a, BigInteger b)
    {
        if (b.Sign < 0) throw new ExpressionException(ErrorKind.Value, "negative shift count");
        if (sign == Operator.ShiftRight) return Value.Of(b > int.MaxValue ? (a.Sign < 0 ? -1 : 0) : a >> (int)b);
        if (a.IsZero) return Value.Of(0);
        if (b > Limits.IntBits) throw Limits.Exceeded($"the shift is too far; ints have at most {Limits.IntBits} bits");
        return Checked(a << (int)b);
    }

    static Value Floats(Operator sign, double a, double b)
    {
        switch (sign)
        {
            case Operator.Add: return Value.Of(a + b);
            case Operator.Subtract: return Value.Of(a - b);
            case Operator.Multiply: return Value.Of(a * b);
            case Operator.Divide:
                return b == 0 ? throw DivisionByZero("float division by zero") : Value.Of(a / b);
            case Operator.FloorDivide:
                return b == 0 ? throw DivisionByZero("float floor division by zero") : Value.Of(FloorDivide(a, b).Quotient);
            case Operator.Modulo:
                return b == 0 ? throw DivisionByZero("float modulo") : Value.Of(FloorDivide(a, b).Remainder);
            default: return Value.Of(Power(a, b));
        }
    }

    /// <summary>CPython's float_divmod: the rest has the divisor's sign, the quotient is whole.</summary>
    public static (double Quotient, double Remainder) FloorDivide(double a, double b)
    {
        var rest = a % b;
        var quotient = (a - rest) / b;
        if (rest != 0)
        {
            if (b < 0 != rest < 0)
            {
                rest += b;
                quotient -= 1;
            }
        }
        else
        {
            rest = Math.CopySign(0, b);
        }
        if (quotient == 0) return (Math.CopySign(0, a / b), rest);
        var whole = Math.Floor(quotient);
        return (quotient - whole > 0.5 ? whole + 1 : whole, rest);
    }

    static double Power(double a, double b)
    {
        if (a == 0 && b < 0 && double.IsFinite(b)) throw DivisionByZero("0.0 cannot be raised to a negative power");
        if (a < 0 && double.IsFinite(a) && double.IsFinite(b) && Math.Floor(b) != b)
            throw new ExpressionException(ErrorKind.Value, "the power of a negative number to a fraction is complex, which rules do not have");
        if (a == 1 || b == 0) return 1;
        var power = Math.Pow(a, b);
        if (double.IsInfinity(power) && double.IsFinite(a) && double.IsFinite(b))
            throw new ExpressionException(ErrorKind.Overflow, "the power is too large for a float");
        return power;
    }
}
