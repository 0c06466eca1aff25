using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using OpsBro.Core.Graphite;
using OpsBro.Core.TimeSeries;

namespace OpsBro.Tests.Graphite;

/// <summary>
/// The answers of Debian's graphite-web 1.1.8 to the targets of fixtures/targets.txt, as fixtures/answers.py wrote them down: same names,
/// tags, times and values. What it fails on, we refuse, but for those in <see cref="answeredHere"/>.
/// </summary>
public class GraphiteAnswersTests
{
    const long Now = 1_700_000_040;
    const double Tolerance = 1e-9;

    static readonly string[] answeredHere =
    [
        "percentileOfSeries(h.*.*,99.9)",
        "applyByNode(a.x.*,1,'%.d')",
        "mapSeries(h.*.*,1)",
    ];

    static readonly (string Name, int Step, string Kind, int Offset)[] series =
    [
        ("a.b.c", 60, "saw", 90), ("a.b.d", 60, "gap", 3), ("a.x.c", 60, "frac", 11), ("a.x.d", 10, "saw", 7), ("n.o", 60, "none", 0),
        ("h.one.cpu", 60, "saw", 10), ("h.two.cpu", 60, "gap", 8), ("h.one.mem", 60, "frac", 29), ("h.two.mem", 60, "saw", 89),
        ("five.s", 300, "saw", 21),
        ("disk;dc=e;host=a", 60, "saw", 40), ("disk;dc=e;host=b", 60, "saw", 4), ("disk;dc=w;host=c", 60, "gap", 60), ("net;dc=e;host=a", 10, "frac", 75),
    ];

    static double Value(string kind, int offset, long index) => kind switch
    {
        "saw" => (index % 20) + offset,
        "gap" => index % 5 == 2 ? double.NaN : ((index * 7) + offset) % 13,
        "frac" => ((index * 31) + offset) % 101 / 7.0,
        _ => double.NaN,
    };

    static SampleSource Source()
    {
        var source = new SampleSource();
        foreach (var (name, step, kind, offset) in series) source.Add(name, step, t => Value(kind, offset, t / step));
        return source;
    }

    [Fact]
    public void Targets_have_the_answers_of_graphite_web()
    {
        var differences = new List<string>();
        foreach (var line in File.ReadLines(Repository.PathOf("src", "OpsBro.Core", "Graphite", "fixtures", "answers.jsonl")))
        {
            using var answer = JsonDocument.Parse(line);
            var target = answer.RootElement.GetProperty("target").GetString()!;
            var wanted = Shown(answer.RootElement.GetProperty("series"));
            var got = Ask(target, answer.RootElement.GetProperty("query"));
            if (wanted == "refused" && answeredHere.Contains(target)) continue;
            if (Compare(wanted, got) is { } difference) differences.Add($"{target}\n  wanted {wanted}\n  got    {got}\n  {difference}");
        }

        Assert.True(differences.Count == 0, $"{differences.Count} differ:\n{string.Join("\n", differences.Take(40))}");
    }

    static string? Compare(string wanted, string got)
    {
        if (wanted == got) return null;
        var (left, right) = (wanted.Split(' '), got.Split(' '));
        if (left.Length != right.Length) return "another number of points";
        for (var i = 0; i < left.Length; i++)
            if (left[i] != right[i] && !(double.TryParse(left[i], out var a) && double.TryParse(right[i], out var b)
                && Math.Abs(a - b) <= Tolerance * Math.Max(1, Math.Abs(a)))) return $"{left[i]} is {right[i]}";
        return null;
    }

    static string Shown(JsonElement answer)
    {
        if (answer.ValueKind == JsonValueKind.Null) return "refused";
        var text = new StringBuilder();
        foreach (var one in answer.EnumerateArray())
        {
            var tags = one.GetProperty("tags").EnumerateObject().Select(t => $"{t.Name}={t.Value.GetString()}").Order(StringComparer.Ordinal);
            text.Append($"[{one.GetProperty("target").GetString()}] {{{string.Join(" ", tags)}}}");
            foreach (var point in one.GetProperty("datapoints").EnumerateArray())
                text.Append($" {point[1].GetInt64()} {(point[0].ValueKind == JsonValueKind.Null ? "-" : point[0].GetDouble().ToString("R"))}");
            text.Append('\n');
        }
        return text.ToString();
    }

    static string Ask(string target, JsonElement query)
    {
        try
        {
            var context = new RenderContext
            {
                From = Now - 600,
                Until = Now,
                Now = Now,
                Source = Source(),
                Events = (_, _, _) => [],
                XFilesFactor = query.TryGetProperty("xFilesFactor", out var x) ? double.Parse(x.GetString()!) : null,
            };
            int? most = query.TryGetProperty("maxDataPoints", out var m) ? int.Parse(m.GetString()!) : null;
            var text = new StringBuilder();
            foreach (var one in Consolidation.Fit(TargetEvaluator.Default.Evaluate(target, context), most))
            {
                text.Append($"[{one.Name}] {{{string.Join(" ", one.Tags.Select(t => $"{t.Key}={t.Value}").Order(StringComparer.Ordinal))}}}");
                for (var i = 0; i < one.Values.Length; i++)
                    text.Append($" {one.Start + ((long)i * one.Step)} {(double.IsNaN(one.Values[i]) ? "-" : one.Values[i].ToString("R"))}");
                text.Append('\n');
            }
            return text.ToString();
        }
        catch (GraphiteException)
        {
            return "refused";
        }
    }
}
