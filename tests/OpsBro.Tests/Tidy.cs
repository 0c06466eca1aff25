using System.Text.RegularExpressions;

namespace OpsBro.Tests;

/// <summary>The house rules that a machine can check. What is not checked rots.</summary>
public partial class Tidy
{
    /// <summary>A file is one idea: longer ones need a reason here.</summary>
    const int MaxLines = 400;

    const int MaxColumns = 160;

    /// <summary>Which slice of the process may use which other: the edges of ARCHITECTURE.md ("Ask").</summary>
    static readonly Dictionary<string, string[]> allowedEdges = new()
    {
        ["Agent"] = ["Api", "Checks", "Cli", "Collectors", "Config", "Detectors", "Gossip", "Platform"],
        ["Api"] = ["Agent", "Cli", "Config", "Platform"],
        ["Checks"] = ["Agent", "Api", "Cli", "Collectors", "Config", "Detectors", "Evaluator", "Platform", "Storage"],
        ["Cli"] = ["Agent", "Api", "Config", "Platform"],
        ["Collectors"] = ["Agent", "Api", "Cli", "Config", "Detectors", "Evaluator", "Platform", "Storage"],
        ["Config"] = ["Agent", "Api", "Cli", "Evaluator", "Platform"],
        ["Detectors"] = ["Agent", "Api", "Cli", "Collectors", "Config", "Evaluator", "Platform", "Storage"],
        ["Dns"] = ["Agent", "Api", "Checks", "Cli", "Config", "Gossip", "NodeState", "Platform"],
        ["Evaluator"] = ["Api", "Cli", "Collectors", "Config", "Detectors", "Gossip", "Platform"],
        ["Events"] = ["Agent", "Api", "Checks", "Cli", "Config", "Detectors", "Gossip", "NodeState", "Platform"],
        ["Gossip"] = ["Agent", "Api", "Cli", "Config", "Detectors", "NodeState", "Platform", "Storage"],
        ["KeyValue"] = ["Agent", "Api", "Cli", "Config", "Detectors", "Events", "Gossip", "NodeState", "Platform", "Storage"],
        ["Metrics"] = ["Agent", "Api", "Checks", "Cli", "Collectors", "Config", "Detectors", "Gossip", "NodeState", "Platform", "Storage"],
        ["NodeState"] = ["Agent", "Api", "Checks", "Config", "Detectors", "Gossip", "Platform"],
        ["Platform"] = [],
        ["Storage"] = ["Config", "Platform"],
    };

    static IEnumerable<string> Sources(params string[] below) =>
        Directory.EnumerateFiles(Repository.PathOf(below), "*.cs", SearchOption.AllDirectories)
            .Where(file => !file.Contains("/obj/") && !file.Contains("/bin/"));

    static string Short(string file) => Path.GetRelativePath(Repository.Root, file);

    [Fact]
    public void No_file_is_longer_or_wider_than_agreed()
    {
        var faults = from file in Sources("src").Concat(Sources("tests"))
                     let lines = File.ReadAllLines(file)
                     from fault in new[]
                     {
                         lines.Length > MaxLines ? $"{Short(file)} has {lines.Length} lines; split it (at most {MaxLines})" : null,
                         lines.Index().Where(l => l.Item.Length > MaxColumns)
                             .Select(l => $"{Short(file)}:{l.Index + 1} has {l.Item.Length} columns").FirstOrDefault(),
                     }
                     where fault is not null
                     select fault;

        Assert.Empty(faults);
    }

    /// <summary>In the program as it is shipped such a lock can stay taken for ever: ARCHITECTURE.md, traps.</summary>
    [Fact]
    public void No_finally_takes_a_lock_itself()
    {
        var faults = new List<string>();
        foreach (var file in Sources("src"))
        {
            var lines = File.ReadAllLines(file);
            for (var i = 0; i < lines.Length; i++)
            {
                if (lines[i].Trim() != "finally") continue;
                var end = lines[i].Replace("finally", "}", StringComparison.Ordinal);
                for (var j = i + 1; j < lines.Length && lines[j] != end; j++)
                    if (lines[j].Contains("lock (", StringComparison.Ordinal)) faults.Add($"{Short(file)}:{j + 1}: let a method take the lock");
            }
        }

        Assert.Empty(faults);
    }

    [Fact]
    public void No_file_holds_what_the_house_refuses()
    {
        (Regex Pattern, string Why)[] refused =
        [
            (PrivateWord(), "private is the default; leave the word out (generated partial methods need it)"),
            (new Regex(@"#region"), "a region hides a file that should be split"),
            (new Regex(@"\b(TODO|FIXME|HACK)\b"), "do it, or open an issue"),
            (new Regex(@"NotImplementedException"), "build it, or leave it out"),
            (new Regex(@"catch\s*(\([^)]*\))?\s*\{\s*\}"), "an empty catch hides a fault; say why in it"),
            (new Regex(@"Process\.Start\(""(sh|bash)"""), "no shell strings"),
        ];

        var faults = from file in Sources("src").Concat(Sources("tests"))
                     where !file.EndsWith("Tidy.cs", StringComparison.Ordinal)
                     from line in File.ReadAllLines(file).Index()
                     from rule in refused
                     where rule.Pattern.IsMatch(line.Item)
                     select $"{Short(file)}:{line.Index + 1}: {rule.Why}";

        Assert.Empty(faults);
    }

    [Fact]
    public void No_test_sleeps()
    {
        var faults = from file in Sources("src").Concat(Sources("tests"))
                     where file.EndsWith("Tests.cs", StringComparison.Ordinal)
                     from line in File.ReadAllLines(file).Index()
                     where line.Item.Contains("Thread.Sleep") || SleepingTask().IsMatch(line.Item)
                     select $"{Short(file)}:{line.Index + 1}: wait for the thing itself (RunningAgent.Until), not for time";

        Assert.Empty(faults);
    }

    [Fact]
    public void Every_type_says_what_it_is_for()
    {
        var faults = from file in Sources("src")
                     where !file.EndsWith("Tests.cs", StringComparison.Ordinal)
                     let lines = File.ReadAllLines(file)
                     from line in lines.Index()
                     where TypeDeclaration().IsMatch(line.Item) && !HasDocComment(lines, line.Index) && !IsPartOfAnother(lines, line.Index)
                     select $"{Short(file)}:{line.Index + 1}: a doc comment is missing: {line.Item.Trim()}";

        Assert.Empty(faults);
    }

    [Fact]
    public void Slices_use_only_the_slices_that_the_table_allows()
    {
        var faults = from slice in Directory.GetDirectories(Repository.PathOf("src", "OpsBro")).Select(d => Path.GetFileName(d)!)
                     where slice is not ("bin" or "obj")
                     from file in Sources("src", "OpsBro", slice)
                     where !file.EndsWith("Tests.cs", StringComparison.Ordinal)
                     from Match use in UsedSlice().Matches(File.ReadAllText(file))
                     let other = use.Groups[1].Value
                     where other != slice && other != "Core" && !allowedEdges.GetValueOrDefault(slice, []).Contains(other)
                     select $"{Short(file)}: {slice} may not use {other}; if it must, add the edge to Tidy.cs and say why in the commit";

        Assert.Empty(faults.Distinct());
    }

    [Fact]
    public void The_core_knows_nothing_of_the_process_and_has_no_packages()
    {
        var uses = Sources("src", "OpsBro.Core").Where(file => !file.EndsWith("Tests.cs", StringComparison.Ordinal)
            && ProcessNamespace().IsMatch(File.ReadAllText(file))).Select(Short);
        var packages = File.ReadAllLines(Repository.PathOf("src", "OpsBro.Core", "OpsBro.Core.csproj"))
            .Where(line => line.Contains("PackageReference") && !line.Contains("PrivateAssets"));

        Assert.Empty(uses);
        Assert.Empty(packages);
    }

    [Fact]
    public void Every_package_has_a_reason()
    {
        var reasons = File.ReadAllText(Repository.PathOf("docs", "decisions", "packages.md"));
        var packages = PackageName().Matches(File.ReadAllText(Repository.PathOf("Directory.Packages.props"))).Select(m => m.Groups[1].Value);

        Assert.Equal([], packages.Where(package => !reasons.Contains($"`{package}`", StringComparison.Ordinal)));
    }

    static bool HasDocComment(string[] lines, int index)
    {
        for (index--; index >= 0 && (lines[index].TrimStart().StartsWith('[') || lines[index].TrimEnd().EndsWith(']')); index--) ;
        return index >= 0 && lines[index].TrimStart().StartsWith("///", StringComparison.Ordinal);
    }

    /// <summary>A nested private type is explained by the type around it.</summary>
    static bool IsPartOfAnother(string[] lines, int index) => lines[index].StartsWith("    ", StringComparison.Ordinal)
        && !lines[index].Contains("public ") && !lines[index].Contains("internal ");

    [GeneratedRegex(@"^\s*private\s(?!static partial)")]
    private static partial Regex PrivateWord();

    [GeneratedRegex(@"Task\.Delay\((?!Timeout)\d")]
    private static partial Regex SleepingTask();

    [GeneratedRegex(@"^\s*(public |internal |file |static |sealed |abstract |partial |readonly |ref )*(class|record|struct|interface|enum) [A-Z]\w*")]
    private static partial Regex TypeDeclaration();

    [GeneratedRegex(@"^using (?:static )?OpsBro\.(\w+)", RegexOptions.Multiline)]
    private static partial Regex UsedSlice();

    [GeneratedRegex(@"^using OpsBro\.(?!Core)", RegexOptions.Multiline)]
    private static partial Regex ProcessNamespace();

    [GeneratedRegex("<PackageVersion Include=\"([^\"]+)\"")]
    private static partial Regex PackageName();
}
