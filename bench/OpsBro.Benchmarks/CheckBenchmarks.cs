using BenchmarkDotNet.Attributes;
using OpsBro.Checks;
using OpsBro.Collectors;
using OpsBro.Config;
using OpsBro.Core.Checks;
using OpsBro.Core.Expressions;
using OpsBro.Platform;

namespace OpsBro.Benchmarks;

/// <summary>One check: the seed's cpu rule judged, a plugin's output read, a process group started and reaped.</summary>
[MemoryDiagnoser]
public class CheckBenchmarks
{
    const string PluginOutputText =
        "DISK OK - free space: / 3326 MB (56%); | /=2643MB;5948;5958;0;5968 /boot=68MB;88;93;0;98 /home=69357MB;253404;253409;0;253414";

    static readonly CheckRules rules = new();
    static readonly ProgramStart program = new("/bin/true");

    ExpressionCheck check = null!;
    CheckStanding standing = null!;

    /// <summary>Binds the rule and gives it data.</summary>
    [GlobalSetup]
    public void SetUp()
    {
        var tree = new DictValue();
        var all = new DictValue();
        all["%idle"] = Value.Of(57.25);
        tree["cpuall"] = Value.Of(all);
        var collectors = new CollectorStore();
        collectors.Publish(new CollectorSnapshot(
            "cpustats", CollectorState.Ok, Value.Of(tree), default, TimeSpan.Zero, TimeSpan.FromSeconds(10), ""));
        var functions = FunctionTable.Pure();
        CheckRule Rule(string key, string text) =>
            new(key, new ConfigNode(ConfigNodeKind.Scalar, "bench.yml", 1, 1) { Text = text }, Expression.Compile(text, functions), true);
        var body = new ConfigNode(ConfigNodeKind.Map, "bench.yml", 1, 1);
        check = new ExpressionCheck(
            new CheckReferences(collectors, body, null, () => Value.None), [],
            [
                new CheckBranch(CheckState.Critical, Rule("critical_if", "{{collector.cpustats.cpuall.%idle}} < 1"), null),
                new CheckBranch(CheckState.Warning, Rule("warning_if", "{{collector.cpustats.cpuall.%idle}} < 5"), null),
            ],
            Rule("ok_output", "'OK: cpu is great: %s%%' % (100-{{collector.cpustats.cpuall.%idle}})"));
        standing = CheckStanding.New(default);
    }

    /// <summary>Both conditions and the text.</summary>
    [Benchmark]
    public object Judge() => check.Run(TimeSpan.FromSeconds(1), out _);

    /// <summary>Judgement and state machine: what one of 1,000 checks a second costs.</summary>
    [Benchmark]
    public CheckStanding JudgeAndStand() =>
        standing = CheckMachine.Next(standing, check.Run(TimeSpan.FromSeconds(1), out _), rules, default, out _);

    /// <summary>A line of text and three values.</summary>
    [Benchmark]
    public PluginOutput ReadOutput() => PluginOutput.Parse(PluginOutputText);

    /// <summary>Start, read, reap: the floor of every plugin.</summary>
    [Benchmark]
    public object RunProgram() => ProcessGroup.Run(program, TimeSpan.FromSeconds(10));
}
