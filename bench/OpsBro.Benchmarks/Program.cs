using BenchmarkDotNet.Running;
using OpsBro.Benchmarks;

if (args is ["dns-server", .. var rest]) return DnsServing.Run(rest);
BenchmarkSwitcher.FromAssembly(typeof(RuleBenchmarks).Assembly).Run(args);
return 0;
