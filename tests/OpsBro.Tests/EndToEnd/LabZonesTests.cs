using System.Security.Cryptography;
using System.Text.Json;

namespace OpsBro.Tests.EndToEnd;

/// <summary>
/// Three zones below each other, internet, paris and rack, each with a key of its own, a proxy node and another node. Nodes above know those
/// below through the proxies only: no datagram goes from the pool of one zone to that of another.
/// </summary>
public class LabZonesTests
{
    static readonly string[] zones = ["internet", "paris", "rack"];
    static readonly string[] keys = [.. zones.Select(_ => Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)))];

    /// <summary>What a node of each zone may see: itself and all below, and the proxies right above.</summary>
    static readonly string[][] sights =
    [
        ["internet/n0", "internet/n1", "paris/n2", "paris/n3", "rack/n4", "rack/n5"],
        ["internet/n0", "paris/n2", "paris/n3", "rack/n4", "rack/n5"],
        ["paris/n2", "rack/n4", "rack/n5"],
    ];

    [NetworkFact]
    public async Task A_zone_sees_what_is_below_it_and_the_proxies_right_above()
    {
        await using var cluster = await Zoned();
        var all = Enumerable.Range(0, cluster.Agents.Count).ToList();

        await cluster.Start(all);
        await cluster.Until(all, "sees what its zone may see", async host =>
            (await Members(cluster, host)).Where(m => State(m) == "alive").Select(Place).SequenceEqual(sights[host / 2]));
        await cluster.Until([0, 1, 2, 3], "knows the groups of n5", async host =>
            (await Members(cluster, host)).Any(m => Place(m) == "rack/n5" && HasGroup(m, "found")));
        await cluster.Agents[5].Kill();
        await cluster.Until([0, 1, 2, 3, 4], "sees n5 fail", async host =>
            (await Members(cluster, host)).Any(m => Place(m) == "rack/n5" && State(m) == "failed"));
        await cluster.Agents[5].Start();
        await cluster.Until(all, "sees n5 again", async host =>
            (await Members(cluster, host)).Where(m => State(m) == "alive").Select(Place).SequenceEqual(sights[host / 2]));
    }

    /// <summary>Two nodes a zone, the first one its proxy. Those above know where the proxy below listens for them.</summary>
    static async Task<LabCluster> Zoned()
    {
        var cluster = await LabCluster.Prepare(2 * zones.Length, host => ["profile: local", $"encrypt: \"{keys[host / 2]}\""]);
        for (var host = 0; host < cluster.Agents.Count; host++)
        {
            var (agent, zone, isProxy) = (cluster.Agents[host], host / 2, host % 2 == 0);
            agent.AddToAgentYml($"node-zone: {zones[zone]}\nproxy-node: {(isProxy ? "true" : "false")}\n");
            for (var above = 0; above < zones.Length - 1; above++)
                agent.Write($"zones/{zones[above]}.yml", $"zone: {{name: {zones[above]}, sub-zones: [{zones[above + 1]}]}}\n");
            agent.Write("zones/rack.yml", "zone: {name: rack}\n");
            if (isProxy && zone > 0) agent.Write($"zone_keys/{zones[zone - 1]}.gossip.key", keys[zone - 1] + "\n");
            var below = host + 2 < cluster.Agents.Count ? $", \"{NetworkLab.AddressOf(host + 2)}:7947\"" : "";
            agent.Write("conf.d/seeds.yml", isProxy ? $"seeds: [{NetworkLab.AddressOf(host + 1)}{below}]\n" : $"seeds: [{NetworkLab.AddressOf(host - 1)}]\n");
            agent.Write("detectors/found.yml", "detector: {id: found, interval: 1s, apply_if: \"True\", add_groups: [found]}\n");
        }
        return cluster;
    }

    static async Task<List<JsonElement>> Members(LabCluster cluster, int host) =>
        await cluster.Agents[host].Ask("/v1/members") is { } members ? [.. members.EnumerateArray()] : [];

    static string Place(JsonElement member) => $"{member.GetProperty("zone")}/{member.GetProperty("name")}";

    static string State(JsonElement member) => $"{member.GetProperty("state")}";

    static bool HasGroup(JsonElement member, string group) => member.GetProperty("groups").EnumerateArray().Any(g => $"{g}" == group);
}
