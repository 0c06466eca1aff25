using System.Numerics;

namespace OpsBro.Core.Expressions;

/// <summary>Python's own functions, as far as rules use them.</summary>
static partial class Builtins
{
    const string Group = "basic";

    /// <summary>Adds all of them.</summary>
    public static void AddTo(FunctionTable table)
    {
        AddNumbers(table);
        AddCollections(table);
        AddTexts(table);
        TextFunctions.AddTo(table);
        DisplayFunctions.AddTo(table);
    }

    static void Add(this FunctionTable table, string prototype, string summary, Func<Arguments, Value> call) =>
        table.Add(new FunctionDoc(prototype[..prototype.IndexOf('(')], Group, prototype, summary), call);

    static void AddNumbers(FunctionTable table)
    {
        table.Add("abs(x, /)", "The number without its sign.", a => Abs(a[0]));
        table.Add("round(number, ndigits=None)", "Rounded to that many digits, halves to the even neighbour; to an int without ndigits.",
            a => Round(a[0], a[1]));
        table.Add("int(x=0, /, base=10)", "An int: of a number without its fraction, of a text in a base from 2 to 36.", Int);
        table.Add("float(x=0.0, /)", "A float, also of a text.", a => Value.Of(Float(a[0])));
        table.Add("bool(x=False, /)", "False for None, False, 0 and what is empty; else True.", a => Value.Of(a.Flag(0)));
        table.Add("divmod(x, y, /)", "The tuple (x // y, x % y).", a => DivMod(a[0], a[1]));
        table.Add("pow(base, exp, mod=None)", "base ** exp, or with mod its rest.", Pow);
        table.Add("hex(x, /)", "An int in base 16, as 0xff.", a => Based(a, 4, "0x"));
        table.Add("oct(x, /)", "An int in base 8, as 0o17.", a => Based(a, 3, "0o"));
        table.Add("bin(x, /)", "An int in base 2, as 0b101.", a => Based(a, 1, "0b"));
    }

    static ExpressionException BadType(string function, Value value) =>
        new(ErrorKind.Type, $"{function}() does not take a {value.TypeName}");

    static Value Abs(Value x) => x.Kind switch
    {
        ValueKind.Float => Value.Of(Math.Abs(x.AsFloat)),
        ValueKind.Bool or ValueKind.Int or ValueKind.BigInt => Value.Of(BigInteger.Abs(x.ToBigInteger())),
        _ => throw BadType("abs", x),
    };

    static Value Round(Value number, Value places)
    {
        if (!number.IsNumber) throw BadType("round", number);
        if (places.Kind == ValueKind.None)
            return number.Kind == ValueKind.Float
                ? Value.Of(ToInt(Math.Round(number.AsFloat, MidpointRounding.ToEven)))
                : Value.Of(number.ToBigInteger());
        if (!places.IsInt) throw new ExpressionException(ErrorKind.Type, $"round() takes an int for ndigits, not a {places.TypeName}");
        var count = (int)BigInteger.Max(BigInteger.Min(places.ToBigInteger(), Limits.TextLength), -Limits.TextLength);
        if (number.Kind == ValueKind.Float) return Value.Of(FloatText.Round(number.AsFloat, count));
        var value = number.ToBigInteger();
        if (count >= 0) return Value.Of(value);
        if (-count > Limits.IntBits / 3) return Value.Of(0);
        var unit = BigInteger.Pow(10, -count);
        var rounded = Numbers.HalfEvenDivide(BigInteger.Abs(value), unit) * unit;
        return Value.Of(value.Sign < 0 ? -rounded : rounded);
    }

    /// <summary>The int of a float, without the fraction.</summary>
    /// <exception cref="ExpressionException">OverflowError: infinity. ValueError: not a number.</exception>
    public static BigInteger ToInt(double x)
    {
        if (double.IsNaN(x)) throw new ExpressionException(ErrorKind.Value, "cannot convert float NaN to integer");
        if (double.IsInfinity(x)) throw new ExpressionException(ErrorKind.Overflow, "cannot convert float infinity to integer");
        return new BigInteger(x);
    }

    static Value Int(Arguments a)
    {
        var x = a[0];
        if (a.Has(1))
        {
            if (!a.Has(0)) throw new ExpressionException(ErrorKind.Type, "int() missing string argument");
            if (x.Kind != ValueKind.String)
                throw new ExpressionException(ErrorKind.Type, "int() can't convert non-string with explicit base");
            if (!a[1].IsInt) throw BadType("int", a[1]);
            var numberBase = a.Int(1);
            if (numberBase is not 0 and (< 2 or > 36))
                throw new ExpressionException(ErrorKind.Value, "int() base must be >= 2 and <= 36, or 0");
            return Value.Of(NumberText.ParseInt(x.AsString, (int)numberBase));
        }
        return x.Kind switch
        {
            ValueKind.Float => Value.Of(ToInt(x.AsFloat)),
            ValueKind.String => Value.Of(NumberText.ParseInt(x.AsString, 10)),
            _ when x.IsInt => Value.Of(x.ToBigInteger()),
            _ => throw BadType("int", x),
        };
    }

    static double Float(Value x) => x.Kind switch
    {
        ValueKind.String => NumberText.ParseFloat(x.AsString),
        _ when x.IsNumber => Numbers.ToFloat(x),
        _ => throw BadType("float", x),
    };

    static Value DivMod(Value x, Value y)
    {
        if (!x.IsNumber || !y.IsNumber) throw BadType("divmod", x.IsNumber ? y : x);
        if (x.Kind == ValueKind.Float || y.Kind == ValueKind.Float)
        {
            var (a, b) = (Numbers.ToFloat(x), Numbers.ToFloat(y));
            if (b == 0) throw new ExpressionException(ErrorKind.ZeroDivision, "float divmod()");
            var (quotient, rest) = Arithmetic.FloorDivide(a, b);
            return Value.TupleOf([Value.Of(quotient), Value.Of(rest)]);
        }
        if (y.ToBigInteger().IsZero) throw new ExpressionException(ErrorKind.ZeroDivision, "integer division or modulo by zero");
        var result = Arithmetic.FloorDivide(x.ToBigInteger(), y.ToBigInteger());
        return Value.TupleOf([Value.Of(result.Quotient), Value.Of(result.Remainder)]);
    }

    static Value Pow(Arguments a)
    {
        if (a[2].Kind == ValueKind.None)
        {
            var run = new Evaluation(NoReferences.Instance, null);
            var power = Arithmetic.Binary(ref run, Operator.Power, a[0], a[1]);
            a.Spent = run.Spent;
            return power;
        }
        if (!a[0].IsInt || !a[1].IsInt || !a[2].IsInt)
            throw new ExpressionException(ErrorKind.Type, "pow() 3rd argument not allowed unless all arguments are integers");
        var (b, exponent, modulus) = (a[0].ToBigInteger(), a[1].ToBigInteger(), a[2].ToBigInteger());
        if (modulus.IsZero) throw new ExpressionException(ErrorKind.Value, "pow() 3rd argument cannot be 0");
        if (exponent.Sign < 0) throw a.Fail("a negative exponent with mod is not taken");
        if ((long)exponent.GetBitLength() * (long)modulus.GetBitLength() > Limits.IntBits)
            throw Limits.Exceeded("pow() with mod takes smaller ints only");
        a.Spent = (long)exponent.GetBitLength();
        return Value.Of(Arithmetic.FloorDivide(BigInteger.ModPow(b, exponent, modulus), modulus).Remainder);
    }

    static Value Based(Arguments a, int bits, string prefix)
    {
        if (!a[0].IsInt) throw BadType(prefix, a[0]);
        var value = a[0].ToBigInteger();
        return Value.Of((value.Sign < 0 ? "-" : "") + prefix + IntText.Digits(value, bits, upper: false));
    }
}
