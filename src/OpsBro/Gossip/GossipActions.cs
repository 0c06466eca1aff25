using System.Text;
using System.Text.RegularExpressions;
using OpsBro.Api;
using OpsBro.Core.Gossip;

namespace OpsBro.Gossip;

/// <summary>What the API asks of the cluster: reads requests, asks the pool, and says in the operator's words what went wrong.</summary>
internal sealed class GossipActions(Cluster cluster, MemberViews members)
{
    /// <summary>Most addresses of one join.</summary>
    public const int MaxJoin = 256;

    /// <summary>Longest wait for a query's answers that may be asked for.</summary>
    public static readonly TimeSpan MostQueryTime = TimeSpan.FromMinutes(10);

    /// <summary>The pool of our zone.</summary>
    /// <exception cref="ApiProblem">409 when it does not run.</exception>
    public GossipPool Pool()
    {
        if (cluster.Own is { Broken.Length: 0 } pool) return pool;
        throw new ApiProblem(409, Why());
    }

    string Why() => cluster switch
    {
        { Options.IsEnabled: false } => "gossip is off (gossip.enabled in agent.yml)",
        { IsOut: true } => "this node has left the cluster; \"opsbro gossip join HOST\" brings it back",
        _ => cluster.Problems().FirstOrDefault() ?? "gossip is not running; see opsbro agent info",
    };

    /// <summary>Joins addresses.</summary>
    public async Task<JoinView[]> Join(JoinRequest request, CancellationToken cancel)
    {
        if (request.Addresses is not { Length: > 0 and <= MaxJoin } texts)
            throw ApiProblem.Bad($"addresses is missing; send {{\"addresses\": [\"host\"]}} with at most {MaxJoin}");
        await cluster.ComeBack();
        var pool = Pool();
        return await Task.WhenAll(texts.Select(text => JoinOne(pool, text, request.Replay, cancel)));
    }

    async Task<JoinView> JoinOne(GossipPool pool, string text, bool replay, CancellationToken cancel)
    {
        if (!SeedAddress.TryParse(text, cluster.Options.Port, out var seed))
            return new JoinView(text, false, "this is no address; write host, host:port or [address]:port");
        try
        {
            string? error = null;
            foreach (var address in await Addresses.Resolve(seed))
            {
                error = await pool.Join(address, !replay, cancel);
                if (error is not null) continue;
                pool.Snapshot?.Seed(seed);
                return new JoinView(text, true, "");
            }
            return new JoinView(text, false, error ?? "the name leads to no address");
        }
        catch (AddressException e)
        {
            return new JoinView(text, false, e.Message);
        }
    }

    /// <summary>Leaves, or makes a failed member one that left.</summary>
    public async Task<DoneView> Leave(LeaveRequest request, CancellationToken cancel)
    {
        var pool = Pool();
        if (request.Node is not { Length: > 0 } node || node == pool.Settings.Name)
        {
            await cluster.Leave(cancel);
            return new DoneView(true, "this node has left the cluster; the agent runs on, and \"opsbro gossip join HOST\" brings it back");
        }
        var member = await Known(node);
        if (member.State is "alive" or "suspect")
            throw new ApiProblem(409, $"{node} is {member.State}: run \"opsbro gossip leave\" on it; only a failed member can be made to leave from here");
        if (await pool.ForceLeave(member.Name, request.Prune) is { } error) throw new ApiProblem(409, error);
        return new DoneView(true, request.Prune ? $"{node} is forgotten" : $"{node} has left");
    }

    /// <summary>A member by name.</summary>
    /// <exception cref="ApiProblem">404 when there is none.</exception>
    public async Task<MemberView> Known(string name)
    {
        if (await members.Find(name) is { } member) return member;
        throw ApiProblem.NotFound("member", name, "opsbro gossip members", (await members.All()).Select(m => m.Name));
    }

    /// <summary>Pings a member.</summary>
    public async Task<PingView> Ping(string node)
    {
        var member = await Known(node);
        var pool = cluster.Pools.FirstOrDefault(p => p.Settings.Zone == member.Zone) ?? Pool();
        if (member.IsSelf) return new PingView(member.Name, member.State, 0);
        var news = await pool.Ping(member.Name);
        return new PingView(member.Name, member.State, news.RoundTrip is { } trip ? Math.Round(trip.TotalMilliseconds, 3) : null);
    }

    /// <summary>Tells everyone an event.</summary>
    public async Task<DoneView> Fire(EventRequest request)
    {
        if (request.Name is not { Length: > 0 } name) throw ApiProblem.Bad("name is missing; send {\"name\": \"deploy\"}");
        var error = await Pool().FireEvent(name, Encoding.UTF8.GetBytes(request.Payload ?? ""), request.Coalesce);
        return error is null ? new DoneView(true, $"event {name} was sent") : throw ApiProblem.Bad(error);
    }

    /// <summary>Asks the members and collects what they say until the time is over.</summary>
    public async Task<QueryView> Query(QueryBody body, CancellationToken cancel)
    {
        if (body.Name is not { Length: > 0 } name) throw ApiProblem.Bad("name is missing; send {\"name\": \"uptime\"}");
        if (body.Relay is < 0 or > byte.MaxValue) throw ApiProblem.Bad($"relay is {body.Relay}; write a number from 0 to 255");
        if (body.TimeoutSeconds is not (>= 0 and <= 600))
            throw ApiProblem.Bad($"timeout_seconds is {body.TimeoutSeconds}; write a number from 0 to {MostQueryTime.TotalSeconds:0}");
        foreach (var (tag, expression) in body.Tags ?? [])
            if (!IsPattern(expression)) throw ApiProblem.Bad($"\"{expression}\" for the tag {tag} is no regular expression that Go would take");
        var (error, answers) = await Pool().Query(new QueryRequest(name, Encoding.UTF8.GetBytes(body.Payload ?? ""))
        {
            Nodes = body.Nodes ?? [],
            TagFilters = [.. body.Tags ?? []],
            WantsAck = body.Ack,
            RelayFactor = (byte)body.Relay,
            Timeout = body.TimeoutSeconds > 0 ? TimeSpan.FromSeconds(body.TimeoutSeconds) : null,
        });
        if (error is not null) throw ApiProblem.Bad(error);
        var acks = new List<string>();
        var replies = new List<AnswerView>();
        await foreach (var answer in answers.ReadAllAsync(cancel))
        {
            if (answer.Kind == AnswerKind.Ack) acks.Add(answer.From);
            if (answer.Kind != AnswerKind.Response) continue;
            var (text, base64) = Payloads.Split(answer.Payload);
            replies.Add(new AnswerView(answer.From, text, base64));
        }
        return new QueryView([.. acks.Order(StringComparer.Ordinal)], [.. replies.OrderBy(r => r.From, StringComparer.Ordinal)]);
    }

    static bool IsPattern(string expression)
    {
        try
        {
            _ = new Regex(expression, RegexOptions.NonBacktracking);
            return true;
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException)
        {
            return false;
        }
    }

    /// <summary>Gossip at a glance.</summary>
    public async Task<GossipView> Look()
    {
        var options = cluster.Options;
        var pools = new List<PoolView>();
        foreach (var pool in cluster.Pools.ToList())
        {
            try
            {
                pools.Add(await Look(pool));
            }
            catch (PoolClosedException)
            {
                // it stopped meanwhile; the state says so
            }
        }
        return new GossipView
        {
            Enabled = options.IsEnabled,
            State = cluster.State,
            Name = cluster.Name,
            Zone = options.Zone,
            IsProxy = options.IsProxy,
            Pools = [.. pools],
            Seeds = [.. options.Seeds.Select(s => s.ToString())],
            DetectPort = options.IsDetectable ? options.DetectPort : 0,
            Problems = [.. cluster.Problems()],
        };
    }

    static async Task<PoolView> Look(GossipPool pool)
    {
        var picture = await pool.Members();
        var glance = await pool.Look();
        return new PoolView
        {
            Zone = pool.Settings.Zone,
            Listens = pool.Settings.Bind.ToString(),
            Address = pool.Settings.Advertise.ToIPAddress().ToString(),
            Port = pool.Settings.Advertise.Port,
            Profile = pool.Settings.Profile.Name,
            Encrypted = pool.IsEncrypted,
            KeyFingerprint = pool.KeyFingerprint,
            Keys = glance.KeyCount,
            Members = picture.Members.CountBy(GossipJournal.Word).OrderBy(c => c.Key, StringComparer.Ordinal).ToDictionary(c => c.Key, c => c.Value),
            Health = glance.Health,
            Counters = glance.Counters,
        };
    }
}
