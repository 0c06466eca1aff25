using System.Numerics;
using System.Text;

namespace OpsBro.Core.Expressions;

/// <summary>
/// <c>text % values</c> (docs.python.org/3.11/library/stdtypes.html#printf-style-string-formatting):
/// <code>"%" ["(" key ")"] [-+ #0]* [width | "*"] ["." [precision | "*"]] [hlL] (d|i|u|o|x|X|e|E|f|F|g|G|c|r|s|a) | "%%"</code>
/// </summary>
ref struct PercentFormat
{
    readonly string format;
    readonly bool isMapping;
    readonly StringBuilder text = new();
    Value values;
    Value? mapping;
    bool isSingle;
    int at, next, count;

    PercentFormat(string format, Value values)
    {
        (this.format, this.values) = (format, values);
        count = values.Kind == ValueKind.Tuple ? values.AsList.Count : 1;
        isMapping = values.Kind is ValueKind.Dict or ValueKind.List;
    }

    /// <summary>Formats.</summary>
    /// <exception cref="ExpressionException">TypeError, ValueError, KeyError or OverflowError as in Python.</exception>
    public static string Format(string format, Value values) => new PercentFormat(format, values).Run();

    string Run()
    {
        while (at < format.Length)
        {
            var percent = format.IndexOf('%', at);
            if (percent < 0) percent = format.Length;
            text.Append(format, at, percent - at);
            at = percent + 1;
            if (percent < format.Length) One();
            Limits.CheckText(text.Length);
        }
        if (next < count && !isMapping)
            throw new ExpressionException(ErrorKind.Type, "not all arguments converted during string formatting");
        return text.ToString();
    }

    /// <summary>What stands between the percent sign and the type.</summary>
    struct Flags
    {
        public bool Left, Plus, Space, Alternate, Zero;
        public int Width;
        public int Precision;
    }

    char Peek() => at < format.Length ? format[at] : throw new ExpressionException(ErrorKind.Value, "incomplete format");

    void One()
    {
        if (Peek() == '%')
        {
            text.Append('%');
            at++;
            return;
        }
        if (Peek() == '(') Key();
        var flags = new Flags { Precision = -1 };
        for (; ; at++)
        {
            var c = Peek();
            if (c == '-') flags.Left = true;
            else if (c == '+') flags.Plus = true;
            else if (c == ' ') flags.Space = true;
            else if (c == '#') flags.Alternate = true;
            else if (c == '0') flags.Zero = true;
            else break;
        }
        flags.Width = Size() ?? 0;
        if (flags.Width < 0) (flags.Left, flags.Width) = (true, -flags.Width);
        if (Peek() == '.')
        {
            at++;
            flags.Precision = Math.Max(0, Size() ?? 0);
        }
        if (Peek() is 'h' or 'l' or 'L') at++;
        var type = Peek();
        at++;
        Convert(type, Next(), flags);
    }

    void Key()
    {
        if (!isMapping) throw new ExpressionException(ErrorKind.Type, "format requires a mapping");
        var first = ++at;
        for (var depth = 1; depth > 0; at++)
        {
            if (at >= format.Length) throw new ExpressionException(ErrorKind.Value, "incomplete format key");
            if (format[at] == '(') depth++;
            else if (format[at] == ')') depth--;
        }
        mapping ??= values;
        values = Subscripts.Item(mapping.Value, Value.Of(format[first..(at - 1)]));
        (next, count, isSingle) = (0, 1, true);
    }

    Value Next()
    {
        if (next >= count) throw new ExpressionException(ErrorKind.Type, "not enough arguments for format string");
        return values.Kind == ValueKind.Tuple && !isSingle ? values.AsList[next++] : Only();
    }

    Value Only()
    {
        next++;
        return values;
    }

    /// <summary>A width or precision: digits, or * for the next value.</summary>
    int? Size()
    {
        if (Peek() == '*')
        {
            at++;
            var value = Next();
            if (!value.IsInt) throw new ExpressionException(ErrorKind.Type, "* wants int");
            if (value.Kind == ValueKind.BigInt || Math.Abs((double)value.AsInt) > Limits.TextLength)
                throw Limits.Exceeded($"the format asks for {value.Repr()} characters; the limit is {Limits.TextLength}");
            return (int)value.AsInt;
        }
        if (!char.IsAsciiDigit(Peek())) return null;
        var size = 0L;
        for (; char.IsAsciiDigit(Peek()); at++) size = Limits.CheckText(size * 10 + (Peek() - '0'));
        return (int)size;
    }

    readonly void Convert(char type, Value value, Flags flags)
    {
        switch (type)
        {
            case 's': AppendText(value.Str(), flags); break;
            case 'r': AppendText(value.Repr(), flags); break;
            case 'a': AppendText(Formatting.Ascii(value), flags); break;
            case 'c': AppendText(Character(value), flags with { Precision = -1 }); break;
            case 'd' or 'i' or 'u' or 'o' or 'x' or 'X': AppendInt(type, value, flags); break;
            case 'e' or 'E' or 'f' or 'F' or 'g' or 'G': AppendFloat(type, value, flags); break;
            default:
                throw new ExpressionException(ErrorKind.Value, $"unsupported format character '{type}' at index {at - 1}");
        }
    }

    static string Character(Value value)
    {
        if (value.IsInt) return Formatting.Character(value.ToBigInteger(), "%c arg not in range(0x110000)");
        if (value.Kind == ValueKind.String && CodePoints.Count(value.AsString) == 1) return value.AsString;
        throw new ExpressionException(ErrorKind.Type, "%c requires int or char");
    }

    readonly void AppendText(string part, Flags flags)
    {
        if (flags.Precision >= 0 && flags.Precision < CodePoints.Count(part)) part = part[..CodePoints.OffsetOf(part, flags.Precision)];
        var missing = Math.Max(0, flags.Width - CodePoints.Count(part));
        if (!flags.Left) text.Append(' ', missing);
        text.Append(part);
        if (flags.Left) text.Append(' ', missing);
    }

    readonly void AppendInt(char type, Value value, Flags flags)
    {
        var number = type is 'o' or 'x' or 'X' ? Whole(value, type) : Truncated(value, type);
        var digits = type switch
        {
            'o' => IntText.Digits(number, 3, upper: false),
            'x' => IntText.Digits(number, 4, upper: false),
            'X' => IntText.Digits(number, 4, upper: true),
            _ => IntText.Decimal(BigInteger.Abs(number)),
        };
        if (flags.Precision > digits.Length) digits = digits.PadLeft(Limits.CheckText(flags.Precision), '0');
        var prefix = flags.Alternate ? type switch { 'o' => "0o", 'x' => "0x", 'X' => "0X", _ => "" } : "";
        AppendNumber(number.Sign < 0, prefix, digits, flags);
    }

    static BigInteger Whole(Value value, char type) => value.IsInt
        ? value.ToBigInteger()
        : throw new ExpressionException(ErrorKind.Type, $"%{type} format: an integer is required, not {value.TypeName}");

    static BigInteger Truncated(Value value, char type)
    {
        if (value.IsInt) return value.ToBigInteger();
        if (value.Kind != ValueKind.Float)
            throw new ExpressionException(ErrorKind.Type, $"%{type} format: a real number is required, not {value.TypeName}");
        return Builtins.ToInt(value.AsFloat);
    }

    readonly void AppendFloat(char type, Value value, Flags flags)
    {
        if (!value.IsNumber) throw new ExpressionException(ErrorKind.Type, $"must be real number, not {value.TypeName}");
        var number = Numbers.ToFloat(value);
        var digits = FloatFormat.Format(Math.Abs(number), type, flags.Precision, flags.Alternate);
        AppendNumber(double.IsNegative(number) && !double.IsNaN(number), "", digits, flags);
    }

    readonly void AppendNumber(bool negative, string prefix, string digits, Flags flags)
    {
        var sign = negative ? "-" : flags.Plus ? "+" : flags.Space ? " " : "";
        var missing = Math.Max(0, flags.Width - sign.Length - prefix.Length - digits.Length);
        var zeros = flags.Zero && !flags.Left;
        if (!zeros && !flags.Left) text.Append(' ', missing);
        text.Append(sign).Append(prefix);
        if (zeros) text.Append('0', missing);
        text.Append(digits);
        if (flags.Left) text.Append(' ', missing);
    }
}
