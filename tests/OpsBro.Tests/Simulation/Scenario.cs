namespace OpsBro.Tests.Simulation;

/// <summary>A story with claims: the tests run it for 20 seeds, <c>./dev sim</c> for as many as one likes.</summary>
/// <param name="Name">One word or two, for the command line.</param>
/// <param name="Claim">What holds.</param>
/// <param name="Sizes">Numbers of nodes that the tests take, one after the other.</param>
/// <param name="Play">Plays it with so many nodes and a seed; throws <see cref="SimException"/> where the claim does not hold.</param>
/// <param name="IsLarge">It takes thousands of nodes: by <c>./dev sim --nodes 10000</c> only.</param>
sealed record Scenario(string Name, string Claim, int[] Sizes, Func<int, ulong, SimCluster> Play, bool IsLarge = false)
{
    /// <summary>All of them.</summary>
    public static IReadOnlyList<Scenario> All { get; } = [.. Failures.All, .. Networks.All, .. Rumours.All, .. States.All, .. Attacks.All];

    /// <summary>Number of nodes that a seed of the tests takes.</summary>
    public int SizeOf(ulong seed) => Sizes[(int)(seed % (ulong)Sizes.Length)];
}
