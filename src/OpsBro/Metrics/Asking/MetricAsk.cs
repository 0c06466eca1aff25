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
    static readonly string[] nobody = [];

    /// <summary>Series by a pattern of names, as <see cref="ISeriesSource.Fetch"/>.</summary>
    public async Task<Asked<IReadOnlyList<SeriesSlice>>> Fetch(string pattern, long from, long until, Aspect aspect, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        var own = store.Fetch(pattern, from, until, aspect);
        return others is null ? new(own, nobody) : Merged(own, await others.Fetch(new(MetricAsking.Fetch, from, until, aspect, [pattern]), cancel));
    }

    /// <summary>Series by their tags, as <see cref="ISeriesSource.FetchTagged"/>.</summary>
    public async Task<Asked<IReadOnlyList<SeriesSlice>>> FetchTagged(
        IReadOnlyList<TagExpression> tags, long from, long until, Aspect aspect, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        var own = store.FetchTagged(tags, from, until, aspect);
        return others is null
            ? new(own, nobody)
            : Merged(own, await others.Fetch(new(MetricAsking.FetchTagged, from, until, aspect, [.. tags.Select(t => t.ToText())]), cancel));
    }

    /// <summary>The nodes of the tree of names that a pattern matches.</summary>
    public async Task<Asked<IReadOnlyList<FoundName>>> Find(string pattern, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        var own = store.Find(pattern);
        if (others is null) return new(own, nobody);
        var (theirs, unanswered) = await others.Find(new(MetricAsking.Find, 0, 0, Aspect.Last, [pattern]), cancel);
        return theirs.Count == 0
            ? new(own, unanswered)
            : new([.. own.Concat(theirs).GroupBy(f => f.Path, StringComparer.Ordinal).OrderBy(g => g.Key, StringComparer.Ordinal)
                .Select(g => new FoundName(g.Key, g.Any(f => f.IsLeaf), g.Any(f => f.HasChildren)))], unanswered);
    }

    /// <summary>Every series, in the order of their names.</summary>
    public async Task<Asked<IReadOnlyList<string>>> Names(CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        var own = store.Names();
        if (others is null) return new(own, nobody);
        var (theirs, unanswered) = await others.Names(new(MetricAsking.Names, 0, 0, Aspect.Last, []), cancel);
        return theirs.Count == 0 ? new(own, unanswered) : new([.. own.Concat(theirs).Distinct().Order(StringComparer.Ordinal)], unanswered);
    }

    /// <summary>One series of each name: what one host does not have of it, another fills in, when their steps are the same.</summary>
    static Asked<IReadOnlyList<SeriesSlice>> Merged(IReadOnlyList<SeriesSlice> own, Asked<IReadOnlyList<SeriesSlice>> theirs)
    {
        if (theirs.Answer.Count == 0) return new(own, theirs.Unanswered);
        var all = new SortedDictionary<string, SeriesSlice>(StringComparer.Ordinal);
        foreach (var slice in own.Concat(theirs.Answer))
        {
            if (!all.TryGetValue(slice.Name, out var known)) all.Add(slice.Name, slice);
            else if ((known.Start, known.Step, known.Values.Length) == (slice.Start, slice.Step, slice.Values.Length))
            {
                double[] values = [.. known.Values.Zip(slice.Values, (a, b) => double.IsNaN(a) ? b : a)];
                all[slice.Name] = known with { Values = values };
            }
        }
        return new([.. all.Values], theirs.Unanswered);
    }
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
