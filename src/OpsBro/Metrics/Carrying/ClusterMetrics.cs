using Microsoft.Extensions.Hosting;
using OpsBro.Core.Gossip;
using OpsBro.Core.Graphite;
using OpsBro.Core.TimeSeries;
using OpsBro.Gossip;
using OpsBro.Metrics.Asking;
using OpsBro.NodeState;
using OpsBro.Platform;

namespace OpsBro.Metrics.Carrying;

/// <summary>
/// Metrics of other hosts. Each agent tells in its NodeState how the names of its series begin (<c>fact/metrics</c>); a question goes to
/// those whose names can match, and to the proxies of the zones below, which answer for their zones. Who is gone or silent is named.
/// </summary>
internal sealed partial class ClusterMetrics : BackgroundService
{
    /// <summary>The fact: first parts of names, parted by commas.</summary>
    public const string Fact = "metrics";

    /// <summary>Longest list of first parts; with more of them this node says <see cref="Anything"/>.</summary>
    public const int MaxRoots = 512;

    /// <summary>This node has names of too many kinds to list.</summary>
    public const string Anything = "*";

    /// <summary>Hosts that are asked at once, by all requests together: gossip needs the other streams.</summary>
    public const int MaxAtOnce = 32;

    /// <summary>Hosts that one question may go to.</summary>
    public const int MaxHosts = 5_000;

    /// <summary>Names, nodes or values that all hosts together may answer.</summary>
    public const int MaxItems = 1_000_000;

    /// <summary>Longest reason of a refusal that is passed on, in characters.</summary>
    const int MaxReason = 100;

    /// <summary>A question is over after so long; who has not answered by then is named.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>How often this node looks whether its names begin otherwise.</summary>
    public static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(10);

    readonly MetricStore store;
    readonly Cluster cluster;
    readonly NodeBook book;
    readonly SemaphoreSlim places = new(MaxAtOnce);
    readonly SilentHosts silent = new();
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

    /// <summary>A test whether a node that says how its names begin may have names that a pattern matches; null asks for any name.</summary>
    public static Func<string, bool> MayHave(string? pattern)
    {
        if (pattern is null) return said => said.Length > 0;
        var end = pattern.IndexOfAny(['.', ';']);
        var first = end < 0 ? pattern : pattern[..end];
        // braces may hold dots: such a pattern has no first part to go by
        if (first.Contains('{') != first.Contains('}')) return said => said.Length > 0;
        var matches = NamePattern.Of(first);
        return said => said == Anything || (said.Length > 0 && said.Split(',').Any(matches.Matches));
    }

    /// <summary>A test whether a node that says how its names begin may have one of these names.</summary>
    public static Func<string, bool> MayHaveOneOf(IEnumerable<string> names)
    {
        var first = names.Select(name => name.IndexOfAny(['.', ';']) is >= 0 and var end ? name[..end] : name).ToHashSet(StringComparer.Ordinal);
        return said => said == Anything || (said.Length > 0 && said.Split(',').Any(first.Contains));
    }

    static Func<string, bool> MayAnswer(MetricQuestion question) =>
        question.Asking == MetricAsking.FetchNamed ? MayHaveOneOf(question.Texts) : MayHave(question.Pattern);

    /// <summary>Values of other hosts' series, and who did not answer.</summary>
    public Task<Asked<IReadOnlyList<SeriesSlice>>> Fetch(MetricQuestion question, CancellationToken cancel) =>
        Ask<SeriesSlice>(question, bytes => MetricAnswers.ReadSlices(bytes.Span), slice => slice.Values.Length, GraphiteLimits.FetchedPoints, cancel);

    /// <summary>Nodes of other hosts' trees.</summary>
    public Task<Asked<IReadOnlyList<FoundName>>> Find(MetricQuestion question, CancellationToken cancel) =>
        Ask<FoundName>(question, bytes => MetricAnswers.ReadFound(bytes.Span), _ => 1, MaxItems, cancel);

    /// <summary>Names of other hosts' series, or of their tags.</summary>
    public Task<Asked<IReadOnlyList<string>>> Names(MetricQuestion question, CancellationToken cancel) =>
        Ask<string>(question, bytes => MetricAnswers.ReadNames(bytes.Span), _ => 1, MaxItems, cancel);

    /// <summary>Values of a tag of other hosts' series.</summary>
    public Task<Asked<IReadOnlyList<(string Value, int Count)>>> Counts(MetricQuestion question, CancellationToken cancel) =>
        Ask<(string, int)>(question, bytes => MetricAnswers.ReadCounts(bytes.Span), _ => 1, MaxItems, cancel);

    /// <summary>Asks all whom the question is about; what they say comes in the order of their names, so that the same question has the same answer.</summary>
    async Task<Asked<IReadOnlyList<T>>> Ask<T>(MetricQuestion question, Func<ReadOnlyMemory<byte>, (List<T> Items, List<string> Unanswered)?> read,
        Func<T, int> weight, long most, CancellationToken cancel)
    {
        if (cluster.Own is not { } pool) return new([], []);
        var (owners, unanswered) = await Owners(pool, question);
        if (owners.Count == 0) return new([], unanswered);
        var patience = TimeSpan.FromMilliseconds(Math.Min(question.Patience, Patience.TotalMilliseconds));
        var body = Questions.Write(QuestionKind.Metrics, (question with { Patience = (int)(patience / 2 * 3 / 4).TotalMilliseconds }).Write());
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        end.CancelAfter(patience);
        var over = Monotonic.Now + patience;
        var answers = new List<T>[owners.Count];
        long weighs = 0;
        await Task.WhenAll(owners.Select((owner, i) => One(owner, i)));
        cancel.ThrowIfCancellationRequested();
        if (Volatile.Read(ref weighs) > most)
        {
            throw new GraphiteException($"the hosts of this zone have more than {most} values for this; write a narrower pattern, or ask for a shorter time")
            { IsTooMuch = true };
        }
        unanswered.Sort(StringComparer.Ordinal);
        return new([.. answers.Where(items => items is not null).SelectMany(items => items)], [.. unanswered.Distinct()]);

        async Task One(Member owner, int index)
        {
            var (bytes, error) = await Answered(pool, owner, body, patience / 2, over, end.Token);
            lock (answers)
            {
                if (weighs > most) return;
                ReadOnlyMemory<byte>? said = bytes is null ? null : Questions.Read(bytes, out error);
                if (said is null || read(said.Value) is not { } answer)
                {
                    // who is silent is known by the name alone; who refuses has a reason
                    unanswered.Add(bytes is null || error.Length == 0 ? owner.Name : $"{owner.Name} ({error[..Math.Min(error.Length, MaxReason)]})");
                    return;
                }
                answers[index] = answer.Items;
                unanswered.AddRange(answer.Unanswered);
                foreach (var item in answer.Items) weighs += weight(item);
                if (weighs > most) end.Cancel();
            }
        }
    }

    /// <summary>The answer of one host; null when it has none in time.</summary>
    async Task<(byte[]? Bytes, string Error)> Answered(GossipPool pool, Member owner, byte[] body, TimeSpan patience, TimeSpan over, CancellationToken end)
    {
        try
        {
            await places.WaitAsync(end);
        }
        catch (OperationCanceledException)
        {
            return (null, "");
        }
        try
        {
            var began = Monotonic.Now;
            var left = over - began;
            if (left <= TimeSpan.Zero) return (null, "");
            var answer = await pool.Question(owner.Address, body, left < patience ? left : patience);
            silent.Note(KeyOf(pool, owner), isSilent: answer.Answer is null && Monotonic.Now - began >= patience, Monotonic.Now);
            return answer;
        }
        finally
        {
            places.Release();
        }
    }

    static (string Zone, string Name) KeyOf(GossipPool pool, Member member) => (MemberViews.ZoneOf(pool.Settings.Zone, member), member.Name);

    /// <summary>Whom to ask, by name, and who should be asked and is gone or silent.</summary>
    async Task<(List<Member> Owners, List<string> Gone)> Owners(GossipPool pool, MetricQuestion question)
    {
        var mayAnswer = MayAnswer(question);
        var (owners, gone, proxies) = (new List<Member>(), new List<string>(), new SortedDictionary<string, List<Member>>(StringComparer.Ordinal));
        var isBelow = book.All.Any(n => n.Zone != pool.Settings.Zone && !n.IsStale && mayAnswer(n.Fact(Fact)));
        foreach (var member in (await pool.Members()).Members)
        {
            if (member.Name == pool.Settings.Name || member.Status is MemberStatus.Left or MemberStatus.Leaving) continue;
            var zone = MemberViews.ZoneOf(pool.Settings.Zone, member);
            var isThere = member.Status == MemberStatus.Alive && !silent.IsResting(KeyOf(pool, member), Monotonic.Now);
            if (zone != pool.Settings.Zone)
            {
                if (!isBelow || member.Tag("px") != "1") continue;
                if (!proxies.TryGetValue(zone, out var known)) proxies.Add(zone, known = []);
                if (isThere) known.Add(member);
                continue;
            }
            if (book.Find(zone, member.Name) is not { } node || !mayAnswer(node.Fact(Fact))) continue;
            if (isThere && owners.Count < MaxHosts) owners.Add(member);
            else gone.Add(member.Name);
        }
        // one proxy of a zone answers for it and for those below it
        foreach (var (zone, there) in proxies)
        {
            if (there.MinBy(m => m.Name, StringComparer.Ordinal) is { } proxy) owners.Add(proxy);
            else gone.Add($"zone {zone}");
        }
        owners.Sort((a, b) => string.CompareOrdinal(a.Name, b.Name));
        return (owners, gone);
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(LookAgain);
        do
        {
            silent.Forget(Monotonic.Now);
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
