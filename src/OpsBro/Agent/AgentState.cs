namespace OpsBro.Agent;

/// <summary>What the running agent knows of itself; made once at start.</summary>
/// <param name="Options">Its directories.</param>
/// <param name="Identity">Its name and id.</param>
/// <param name="StartedAt">When it started, UTC.</param>
internal sealed record AgentState(AgentOptions Options, Identity Identity, DateTimeOffset StartedAt)
{
    /// <summary>The same moment, monotonic: the wall clock of a host may jump after its start.</summary>
    public TimeSpan Began { get; } = Platform.Monotonic.Now;

    /// <summary>Where the API listens; filled once the listeners are open.</summary>
    public IReadOnlyList<string> Addresses { get; set; } = [];

    /// <summary>What went wrong at start and needs a restart to mend, for instance an address that is taken.</summary>
    public IReadOnlyList<Config.Problem> Problems { get; set; } = [];
}
