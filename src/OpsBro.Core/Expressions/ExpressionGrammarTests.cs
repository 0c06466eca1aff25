using System.Globalization;

namespace OpsBro.Tests.Expressions;

/// <summary>The generator of rules has to be repeatable, or a failure could not be looked at again.</summary>
public class ExpressionGrammarTests
{
    [Fact]
    public void The_same_seed_makes_the_same_rules()
    {
        Assert.Equal(new ExpressionGrammar(7).Rules(50), new ExpressionGrammar(7).Rules(50));
    }
}

/// <summary>
/// Makes rules at random that Python and we both know. It leaves out, because we differ on purpose: complex numbers (a negative base has a
/// whole exponent), what exceeds our limits, halves of surrogate pairs, the order in which a set shows its items, attributes,
/// <c>is</c> between numbers or texts, NaN in collections (Python finds the same object again, we never do), and
/// characters that are newer than the Unicode of the python3 at hand.
/// </summary>
sealed partial class ExpressionGrammar(int seed)
{
    const int MaxDepth = 4;

    static readonly string[] Ints =
    [
        "0", "1", "2", "3", "5", "7", "10", "-1", "-2", "-7", "42", "255", "1000", "12345", "-98765", "2147483648", "9007199254740993",
        "9223372036854775807", "-9223372036854775808", "9223372036854775808", "18446744073709551616", "-123456789012345678901234567890",
        "0xff", "0b1011", "0o17", "1_000_000",
    ];

    static readonly string[] Floats =
    [
        "0.0", "-0.0", "1.0", "0.1", "0.5", "2.5", "3.5", "-2.5", "1.005", "2.675", "1e16", "1e15", "123456789.125",
        "1e22", "1e23", "5e-324",
        "1.7976931348623157e308", "2.2250738585072014e-308", "0.0001", "0.00001", "99.9999999", "0.3333333333333333", "-1234.5678",
        "9007199254740993.0", "float('inf')", "float('-inf')", "1e-7", "100.0", "999999.5", "9999999.5", "9.5", "1e100",
    ];

    static readonly string[] Texts =
    [
        "''", "'a'", "'abc'", "'Hello World'", "'  pad  '", "'a,b,,c'", "'line1\\nline2\\r\\nline3'", "'tab\\there'", "'ÀÉÎõü ß'", "'日本語'",
        "'😀 emoji 🎉'", "'ΑΣ ΣΑΣ'", "'ǆ ﬁ İ ŉ'", "'123'", "'-42'", "' 3.14 '", "'1_000'", "'0x1F'", "'²³'", "'٣٤'",
        "'it\\'s'", "\"say \\\"hi\\\"\"",
        "'both \\' and \\\"'", "'back\\\\slash'", "r'raw\\n'", "'''triple 'q' '''", "'\\x00\\x7f\\xa0\\xad'", "'\\u2028\\ufeff'", "'aaa'", "'aXbXc'",
        "'a' 'b'", "u'uni'", "'TITLE case Mixed'", "'inf'", "'nan'", "'1e5'", "'%'", "'{}'", "'ab\\x1cc\\x85d'",
    ];

    static readonly string[] Functions =
    [
        "len", "abs", "int", "float", "bool", "round", "sum", "max", "min", "hex", "ord", "chr", "any", "all", "sorted", "list", "tuple",
    ];

    static readonly string[] Methods =
    [
        "upper()", "is_integer()", "bit_length()", "get('a')", "index(1)", "count('a')", "keys()", "as_integer_ratio()", "union([1])",
    ];

    static readonly string[] Tests =
    [
        "isalpha", "isdigit", "isdecimal", "isnumeric", "isalnum", "isspace", "isascii", "isprintable", "isupper", "islower", "istitle",
    ];

    static readonly string[] Windows = ["", ", 1", ", -3", ", 1, -1", ", None, 2", ", 50", ", 0, 2"];

    readonly Random random = new(seed);

    /// <summary>Some rules.</summary>
    public IEnumerable<string> Rules(int count)
    {
        for (var i = 0; i < count; i++) yield return Any(MaxDepth);
    }

    string Pick(params ReadOnlySpan<string> words) => words[random.Next(words.Length)];

    string Choose(params ReadOnlySpan<Func<string>> ways) => ways[random.Next(ways.Length)]();

    bool OneIn(int count) => random.Next(count) == 0;

    string Some(int least, int most, Func<string> make) =>
        string.Join(", ", Enumerable.Range(0, random.Next(least, most + 1)).Select(_ => make()));

    string Number(int from, int to) => random.Next(from, to).ToString(CultureInfo.InvariantCulture);

    string Any(int depth) => Choose(
        () => Int(depth), () => Float(depth), () => Text(depth), () => Text(depth), () => Bool(depth), () => List(depth), () => Formatted(depth),
        () => Tuple(depth), () => Dict(depth), () => Set(depth), () => Scalar(depth), () => Mixed(depth), () => Scalar(depth));

    /// <summary>What shows the same in any order: no sets.</summary>
    string Scalar(int depth) => Choose(() => Int(depth), () => Float(depth), () => Text(depth), () => Bool(depth), () => "None");

    /// <summary>Operators on operands of any type: mostly errors, which have to be the same ones.</summary>
    string Mixed(int depth)
    {
        if (depth <= 0) return Scalar(0);
        return Choose(
            () => $"({Any(depth - 2)} {Pick("+", "-", "/", "//", "&", "|", "^", "and", "or")} {Any(depth - 2)})",
            () => $"({Any(depth - 2)} {Pick("<", "<=", ">", ">=", "==", "!=", "in", "not in")} {Any(depth - 2)})",
            () => $"{Pick("-", "+", "~", "not ")}({Any(depth - 1)})",
            () => $"({Any(depth - 1)} if {Any(depth - 2)} else {Any(depth - 1)})",
            () => $"({Sequence(depth - 1)})[{Index(depth)}]",
            () => $"({Any(depth - 2)})[{Pick("0", "-1", "'a'", "1:2", "None", "1.0", "::-1", "True")}]",
            () => $"{Pick(Functions)}({NoSet(depth - 1)})",
            () => $"{Pick("max", "min")}({Scalar(depth - 2)}, {Scalar(depth - 2)}{(OneIn(3) ? ", default=1" : "")})",
            () => $"({Scalar(depth - 1)}).{Pick(Methods)}");
    }

    string NoSet(int depth) => Choose(() => Scalar(depth), () => List(depth), () => Tuple(depth), () => Dict(depth));

    string Int(int depth)
    {
        if (depth <= 0) return Pick(Ints);
        return Choose(
            () => Pick(Ints),
            () => $"({Int(depth - 1)} {Pick("+", "-", "*", "//", "%", "&", "|", "^")} {Int(depth - 1)})",
            () => $"({Int(depth - 1)} {Pick("<<", ">>")} {Number(-1, 70)})",
            () => $"({Int(depth - 2)} ** {Number(-3, 13)})",
            () => $"{Pick("-", "+", "~")}{Int(depth - 1)}",
            () => $"len({Pick("", "list")}({Choose(() => Text(depth - 1), () => List(depth - 1), () => Dict(depth - 1))}))",
            () => $"int({Choose(() => Float(depth - 1), () => Text(depth - 1), () => Bool(depth - 1))})",
            () => $"int({Pick(Texts)}, {Pick("10", "16", "0", "2", "36", "8", "1", "37")})",
            () => $"round({Int(depth - 1)}, {Number(-5, 4)})",
            () => $"round({Float(depth - 1)})",
            () => $"abs({Int(depth - 1)})",
            () => $"ord({Text(depth - 1)}[{Number(-3, 3)}])",
            () => $"({Text(depth - 1)}).{Pick("find", "rfind", "index", "rindex", "count")}({Text(0)}{Pick(Windows)})",
            () => $"divmod({Int(depth - 1)}, {Int(depth - 1)})[{Pick("0", "1")}]",
            () => $"pow({Int(0)}, {Number(0, 9)}, {Int(0)})",
            () => $"({Int(depth - 1)}).{Pick("bit_length()", "bit_count()", "conjugate()")}",
            () => $"sum({List(depth - 1)})",
            () => $"({Int(depth - 1)} if {Bool(depth - 1)} else {Int(depth - 1)})");
    }

    string Float(int depth)
    {
        if (depth <= 0) return Pick(Floats);
        return Choose(
            () => Pick(Floats),
            () => random.NextDouble().ToString("R", CultureInfo.InvariantCulture) + $"e{random.Next(-30, 30)}",
            () => $"({Float(depth - 1)} {Pick("+", "-", "*", "/", "//", "%")} {Choose(() => Float(depth - 1), () => Int(depth - 1))})",
            () => $"({Int(depth - 1)} {Pick("+", "-", "*", "//", "%")} {Float(depth - 1)})",
            () => $"({Int(depth - 1)} / {Int(depth - 1)})",
            () => $"(abs({Float(depth - 1)}) ** {Choose(() => Float(0), () => Number(-4, 9))})",
            () => $"({Float(depth - 1)} ** {Number(-4, 9)})",
            () => $"round({Float(depth - 1)}, {Number(-4, 18)})",
            () => $"float({Choose(() => Int(depth - 1), () => Text(depth - 1), () => Bool(depth - 1))})",
            () => $"abs({Float(depth - 1)})",
            () => $"divmod({Float(depth - 1)}, {Float(depth - 1)})[{Pick("0", "1")}]",
            () => $"-{Float(depth - 1)}",
            () => $"{Pick("max", "min")}({Float(depth - 1)}, {Int(depth - 1)}, {Float(depth - 1)})");
    }

    string Bool(int depth)
    {
        if (depth <= 0) return Pick("True", "False");
        return Choose(
            () => Pick("True", "False"),
            () => $"({Int(depth - 1)} {Compare()} {Float(depth - 1)})",
            () => $"({Int(depth - 1)} {Compare()} {Int(depth - 1)} {Compare()} {Int(depth - 1)})",
            () => $"({Text(depth - 1)} {Compare()} {Text(depth - 1)})",
            () => $"({List(depth - 1)} {Compare()} {List(depth - 1)})",
            () => $"({Tuple(depth - 1)} {Compare()} {Tuple(depth - 1)})",
            () => $"({Dict(depth - 1)} {Pick("==", "!=")} {Dict(depth - 1)})",
            () => $"({Set(depth - 1)} {Compare()} {Set(depth - 1)})",
            () => $"({Text(depth - 1)} {Pick("in", "not in")} {Text(depth - 1)})",
            () => $"({Scalar(depth - 1)} {Pick("in", "not in")} {Choose(() => Sequence(depth - 1), () => Dict(depth - 1), () => Set(depth - 1))})",
            () => $"({Bool(depth - 1)} {Pick("and", "or")} {Bool(depth - 1)} {Pick("and", "or")} {Bool(depth - 1)})",
            () => $"(not {Scalar(depth - 1)})",
            () => $"({Pick("True", "False", "None")} {Pick("is", "is not")} {Pick("True", "False", "None")})",
            () => $"bool({NoSet(depth - 1)})",
            () => $"{Pick("any", "all")}({List(depth - 1)})",
            () => $"({Text(depth - 1)}).{Pick(Tests)}()",
            () => $"({Text(depth - 1)}).{Pick("startswith", "endswith")}({Text(0)}{Pick(Windows)})",
            () => $"({Text(depth - 1)}).{Pick("startswith", "endswith")}(({Text(0)}, {Text(0)}){Pick(Windows)})",
            () => $"({Float(depth - 1)}).is_integer()",
            () => $"({Set(depth - 1)}).{Pick("issubset", "issuperset", "isdisjoint")}({Choose(() => Set(depth - 1), () => List(depth - 1))})");
    }

    string Compare() => Pick("<", "<=", ">", ">=", "==", "!=");

    string Index(int depth) => Choose(
        () => Number(-4, 4), () => Int(depth - 2),
        () => $"{Bound()}:{Bound()}", () => $"{Bound()}:{Bound()}:{Bound()}", () => $"{Bound()}:{Bound()}:{Pick("-1", "2", "-2", "1", "0")}");

    string Bound() => Choose(() => "", () => Number(-5, 6), () => Pick("None", "100", "-100", "99999999999999999999", "True"));
}
