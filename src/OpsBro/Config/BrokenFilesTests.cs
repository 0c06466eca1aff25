using System.Text;
using OpsBro.Config;
using OpsBro.Config.Yaml;

namespace OpsBro.Tests.Config;

public class BrokenFilesTests
{
    /// <summary>Fifty ways to break a file, and the line that must be named; 0 for the whole file.</summary>
    static readonly (string Text, int Line)[] broken =
    [
        ("check: [", 1), ("check: {", 1), ("check:\n  a: [1, 2\n", 2), ("check:\n  a: {b: 1\n", 2), ("check: ]", 1),
        ("check: }", 1), ("check: {a: 1}}", 1), ("check:\n  a: [x]]\n", 2), ("check:\n  a: 'open\n", 2), ("check:\n  a: \"open\n", 2),
        ("check:\n  a: \"\\q\"\n", 2), ("check:\n  a: @b\n", 2), ("check:\n  a: `b`\n", 2), ("check:\n  a: %b\n", 2),
        ("check:\n  a: b: c\n", 2), ("check:\n  a: 1\n   b: 2\n", 3), ("check:\n  a: 1\n b: 2\n", 3), ("check:\n  - a\n  b: 1\n", 3),
        ("check:\n  a: *nowhere\n", 2), ("check:\n  a: &x *x\n", 2), ("check:\n  a: 'x' y\n", 2), ("check:\n  a: \"x\" y\n", 2),
        ("check:\n  critical_if: {collector.a.b} < 5\n", 2), ("check:\n  critical_if: {{collector.a.b}} < 5\n", 2),
        ("check:\n  a: 1\n  a: 2\n", 3), ("chek:\n  a: 1\n", 1), ("detecter:\n  a: 1\n", 1), ("just text", 1), ("- a\n- b\n", 1),
        ("- a\nb: 1\n", 2), ("check: 5\n", 1), ("check:\n", 1), ("check: text\n", 1), ("checks: {interval: 10s}\n", 1),
        ("checks:\n  - 5\n", 2), ("check:\n  - 5\n", 2), ("a\nb: 1\n", 2), ("check:\n  \0: 1\n", 2), ("check:\n  a: \u0007\n", 2),
        ("%YAML 9.0\n---\ncheck: {}\n", 1), ("check:\n  ? [a]\n  : 1\n", 2), ("check:\n  {a: 1}: 2\n", 2),
        ("check: {a: 1}\nhandler: {id: x}\nhandler: {id: x}\n", 3), ("dns: yes\n", 1), ("check:\n  enabled: perhaps\n", 2),
        ("check:\n\ta: 1\n   b: [\n", 2), ("port: many\n", 1), ("groups: {a: 1}\n", 1), ("log_level: LOUD\n", 1), ("proxy-node: maybe\n", 1),
    ];

    [Fact]
    public void Fifty_broken_files_are_reported_file_by_file_with_their_lines()
    {
        using var directory = new TemporaryConfig();
        for (var i = 0; i < broken.Length; i++) directory.Write($"broken{i:00}.yml", broken[i].Text);
        directory.Write("good.yml", "check: {script: x}\n");

        var configuration = directory.Load();

        Assert.Equal(50, broken.Length);
        for (var i = 0; i < broken.Length; i++)
        {
            var file = directory.PathOf($"broken{i:00}.yml");
            var lines = configuration.Problems.Where(p => p.File == file && !p.IsWarning).Select(p => p.Line).ToArray();
            Assert.True(lines.Contains(broken[i].Line), $"{broken[i].Text} should be refused in line {broken[i].Line}; "
                + string.Join('\n', configuration.Problems.Where(p => p.File == file)));
        }
        Assert.DoesNotContain(configuration.Problems, p => p.File == directory.PathOf("good.yml"));
        Assert.DoesNotContain(configuration.Problems, p => p.Message.Contains("this is not YAML") || p.Message.Contains('\n'));
        Assert.Contains(configuration.Objects, o => o.Id == "good");
    }

    [Theory, InlineData(1), InlineData(2), InlineData(3), InlineData(4)]
    public void No_mutation_of_a_good_file_makes_the_reader_throw(int seed)
    {
        var random = new Random(seed);
        var sources = Directory.GetFiles(Repository.PathOf("src", "OpsBro", "Config", "fixtures", "seed"))
            .Concat(Directory.GetFiles(Repository.PathOf("packs"), "*.yml", SearchOption.AllDirectories).Order(StringComparer.Ordinal).Take(20))
            .Select(File.ReadAllText).ToArray();
        const string signs = "{}[]:,-#'\"&*!|>%@`\\\t \n\r?~<=";
        for (var i = 0; i < 1_500; i++)
        {
            var text = new StringBuilder(sources[random.Next(sources.Length)]);
            for (var edits = random.Next(1, 6); edits > 0 && text.Length > 2; edits--)
            {
                var at = random.Next(text.Length);
                switch (random.Next(4))
                {
                    case 0:
                        text.Insert(at, signs[random.Next(signs.Length)]);
                        break;
                    case 1:
                        text.Remove(at, Math.Min(random.Next(1, 12), text.Length - at));
                        break;
                    case 2:
                        text[at] = (char)random.Next(1, 0x3000);
                        break;
                    default:
                        var length = random.Next(Math.Min(40, text.Length - at));
                        text.Insert(at, text.ToString(random.Next(text.Length - length), length));
                        break;
                }
            }

            var content = YamlText.Parse("file.yml", text.ToString());

            Assert.True(content.IsReadable || content.Problems.Any(p => p.Line > 0), $"seed {seed}, round {i}:\n{text}");
        }
    }

    [Fact]
    public void Bytes_that_are_no_text_are_a_problem_and_no_more()
    {
        using var directory = new TemporaryConfig();
        var random = new Random(5);
        for (var i = 0; i < 40; i++)
        {
            var bytes = new byte[random.Next(1, 400)];
            random.NextBytes(bytes);
            directory.Write($"{i}.yml", "");
            File.WriteAllBytes(directory.PathOf($"{i}.yml"), bytes);
        }

        var configuration = directory.Load();

        Assert.Equal(40, configuration.Problems.Select(p => p.File).Distinct().Count());
    }
}
