using System.Globalization;
using OpsBro.Core.Checks;

namespace OpsBro.Tests.Checks;

public class PluginOutputTests
{
    static string Text(PerfValue v) => string.Create(CultureInfo.InvariantCulture,
        $"{v.Label}|{v.Value}|{v.Unit}|{v.Warning}|{v.Critical}|{v.Least}|{v.Most}");

    static string Perf(string data)
    {
        var values = new List<PerfValue>();
        PerfValue.Parse(data, values);
        return string.Join(" ", values.Select(Text));
    }

    [Theory]
    [InlineData("time=0.002722s;;;0.000000 size=1024B;;;0", "time|0.002722|s|||0|NaN size|1024|B|||0|NaN")]
    [InlineData("/=2643MB;5948;5958;0;5968", "/|2643|MB|5948|5958|0|5968")]
    [InlineData("load1=0.180;5.000;10.000;0;", "load1|0.18||5.000|10.000|0|NaN")]
    [InlineData("'a b''c'=5%;@10:20;~:30", "a b'c|5|%|@10:20|~:30|0|100")]
    [InlineData("rta=U pl=100%;80;100;0;100", "rta|NaN||||NaN|NaN pl|100|%|80|100|0|100")]
    [InlineData("x=1,5s", "x|1.5|s||||NaN|NaN", true)]
    [InlineData("tiny=1e-05s big=2E+3", "tiny|1E-05|s|||NaN|NaN big|2000||||NaN|NaN")]
    [InlineData("e=5euros", "e|5|euros|||NaN|NaN")]
    [InlineData("n=-3 p=+4", "n|-3||||NaN|NaN p|4||||NaN|NaN")]
    [InlineData("a= b=2", "b|2||||NaN|NaN")]
    [InlineData("=1 b=2", "b|2||||NaN|NaN")]
    [InlineData("'open=1 b=2", "b|2||||NaN|NaN")]
    [InlineData("a=1;2;3;4;5;6;7", "a|1||2|3|4|5")]
    [InlineData("a=zz b=2", "b|2||||NaN|NaN")]
    [InlineData("", "")]
    public void Performance_data_is_read_by_the_grammar_of_the_guidelines(string data, string values, bool comma = false)
    {
        if (comma) Assert.StartsWith("x|1.5|s", Perf(data));
        else Assert.Equal(values, Perf(data));
    }

    [Theory]
    [InlineData("\e[31mred\e[0m\rback\a | a=1", "red back")]
    [InlineData("\e]0;title\a x\0y\u009b2J", "]0;title  x y 2J")]
    [InlineData("cut \e[31", "cut")]
    [InlineData("tab\tstays é√", "tab\tstays é√")]
    public void What_a_terminal_would_obey_is_left_out(string printed, string text) => Assert.Equal(text, PluginOutput.Parse(printed).Text);

    [Fact]
    public void The_three_places_of_the_guidelines_are_told_apart()
    {
        var output = PluginOutput.Parse("""
            DISK OK - free space: / 3326 MB (56%); | /=2643MB;5948;5958;0;5968
            / 15272 MB (77%);
            /boot 68 MB (69%);
            /home 69357 MB (27%); | /boot=68MB;88;93;0;98
            /home=69357MB;253404;253409;0;253414
            """);

        Assert.Equal("DISK OK - free space: / 3326 MB (56%);", output.Text);
        Assert.Equal("/ 15272 MB (77%);\n/boot 68 MB (69%);\n/home 69357 MB (27%);", output.LongText);
        Assert.Equal(["/", "/boot", "/home"], output.Values.Select(v => v.Label));
    }

    [Fact]
    public void Nothing_is_nothing()
    {
        var output = PluginOutput.Parse("");

        Assert.Equal(("", "", 0), (output.Text, output.LongText, output.Values.Count));
    }

    [Fact]
    public void What_is_too_long_is_cut_and_what_is_too_many_left_out()
    {
        var output = PluginOutput.Parse(new string('x', 5000) + "|" + string.Join(' ', Enumerable.Range(0, 1000).Select(i => $"v{i}=1")));

        Assert.Equal(PluginOutput.MaxText, output.Text.Length);
        Assert.Equal(PerfValue.MaxValues, output.Values.Count);
    }

    [Theory, InlineData(1), InlineData(2), InlineData(3)]
    public void Whatever_a_plugin_prints_is_read_without_an_error(int seed)
    {
        const string alphabet = "ab1290.,-+eEU%;:@~='\" \t\n|\0é☃";
        var random = new Random(seed);
        for (var i = 0; i < 20_000; i++)
        {
            var text = string.Concat(Enumerable.Range(0, random.Next(60)).Select(_ => alphabet[random.Next(alphabet.Length)]));

            var output = PluginOutput.Parse(text);

            Assert.DoesNotContain('\n', output.Text);
            Assert.All(output.Values, v => Assert.NotEqual("", v.Label));
            Assert.All(output.Values, v => Assert.False(double.IsInfinity(v.Value)));
        }
    }
}
