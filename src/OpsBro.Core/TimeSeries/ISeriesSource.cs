namespace OpsBro.Core.TimeSeries;

/// <summary>Where an expression gets its series from: the store of this agent, the cluster, or a test's own numbers.</summary>
public interface ISeriesSource
{
    /// <summary>
    /// The series whose names a Graphite pattern matches (<c>*</c>, <c>?</c>, <c>[a-c]</c>, <c>{x,y}</c>, each within one dotted part),
    /// in the order of their names. The values are those of Graphite's fetch: the first at the first step after <paramref name="from"/>,
    /// the last at or before <paramref name="until"/>, in the finest tier that reaches back to <paramref name="from"/>. What
    /// can hold nothing, older than all that is kept or in the future, may be left out, as whisper does.
    /// </summary>
    /// <param name="pattern">Pattern of dotted names.</param>
    /// <param name="from">Unix seconds, not itself in the answer.</param>
    /// <param name="until">Unix seconds, in the answer.</param>
    /// <param name="aspect">What to take of a bucket with many points.</param>
    IReadOnlyList<SeriesSlice> Fetch(string pattern, long from, long until, Aspect aspect);

    /// <summary>The series with all these tags; the tag <c>name</c> is the part of a name before its first semicolon.</summary>
    IReadOnlyList<SeriesSlice> FetchTagged(IReadOnlyList<TagExpression> tags, long from, long until, Aspect aspect);
}
