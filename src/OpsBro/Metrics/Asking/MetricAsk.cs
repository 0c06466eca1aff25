using System.Runtime.CompilerServices;
using OpsBro.Core.TimeSeries;
using OpsBro.Metrics.Carrying;

namespace OpsBro.Metrics.Asking;

/// <summary>What was answered, and who was asked and did not answer.</summary>
/// <param name="Answer">The answer of those who did.</param>
/// <param name="Unanswered">Names of the hosts that did not.</param>
internal sealed record Asked<T>(T Answer, IReadOnlyList<string> Unanswered);

/// <summary>
/// The seam between the routes and the numbers: every question about series, whichever host keeps them. This host's store answers, and the
/// agents whose series the question is about; where both have a step of a series, this host's counts.
/// </summary>
/// <param name="store">This host's numbers.</param>
/// <param name="others">The other hosts'; null to leave them out.</param>
internal sealed class MetricAsk(MetricStore store, ClusterMetrics? others = null)
{
    /// <summary>Series of one question by names: their values are all in memory.</summary>
    public const int NamesTogether = 50;

    static readonly string[] nobody = [];

    /// <summary>Milliseconds that whoever asks has for an answer.</summary>
    public int Patience { get; init; } = MetricQuestion.LongestPatience;

    /// <summary>Series by a pattern of names, as <see cref="ISeriesSource.Fetch"/>.</summary>
    public async Task<Asked<IReadOnlyList<SeriesSlice>>> Fetch(string pattern, long from, long until, Aspect aspect, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        var own = store.Fetch(pattern, from, until, aspect);
        return others is null ? new(own, nobody) : Merged(own, await others.Fetch(Question(MetricAsking.Fetch, [pattern], from, until, aspect), cancel));
    }

    /// <summary>Series by their tags, as <see cref="ISeriesSource.FetchTagged"/>.</summary>
    public async Task<Asked<IReadOnlyList<SeriesSlice>>> FetchTagged(
        IReadOnlyList<TagExpression> tags, long from, long until, Aspect aspect, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        var own = store.FetchTagged(tags, from, until, aspect);
        return others is null
            ? new(own, nobody)
            : Merged(own, await others.Fetch(Question(MetricAsking.FetchTagged, [.. tags.Select(t => t.ToText())], from, until, aspect), cancel));
    }

    /// <summary>Series by their names, at most <see cref="NamesTogether"/>.</summary>
    public async Task<Asked<IReadOnlyList<SeriesSlice>>> FetchNamed(
        IReadOnlyList<string> names, long from, long until, Aspect aspect, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        var own = store.FetchNamed(names, from, until, aspect);
        return others is null ? new(own, nobody) : Merged(own, await others.Fetch(Question(MetricAsking.FetchNamed, names, from, until, aspect), cancel));
    }

    /// <summary>The values of many series by their names, some at a time.</summary>
    public async IAsyncEnumerable<SeriesSlice> Each(
        IEnumerable<string> names, long from, long until, [EnumeratorCancellation] CancellationToken cancel)
    {
        foreach (var some in names.Chunk(NamesTogether))
            foreach (var slice in (await FetchNamed(some, from, until, Aspect.Average, cancel)).Answer)
                yield return slice;
    }

    MetricQuestion Question(MetricAsking asking, IReadOnlyList<string> texts, long from = 0, long until = 0, Aspect aspect = Aspect.Last) =>
        new(asking, from, until, aspect, texts) { Patience = Patience };

    /// <summary>The nodes of the tree of names that a pattern matches.</summary>
    public async Task<Asked<IReadOnlyList<FoundName>>> Find(string pattern, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        var own = store.Find(pattern);
        if (others is null) return new(own, nobody);
        var (theirs, unanswered) = await others.Find(Question(MetricAsking.Find, [pattern]), cancel);
        return theirs.Count == 0
            ? new(own, unanswered)
            : new([.. own.Concat(theirs).GroupBy(f => f.Path, StringComparer.Ordinal).OrderBy(g => g.Key, StringComparer.Ordinal)
                .Select(g => new FoundName(g.Key, g.Any(f => f.IsLeaf), g.Any(f => f.HasChildren)))], unanswered);
    }

    /// <summary>The series whose names a <see cref="NamePattern"/> takes, in order; all when it is empty.</summary>
    public async Task<Asked<IReadOnlyList<string>>> Names(CancellationToken cancel, string pattern = "")
    {
        cancel.ThrowIfCancellationRequested();
        var own = store.Names();
        if (pattern.Length > 0)
        {
            var matches = NamePattern.Of(pattern);
            own = [.. own.Where(matches.Matches)];
        }
        return others is null ? new(own, nobody) : Joined(own, await others.Names(Question(MetricAsking.Names, [pattern]), cancel), int.MaxValue);
    }

    /// <summary>Names of the series with these tags, in order.</summary>
    public async Task<Asked<IReadOnlyList<string>>> FindTagged(IReadOnlyList<TagExpression> tags, int most, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        IReadOnlyList<string> own = store.Ask(index =>
        {
            List<int> ids = [];
            index.MatchTags(tags, ids);
            return (string[])[.. ids.Take(most).Select(index.TextOf)];
        });
        return others is null ? new(own, nobody) : Joined(own, await others.Names(Question(MetricAsking.FindTagged, Texts(tags)), cancel), most);
    }

    /// <summary>Tags that begin so, in order: all, or those of the series with these tags.</summary>
    public async Task<Asked<IReadOnlyList<string>>> TagNames(IReadOnlyList<TagExpression> tags, string prefix, int most, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        var own = store.Ask(index => index.TagNames(tags, prefix, most));
        return others is null ? new(own, nobody) : Joined(own, await others.Names(Question(MetricAsking.TagNames, [prefix, .. Texts(tags)]), cancel), most);
    }

    /// <summary>Values of a tag that begin so, in order, with how many series have each: of all series, or of those with these tags.</summary>
    public async Task<Asked<IReadOnlyList<(string Value, int Count)>>> TagValues(
        string tag, IReadOnlyList<TagExpression> tags, string prefix, int most, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        var own = store.Ask(index => index.TagValues(tag, tags, prefix, most));
        if (others is null) return new(own, nobody);
        var (theirs, unanswered) = await others.Counts(Question(MetricAsking.TagValues, [tag, prefix, .. Texts(tags)]), cancel);
        return theirs.Count == 0
            ? new(own, unanswered)
            : new([.. own.Concat(theirs).GroupBy(v => v.Value, StringComparer.Ordinal).OrderBy(g => g.Key, StringComparer.Ordinal).Take(most)
                .Select(g => (g.Key, g.Sum(v => v.Count)))], unanswered);
    }

    static string[] Texts(IReadOnlyList<TagExpression> tags) => [.. tags.Select(tag => tag.ToText())];

    static Asked<IReadOnlyList<string>> Joined(IReadOnlyList<string> own, Asked<IReadOnlyList<string>> theirs, int most) => theirs.Answer.Count == 0
        ? new(own, theirs.Unanswered)
        : new([.. own.Concat(theirs.Answer).Distinct().Order(StringComparer.Ordinal).Take(most)], theirs.Unanswered);

    /// <summary>One series of each name: what one host does not have of it, another fills in, when their steps are the same.</summary>
    internal static Asked<IReadOnlyList<SeriesSlice>> Merged(IReadOnlyList<SeriesSlice> own, Asked<IReadOnlyList<SeriesSlice>> theirs)
    {
        if (theirs.Answer.Count == 0) return new(own, theirs.Unanswered);
        var all = new SortedDictionary<string, SeriesSlice>(StringComparer.Ordinal);
        foreach (var slice in own.Concat(theirs.Answer))
        {
            if (!all.TryGetValue(slice.Name, out var known)) all.Add(slice.Name, slice);
            else if (known.Step == slice.Step && (known.Start - slice.Start) % slice.Step == 0) all[slice.Name] = Filled(known, slice);
        }
        return new([.. all.Values], theirs.Unanswered);
    }

    /// <summary>One series of two: their clocks may differ by a step, so one may begin or end earlier.</summary>
    static SeriesSlice Filled(SeriesSlice first, SeriesSlice second)
    {
        var start = Math.Min(first.Start, second.Start);
        var end = Math.Max(EndOf(first), EndOf(second));
        if (end - start > (long)first.Step * (first.Values.Length + second.Values.Length)) return first;   // far apart: not the same question
        var values = new double[(end - start) / first.Step];
        Array.Fill(values, double.NaN);
        second.Values.CopyTo(values, (second.Start - start) / first.Step);
        var begin = (int)((first.Start - start) / first.Step);
        for (var i = 0; i < first.Values.Length; i++)
            if (!double.IsNaN(first.Values[i])) values[begin + i] = first.Values[i];
        return first with { Start = start, Values = values };
    }

    static long EndOf(SeriesSlice slice) => slice.Start + ((long)slice.Step * slice.Values.Length);
}

/// <summary>
/// A source for the target language, which is not asynchronous: it waits for answers on the thread that works out the targets, which
/// is not one of the agent's loops.
/// </summary>
internal sealed class AskedSource(MetricAsk ask, CancellationToken cancel) : ISeriesSource
{
    readonly SortedSet<string> unanswered = new(StringComparer.Ordinal);

    /// <summary>Who did not answer so far.</summary>
    public IReadOnlyCollection<string> Unanswered => unanswered;

    /// <inheritdoc/>
    public IReadOnlyList<SeriesSlice> Fetch(string pattern, long from, long until, Aspect aspect) =>
        Take(ask.Fetch(pattern, from, until, aspect, cancel));

    /// <inheritdoc/>
    public IReadOnlyList<SeriesSlice> FetchTagged(IReadOnlyList<TagExpression> tags, long from, long until, Aspect aspect) =>
        Take(ask.FetchTagged(tags, from, until, aspect, cancel));

    IReadOnlyList<SeriesSlice> Take(Task<Asked<IReadOnlyList<SeriesSlice>>> asked)
    {
        var (answer, missing) = asked.GetAwaiter().GetResult();
        unanswered.UnionWith(missing);
        return answer;
    }
}
