using OpsBro.Core.Expressions;
using OpsBro.Evaluator;
using OpsBro.Tests.Expressions;

namespace OpsBro.Tests.Evaluator;

/// <summary>Every rule of the README of 2017 that states the mission, as written there.</summary>
public class SeedRulesTests
{
    static readonly FunctionTable Functions = WorldFunctions.Table(new WorldHooks(_ => false, _ => false, () => "", TimeProvider.System));

    static Value Eval(string rule, double idle) => Expression.Compile(rule, Functions).Evaluate(new SampleReferences(SampleReferences.Dict(
        ("collector", SampleReferences.Dict(("cpustats", SampleReferences.Dict(("cpuall", SampleReferences.Dict(("%idle", Value.Of(idle)))))))),
        ("configuration", SampleReferences.Dict(("thresholds", SampleReferences.Dict(
            ("cpuidle", SampleReferences.Dict(("warning", Value.Of(5)), ("critical", Value.Of(1))))))))).AsDict));

    [Theory]
    [InlineData(97.25, false, false)]
    [InlineData(4.5, false, true)]
    [InlineData(0.5, true, true)]
    public void The_cpu_check_judges(double idle, bool isCritical, bool isWarning)
    {
        Assert.Equal(isCritical, Eval("{collector.cpustats.cpuall.%idle} < {configuration.thresholds.cpuidle.critical}", idle).IsTrue);
        Assert.Equal(isWarning, Eval("{collector.cpustats.cpuall.%idle} < {configuration.thresholds.cpuidle.warning}", idle).IsTrue);
    }

    [Theory]
    [InlineData("'OK: cpu is great: %s%%' % (100-{collector.cpustats.cpuall.%idle})", "OK: cpu is great: 2.75%")]
    [InlineData("'Critical: cpu is too high: %s%%' % (100-{collector.cpustats.cpuall.%idle})", "Critical: cpu is too high: 2.75%")]
    [InlineData("'Warning: cpu is very high: %s%%' % (100-{collector.cpustats.cpuall.%idle})", "Warning: cpu is very high: 2.75%")]
    public void The_cpu_check_speaks(string rule, string output) => Assert.Equal(output, Eval(rule, 97.25).Str());

    [Fact]
    public void The_detector_of_centos_asks_the_release_file() =>
        Assert.Equal(ValueKind.Bool, Eval("grep('centos', '/etc/redhat-release')", 0).Kind);
}
