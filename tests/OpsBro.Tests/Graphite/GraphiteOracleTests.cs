using System.Globalization;
using System.Text.Json;
using OpsBro.Core.Graphite;
using Xunit.Abstractions;

namespace OpsBro.Tests.Graphite;

/// <summary>
/// Our target language beside Debian's graphite-web 1.1.8 over the same series: names, tags, times and values of the answers, and
/// refusals. <c>OPSBRO_GRAPHITE_SEED</c> and <c>OPSBRO_GRAPHITE_COUNT</c> choose other targets, <c>OPSBRO_GRAPHITE_TARGET</c> one by hand.
/// </summary>
public sealed class GraphiteOracleTests(ITestOutputHelper output)
{
    const int Least = 5;
    const int Shown = 40;
    const int Wanted = 1000;

    static int FromEnvironment(string name, int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable(name), CultureInfo.InvariantCulture, out var number) ? number : otherwise;

    [Fact]
    public void Targets_mean_what_they_mean_to_graphite_web()
    {
        var seed = FromEnvironment("OPSBRO_GRAPHITE_SEED", 4);
        var grammar = new ExpressionGrammar(seed);
        var byHand = Environment.GetEnvironmentVariable("OPSBRO_GRAPHITE_TARGET");
        var targets = byHand is null
            ? File.ReadAllLines(Repository.PathOf("tests", "OpsBro.Tests", "Graphite", "targets.txt")).Where(l => l.Length > 0 && l[0] != '#')
                .Concat(grammar.Targets(FromEnvironment("OPSBRO_GRAPHITE_COUNT", 1500)))
            : [byHand];

        var questions = targets.Select((t, i) => RenderQuestion.Of(t, i)).ToArray();
        var verdicts = Compare(seed, questions);

        var compared = verdicts.Count(v => v.Kind is Verdict.Alike or Verdict.BothRefuse or Verdict.Different);
        output.WriteLine($"seed {seed}: {verdicts.Count} targets, {string.Join(", ", verdicts.GroupBy(v => v.Kind).Select(g => $"{g.Count()} {g.Key}"))}");
        Report(verdicts);
        Assert.Equal(0, verdicts.Count(v => v.Kind == Verdict.Different));
        if (byHand is null) Assert.InRange(compared, Wanted, int.MaxValue);
    }

    [Fact]
    public void Every_function_is_compared_often_enough()
    {
        var targets = new ExpressionGrammar(4).Targets(1500).ToArray();

        var rare = GraphiteFunctions.Default.All.Select(f => f.Name)
            .Where(name => !ExpressionGrammar.NotCompared.ContainsKey(name))
            .Select(name => (Name: name, Count: targets.Count(t => t.Contains(name + "(", StringComparison.Ordinal))))
            .Where(f => f.Count < Least);

        Assert.Empty(rare);
        Assert.All(ExpressionGrammar.NotCompared.Values, reason => Assert.NotEmpty(reason));
    }

    [Fact]
    public void The_table_has_the_functions_of_graphite_web_with_their_groups_and_parameters()
    {
        using var oracle = GraphiteOracle.Over(new OracleData(1));
        var body = oracle.Ask(GraphiteOracle.Get("/functions")).GetProperty("body").GetString()!;

        List<string> faults = [];
        foreach (var theirs in JsonDocument.Parse(body.Replace("1e9999", "\"inf\"").Replace("Infinity", "\"inf\"")).RootElement.EnumerateObject())
        {
            if (GraphiteFunctions.Default.Find(theirs.Name) is not { } ours)
            {
                if (theirs.Name != "seriesByTag") faults.Add($"{theirs.Name} is missing");
                continue;
            }
            var group = theirs.Value.GetProperty("group").GetString();
            if (group != ours.Group) faults.Add($"{theirs.Name}: group {group}, not {ours.Group}");
            var their = string.Join(" ", theirs.Value.GetProperty("params").EnumerateArray().Select(p =>
                $"{p.GetProperty("name")}:{p.GetProperty("type")}{(IsTrue(p, "required") ? "!" : "")}{(IsTrue(p, "multiple") ? "*" : "")}"));
            var our = string.Join(" ", ours.Params.Select(p => $"{p.Name}:{p.TypeName}{(p.IsRequired ? "!" : "")}{(p.IsMultiple ? "*" : "")}"));
            if (their != our) faults.Add($"{theirs.Name}: parameters\n    theirs {their}\n    ours   {our}");
        }

        Assert.True(faults.Count == 0, string.Join("\n", faults));
    }

    static bool IsTrue(JsonElement param, string property) => param.TryGetProperty(property, out var value) && value.GetBoolean();

    static List<Verdict> Compare(int seed, RenderQuestion[] questions)
    {
        var data = new OracleData(seed);
        using var oracle = GraphiteOracle.Over(data);
        List<Verdict> verdicts = [];
        foreach (var (question, answer) in questions.Zip(oracle.AskAll([.. questions.Select(q => q.ToJson())])))
            verdicts.Add(Verdict.On(question, answer, data));
        return verdicts;
    }

    void Report(List<Verdict> verdicts)
    {
        var different = verdicts.Where(v => v.Kind == Verdict.Different).ToArray();
        if (different.Length > 0)
            output.WriteLine(string.Join(", ", different.CountBy(v => v.Question.Target.Split('(')[0]).Select(f => $"{f.Key} {f.Value}")));
        foreach (var verdict in different.Take(Shown)) output.WriteLine($"{verdict.Question}\n    {verdict.Text}");
        if (different.Length == 0 && verdicts.Count == 1) output.WriteLine($"{verdicts[0].Question}: {verdicts[0].Kind} {verdicts[0].Text}");
    }
}
