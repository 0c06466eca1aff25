using Microsoft.Extensions.Hosting;
using OpsBro.Core.Gossip;
using OpsBro.Core.TimeSeries;
using OpsBro.Gossip;
using OpsBro.Metrics.Asking;
using OpsBro.NodeState;

namespace OpsBro.Metrics.Carrying;

/// <summary>
/// Metrics of other hosts. Each agent tells in its NodeState how the names of its series begin (<c>fact/metrics</c>); a question goes to
/// those whose names can match, and to the proxies of the zones below, which answer for their zones. Who is gone or silent is named.
/// </summary>
internal sealed class ClusterMetrics : BackgroundService
{
    /// <summary>The fact: first parts of names, parted by commas.</summary>
    public const string Fact = "metrics";

    /// <summary>Longest list of first parts; with more of them this node says <see cref="Anything"/>.</summary>
    public const int MaxRoots = 512;

    /// <summary>This node has names of too many kinds to list.</summary>
    public const string Anything = "*";

    /// <summary>Hosts that are asked at once.</summary>
    public const int MaxAtOnce = 32;

    /// <summary>Hosts that one question may go to.</summary>
    public const int MaxHosts = 5_000;

    /// <summary>Who has not answered after so long is named instead.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>How often this node looks whether its names begin otherwise.</summary>
    public static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(10);

    readonly MetricStore store;
    readonly Cluster cluster;
    readonly NodeBook book;
    volatile string roots = "";

    /// <summary>Makes it, and has this agent answer others.</summary>
    public ClusterMetrics(MetricStore store, Cluster cluster, NodeBook book)
    {
        (this.store, this.cluster, this.book) = (store, cluster, book);
        cluster.Parts.Facts.Add((Fact, () => roots));
        cluster.Parts.Questions.Register(QuestionKind.Metrics, Answer);
    }

    /// <summary>How the names of a store begin, as others are told.</summary>
    public static string Roots(IEnumerable<string> first)
    {
        var all = string.Join(',', first.Order(StringComparer.Ordinal));
        return all.Length <= MaxRoots && all.Count(c => c == ',') < MaxRoots ? all : Anything;
    }

    /// <summary>True when a node that says this may have names that a pattern matches; null asks for any name.</summary>
    public static bool MayHave(string said, string? pattern)
    {
        if (said.Length == 0) return false;
        if (said == Anything || pattern is null) return true;
        var dot = pattern.IndexOf('.', StringComparison.Ordinal);
        var first = dot < 0 ? pattern : pattern[..dot];
        // braces may hold dots: such a pattern has no first part to go by
        if (first.Contains('{') != first.Contains('}')) return true;
        var matches = NamePattern.Of(first);
        return said.Split(',').Any(matches.Matches);
    }

    /// <summary>Values of other hosts' series, and who did not answer.</summary>
    public Task<Asked<IReadOnlyList<SeriesSlice>>> Fetch(MetricQuestion question, CancellationToken cancel) =>
        Ask<SeriesSlice>(question, bytes => MetricAnswers.ReadSlices(bytes.Span), cancel);

    /// <summary>Nodes of other hosts' trees.</summary>
    public Task<Asked<IReadOnlyList<FoundName>>> Find(MetricQuestion question, CancellationToken cancel) =>
        Ask<FoundName>(question, bytes => MetricAnswers.ReadFound(bytes.Span), cancel);

    /// <summary>Names of other hosts' series.</summary>
    public Task<Asked<IReadOnlyList<string>>> Names(MetricQuestion question, CancellationToken cancel) =>
        Ask<string>(question, bytes => MetricAnswers.ReadNames(bytes.Span), cancel);

    async Task<Asked<IReadOnlyList<T>>> Ask<T>(
        MetricQuestion question, Func<ReadOnlyMemory<byte>, (List<T> Items, List<string> Unanswered)?> read, CancellationToken cancel)
    {
        if (cluster.Own is not { } pool) return new([], []);
        var (owners, unanswered) = await Owners(pool, question);
        if (owners.Count == 0) return new([], unanswered);
        var all = new List<T>();
        var body = Questions.Write(QuestionKind.Metrics, question.Write());
        await Parallel.ForEachAsync(owners, new ParallelOptions { MaxDegreeOfParallelism = MaxAtOnce, CancellationToken = cancel }, async (owner, _) =>
        {
            var (bytes, _) = await pool.Question(owner.Address, body, Patience);
            var answer = bytes is not null && Questions.Read(bytes, out var why) is { } said ? read(said) : null;
            lock (all)
            {
                if (answer is null) unanswered.Add(owner.Name);
                else
                {
                    all.AddRange(answer.Value.Items);
                    unanswered.AddRange(answer.Value.Unanswered);
                }
            }
        });
        unanswered.Sort(StringComparer.Ordinal);
        return new(all, unanswered);
    }

    /// <summary>Whom to ask, and who should be asked and is gone.</summary>
    async Task<(List<Member> Owners, List<string> Gone)> Owners(GossipPool pool, MetricQuestion question)
    {
        var pattern = question.Asking is MetricAsking.Fetch or MetricAsking.Find ? question.Texts[0] : null;
        var (owners, gone, zones) = (new List<Member>(), new List<string>(), new HashSet<string>());
        var below = new HashSet<string>(
            book.All.Where(n => n.Zone != pool.Settings.Zone && !n.IsStale && MayHave(n.Fact(Fact), pattern)).Select(n => n.Zone));
        foreach (var member in (await pool.Members()).Members)
        {
            if (member.Name == pool.Settings.Name || member.Status is MemberStatus.Left or MemberStatus.Leaving) continue;
            var zone = MemberViews.ZoneOf(pool.Settings.Zone, member);
            var isAlive = member.Status == MemberStatus.Alive;
            if (zone != pool.Settings.Zone)
            {
                // one proxy of a zone answers for it and for those below it
                if (isAlive && below.Count > 0 && member.Tag("px") == "1" && zones.Add(zone)) owners.Add(member);
                continue;
            }
            if (book.Find(zone, member.Name) is not { } known || !MayHave(known.Fact(Fact), pattern)) continue;
            if (isAlive && owners.Count < MaxHosts) owners.Add(member);
            else gone.Add(member.Name);
        }
        return (owners, gone);
    }

    /// <summary>Answers another agent: for this node, or, when it asks from the zone above, for the whole zone.</summary>
    byte[] Answer(string zone, ReadOnlyMemory<byte> body)
    {
        var question = MetricQuestion.Read(body.Span) ?? throw new InvalidDataException("the question about metrics makes no sense; is it of a newer agent?");
        var ask = new MetricAsk(store, zone == cluster.Own?.Settings.Zone ? null : this);
        switch (question.Asking)
        {
            case MetricAsking.Find:
                var found = ask.Find(question.Texts[0], CancellationToken.None).GetAwaiter().GetResult();
                return MetricAnswers.Write(found.Answer, found.Unanswered);
            case MetricAsking.Names:
                var names = ask.Names(CancellationToken.None).GetAwaiter().GetResult();
                return MetricAnswers.Write(names.Answer, names.Unanswered);
            case MetricAsking.FetchTagged:
                TagExpression[] tags =
                    [.. question.Texts.Select(t => TagExpression.Parse(t) ?? throw new InvalidDataException($"\"{t}\" is no condition on a tag"))];
                var tagged = ask.FetchTagged(tags, question.From, question.Until, question.Aspect, CancellationToken.None).GetAwaiter().GetResult();
                return MetricAnswers.Write(tagged.Answer, tagged.Unanswered);
            default:
                var slices = ask.Fetch(question.Texts[0], question.From, question.Until, question.Aspect, CancellationToken.None).GetAwaiter().GetResult();
                return MetricAnswers.Write(slices.Answer, slices.Unanswered);
        }
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(LookAgain);
        do
        {
            var now = Roots(store.Roots());
            if (now == roots) continue;
            roots = now;
            cluster.Parts.SayAgain();
        }
        while (await Next(timer, stoppingToken));
    }

    static async ValueTask<bool> Next(PeriodicTimer timer, CancellationToken cancel)
    {
        try
        {
            return await timer.WaitForNextTickAsync(cancel);
        }
        catch (OperationCanceledException)
        {
            return false;   // the agent stops
        }
    }
}
