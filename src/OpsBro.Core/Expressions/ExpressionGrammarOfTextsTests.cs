using System.Globalization;

namespace OpsBro.Tests.Expressions;

/// <summary>The part of the generator that makes texts, formats and collections.</summary>
sealed partial class ExpressionGrammar
{
    string Text(int depth)
    {
        if (depth <= 0) return Pick(Texts);
        return Choose(
            () => Pick(Texts),
            () => Pick(Texts),
            () => $"({Text(depth - 1)} + {Text(depth - 1)})",
            () => $"({Text(depth - 1)} * {Number(-1, 5)})",
            () => $"({Text(depth - 1)})[{Index(depth)}]",
            () => $"str({NoSet(depth - 1)})",
            () => $"{Pick("repr", "ascii")}({NoSet(depth - 1)})",
            () => $"{Pick("hex", "oct", "bin")}({Int(depth - 1)})",
            () => $"chr({Choose(() => Number(0, 0x250), () => Number(0xe000, 0xe010), () => "0x1f600", () => "-1", () => "0x110000")})",
            () => $"({Text(depth - 1)}).{Pick("upper", "lower", "title", "capitalize", "swapcase", "casefold")}()",
            () => $"({Text(depth - 1)}).{Pick("strip", "lstrip", "rstrip")}({Pick("", "None", "' '", "'a'", "'abcH😀'", "1")})",
            () => $"({Text(depth - 1)}).replace({Text(0)}, {Text(0)}{Pick("", ", 1", ", -1", ", 0", ", 2")})",
            () => $"({Text(depth - 1)}).{Pick("center", "ljust", "rjust")}({Number(-2, 20)}{Pick("", ", '*'", ", '😀'", ", 'ab'")})",
            () => $"({Text(depth - 1)}).zfill({Number(-2, 15)})",
            () => $"({Text(depth - 1)}).expandtabs({Pick("", "4", "tabsize=2", "0")})",
            () => $"({Text(depth - 1)}).{Pick("removeprefix", "removesuffix")}({Text(0)})",
            () => $"({Text(0)}).join({Choose(() => $"[{Some(0, 4, () => Text(depth - 1))}]", () => Text(depth - 1), () => List(depth - 1))})",
            () => $"repr(sorted([{Some(2, 8, () => OneIn(3) ? "float('nan')" : Float(1))}]))",
            () => $"({Pick("'%5.1f'", "'%s'", "'%d'", "'%+e'", "'%08G'")} % {Pick("float('nan')", "-float('nan')", "float('inf')")})",
            () => $"format({Pick("float('nan')", "float('-inf')")}, '{Spec()}')",
            () => Formatted(depth));
    }

    string Sequence(int depth) => Choose(() => Text(depth), () => List(depth), () => Tuple(depth));

    string List(int depth)
    {
        if (depth <= 0) return Pick("[]", "[1]", "[1, 2.0, 'a']", "[3, 1, 2]", "['b', 'a']", "[None, True]", "[[1], [2]]", "[1, 1.0, True]");
        return Choose(
            () => $"[{Some(0, 4, () => NoSet(depth - 1))}]",
            () => $"[{Some(0, 4, () => Scalar(depth - 1))}]",
            () => $"({List(depth - 1)} + {List(depth - 1)})",
            () => $"({List(depth - 1)} * {Number(-1, 4)})",
            () => $"({List(depth - 1)})[{Bound()}:{Bound()}:{Bound()}]",
            () => $"sorted({Sortable(depth - 1)}{Pick("", ", reverse=True", ", reverse=0")})",
            () => $"list({Sequence(depth - 1)})",
            () => $"list({Dict(depth - 1)}.{Pick("keys", "values", "items")}())",
            () => $"range({Number(-3, 6)}{Choose(() => "", () => ", " + Number(-3, 8), () => $", {Number(-3, 8)}, {Number(-3, 4)}")})",
            () => $"({Text(depth - 1)}).{Pick("split", "rsplit")}({Pick(SplitArguments)})",
            () => $"({Text(depth - 1)}).splitlines({Pick("", "True", "keepends=True")})",
            () => $"[{Pick("x", "x * 2", "(x, 1)", "str(x)", "[x, x]")} for x in {Sequence(depth - 1)}{Pick(Clauses)}]",
            () => $"[a + b for a, b in {Pick("zip([1, 2], [3, 4])", "[(1, 2), 'ab']", "{'ab': 1}", "[(1, 2, 3)]")}]",
            () => $"{Pick("reversed", "enumerate", "zip")}({Sequence(depth - 1)})",
            () => $"zip({Sequence(depth - 1)}, {Sequence(depth - 1)}{Pick("", ", strict=True")})",
            () => $"enumerate({Sequence(depth - 1)}, {Pick("1", "start=-5")})");
    }

    static readonly string[] SplitArguments =
    [
        "", "None", "' '", "','", "'X'", "''", "None, 1", "',', 1", "maxsplit=1", "sep='a', maxsplit=2", "' ', 0", "None, 0",
    ];

    static readonly string[] Clauses = ["", " if x", " for x in (x, 2)", " if x != 1 if x != 'a'"];

    string Sortable(int depth) => Choose(() => List(depth), () => Text(depth), () => $"[{Some(0, 6, () => Int(1))}]");

    string Tuple(int depth)
    {
        if (depth <= 0) return Pick("()", "(1,)", "(1, 'a')", "('b', 2.5, None)", "(1, 2, 3)");
        return Choose(
            () => $"({NoSet(depth - 1)},)",
            () => $"({Some(2, 4, () => Scalar(depth - 1))})",
            () => $"({Tuple(depth - 1)} + {Tuple(depth - 1)})",
            () => $"({Tuple(depth - 1)})[{Bound()}:{Bound()}:{Bound()}]",
            () => $"tuple({Sequence(depth - 1)})",
            () => $"({Text(depth - 1)}).{Pick("partition", "rpartition")}({Text(0)})",
            () => $"({Float(depth - 1)}).as_integer_ratio()",
            () => $"divmod({Float(depth - 1)}, {Int(depth - 1)})");
    }

    string Dict(int depth)
    {
        if (depth <= 0) return Pick("{}", "{'a': 1}", "{1: 'x', 'b': [2]}", "{'a': 1, 'b': 2.5}", "{1: 1, True: 2, 1.0: 3}", "{(1, 2): None}");
        return Choose(
            () => $"{{{Some(0, 3, () => $"{Scalar(depth - 2)}: {NoSet(depth - 1)}")}}}",
            () => $"({Dict(depth - 1)} | {Dict(depth - 1)})",
            () => $"dict({Dict(depth - 1)}{Pick("", ", a=1", ", b=2, c='x'")})",
            () => $"dict({Pick("[(1, 2), 'ab']", "[[1, 2, 3]]", "a=1", "['ab', 'cd']", "5")})",
            () => $"{{x: {Pick("x", "1", "str(x)")} for x in {Sequence(depth - 1)}}}");
    }

    string Set(int depth)
    {
        if (depth <= 0) return Pick("set()", "{1}", "{1, 2, 3}", "{'a', 'b'}", "{1, 1.0, True, 2}", "{(1, 2), None}");
        return Choose(
            () => $"{{{Some(1, 4, () => Scalar(depth - 1))}}}",
            () => $"({Set(depth - 1)} {Pick("|", "&", "-", "^")} {Set(depth - 1)})",
            () => $"set({Choose(() => Sequence(depth - 1), () => Dict(depth - 1))})",
            () => $"({Set(depth - 1)}).{Pick("union", "intersection", "difference", "symmetric_difference")}({Set(depth - 1)})",
            () => $"{{x for x in {Sequence(depth - 1)}}}");
    }

    string Formatted(int depth) => Choose(() => Percent(depth), () => Format(depth), () => FText(depth), () => StrFormat(depth));

    string Flags() => Some(0, 2, () => Pick("-", "+", " ", "#", "0")).Replace(", ", "");

    string Conversion() => Pick("d", "i", "u", "o", "x", "X", "e", "E", "f", "F", "g", "G", "c", "r", "s", "a", "s", "d", "f", "%", "y");

    string Precision() => Choose(() => "", () => "." + Number(0, 20), () => ".", () => "." + Number(0, 4));

    string Width() => OneIn(2) ? "" : Number(0, 15);

    string Percent(int depth)
    {
        if (OneIn(6))
        {
            var keyed = $"%(a){Flags()}{Width()}{Precision()}{Conversion()} %(b)s";
            return $"('{keyed}' % {{'a': {Scalar(depth - 1)}{(OneIn(8) ? "" : $", 'b': {NoSet(depth - 1)}")}}})";
        }
        if (OneIn(10)) return $"('%{Flags()}*.*{Conversion()}' % ({Number(-9, 20)}, {Number(-2, 9)}, {Scalar(depth - 1)}))";
        var count = random.Next(1, 4);
        var format = string.Concat(Enumerable.Range(0, count).Select(_ =>
            Pick("", "x", "é", " = ", "%%") + "%" + Flags() + Width() + Precision() + Pick("", "", "", "l") + Conversion()));
        if (count == 1 && OneIn(2)) return $"('{format}' % {NoSet(depth - 1)})";
        var values = Some(Math.Max(1, count - (OneIn(6) ? 1 : 0)), count + (OneIn(6) ? 1 : 0), () =>
            OneIn(4) ? NoSet(depth - 1) : OneIn(2) ? Float(depth - 1) : Scalar(depth - 1));
        return $"('{format}' % ({values},))";
    }

    string Spec() => (OneIn(3) ? Pick("", "*", "0", "é", "😀", "<") + Pick("<", ">", "^", "=") : "")
        + (OneIn(3) ? Pick("+", "-", " ") : "") + (OneIn(8) ? "z" : "") + (OneIn(5) ? "#" : "") + (OneIn(5) ? "0" : "") + Width()
        + (OneIn(4) ? Pick(",", "_") : "") + Precision()
        + Pick("", "", "d", "b", "o", "x", "X", "n", "e", "E", "f", "F", "g", "G", "%", "s", "c", "f", "y");

    string Format(int depth) => $"format({Choose(
        () => Int(depth - 1), () => Float(depth - 1), () => Float(depth - 1), () => Scalar(depth - 1), () => NoSet(depth - 1))}, '{Spec()}')";

    /// <summary>Python 3.11 takes neither the quotes of the text around nor a backslash in a field.</summary>
    string FieldValue(int depth)
    {
        var value = Choose(() => Int(depth - 1), () => Float(depth - 1), () => Scalar(depth - 1)).Replace("'", "\"");
        return value.AsSpan().IndexOfAny('\\', '#') < 0 && value.Count(c => c == '"') % 2 == 0 && !value.Contains("\"\"\"") ? value : "1.5";
    }

    string FText(int depth) => "f'" + string.Concat(Enumerable.Range(0, random.Next(1, 3)).Select(_ =>
        Pick("", "x ", "é{{", "}}", "\\n") + $"{{({FieldValue(Math.Min(depth, 2))}){Pick("", "", "!r", "!s", "!a")}{FieldSpec()}}}")) + "'";

    string FieldSpec() => Choose(() => "", () => ":" + Spec(), () => ":{5}.{2}f", () => ":>{3 + 4}");

    string StrFormat(int depth)
    {
        var fields = string.Concat(Enumerable.Range(0, random.Next(1, 4)).Select(i =>
            (OneIn(40) ? Pick("{", "}") : Pick("", "x", "{{", "}}", "é")) + Choose(
                () => "{}", () => $"{{:{Spec()}}}", () => $"{{{i}}}", () => $"{{{i}!r:{Spec()}}}", () => "{a}", () => $"{{a:{Spec()}}}",
                () => "{0[0]}", () => "{b[k]}", () => "{:{w}}", () => "{!s:>10}", () => "{:>{w}}")));
        var values = string.Concat(Enumerable.Range(0, random.Next(4)).Select(_ => Scalar(depth - 1) + ", "));
        return $"'{fields}'.format({values}a={Scalar(depth - 1)}, b={{'k': 1}}, w=8)";
    }
}
