using OpsBro.Platform;

namespace OpsBro.Collectors.Linux;

/// <summary>
/// NFS as a client and as a server, in calls. Source: /proc/net/rpc/nfs and nfsd, both only while the module is loaded; the numbers of
/// nfsstat(8). Nothing here touches a mount, so a dead server does not stop it.
/// </summary>
internal sealed class Nfs : ICollector
{
    const int ClientCalls = 0, ClientRetransmits = 1, ServerCalls = 2, ServerBadCalls = 3, ServerRead = 4, ServerWritten = 5, Columns = 6;

    readonly CounterMemory memory = new(Columns);

    /// <inheritdoc/>
    public string Name => "nfs";

    /// <inheritdoc/>
    public string Summary => "Calls of the NFS client and server, from /proc/net/rpc.";

    /// <inheritdoc/>
    public bool NeedsTwoRuns => true;

    /// <inheritdoc/>
    public IReadOnlyList<KeyDoc> Keys { get; } =
    [
        new("client.calls/s", "1/s", "Calls to all NFS servers."),
        new("client.retransmits/s", "1/s", "Calls sent again because no answer came."),
        new("server.calls/s", "1/s", "Calls of all NFS clients."),
        new("server.bad_calls/s", "1/s", "Calls refused."),
        new("server.read_bytes/s", "bytes/s", "Read by clients."),
        new("server.write_bytes/s", "bytes/s", "Written by clients."),
        new("server.threads", "", "Threads of the server."),
    ];

    /// <inheritdoc/>
    public Outcome Collect(CollectorRun run)
    {
        memory.Start(run.Now);
        var all = memory.Of("all"u8)!;
        var isClient = run.Host.TryRead("/proc/net/rpc/nfs", out var client);
        if (isClient && Field(client, "rpc"u8, 0) is { } calls)
            (all.Now[ClientCalls], all.Now[ClientRetransmits]) = (calls, Field(client, "rpc"u8, 1) ?? 0);
        var isServer = run.Host.TryRead("/proc/net/rpc/nfsd", out var server);
        if (isServer)
        {
            all.Now[ServerCalls] = Field(server, "rpc"u8, 0) ?? 0;
            all.Now[ServerBadCalls] = Field(server, "rpc"u8, 1) ?? 0;
            all.Now[ServerRead] = Field(server, "io"u8, 0) ?? 0;
            all.Now[ServerWritten] = Field(server, "io"u8, 1) ?? 0;
            if (Field(server, "th"u8, 0) is { } threads) run.Data.Section("server").Set("threads", threads);
        }
        if (!isClient && !isServer) return Outcome.None("this host uses and serves no NFS (no /proc/net/rpc/nfs and nfsd)");
        if (all.HasDifference) Write(all, isClient, isServer, run.Data);
        return Outcome.Ok;
    }

    /// <summary>A number of a line <c>rpc 8120 3 0</c>, counted from 0; null when it is not there.</summary>
    internal static long? Field(ReadOnlySpan<byte> text, ReadOnlySpan<byte> wanted, int index)
    {
        var lines = new LineReader(text);
        while (lines.TryNext(out var line))
        {
            var fields = new FieldReader(line);
            if (!fields.TryNext(out ReadOnlySpan<byte> name) || !name.SequenceEqual(wanted)) continue;
            return fields.TrySkip(index) && fields.TryNext(out long number) ? number : null;
        }
        return null;
    }

    static void Write(Counters all, bool isClient, bool isServer, DataWriter data)
    {
        if (isClient)
        {
            data.Section("client").Set("calls/s", all.Rate(ClientCalls));
            data.Section("client").Set("retransmits/s", all.Rate(ClientRetransmits));
        }
        if (!isServer) return;
        var server = data.Section("server");
        server.Set("calls/s", all.Rate(ServerCalls));
        server.Set("bad_calls/s", all.Rate(ServerBadCalls));
        server.Set("read_bytes/s", all.Rate(ServerRead));
        server.Set("write_bytes/s", all.Rate(ServerWritten));
    }
}
