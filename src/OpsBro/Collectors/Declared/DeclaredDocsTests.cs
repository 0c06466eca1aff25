using System.Text;
using OpsBro.Collectors.Declared;
using OpsBro.Config;
using OpsBro.Core.Expressions;
using OpsBro.Tests.Config;

namespace OpsBro.Tests.Collectors;

/// <summary>
/// docs/collectors-declared.md: every example loads, and every answer it shows becomes the tree it shows.
/// </summary>
public class DeclaredDocsTests
{
    [Fact]
    public void Every_example_of_the_page_is_true()
    {
        var trees = 0;
        DeclaredSettings? settings = null;
        var answer = "";
        foreach (var (kind, text, line) in Blocks())
        {
            switch (kind)
            {
                case "yaml":
                    settings = Load(text, line);
                    break;
                case "text answer":
                    answer = text;
                    break;
                case "text tree":
                    var tree = new Renames(settings!.Renames).Apply(settings.Format(Encoding.UTF8.GetBytes(answer)));
                    Assert.Equal(text.TrimEnd(), string.Join('\n', Lines(settings.Name, Value.Of(tree))));
                    trees++;
                    break;
                default:
                    Assert.Fail($"line {line}: a block of kind \"{kind}\"");
                    break;
            }
        }
        Assert.True(trees >= 6);
    }

    static DeclaredSettings Load(string yaml, int line)
    {
        using var directory = new TemporaryConfig();
        directory.Write("example.yml", yaml);
        var configuration = directory.Load();
        var problems = new List<Problem>(configuration.Problems);
        var settings = new CollectorBinder(Assert.Single(configuration.Of("collector")), problems).Read();
        Assert.True(problems.Count == 0, $"the example at line {line}: {string.Join('\n', problems)}");
        return settings!;
    }

    static IEnumerable<string> Lines(string path, Value value) => value.Kind switch
    {
        ValueKind.Dict => value.AsDict.Entries.SelectMany(entry => Lines($"{path}.{entry.Key.AsString}", entry.Value)),
        ValueKind.List => value.AsList.SelectMany((item, i) => Lines($"{path}.{i}", item)),
        _ => [new DictValue { ["x"] = value }.Flat().Replace("x=", $"{path} = ")],
    };

    static IEnumerable<(string Kind, string Text, int Line)> Blocks()
    {
        var lines = File.ReadAllLines(Repository.PathOf("docs", "collectors-declared.md"));
        for (var i = 0; i < lines.Length; i++)
        {
            if (!lines[i].StartsWith("```", StringComparison.Ordinal)) continue;
            var start = i++;
            while (lines[i] != "```") i++;
            yield return (lines[start][3..], string.Join('\n', lines[(start + 1)..i]) + "\n", start + 1);
        }
    }
}
