namespace OpsBro.Tests.EndToEnd;

/// <summary>
/// One cluster for many tests: two of ours and three of Serf's, with and without compression, one of them with Serf's oldest protocol.
/// Handlers on both kinds write what they are given into a file of their node.
/// </summary>
public sealed class MixedCluster : IAsyncLifetime
{
    readonly string records = Directory.CreateTempSubdirectory("opsbro-serf-").FullName;
    readonly List<IAsyncDisposable> all = [];

    /// <summary>Ours, with the RPC and handlers.</summary>
    internal RunningAgent Alpha { get; private set; } = null!;

    /// <summary>Ours, without compression.</summary>
    internal RunningAgent Beta { get; private set; } = null!;

    /// <summary>Serf's, with handlers.</summary>
    internal RunningSerf Gamma { get; private set; } = null!;

    /// <summary>Serf's, without compression.</summary>
    internal RunningSerf Delta { get; private set; } = null!;

    /// <summary>Serf's, with protocol 2: it has a role and no tags.</summary>
    internal RunningSerf Elder { get; private set; } = null!;

    /// <summary>The RPC of <see cref="Alpha"/>.</summary>
    internal string Rpc => $"{Alpha.Address}:7373";

    /// <summary>Every name in it.</summary>
    internal static readonly string[] Names = ["alpha", "beta", "delta", "elder", "gamma"];

    /// <inheritdoc/>
    public async Task InitializeAsync()
    {
        var script = Path.Join(records, "record");
        await File.WriteAllTextAsync(script, $$"""
            #!/bin/sh
            text="$SERF_EVENT $SERF_USER_EVENT$SERF_QUERY_NAME $SERF_SELF_NAME $SERF_SELF_ROLE $SERF_TAG_DC [$(tr '\n\t' ';,')]"
            echo "$text" >> "{{records}}/$SERF_SELF_NAME"
            """);
        File.SetUnixFileMode(script, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        string[] handlers =
            [$"user,member-join,member-leave,member-update={script}", "query:load=echo \"load of $SERF_SELF_NAME\"; cat", "query:big=seq 1 900"];
        var alpha = Our("alpha", "tags: {role: web, dc: paris}", $"rpc: {{enabled: true, address: '{{0}}:7373'}}",
            $"handlers: [{string.Join(", ", handlers.Select(h => $"'{h}'"))}]");
        var beta = Our("beta", "tags: {role: db}", "compress: false");
        var gamma = RunningSerf.Started("gamma", ["-tag=role=web", "-tag=dc=oslo", .. handlers.Select(h => $"-event-handler={h}")]);
        var delta = RunningSerf.Started("delta", "-tag=role=db", "-disable-compression");
        var elder = RunningSerf.Started("elder", "-role=old", "-protocol=2");
        await Task.WhenAll(alpha, beta, gamma, delta, elder);
        (Alpha, Beta, Gamma, Delta, Elder) = (await alpha, await beta, await gamma, await delta, await elder);
        all.AddRange([Alpha, Beta, Gamma, Delta, Elder]);
        // each way of joining: ours to ours, ours to Serf's, Serf's to ours, Serf's to Serf's
        await Task.WhenAll(Beta.Run("gossip", "join", Alpha.Address), Alpha.Run("gossip", "join", Gamma.Address), Delta.Run("join", Alpha.Address));
        await Elder.Run("join", Gamma.Address);
        await Task.WhenAll(Names.Select(name => Alpha.Sees(name, "alive"))
            .Concat(Names.Select(name => Beta.Sees(name, "alive"))).Concat(Names.Select(name => Gamma.Sees(name, "alive"))));
    }

    /// <summary>A started agent of ours; <c>{0}</c> stands for its address.</summary>
    internal static async Task<RunningAgent> Our(string name, params string[] more)
    {
        var agent = RunningAgent.Prepare();
        agent.Gossip([$"name: {name}", .. more.Select(line => line.Replace("{0}", agent.Address))]);
        await agent.Start();
        return agent;
    }

    /// <summary>What the handlers of a node wrote.</summary>
    internal string[] Recorded(string node)
    {
        var file = Path.Join(records, node);
        return File.Exists(file) ? File.ReadAllLines(file) : [];
    }

    /// <summary>Waits until the handlers of a node wrote a line.</summary>
    internal Task Records(string node, string line) => RunningAgent.Until(
        () => Recorded(node).Contains(line), () => $"\"{line}\" from {node}:\n{string.Join('\n', Recorded(node))}");

    /// <inheritdoc/>
    public async Task DisposeAsync()
    {
        foreach (var one in all) await one.DisposeAsync();
        Directory.Delete(records, recursive: true);
    }
}
