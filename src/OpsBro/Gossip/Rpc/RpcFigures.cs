using System.Globalization;
using System.Runtime.InteropServices;
using OpsBro.Core.Gossip;
using OpsBro.Core.Wire;

namespace OpsBro.Gossip.Rpc;

/// <summary>What <c>serf info</c> shows: the same parts and names as Serf's own agent.</summary>
internal static class RpcFigures
{
    /// <summary>The figures of now.</summary>
    public static async Task<RpcStats> Of(RpcParts parts, GossipPool pool)
    {
        var (serf, tags) = await pool.Ask((engine, _) => (Serf(engine, pool.IsEncrypted), engine.Self.Tags));
        var handlers = parts.Cluster.Options.Handlers.Lines.Select((line, i) => KeyValuePair.Create($"{i + 1}", line.Text));
        return new RpcStats(
        [
            new("agent", [new("name", pool.Settings.Name)]),
            new("event_handlers", [.. handlers]),
            new("runtime", Runtime()),
            new("serf", serf),
            new("tags", tags),
        ]);
    }

    static List<KeyValuePair<string, string>> Serf(GossipEngine engine, bool isEncrypted)
    {
        var (failed, left) = (0, 0);
        foreach (var member in engine.Members())
        {
            if (member.Status == MemberStatus.Failed) failed++;
            if (member.Status == MemberStatus.Left) left++;
        }
        var (intents, queries, events) = engine.Queues;
        return
        [
            new("coordinate_resets", "0"),
            new("encrypted", isEncrypted ? "true" : "false"),
            Number("event_queue", events),
            Number("event_time", engine.EventClock + 1),
            Number("failed", failed),
            Number("health_score", engine.Health),
            Number("intent_queue", intents),
            Number("left", left),
            // Serf shows the time that its next message will have
            Number("member_time", engine.Clock + 1),
            Number("members", engine.Count),
            Number("query_queue", queries),
            Number("query_time", engine.QueryClock + 1),
        ];
    }

    static List<KeyValuePair<string, string>> Runtime() =>
    [
        new("arch", RuntimeInformation.ProcessArchitecture switch
        {
            Architecture.X64 => "amd64",
            Architecture.X86 => "386",
            var other => other.ToString().ToLowerInvariant(),
        }),
        Number("cpu_count", Environment.ProcessorCount),
        // Go's word; ours are threads of the pool
        Number("goroutines", ThreadPool.ThreadCount),
        Number("max_procs", Environment.ProcessorCount),
        new("os", "linux"),
        new("version", $"opsbro {Product.Version}"),
    ];

    static KeyValuePair<string, string> Number<T>(string name, T value) where T : IFormattable =>
        new(name, value.ToString(null, CultureInfo.InvariantCulture));
}
