using System.CommandLine;
using System.Text.Json.Serialization;

namespace OpsBro.Cli;

/// <summary>The name of a member: all that a completion needs of <c>/v1/members</c>.</summary>
internal sealed record NodeName(string Name);

/// <summary>The argument NODE of verbs that may look at another node.</summary>
internal static class NodeNames
{
    /// <summary>The argument; it may be left out for the agent that is asked.</summary>
    public static Argument<string?> Argument(ApiClient api) => Verb.Name("node", "Another node of the cluster; this one when it is left out.",
        async cancel => (await api.Get("/v1/members", NodeNamesJson.Default.NodeNameArray, cancel)).Select(m => m.Name), isOptional: true);

    /// <summary>What must be said of a node before what it said: nothing is known of it, or it is gone. Empty for one that is there.</summary>
    public static string Note(string node, string state, bool isKnown, double? ageSeconds) => (isKnown, ageSeconds) switch
    {
        (false, _) => $"nothing is known of {node}, which is {state}: it never told, or it is a plain Serf agent",
        (true, { } age) => $"{node} is {state}: this is its last state, {Config.Durations.Text(TimeSpan.FromSeconds(Math.Round(age)))} old",
        _ => "",
    };
}

/// <summary>JSON of names.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(NodeName[]))]
internal sealed partial class NodeNamesJson : JsonSerializerContext;
