using System.Text;
using OpsBro.Core.Expressions;

namespace OpsBro.Tests.Expressions;

/// <summary>Whatever is written as a rule: it has a value or an ExpressionException, and it ends.</summary>
public class ExpressionFuzzTests
{
    const string Pieces = "(){}[]'\"\\%,.:;|&^~<>=!+-*/ \n\t0123456789abcdefxrfnotinisif_{{}}||collector.é😀\0";

    static readonly FunctionTable Functions = FunctionTable.Pure();

    static void Survives(string rule, int seed)
    {
        try
        {
            Expression.Compile(rule, Functions).Evaluate(SampleReferences.Sample).Repr();
            TextTemplate.Compile(rule, Functions).Render(SampleReferences.Sample);
        }
        catch (ExpressionException e)
        {
            Assert.InRange(e.Position, -1, rule.Length);
            Assert.DoesNotContain('\n', e.Message);
        }
        catch (Exception e)
        {
            Assert.Fail($"seed {seed}, rule {rule}: {e}");
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Rules_that_are_damaged_at_random_fail_as_rules(int seed)
    {
        var random = new Random(seed);
        string[] rules = [.. new ExpressionGrammar(seed).Rules(200)];
        for (var i = 0; i < 5_000; i++)
        {
            var rule = new StringBuilder(rules[random.Next(rules.Length)]);
            for (var damages = random.Next(1, 8); damages > 0; damages--) Damage(rule, random, rules);

            Survives(rule.ToString(), seed);
        }
    }

    static void Damage(StringBuilder rule, Random random, string[] rules)
    {
        var at = random.Next(rule.Length + 1);
        switch (random.Next(4))
        {
            case 0:
                rule.Insert(at, Pieces[random.Next(Pieces.Length)]);
                break;
            case 1:
                rule.Remove(at, Math.Min(random.Next(5), rule.Length - at));
                break;
            case 2:
                var other = rules[random.Next(rules.Length)];
                rule.Insert(at, other[random.Next(other.Length)..]);
                break;
            default:
                rule.Insert(at, (char)random.Next(0x10000));
                break;
        }
    }

    [Fact]
    public void Random_characters_fail_as_rules()
    {
        const int seed = 3;
        var random = new Random(seed);
        for (var i = 0; i < 20_000; i++)
            Survives(string.Concat(Enumerable.Range(0, random.Next(20)).Select(_ => Pieces[random.Next(Pieces.Length)])), seed);
    }

    public static TheoryData<string> Bombs =>
    [
        "10**10**10", "2**100000*2**100000", "1 << 10**9", "'a'*10**9", "('a'*1000)*1000*1000", "[0]*10**9", "[[0]*1000]*1000*1000",
        "'%1000000000d' % 1", "'%.1000000000f' % 1", "'%*d' % (10**9, 1)", "format(1, '1000000000')", "format(1.5, '.999999999f')",
        "'{:>{}}'.format(1, 10**9)", "f'{1:{10**9}}'", "'x'.ljust(10**9)", "'\t'.expandtabs(10**9)", "range(10**9)", "list(range(10**12))",
        "('a'*1000000).replace('', 'b'*1000000)", "','.join(['a'*1000]*100000)", "('a'*1000000).replace('a', 'b'*1000)",
        "('a'*1000000).count('a'*500000)", "('a'*500000 + 'b') in ('a'*1000000)", "str([['a'*1000]*1000]*1000)",
        "sum([[0]*1000]*1000, [])", "[x for x in range(100000) for y in range(100000)]", "sorted(range(100000))*20",
        "[[[0]*300]*300]*300 == [[[0]*300]*300]*300", "pow(7**1000, 7**1000, 7**1000 + 1)", "int('9'*100000)", "str(7**40000)",
        "'a'*1000000*1000000*1000000", "max(['a'*100000]*100000)", "{x: [0]*1000 for x in range(100000)}",
        "len({x*4294967297 for x in range(100000)})", "len({(x, -31*x) for x in range(100000)})",
        "len({float('nan') for x in range(100000)})", "len({(float('nan'),) for x in range(100000)})",
        "['%1000000s' % '' for x in range(10000)]", "[1 for t in ['f'*32000] for x in range(10000) if int(t, 16) == 1]",
        "[1 for t in ['z'*4300] for x in range(100000) if int(t, 36) == 1]",
        "[1 for t in ['é'*1000000] for x in range(10000) if t.title() == 1]",
        "[1 for x in range(100000) if 3**80000 == 1]", "[1 for a in [2**65000-1] for x in range(100000) if a*a < 0]",
        "[1 for a in [('a'*1000000,)] for x in range(100000) if {a: 1}]", "[1 for a in ['a'*1000000] for x in range(100000) if {a}]",
        "[1 for t in ['ab'*50000] for x in range(20000) if len(set(t)) == 1]",
        "[1 for l in [[[0]]*1000] for x in range(20000) if sum(l, []) == 1]",
        "len({(x, y, z) for x in range(200) for y in range(200) for z in range(200)})",
    ];

    /// <summary>The budget of steps is what ends these; the test only says that they end, with a value or an error.</summary>
    [Theory]
    [MemberData(nameof(Bombs))]
    public void What_would_fill_memory_or_time_ends(string rule) => Survives(rule, 0);

    [Theory]
    [InlineData("(", ")", "1")]
    [InlineData("[", "]", "1")]
    [InlineData("-", "", "1")]
    [InlineData("not ", "", "1")]
    [InlineData("1 if 1 else ", "", "1")]
    [InlineData("1 ** ", "", "1")]
    [InlineData("{{collector.x||", "}}", "1")]
    [InlineData("f'{", "}'", "1")]
    [InlineData("len(", ")", "1")]
    [InlineData("", "[0]", "1")]
    [InlineData("", " + 1", "1")]
    [InlineData("", ".upper()", "'a'")]
    public void Deep_nesting_is_an_error_and_not_the_end_of_the_process(string before, string behind, string inside) =>
        Survives(string.Concat(Enumerable.Repeat(before, 5_000)) + inside + string.Concat(Enumerable.Repeat(behind, 5_000)), 0);

    [Fact]
    public void A_rule_that_is_too_long_is_refused()
    {
        var error = Assert.Throws<ExpressionException>(() => Expression.Compile(new string(' ', Limits.RuleLength) + "1", Functions));

        Assert.Equal(ErrorKind.Limit, error.Kind);
    }
}
