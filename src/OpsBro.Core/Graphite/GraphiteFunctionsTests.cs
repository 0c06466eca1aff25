using OpsBro.Core.Graphite;
using OpsBro.Core.TimeSeries;

namespace OpsBro.Tests.Graphite;

/// <summary>The table of functions as a whole.</summary>
public class GraphiteFunctionsTests
{
    [Fact]
    public void Each_function_is_in_the_documentation()
    {
        var text = File.ReadAllText(Repository.PathOf("docs", "graphite.md"));

        var missing = GraphiteFunctions.Default.All.Where(f => !text.Contains($"| `{f.Name}` |"))
            .Select(f => $"docs/graphite.md: | `{f.Name}` | {f.Description} |");

        Assert.True(!missing.Any(), string.Join("\n", missing));
    }

    [Fact]
    public void Each_function_says_what_it_does_and_has_a_sound_signature()
    {
        foreach (var function in GraphiteFunctions.Default.All)
        {
            Assert.EndsWith(".", function.Description, StringComparison.Ordinal);
            Assert.Equal(function.Params.Count, function.Params.DistinctBy(p => p.Name).Count());
            Assert.DoesNotContain(function.Params.SkipLast(1), p => p.IsMultiple);
            Assert.DoesNotContain(function.Params.SkipWhile(p => p.IsRequired), p => p.IsRequired);
        }
    }

    /// <summary>Shown otherwise: there n is required and has a default that is not told; alignTo takes texts and, mixed with them, True and False.</summary>
    static readonly string[] shownOtherwise = ["highest", "lowest", "smartSummarize"];

    /// <summary>fixtures/functions.txt: what /functions of Debian's graphite-web 1.1.8 says, one line a function.</summary>
    [Fact]
    public void Functions_have_the_groups_and_parameters_of_graphite_web()
    {
        var differences = from line in File.ReadAllLines(Repository.PathOf("src", "OpsBro.Core", "Graphite", "fixtures", "functions.txt"))
                          let name = line[..line.IndexOf(' ')]
                          let ours = GraphiteFunctions.Default.Find(name) is { } function ? Shown(function) : "not there"
                          where ours != line && !shownOtherwise.Contains(name)
                          select $"{line}\n  ours: {ours}";

        Assert.True(!differences.Any(), string.Join("\n", differences));
    }

    static string Shown(Function function) => $"{function.Name} [{function.Group}] {string.Join("; ", function.Params.Select(Shown))}";

    static string Shown(Param param) =>
        $"{param.Name}:{param.TypeName}{(param.IsRequired ? " required" : "")}{(param.IsMultiple ? " multiple" : "")}"
        + ((param.ShownDefault ?? param.Default) is { } value ? $" default={value.Text}" : "")
        + (param.Options.Count > 0 && param.Type is not (ParamType.AggFunc or ParamType.AggOrSeriesFunc) ? $" options={string.Join('|', param.Options)}" : "")
        + (param.Suggestions.Count > 0 ? $" suggestions={string.Join('|', param.Suggestions.Select(s => s.Text))}" : "");

    [Fact]
    public void Functions_do_not_write_into_the_values_that_were_fetched()
    {
        var source = new KeepingSource();
        foreach (var line in File.ReadAllLines(Repository.PathOf("src", "OpsBro.Core", "Graphite", "fixtures", "targets.txt")))
        {
            try
            {
                Consolidation.Fit(TargetEvaluator.Default.Evaluate(line.Split('\t')[0], SampleSource.Context(source, 600)), 3);
            }
            catch (GraphiteException)
            {
                continue; // refused: also without writing
            }
        }

        Assert.All(source.Given, given => Assert.Equal(given.Before, given.Slice.Values));
    }

    /// <summary>Hands out values and remembers what they were.</summary>
    sealed class KeepingSource : ISeriesSource
    {
        readonly SampleSource inner = SampleSource.Usual();

        public List<(SeriesSlice Slice, double[] Before)> Given { get; } = [];

        public IReadOnlyList<SeriesSlice> Fetch(string pattern, long from, long until, Aspect aspect) => Kept(inner.Fetch(pattern, from, until, aspect));

        public IReadOnlyList<SeriesSlice> FetchTagged(IReadOnlyList<TagExpression> tags, long from, long until, Aspect aspect) =>
            Kept(inner.FetchTagged(tags, from, until, aspect));

        IReadOnlyList<SeriesSlice> Kept(IReadOnlyList<SeriesSlice> slices)
        {
            Given.AddRange(slices.Select(s => (s, s.Values.ToArray())));
            return slices;
        }
    }

    [Fact]
    public void What_only_renames_shares_the_values()
    {
        var context = SampleSource.Context(SampleSource.Usual());
        var fetched = TargetEvaluator.Default.Evaluate("a.b.c", context)[0];

        var renamed = TargetEvaluator.Default.Evaluate("consolidateBy(aliasByNode(a.b.c,1),'average')", context)[0];

        Assert.Same(fetched.Values, renamed.Values);
    }
}
