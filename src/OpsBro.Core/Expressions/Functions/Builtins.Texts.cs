using System.Text;

namespace OpsBro.Core.Expressions;

/// <summary>Functions that make texts and take them apart.</summary>
static partial class Builtins
{
    static void AddTexts(FunctionTable table)
    {
        table.Add("str(obj='', /)", "The value as text.", a => Value.Of(a[0].Str()));
        table.Add("repr(obj, /)", "The value as it is written in a rule.", a => Value.Of(a[0].Repr()));
        table.Add("ascii(obj, /)", "repr() with escapes for what is not ASCII.", a => Value.Of(Formatting.Ascii(a[0])));
        table.Add("format(value, format_spec='', /)", "The value in a format, for instance '.2f' or '>10'.",
            a => Value.Of(Formatting.Format(a[0], a.Text(1))));
        table.Add("chr(i, /)", "The character of a number.", Chr);
        table.Add("ord(c, /)", "The number of a character.", Ord);
        table.Add("type(obj, /)", "The name of the type, for instance 'int'.", a => Value.Of(a[0].TypeName));
    }

    static Value Chr(Arguments a)
    {
        if (!a[0].IsInt) throw BadType("chr", a[0]);
        var number = a[0].ToBigInteger();
        if (a[0].Kind == ValueKind.BigInt || number > int.MaxValue || number < int.MinValue)
            throw new ExpressionException(ErrorKind.Overflow, "chr() arg not in range(0x110000)");
        if (number.Sign < 0 || number > 0x10ffff) throw a.Fail("arg not in range(0x110000)");
        return Value.Of(Formatting.Character(number, ""));
    }

    static Value Ord(Arguments a)
    {
        var text = a.Text(0);
        if (CodePoints.Count(text) != 1)
            throw new ExpressionException(ErrorKind.Type, $"ord() expected a character, but string of length {CodePoints.Count(text)} found");
        return Value.Of(Rune.GetRuneAt(text, 0).Value);
    }
}
