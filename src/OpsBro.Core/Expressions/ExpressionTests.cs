using OpsBro.Core.Expressions;

namespace OpsBro.Tests.Expressions;

/// <summary>What a rule means, by example.</summary>
public class ExpressionTests
{
    static readonly FunctionTable Functions = FunctionTable.Pure();

    static string Repr(string rule) => Expression.Compile(rule, Functions).Evaluate(SampleReferences.Sample).Repr();

    static ExpressionException Fails(string rule) =>
        Assert.Throws<ExpressionException>(() => Expression.Compile(rule, Functions).Evaluate(SampleReferences.Sample));

    [Theory]
    [InlineData("1 + 2 * 3", "7")]
    [InlineData("7 / 2", "3.5")]
    [InlineData("-7 // 2", "-4")]
    [InlineData("-7 % 3", "2")]
    [InlineData("2 ** 100", "1267650600228229401496703205376")]
    [InlineData("9223372036854775807 + 1", "9223372036854775808")]
    [InlineData("0.1 + 0.2", "0.30000000000000004")]
    [InlineData("1 < 2 < 1", "False")]
    [InlineData("1 and 2 and 3", "3")]
    [InlineData("0 or '' or []", "[]")]
    [InlineData("not 1 == 2", "True")]
    [InlineData("3 not in [1, 2]", "True")]
    [InlineData("None is not None", "False")]
    [InlineData("'a' if 0 else 'b'", "'b'")]
    [InlineData("'%d%% of %s' % (5, 'x')", "'5% of x'")]
    [InlineData("f'{3.14159:.2f} {\"x\"!r:>5}'", "\"3.14   'x'\"")]
    [InlineData("'{} {a:05d}'.format(1, a=42)", "'1 00042'")]
    [InlineData("'abc'[::-1]", "'cba'")]
    [InlineData("{'a': [1, 2]}['a'][-1]", "2")]
    [InlineData("[x * 2 for x in range(5) if x % 2]", "[2, 6]")]
    [InlineData("{k: v for k, v in {'a': 1}.items()}", "{'a': 1}")]
    [InlineData("sum(x for x in [1, 2, 3])", "6")]
    [InlineData("sorted([3, 1, 2], reverse=True)", "[3, 2, 1]")]
    [InlineData("len('héé😀')", "4")]
    [InlineData("'1' 'a' \"b\"", "'1ab'")]
    public void Rules_mean_what_they_mean_in_Python(string rule, string repr) => Assert.Equal(repr, Repr(rule));

    [Theory]
    [InlineData("{{collector.cpustats.cpu_all.%idle}}", "97.5")]
    [InlineData("{collector.cpustats.cpuall.%idle}", "97")]
    [InlineData("{{collector.diskusage./.pct_used}} > 10", "True")]
    [InlineData("{{ collector.diskusage./mnt/my disk.pct_used }}", "80")]
    [InlineData("{{collector.missing.x||UNKNOWN}}", "'UNKNOWN'")]
    [InlineData("{{collector.missing.x||[]}}", "[]")]
    [InlineData("'{collector.diskusage./.pct_used}' == '21' and '{collector.missing.x||none}' == 'none'", "True")]
    [InlineData("'{a} {collector}'.format(a=1, collector=2) + '{}'", "'1 2{}'")]
    [InlineData("{{collector.missing.x||0}} + 1", "1")]
    [InlineData("{{collector.missing.x||'x'}}", "'x'")]
    [InlineData("{{collector.missing.x||}}", "''")]
    [InlineData("{{collector.missing.x||10.0.0.1}}", "'10.0.0.1'")]
    [InlineData("{{collector.missing.x||{{parameters.limit}}}}", "90")]
    [InlineData("{{parameters.other|limit}}", "90")]
    [InlineData("{configuration.thresholds.cpuidle.critical}", "1")]
    [InlineData("'OK: %s%%' % (100-{collector.cpustats.cpuall.%idle})", "'OK: 3%'")]
    [InlineData("'idle {{collector.cpustats.cpuall.%idle}}'", "'idle 97'")]
    [InlineData("f'idle {collector.cpustats.cpu_all.%idle:.2f}'", "'idle 97.50'")]
    [InlineData("f'idle {{collector.cpustats.cpu_all.%idle}}!'", "'idle 97.5!'")]
    [InlineData("f'idle {{{collector.cpustats.cpu_all.%idle}}:.2f}'", "'idle 97.50'")]
    [InlineData("{{collector.names.1}}", "'b'")]
    [InlineData("{'a': {{parameters.limit}}}", "{'a': 90}")]
    [InlineData("{{{parameters.limit}}, 2}", "{90, 2}")]
    public void References_are_values(string rule, string repr) => Assert.Equal(repr, Repr(rule));

    [Theory]
    [InlineData("lenn([])", "NameError", 0, "did you mean \"len\"")]
    [InlineData("1 + true", "NameError", 4, "did you mean \"True\"")]
    [InlineData("{{colector.a.b}}", "NameError", 0, "did you mean \"collector\"")]
    [InlineData("1 + {{collector.cpustats.cpu_al.x}}", "MissingData", 4, "did you mean \"cpu_all\"")]
    [InlineData("1 + 'a'", "TypeError", 2, "unsupported operand")]
    [InlineData("1 = 2", "SyntaxError", 2, "==")]
    [InlineData("(1", "SyntaxError", 2, "the rule ends")]
    [InlineData("'a", "SyntaxError", 0, "no closing")]
    [InlineData("'a'.__class__", "AttributeError", 3, "no attributes")]
    [InlineData("'{0.x}'.format(1)", "AttributeError", 8, "no attributes")]
    [InlineData("'a'.uper()", "AttributeError", 4, "did you mean \"upper\"")]
    [InlineData("10**10**10", "LimitError", 2, "too large")]
    [InlineData("'a'*10**9", "LimitError", 3, "the limit is")]
    [InlineData("[0]*10**9", "LimitError", 3, "the limit is")]
    [InlineData("'%1000000000d' % 1", "LimitError", 15, "the limit is")]
    [InlineData("f'{1:1000000000d}'", "LimitError", 3, "the limit is")]
    [InlineData("len(1, 2)", "TypeError", 0, "len(obj)")]
    [InlineData("lambda: 1", "SyntaxError", 0, "lambda")]
    [InlineData("1 / 0", "ZeroDivisionError", 2, "division by zero")]
    public void Errors_say_where_and_what(string rule, string kind, int position, string message)
    {
        var error = Fails(rule);

        Assert.Equal(kind, error.Kind);
        Assert.Contains(message, error.Message);
        Assert.Equal(position, error.Position);
    }

    [Fact]
    public void Templates_show_values_as_text()
    {
        var template = TextTemplate.Compile("cpu-{{collector.cpustats.cpuall.%idle}}-{{collector.x.y||none}} {x} {{1 + 1}}", Functions);

        Assert.Equal("cpu-97-none {x} 2", template.Render(SampleReferences.Sample));
    }

    [Fact]
    public void A_rule_lists_its_references()
    {
        var rule = Expression.Compile("{{collector.a.b}} > {{parameters.x|y}}", Functions);

        Assert.Equal(["collector.a.b", "parameters.x", "parameters.y"], rule.References.Select(r => r.Text));
    }
}

/// <summary>References into one tree, for tests.</summary>
sealed class SampleReferences(DictValue tree) : IReferences
{
    public static readonly SampleReferences Sample = new(Dict(
        ("collector", Dict(
            ("cpustats", Dict(
                ("cpu_all", Dict(("%idle", Value.Of(97.5)))),
                ("cpuall", Dict(("%idle", Value.Of(97)))))),
            ("diskusage", Dict(
                ("/", Dict(("pct_used", Value.Of(21)))),
                ("/mnt/my disk", Dict(("pct_used", Value.Of(80)))))),
            ("names", Value.ListOf([Value.Of("a"), Value.Of("b")])))),
        ("parameters", Dict(("limit", Value.Of(90)), ("cpu_critical", Value.Of(5)))),
        ("configuration", Dict(("thresholds", Dict(("cpuidle", Dict(("critical", Value.Of(1)), ("warning", Value.Of(5)))))))))
        .AsDict);

    public static Value Dict(params (string Key, Value Value)[] entries)
    {
        var dict = new DictValue();
        foreach (var (key, value) in entries) dict[key] = value;
        return Value.Of(dict);
    }

    public bool TryResolve(Reference reference, out Value value, out string problem)
    {
        if (tree.TryGet(reference.Root, out var root)) return ReferencePath.TryWalk(root, reference.Path, out value, out problem);
        (value, problem) = (default, $"no {reference.Root} here");
        return false;
    }
}
