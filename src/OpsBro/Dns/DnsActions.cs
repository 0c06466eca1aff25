using System.Buffers.Binary;
using OpsBro.Api;
using OpsBro.Core.Dns;
using OpsBro.Core.Gossip;
using OpsBro.Gossip;

namespace OpsBro.Dns;

/// <summary>What the API answers about DNS.</summary>
internal sealed class DnsActions(DnsLoop loop, TimeProvider time)
{
    /// <summary>What the server does.</summary>
    public async Task<DnsView> Now()
    {
        var (server, options) = (loop.Server, loop.Options);
        var zone = server?.Zone ?? await Zone(options.IsNearestFirst);
        var (udp, tcp) = server?.Counts ?? ([], []);
        DnsCounts[] all = [.. udp, .. tcp];
        var (connections, refused) = server?.Connections ?? (0, 0);
        var rcodes = new SortedDictionary<string, long>(StringComparer.Ordinal);
        foreach (var rcode in Enum.GetValues<DnsRcode>())
            if (all.Sum(c => c.Of(rcode)) is > 0 and var count) rcodes[rcode.Word()] = count;
        return new DnsView
        {
            Enabled = options.IsEnabled,
            Listens = [.. loop.Listens],
            Problems = server?.Problems ?? [],
            Domain = "." + options.Domain,
            Names = zone.Count,
            Nodes = zone.Nodes.Count,
            Alive = zone.Nodes.Count(n => n.IsAlive),
            Unnamed = [.. zone.Unnamed],
            PictureAt = server is null ? null : loop.Picture?.At,
            PictureMs = server is null ? 0 : loop.Picture?.Milliseconds ?? 0,
            UdpQueries = udp.Sum(c => c.Queries),
            TcpQueries = tcp.Sum(c => c.Queries),
            Rcodes = rcodes,
            Cut = all.Sum(c => c.Cut),
            Dropped = all.Sum(c => c.Dropped),
            Limited = all.Sum(c => c.Limited),
            Lost = server?.Lost ?? 0,
            Connections = connections,
            RefusedConnections = refused,
            Forwarders = [.. options.Forwarders.Select(f => f.ToString())],
            Forwarded = server?.Forwarder.Asked ?? 0,
            ForwardFailed = server?.Forwarder.Failed ?? 0,
            ForwardOverflows = server?.Forwarder.Overflows ?? 0,
            Faults = server?.Faults ?? 0,
        };
    }

    async Task<DnsZone> Zone(bool isNearestFirst)
    {
        try
        {
            return await loop.Zone(isNearestFirst);
        }
        catch (PoolClosedException e)
        {
            throw new ApiProblem(503, e.Message);
        }
    }

    /// <summary>Every name that leads to something, sorted, without the domain; reverse ones as they are.</summary>
    public async Task<string[]> Names() => [.. (await Zone(loop.Options.IsNearestFirst)).Names.Order(StringComparer.Ordinal)];

    /// <summary>The answer to a question, as by TCP, and who is behind the name or left out.</summary>
    /// <exception cref="ApiProblem">400 for a name or type that is none.</exception>
    public async Task<DnsAnswerView> Ask(string name, string type, bool isNearestFirst)
    {
        var asked = DnsWords.TypeOf(type)
            ?? throw ApiProblem.Bad($"type is \"{type}\"; write {string.Join(", ", DnsWords.Types.Take(8).Select(t => t.Word))} or another type's name");
        var whole = Whole(name);
        if (DnsNames.Wire(whole) is not { } wire)
            throw ApiProblem.Bad($"name is \"{name}\", which is no name of DNS: labels have 1 to {DnsLimits.MaxLabel} bytes, all of it at most 253");
        var zone = await Zone(isNearestFirst || loop.Options.IsNearestFirst);
        var answer = DnsMessage.TryRead(Work(zone, wire, asked))!;
        var told = zone.Explain(whole)!;
        return new DnsAnswerView
        {
            Name = answer.Question,
            Type = asked.Word(),
            Rcode = answer.Rcode.Word(),
            Answers = Of(answer.Answers),
            Authorities = Of(answer.Authorities),
            Additionals = Of(answer.Additionals),
            Nodes = [.. told.Nodes.Select(n => Of(n.Node, n.Reason))],
        };
    }

    byte[] Work(DnsZone zone, byte[] name, DnsType type)
    {
        byte[] question = [.. name, 0, 0, 0, 0];
        BinaryPrimitives.WriteUInt16BigEndian(question.AsSpan(name.Length), (ushort)type);
        BinaryPrimitives.WriteUInt16BigEndian(question.AsSpan(name.Length + 2), DnsLimits.InternetClass);
        var query = new byte[DnsLimits.Header + question.Length];
        DnsQuery.Write(query, 0, 0, question, 0, false);
        var now = time.GetUtcNow().ToUnixTimeMilliseconds();
        var responder = new DnsResponder(new DnsCookies(new byte[16]), new DnsRateLimit(0, 0), new Chance((ulong)time.GetTimestamp()), canForward: false);
        var into = new byte[DnsLimits.MaxMessage];
        return into[..responder.Answer(zone, query, into, new DnsClient([127, 0, 0, 1], isStream: true, isLimited: false, mayForward: false), now)];
    }

    /// <summary>People leave the domain out.</summary>
    string Whole(string name)
    {
        var domain = loop.Options.Domain;
        var plain = name.TrimEnd('.');
        if (name.EndsWith('.') || plain.EndsWith(".arpa", StringComparison.OrdinalIgnoreCase)) return plain;
        return plain.Equals(domain, StringComparison.OrdinalIgnoreCase) || plain.EndsWith("." + domain, StringComparison.OrdinalIgnoreCase)
            ? plain
            : $"{plain}.{domain}";
    }

    static DnsRecordView[] Of(IReadOnlyList<DnsRecord> records) => [.. records.Select(r => new DnsRecordView(r.Name, r.Type.Word(), r.Ttl, r.Data))];

    static DnsNodeView Of(DnsNode node, DnsOmission reason) => new(node.Name, node.Zone, node.State, reason == DnsOmission.None, reason switch
    {
        DnsOmission.NotAlive => $"it is {node.State}",
        DnsOmission.Critical => "its service or check of that name is critical",
        DnsOmission.NoAddress => "no address of it is known",
        DnsOmission.NotOk => "not all of its checks are ok",
        _ => "",
    }, double.IsFinite(node.Distance) ? Math.Round(node.Distance * 1000, 3) : null);
}
