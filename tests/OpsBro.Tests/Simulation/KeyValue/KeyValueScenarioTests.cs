namespace OpsBro.Tests.Simulation.KeyValue;

/// <summary>Every scenario of the store of keys and values for twenty seeds. docs/simulation.md says how to see a run again.</summary>
public class KeyValueScenarioTests
{
    const int Seeds = 20;

    public static TheoryData<string, ulong> Runs()
    {
        var runs = new TheoryData<string, ulong>();
        foreach (var scenario in KeyValueScenario.All)
            for (var seed = 1ul; seed <= Seeds; seed++) runs.Add(scenario.Name, seed);
        return runs;
    }

    [Theory, MemberData(nameof(Runs))]
    public void The_claim_of_each_scenario_holds(string name, ulong seed)
    {
        var scenario = KeyValueScenario.All.Single(s => s.Name == name);
        try
        {
            scenario.Play(seed);
        }
        catch (SimException e)
        {
            Assert.Fail($"{scenario.Claim}: {e.Message}\nsee it again with: {SimProgram.Again(scenario, seed)}");
        }
    }

    [Fact]
    public void The_same_seed_is_the_same_run()
    {
        var (one, other) = (Storm.Play(3), Storm.Play(3));

        Assert.Equal((one.Network.Messages, one.Network.Bytes, one.Now), (other.Network.Messages, other.Network.Bytes, other.Now));
        Assert.Equal(one.History.Attempts.Select(a => a.ToString()), other.History.Attempts.Select(a => a.ToString()));
    }
}
