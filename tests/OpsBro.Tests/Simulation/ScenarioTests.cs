namespace OpsBro.Tests.Simulation;

/// <summary>Every scenario for twenty seeds, and those of a thousand nodes. docs/simulation.md says how to see a run again.</summary>
public class ScenarioTests
{
    const int Seeds = 20;

    public static TheoryData<string, ulong> Runs()
    {
        var runs = new TheoryData<string, ulong>();
        foreach (var scenario in Scenario.All)
            for (var seed = 1ul; seed <= Seeds; seed++) runs.Add(scenario.Name, seed);
        return runs;
    }

    [Theory, MemberData(nameof(Runs))]
    public void The_claim_of_each_scenario_holds(string name, ulong seed)
    {
        var scenario = Scenario.All.Single(s => s.Name == name);

        Play(scenario, scenario.SizeOf(seed), seed);
    }

    [Theory, InlineData("state-join"), InlineData("newcomer"), InlineData("urgent"), InlineData("urgent-loss"), InlineData("kill")]
    public void The_claim_holds_for_a_thousand_nodes(string name) => Play(Scenario.All.Single(s => s.Name == name), 1_000, 1);

    [Fact]
    public void The_same_seed_is_the_same_run()
    {
        var (one, other) = (Networks.All[1].Play(10, 7), Networks.All[1].Play(10, 7));

        Assert.Equal((one.Packets, one.Bytes, one.Datagrams, one.Streams), (other.Packets, other.Bytes, other.Datagrams, other.Streams));
    }

    static void Play(Scenario scenario, int nodes, ulong seed)
    {
        try
        {
            scenario.Play(nodes, seed);
        }
        catch (SimException e)
        {
            Assert.Fail($"{scenario.Claim}: {e.Message}; see it again with: {SimProgram.Again(scenario, nodes, seed)}");
        }
    }
}
