namespace OpsBro.Tests.EndToEnd;

/// <summary>An encrypted cluster of Serf's agent and ours: keys are changed from either side.</summary>
public class SerfKeysEndToEndTests
{
    static readonly string first = Convert.ToBase64String([.. Enumerable.Range(1, 16).Select(i => (byte)i)]);
    static readonly string second = Convert.ToBase64String([.. Enumerable.Range(101, 32).Select(i => (byte)i)]);

    [Fact]
    public async Task Keys_are_installed_used_and_removed_from_either_side()
    {
        await using var serf = await RunningSerf.Started("theirs", $"-encrypt={first}");
        await using var ours = await MixedCluster.Our("ours", $"encrypt: '{first}'", "rpc: {enabled: true, address: '{0}:7373'}");
        await using var stranger = await MixedCluster.Our("stranger", $"encrypt: '{second}'");
        await ours.Run("gossip", "join", serf.Address);
        await serf.Sees("ours", "alive");
        await ours.Sees("theirs", "alive");
        var refused = await stranger.Run("gossip", "join", ours.Address);

        var installed = await serf.Run("keys", $"-install={second}");
        var listed = await Our("keys", "-list");
        var used = await Our("keys", $"-use={second}");
        var kept = await Our("keys", $"-remove={second}");
        var removed = await serf.Run("keys", $"-remove={first}");
        var last = (await Our("keys", "-list"), await serf.Run("keys", "-list"));
        await serf.Run("event", "sealed", "with the second");

        await ours.Run("gossip", "events", "wait", "sealed", "--timeout", "60");
        Assert.NotEqual(0, refused.ExitCode);
        foreach (var said in new[] { installed, used, removed })
            Assert.True(said.ExitCode == 0, $"{said.Output}{said.Errors}\n{serf.LogText}\n{ours.LogText()}");
        Assert.Equal((true, true), (IsEverywhere(first, listed), IsEverywhere(second, listed)));
        Assert.NotEqual(0, kept.ExitCode);   // the primary key stays
        Assert.Contains("2/2 nodes reported failure", kept.Errors + kept.Output);
        foreach (var said in new[] { last.Item1, last.Item2 })
        {
            Assert.True(IsEverywhere(second, said), said.Output);
            Assert.DoesNotContain(first, said.Output);
        }
        var file = Path.Join(ours.Data, "gossip", "zones", "internet", "keyring.json");
        await RunningAgent.Until(() => File.ReadAllText(file) is var text && text.Contains(second) && !text.Contains(first), () => "the new keyring");
        // the key of the last list is ours as well: the same node joins now
        Assert.Equal(0, (await stranger.Run("gossip", "join", ours.Address)).ExitCode);
        await serf.Sees("stranger", "alive");

        static bool IsEverywhere(string key, Said said) =>
            said.Output.Split('\n').Any(line => line.StartsWith(key, StringComparison.Ordinal) && line.EndsWith("[2/2]", StringComparison.Ordinal));
        Task<Said> Our(params string[] args) => RunningSerf.Run($"{ours.Address}:7373", args);
    }
}
