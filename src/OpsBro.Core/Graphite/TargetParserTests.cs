using OpsBro.Core.Graphite;

namespace OpsBro.Tests.Graphite;

/// <summary>Targets as text: what is read, and what is refused where.</summary>
public class TargetParserTests
{
    /// <summary>A node as text that shows what was read as what.</summary>
    static string Shown(Node node) => node switch
    {
        PathNode path => $"<{path.Path}>",
        ConstantNode { Value: TextValue text } => $"\"{text.Content}\"",
        ConstantNode constant => constant.Value.Text,
        TemplateNode template => $"template[{Shown(template.Inner)} {string.Join(" ", template.Values.Select(v => $"{v.Key}:{v.Value.Text}"))}]",
        CallNode call => $"{call.Function}({string.Join(" ", call.Arguments.Select(Shown).Concat(call.Named.Select(n => $"{n.Key}:{Shown(n.Value)}")))})",
        _ => "?",
    };

    [Theory]
    [InlineData("a.b-c_d.*", "<a.b-c_d.*>")]
    [InlineData("a.{b,c}[0-9].d?", "<a.{b,c}[0-9].d?>")]
    [InlineData("{a,b}c{d}.e", "<{a,b}c{d}.e>")]
    [InlineData("disk;dc=e;host=a", "<disk;dc=e;host=a>")]
    [InlineData(@"a\(b\).c\,d\{", "<a(b).c,d{>")]
    [InlineData("  sum ( a.b , c.d )  ", "sum(<a.b> <c.d>)")]
    [InlineData("f()", "f()")]
    [InlineData("f(1,-2,3.5,1e3,-1.5E-2)", "f(1 -2 3.5 1000.0 -0.015)")]
    [InlineData("f(1x,2.a,3e)", "f(<1x> <2.a> <3e>)")]
    [InlineData("f(true,FALSE,None,inf)", "f(True False None inf)")]
    [InlineData("f(trueish,none.of.it)", "f(<trueish> <none.of.it>)")]
    [InlineData("f('it\"s',\"don't\",'')", "f(\"it\"s\" \"don't\" \"\")")]
    [InlineData(@"f('(\d+)\'','\1')", @"f(""(\d+)\'"" ""\1"")")]
    [InlineData("f(a,n=2,m='x')", "f(<a> n:2 m:\"x\")")]
    [InlineData("f(x=g(a.b))", "f(x:g(<a.b>))")]
    [InlineData("a.b|f(1)|g()", "g(f(<a.b> 1))")]
    [InlineData("f(a|g(),b)", "f(g(<a>) <b>)")]
    [InlineData("template(f($a.b,$1),a='x',b=2)", "template[f(<$a.b> <$1>) a:x b:2]")]
    [InlineData("template(a.$1,7)", "template[<a.$1> 1:7]")]
    [InlineData("templates.a", "<templates.a>")]
    [InlineData("seriesByTag('a=b')", "seriesByTag(\"a=b\")")]
    [InlineData("größe.é", "<größe.é>")]
    public void Targets_are_read(string target, string shown) => Assert.Equal(shown, Shown(TargetParser.Parse(target)));

    [Theory]
    [InlineData("", "column 1: the end, where a part of a series name was expected")]
    [InlineData("sum(a.b", "column 8: the end, where \",\" or the \")\" of sum( was expected")]
    [InlineData("sum(a.b))", "column 9: \")\", where the end of the target, or \"|\" and a call was expected")]
    [InlineData("sum(a..b)", "column 7: \".\", where a part of a series name was expected")]
    [InlineData("f(a,)", "column 5: \")\", where a part of a series name was expected")]
    [InlineData("f(n=1,a)", "column 7: \"a\", where name=value: arguments without a name come first was expected")]
    [InlineData("f('abc)", "column 3: \"'\", where the ' that ends this text was expected")]
    [InlineData("a.{b,c", "column 7: the end, where \",\" or the \"}\" of the braces at column 3 was expected")]
    [InlineData("a.{b,}", "column 6: \"}\", where characters of a name inside the braces was expected")]
    [InlineData("a|b", "column 3: \"b\", where a call of a function after \"|\" was expected")]
    [InlineData(@"a\x", "column 2: \"\\\", where one of (){},.'\"\\|= behind the backslash was expected")]
    [InlineData("template(a.$x,x=b)", "column 17: \"b\", where a number or a quoted text was expected")]
    public void Refusals_say_where_and_what(string target, string message)
    {
        var refusal = Assert.Throws<GraphiteException>(() => TargetParser.Parse(target));

        Assert.Equal(message, refusal.Message);
        Assert.InRange(refusal.Column, 1, target.Length + 1);
    }

    [Fact]
    public void Depth_length_and_parts_have_limits()
    {
        var deep = string.Concat(Enumerable.Repeat("f(", 100)) + "a" + new string(')', 100);
        var piped = "a" + string.Concat(Enumerable.Repeat("|f()", 100));
        var wide = "f(" + string.Join(",", Enumerable.Repeat("a", 12_000)) + ")";
        var just = string.Concat(Enumerable.Repeat("f(", 63)) + "a" + new string(')', 63);

        Assert.Contains("deeper than 64", Assert.Throws<GraphiteException>(() => TargetParser.Parse(deep)).Message, StringComparison.Ordinal);
        Assert.Contains("deeper than 64", Assert.Throws<GraphiteException>(() => TargetParser.Parse(piped)).Message, StringComparison.Ordinal);
        Assert.Contains("more than 10000 parts", Assert.Throws<GraphiteException>(() => TargetParser.Parse(wide)).Message, StringComparison.Ordinal);
        Assert.Contains("at most 65536", Assert.Throws<GraphiteException>(() => TargetParser.Parse(new string('a', 70_000))).Message, StringComparison.Ordinal);
        Assert.IsType<CallNode>(TargetParser.Parse(just));
    }
}
