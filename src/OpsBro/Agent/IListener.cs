namespace OpsBro.Agent;

/// <summary>Something with ports of its own, beside the API and gossip: <c>agent info</c> tells where they are.</summary>
internal interface IListener
{
    /// <summary>The section of the configuration that opens it.</summary>
    string Section { get; }

    /// <summary>Where it listens now; empty while it is off, and while the ports are taken.</summary>
    IReadOnlyList<string> Listens { get; }
}
