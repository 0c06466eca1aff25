using OpsBro.Core.TimeSeries;

namespace OpsBro.Metrics.Asking;

/// <summary>What was answered, and who was asked and did not answer.</summary>
/// <param name="Answer">The answer of those who did.</param>
/// <param name="Unanswered">Names of the hosts that did not.</param>
internal sealed record Asked<T>(T Answer, IReadOnlyList<string> Unanswered);

/// <summary>
/// The seam between the routes and the numbers: every question about series, whichever host keeps them. Today the answers are those of
/// this host's store; an agent that asks the owners of other series does it here, and names those that did not answer.
/// </summary>
internal sealed class MetricAsk(MetricStore store)
{
    static readonly IReadOnlyList<string> everyone = [];

    /// <summary>Series by a pattern of names, as <see cref="ISeriesSource.Fetch"/>.</summary>
    public Task<Asked<IReadOnlyList<SeriesSlice>>> Fetch(string pattern, long from, long until, Aspect aspect, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        return Own(store.Fetch(pattern, from, until, aspect));
    }

    /// <summary>Series by their tags, as <see cref="ISeriesSource.FetchTagged"/>.</summary>
    public Task<Asked<IReadOnlyList<SeriesSlice>>> FetchTagged(
        IReadOnlyList<TagExpression> tags, long from, long until, Aspect aspect, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        return Own(store.FetchTagged(tags, from, until, aspect));
    }

    /// <summary>The nodes of the tree of names that a pattern matches.</summary>
    public Task<Asked<IReadOnlyList<FoundName>>> Find(string pattern, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        return Own(store.Find(pattern));
    }

    /// <summary>Every series, in the order of their names.</summary>
    public Task<Asked<IReadOnlyList<string>>> Names(CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        return Own(store.Names());
    }

    static Task<Asked<T>> Own<T>(T answer) => Task.FromResult(new Asked<T>(answer, everyone));
}

/// <summary>
/// A source for the target language, which is not asynchronous: it waits for answers on the thread that works out the targets. The local
/// store has answered by the time it is asked, so nothing waits today.
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
