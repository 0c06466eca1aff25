using System.Diagnostics;
using System.Globalization;
using OpsBro.Tests.Simulation.KeyValue;

namespace OpsBro.Tests.Simulation;

/// <summary>
/// What <c>./dev sim</c> runs: scenarios with any number of seeds and nodes, a line a run. The exit code is 1 when a claim did not hold.
/// </summary>
static class SimProgram
{
    /// <summary>From so many nodes on only the scenario that starts converged is of use.</summary>
    const int Large = 2_000;

    const string Usage = """
        ./dev sim [--scenario NAME] [--nodes N] [--seeds N] [--seed N]
            plays every scenario, or one, with 5 seeds, or N, or the one that a failed run named
        """;

    /// <summary>The test assembly's entry point; the test runner does not use it.</summary>
    public static int Main(string[] args)
    {
        if (args is [Killing.StoreChild.Verb, var directory]) return Killing.StoreChild.Run(directory);
        if (args is [Killing.MemoryChild.Verb, _, _, _]) return Killing.MemoryChild.Run(args);
        var (names, nodes, first, seeds) = (new List<string>(), 0, 1ul, 5ul);
        for (var i = 0; i < args.Length; i += 2)
        {
            if (i + 1 == args.Length || (args[i] != "--scenario" && !ulong.TryParse(args[i + 1], CultureInfo.InvariantCulture, out _))) return Explain();
            switch (args[i])
            {
                case "--scenario": names.Add(args[i + 1]); break;
                case "--nodes": nodes = int.Parse(args[i + 1], CultureInfo.InvariantCulture); break;
                case "--seeds": seeds = ulong.Parse(args[i + 1], CultureInfo.InvariantCulture); break;
                case "--seed": (first, seeds) = (ulong.Parse(args[i + 1], CultureInfo.InvariantCulture), 1); break;
                default: return Explain();
            }
        }
        var wanted = names.Count > 0 ? Scenario.All.Where(s => names.Contains(s.Name)) : Scenario.All.Where(s => s.IsLarge == nodes >= Large);
        var stores = KeyValueScenario.All.Where(s => names.Count > 0 ? names.Contains(s.Name) : nodes == 0);   // they choose their nodes by the seed
        if (!wanted.Any() && !stores.Any()) return Explain();
        var failed = 0;
        foreach (var scenario in stores)
            for (var seed = first; seed < first + seeds; seed++)
                if (!Play(scenario, seed)) failed++;
        foreach (var scenario in wanted)
            for (var seed = first; seed < first + seeds; seed++)
                if (!Play(scenario, nodes > 0 ? nodes : scenario.SizeOf(seed), seed)) failed++;
        return failed == 0 ? 0 : 1;
    }

    static bool Play(Scenario scenario, int nodes, ulong seed)
    {
        var before = Process.GetCurrentProcess().TotalProcessorTime;
        try
        {
            var sim = scenario.Play(nodes, seed);
            var cpu = Process.GetCurrentProcess().TotalProcessorTime - before;
            Say($"{scenario.Name,-14} {nodes,5} nodes  seed {seed,-4} {sim.Now.TotalSeconds,6:0.0} s virtual {cpu.TotalSeconds,6:0.00} s CPU "
                + $"{sim.Packets,9} packets {sim.Bytes,11} bytes  {(sim.Figures.Length == 0 ? "ok" : sim.Figures)}");
            return true;
        }
        catch (SimException e)
        {
            Say($"{scenario.Name,-14} FAILED  {e.Message}; again with: {Again(scenario, nodes, seed)}");
            return false;
        }
    }

    static bool Play(KeyValueScenario scenario, ulong seed)
    {
        var before = Process.GetCurrentProcess().TotalProcessorTime;
        try
        {
            var sim = scenario.Play(seed);
            var cpu = Process.GetCurrentProcess().TotalProcessorTime - before;
            Say($"{scenario.Name,-14} {sim.Nodes.Count,5} nodes  seed {seed,-4} {sim.Now.TotalSeconds,6:0.0} s virtual {cpu.TotalSeconds,6:0.00} s CPU "
                + $"{sim.Network.Messages,9} messages {sim.Network.Bytes,11} bytes  {sim.Figures}");
            return true;
        }
        catch (SimException e)
        {
            Say($"{scenario.Name,-14} FAILED  {e.Message}\nagain with: {Again(scenario, seed)}");
            return false;
        }
    }

    /// <summary>The command that plays a run of the store of keys and values again.</summary>
    public static string Again(KeyValueScenario scenario, ulong seed) => $"./dev sim --scenario {scenario.Name} --seed {seed}";

    /// <summary>The command that plays a run again.</summary>
    public static string Again(Scenario scenario, int nodes, ulong seed) => $"./dev sim --scenario {scenario.Name} --nodes {nodes} --seed {seed}";

    static int Explain()
    {
        Say(Usage);
        foreach (var scenario in Scenario.All) Say($"    {scenario.Name,-14} {scenario.Claim}");
        foreach (var scenario in KeyValueScenario.All) Say($"    {scenario.Name,-14} {scenario.Claim}");
        return 2;
    }

    static void Say(FormattableString line) => Console.Out.WriteLine(line.ToString(CultureInfo.InvariantCulture));

    static void Say(string line) => Console.Out.WriteLine(line);
}
