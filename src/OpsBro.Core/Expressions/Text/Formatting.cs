using System.Numerics;
using System.Text;

namespace OpsBro.Core.Expressions;

/// <summary>Python's format() of every type.</summary>
static class Formatting
{
    const int GroupOfDecimals = 3;
    const int GroupOfBits = 4;

    /// <summary>A field of a text: conversion first, then format.</summary>
    public static string Field(Value value, char conversion, string spec)
    {
        switch (conversion)
        {
            case 'r': value = Value.Of(value.Repr()); break;
            case 's': value = Value.Of(value.Str()); break;
            case 'a': value = Value.Of(Ascii(value)); break;
        }
        return Format(value, spec);
    }

    /// <summary>Python's ascii().</summary>
    public static string Ascii(Value value)
    {
        var repr = value.Repr();
        if (System.Text.Ascii.IsValid(repr)) return repr;
        var text = new StringBuilder(repr.Length);
        foreach (var rune in repr.EnumerateRunes())
        {
            if (rune.IsAscii) text.Append(rune);
            else ReprText.AppendEscape(text, rune.Value);
        }
        Limits.CheckText(text.Length);
        return text.ToString();
    }

    /// <summary>Python's format(value, spec).</summary>
    /// <exception cref="ExpressionException">ValueError or TypeError: the format does not fit the type.</exception>
    public static string Format(Value value, string spec)
    {
        if (spec.Length == 0) return value.Str();
        switch (value.Kind)
        {
            case ValueKind.String:
                return FormatText(value.AsString, FormatSpec.Parse(spec, '<', "str"));
            case ValueKind.Float:
                return FormatFloat(value.AsFloat, FormatSpec.Parse(spec, '>', "float"), "float");
            case ValueKind.Bool or ValueKind.Int or ValueKind.BigInt:
                var format = FormatSpec.Parse(spec, '>', value.TypeName);
                return format.Type is 'e' or 'E' or 'f' or 'F' or 'g' or 'G' or '%'
                    ? FormatFloat(Numbers.ToFloat(value), format, value.TypeName)
                    : FormatInt(value.ToBigInteger(), format, value.TypeName);
            default:
                throw new ExpressionException(ErrorKind.Type, $"a {value.TypeName} has no formats; use str() first");
        }
    }

    static ExpressionException UnknownType(FormatSpec format, string typeName) =>
        FormatSpec.Bad($"Unknown format code '{format.Type}' for object of type '{typeName}'");

    static string FormatText(string text, FormatSpec format)
    {
        if (format.Type is not ('\0' or 's'))
            throw format.Grouping != '\0' && !GroupingFits(format) ? GroupingMisfit(format) : UnknownType(format, "str");
        if (format.Sign != '\0') throw FormatSpec.Bad("Sign not allowed in string format specifier");
        if (format.NoNegativeZero) throw FormatSpec.Bad("Negative zero coercion (z) not allowed in string format specifier");
        if (format.Alternate) throw FormatSpec.Bad("Alternate form (#) not allowed in string format specifier");
        if (format.Align == '=') throw FormatSpec.Bad("'=' alignment not allowed in string format specifier");
        if (format.Grouping != '\0') throw FormatSpec.Bad($"Cannot specify '{format.Grouping}' with 's'.");
        if (format.Precision >= 0 && format.Precision < CodePoints.Count(text)) text = text[..CodePoints.OffsetOf(text, format.Precision)];
        return format.Pad(text);
    }

    static bool GroupingFits(FormatSpec format) => format.Type switch
    {
        '\0' or 'd' or 'e' or 'E' or 'f' or 'F' or 'g' or 'G' or '%' => true,
        'b' or 'o' or 'x' or 'X' => format.Grouping == '_',
        _ => false,
    };

    static ExpressionException GroupingMisfit(FormatSpec format) =>
        FormatSpec.Bad($"Cannot specify '{format.Grouping}' with '{format.Type}'.");

    static string FormatInt(BigInteger value, FormatSpec format, string typeName)
    {
        if (format.Grouping != '\0' && !GroupingFits(format)) throw GroupingMisfit(format);
        if (format.Type is not ('\0' or 'd' or 'n' or 'b' or 'o' or 'x' or 'X' or 'c')) throw UnknownType(format, typeName);
        if (format.Precision >= 0) throw FormatSpec.Bad("Precision not allowed in integer format specifier");
        if (format.NoNegativeZero) throw FormatSpec.Bad("Negative zero coercion (z) not allowed in format specifier with integer");
        if (format.Type == 'c') return FormatCharacter(value, format);
        var (digits, prefix) = format.Type switch
        {
            'b' => (IntText.Digits(value, 1, upper: false), "0b"),
            'o' => (IntText.Digits(value, 3, upper: false), "0o"),
            'x' => (IntText.Digits(value, 4, upper: false), "0x"),
            'X' => (IntText.Digits(value, 4, upper: true), "0X"),
            _ => (IntText.Decimal(BigInteger.Abs(value)), ""),
        };
        var group = format.Grouping == '\0' ? 0 : prefix.Length > 0 ? GroupOfBits : GroupOfDecimals;
        return Layout(format, value.Sign < 0, format.Alternate ? prefix : "", digits, "", group);
    }

    static string FormatCharacter(BigInteger value, FormatSpec format)
    {
        if (format.Sign != '\0') throw FormatSpec.Bad("Sign not allowed with integer format specifier 'c'");
        if (format.Alternate) throw FormatSpec.Bad("Alternate form (#) not allowed with integer format specifier 'c'");
        return Layout(format, false, "", "", Character(value, "%c arg not in range(0x110000)"), 0);
    }

    /// <summary>The character of a number.</summary>
    /// <exception cref="ExpressionException">OverflowError: no such character. ValueError: half of a surrogate pair, which texts here
    /// cannot hold.</exception>
    public static string Character(BigInteger value, string message)
    {
        if (value < 0 || value > 0x10ffff) throw new ExpressionException(ErrorKind.Overflow, message);
        if (!Rune.IsValid((int)value)) throw FormatSpec.Bad($"{value} is half of a surrogate pair");
        return new Rune((int)value).ToString();
    }

    static string FormatFloat(double value, FormatSpec format, string typeName)
    {
        if (format.Grouping != '\0' && !GroupingFits(format)) throw GroupingMisfit(format);
        var type = format.Type == 'n' ? 'g' : format.Type;
        if (type is not ('\0' or 'e' or 'E' or 'f' or 'F' or 'g' or 'G' or '%')) throw UnknownType(format, typeName);
        var isPercent = type == '%';
        if (isPercent) (value, type) = (value * 100, 'f');
        var text = FloatFormat.Format(Math.Abs(value), type, format.Precision, format.Alternate);
        var negative = double.IsNegative(value) && !double.IsNaN(value);
        if (format.NoNegativeZero && negative && double.IsFinite(value) && text.AsSpan().IndexOfAnyInRange('1', '9') < 0) negative = false;
        var digits = 0;
        while (digits < text.Length && char.IsAsciiDigit(text[digits])) digits++;
        return Layout(format, negative, "", text[..digits], text[digits..] + (isPercent
            ? "%" : ""), format.Grouping == '\0' ? 0
            : GroupOfDecimals);
    }

    /// <summary>Puts sign, prefix, padding, grouped digits and the rest together.</summary>
    static string Layout(FormatSpec format, bool negative, string prefix, string digits, string rest, int group)
    {
        var sign = negative ? "-" : format.Sign is '+' or ' ' ? format.Sign.ToString() : "";
        var around = sign.Length + prefix.Length + CodePoints.Count(rest);
        if (group > 0 && digits.Length > 0)
        {
            var leastDigits = format is { Fill: "0", Align: '=' } ? format.Width - around : 0;
            digits = Group(digits, leastDigits, group, format.Grouping);
        }
        var body = digits + rest;
        var missing = format.Width - around - digits.Length;
        if (missing <= 0) return sign + prefix + body;
        return format.Align == '=' ? sign + prefix + format.Repeat(missing) + body : format.Pad(sign + prefix + body);
    }

    /// <summary>CPython's insertion of separators: zeros fill up to the least width, and a separator never stands first.</summary>
    static string Group(string digits, int leastWidth, int size, char separator)
    {
        var groups = new Stack<string>();
        var left = digits.Length;
        while (true)
        {
            var length = Math.Min(size, Math.Max(Math.Max(left, leastWidth), 1));
            var taken = Math.Min(left, length);
            groups.Push(new string('0', length - taken) + digits.Substring(left - taken, taken));
            left -= taken;
            leastWidth -= length;
            if (left <= 0 && leastWidth <= 0) return string.Join(separator, groups);
            leastWidth--;
        }
    }
}
