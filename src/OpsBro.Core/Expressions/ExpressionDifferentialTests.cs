using System.Diagnostics;
using System.Text;
using System.Text.Json;
using OpsBro.Core.Expressions;

namespace OpsBro.Tests.Expressions;

/// <summary>Compares rules with CPython: the same value to the digit, or the same kind of error.</summary>
public class ExpressionDifferentialTests
{
    const int Seed = 20170917;
    const int Count = 20_000;

    static readonly FunctionTable Functions = FunctionTable.Pure();

    [Fact]
    public void Rules_give_what_python3_gives()
    {
        string[] rules = [.. new ExpressionGrammar(Seed).Rules(Count)];

        var differences = Differences(rules);

        Assert.True(differences.Count == 0, $"seed {Seed}, {differences.Count} of {Count} differ:\n{string.Join("\n", differences.Take(20))}");
    }

    [Fact]
    public void Number_literals_are_read_as_python3_reads_them()
    {
        var random = new Random(Seed);
        string[] pieces = ["0", "0", "1", "9", "_", ".", "e", "E", "e-", "E+", "x", "o", "b", "7f"];
        string[] rules = [.. Enumerable.Range(0, 3_000).Select(_ => Pick("0", "1", ".") + string.Concat(
            Enumerable.Range(0, random.Next(1, 7)).Select(_ => Pick(pieces))))];

        // "0x1e-e.5" is wrong twice: Python reads all of it before it looks at names
        var differences = Differences(rules.Except(["..."]), kind => kind is "NameError" or "AttributeError" ? "SyntaxError" : kind);

        string Pick(params string[] words) => words[random.Next(words.Length)];

        Assert.True(differences.Count == 0, $"seed {Seed}, {differences.Count} differ:\n{string.Join("\n", differences.Take(20))}");
    }

    /// <summary>Every character that python3's Unicode has (14 in Python 3.11), but two whose capitals came with Unicode 16.</summary>
    [Fact]
    public void Every_character_has_the_case_and_the_kind_that_python3_gives_it()
    {
        string[] methods =
        [
            "upper", "lower", "title", "casefold", "swapcase", "isupper", "islower", "istitle", "isalpha", "isdecimal", "isdigit",
            "isnumeric", "isalnum", "isspace", "isprintable",
        ];
        var rules = from block in Python(["assigned()"])[0].Trim('[', ']').Split(", ").Select(int.Parse).Chunk(64)
                    let old = block.Except([0x19b, 0x264])
                    // ideographs and syllables are many and have no case
                    let hasNoCase = block[0] is (>= 0x3400 and < 0xa000) or (>= 0xac00 and < 0xd700) or >= 0x20000
                    from method in hasNoCase ? ["upper", "isalpha", "isnumeric"] : methods
                    select $"[chr(i).{method}() for i in [{string.Join(", ", old)}]]";

        var differences = Differences(rules);

        Assert.True(differences.Count == 0, $"{differences.Count} differ:\n{string.Join("\n", differences.Take(20))}");
    }

    static List<string> Differences(IEnumerable<string> from, Func<string, string>? same = null)
    {
        string[] rules = [.. from];
        var theirs = Python(rules);
        var differences = new List<string>();
        same ??= text => text;
        for (var i = 0; i < rules.Length; i++)
            if (Ours(rules[i]) is var ours && same(ours) != same(theirs[i])) differences.Add($"{rules[i]}\n    python3: {theirs[i]}\n    ours:    {ours}");
        return differences;
    }

    static string Ours(string rule)
    {
        try
        {
            return Show(Expression.Compile(rule, Functions).Evaluate(NoReferences.Instance));
        }
        catch (ExpressionException e)
        {
            return e.Kind;
        }
    }

    /// <summary>The repr, with sets as differential.py shows them.</summary>
    static string Show(Value value) => value.Kind switch
    {
        ValueKind.Set => $"set({string.Join(", ", value.AsDict.Keys.Select(Show).Order(CodePointOrder))})",
        ValueKind.List => $"[{string.Join(", ", value.AsList.Select(Show))}]",
        ValueKind.Tuple => $"({string.Join(", ", value.AsList.Select(Show))})",
        ValueKind.Dict => $"{{{string.Join(", ", value.AsDict.Entries.Select(e => $"{Show(e.Key)}: {Show(e.Value)}"))}}}",
        _ => value.Repr(),
    };

    static readonly Comparer<string> CodePointOrder = Comparer<string>.Create(CodePoints.Compare);

    static string[] Python(string[] rules)
    {
        var start = new ProcessStartInfo("python3", [Repository.PathOf("src", "OpsBro.Core", "Expressions", "fixtures", "differential.py")])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            StandardInputEncoding = new UTF8Encoding(false),
            StandardOutputEncoding = Encoding.UTF8,
        };
        using var python = Process.Start(start)!;
        var answers = python.StandardOutput.ReadToEndAsync();
        foreach (var rule in rules) python.StandardInput.WriteLine(JsonSerializer.Serialize(rule));
        python.StandardInput.Close();
        var lines = answers.GetAwaiter().GetResult().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        python.WaitForExit();
        Assert.Equal(rules.Length, lines.Length);
        return [.. lines.Select(line => JsonSerializer.Deserialize<string>(line)!)];
    }
}
