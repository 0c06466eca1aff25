using BenchmarkDotNet.Running;

BenchmarkSwitcher.FromAssembly(typeof(OpsBro.Benchmarks.RuleBenchmarks).Assembly).Run(args);
