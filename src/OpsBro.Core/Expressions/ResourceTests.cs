using OpsBro.Core.Expressions;

namespace OpsBro.Tests.Expressions;

/// <summary>What a rule may cost: each piece of work is charged to the rule that asks for it.</summary>
public class ResourceTests
{
    static readonly FunctionTable Functions = FunctionTable.Pure();

    static Value Evaluate(string rule) => Expression.Compile(rule, Functions).Evaluate(NoReferences.Instance);

    [Theory]
    [InlineData("['%1000000s' % '' for x in range(1000)]")]
    [InlineData("[1 for x in range(10000) if 3**80000 == 1]")]
    [InlineData("[1 for a in [2**65000-1] for x in range(10000) if a*a < 0]")]
    [InlineData("[1 for a in ['a'*1000000] for x in range(1000) if {a: 1}]")]
    [InlineData("[1 for a in ['a'*1000000] for x in range(1000) if {a}]")]
    [InlineData("[1 for l in [[[0]]*1000] for x in range(100) if sum(l, []) == 1]")]
    public void Work_that_is_repeated_ends_with_a_LimitError(string rule) =>
        Assert.Equal(ErrorKind.Limit, Assert.Throws<ExpressionException>(() => Evaluate(rule)).Kind);

    /// <summary>Keys made to collide under .NET's hash of long, and under 31 × a + b.</summary>
    [Fact]
    public void Keys_that_a_rule_makes_do_not_collide()
    {
        var numbers = Enumerable.Range(0, 1000).Select(i => Value.Of(i * 4294967297L).GetHashCode());
        var tuples = Enumerable.Range(0, 1000).Select(i => Value.TupleOf([Value.Of(i), Value.Of(-31L * i)]).GetHashCode());

        Assert.True(numbers.Distinct().Count() > 990);
        Assert.True(tuples.Distinct().Count() > 990);
    }

    [Theory]
    [InlineData("len({float('nan') for x in range(1000)})", "1000")]
    [InlineData("len({(x % 2, float('nan')) for x in range(1000)})", "1000")]
    [InlineData("{2.0: 'a', 10**20: 'b'}[2] + {2.0: 'a', 1e20: 'b'}[10**20] + {True: 'c'}[1.0]", "'abc'")]
    [InlineData("{(1, 2.0): 'a'}[1.0, 2]", "'a'")]
    public void Keys_are_equal_across_the_kinds_of_numbers_and_each_NaN_is_a_key(string rule, string repr) =>
        Assert.Equal(repr, Evaluate(rule).Repr());

    [Theory]
    [InlineData("'ff_0', 16", "4080")]
    [InlineData("'-1' + '0' * 70, 2", "-1180591620717411303424")]
    [InlineData("'zZ' * 10, 36", "13367494538843734067838845976575")]
    [InlineData("'7' * 30, 8", "1237940039285380274899124223")]
    [InlineData("'12' * 20, 3", "7598540911910580500")]
    public void Long_texts_are_read_as_ints_of_any_base(string arguments, string repr) =>
        Assert.Equal(repr, Evaluate($"int({arguments})").Repr());

    /// <summary>Halves of surrogate pairs can come out of a YAML escape.</summary>
    [Theory]
    [InlineData("'\ud800\ud800'.find('a', 1, 2)")]
    [InlineData("'\ud800\ud800\udc00a'.find('a', 1, 3)")]
    [InlineData("'\ud800'.center(5)[0:3]")]
    public void Halves_of_surrogate_pairs_do_no_harm(string rule) => Assert.NotNull(Evaluate(rule).Repr());
}
