using System.Text;
using OpsBro.Core.Graphite;

namespace OpsBro.Tests.Graphite;

/// <summary>Whatever is written as a target or a time: it has an answer or a GraphiteException of one line, and it ends.</summary>
public class GraphiteFuzzTests
{
    const string Pieces = "(){}[],.'\"\\|=;$*?-+ 0123456789aeinfNtrue\t\n:/é\0";

    static readonly string[] targets = File.ReadAllLines(Repository.PathOf("src", "OpsBro.Core", "Graphite", "fixtures", "targets.txt"));

    static void Survives(string target, int seed)
    {
        try
        {
            var context = SampleSource.Context(SampleSource.Usual(), 600) with { Events = (_, _, _) => [] };
            Consolidation.Fit(TargetEvaluator.Default.Evaluate(target, context), 3);
        }
        catch (GraphiteException e)
        {
            Assert.InRange(e.Column, 0, target.Length + 1);
        }
        catch (Exception e)
        {
            Assert.Fail($"seed {seed}, target {target}: {e}");
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Damaged_targets_are_answered_or_refused(int seed)
    {
        var random = new Random(seed);
        for (var i = 0; i < 4_000; i++)
        {
            var target = new StringBuilder(targets[random.Next(targets.Length)].Split('\t')[0]);
            for (var damages = random.Next(1, 5); damages > 0; damages--) Damage(target, random);

            Survives(target.ToString(), seed);
        }
    }

    static void Damage(StringBuilder target, Random random)
    {
        var at = random.Next(target.Length + 1);
        switch (random.Next(4))
        {
            case 0:
                target.Insert(at, Pieces[random.Next(Pieces.Length)]);
                break;
            case 1:
                target.Remove(at, Math.Min(random.Next(4), target.Length - at));
                break;
            case 2:
                var other = targets[random.Next(targets.Length)].Split('\t')[0];
                target.Insert(at, other[random.Next(other.Length)..]);
                break;
            default:
                target.Insert(at, (char)random.Next(0x10000));
                break;
        }
    }

    [Fact]
    public void Arguments_of_any_kind_are_answered_or_refused()
    {
        const int seed = 3;
        string[] arguments =
        [
            "a.b.*", "a.b.c", "nothing", "seriesByTag('dc=e')", "mapSeries(a.*.*,1)", "0", "-1", "1", "3", "2.5", "-1e308", "1e-300", "99999999999", "inf",
            "none", "true", "false", "''", "'x'", "'1min'", "'-1h'", "'5000y'", "'('", "'sum'", "'max'", "'a.b.c'", "'%d'", "'sumSeries(%.c)'", "'\\1'",
        ];
        var random = new Random(seed);
        foreach (var function in GraphiteFunctions.Default.All)
        {
            for (var i = 0; i < 60; i++)
            {
                var count = random.Next(function.Params.Count + 2);
                var chosen = Enumerable.Range(0, count).Select(a => arguments[a == 0 && random.Next(3) > 0 ? random.Next(5) : random.Next(arguments.Length)]);

                Survives($"{function.Name}({string.Join(',', chosen)})", seed);
            }
        }
    }

    [Fact]
    public void Damaged_times_are_read_or_refused()
    {
        const int seed = 4;
        var random = new Random(seed);
        string[] pieces =
        [
            "now", "today", "noon", "midnight", "teatime", "yesterday", "-", "+", "1", "12", "h", "min", "mon", "y", ":", "/",
            "am", "pm", "jan", "31", "20260230", " ", "_",
        ];
        for (var i = 0; i < 30_000; i++)
        {
            var text = string.Concat(Enumerable.Range(0, random.Next(6)).Select(_ => pieces[random.Next(pieces.Length)]));
            try
            {
                AtTime.Parse(text, TimeZoneInfo.Utc, SampleSource.Now);
            }
            catch (GraphiteException e)
            {
                Assert.DoesNotContain('\n', e.Message);
            }
            catch (Exception e)
            {
                Assert.Fail($"seed {seed}, time {text}: {e}");
            }
        }
    }
}
