using BenchmarkDotNet.Attributes;
using OpsBro.Core.Expressions;

namespace OpsBro.Benchmarks;

/// <summary>The hot path of checks and detectors: a compiled rule over data that is there. Target: 300 ns and no allocation.</summary>
[ShortRunJob]
[MemoryDiagnoser]
public class RuleBenchmarks
{
    const string Numeric = "{{collector.cpustats.cpu_all.%idle}} >= {{parameters.cpu_critical}} and 3 * 2 > 1";

    readonly FunctionTable functions = FunctionTable.Pure();
    readonly Data data = new();
    readonly Expression numeric, output;

    public RuleBenchmarks() => (numeric, output) = (Expression.Compile(Numeric, functions),
        Expression.Compile("'OK: cpu is great: %.2f%%' % (100 - {{collector.cpustats.cpu_all.%idle}})", functions));

    [Benchmark]
    public Value NumericRule() => numeric.Evaluate(data);

    [Benchmark]
    public Value FormattedOutput() => output.Evaluate(data);

    [Benchmark]
    public Expression Compiling() => Expression.Compile(Numeric, functions);

    sealed class Data : IReferences
    {
        readonly Value collectors = Dict("cpustats", Dict("cpu_all", Dict("%idle", Value.Of(97.5))));
        readonly Value parameters = Dict("cpu_critical", Value.Of(5));

        static Value Dict(string key, Value value)
        {
            var dict = new DictValue();
            dict[key] = value;
            return Value.Of(dict);
        }

        public bool TryResolve(Reference reference, out Value value, out string problem) =>
            ReferencePath.TryWalk(reference.Root == "collector" ? collectors : parameters, reference.Path, out value, out problem);
    }
}
