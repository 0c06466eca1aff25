namespace OpsBro.Core.Graphite;

/// <summary>Counts what a request costs and refuses what is too much. One for all targets of a request; used by one thread.</summary>
public sealed class RenderCost
{
    /// <summary>Characters of names that weigh as much as a point.</summary>
    const int CharactersOfPoint = sizeof(double) / sizeof(char);

    int calls, depth;
    long series, fetched, computed;

    /// <summary>What was fetched before, by pattern, time and aspect.</summary>
    internal Dictionary<FetchKey, IReadOnlyList<TimeSeries.SeriesSlice>> Fetches { get; } = [];

    /// <summary>Most points that may be worked out: all of them may be in memory at once, so whoever has little says less.</summary>
    public long MostComputed { get; init; } = GraphiteLimits.ComputedPoints;

    /// <summary>Points that were fetched.</summary>
    public long FetchedPoints => fetched;

    /// <summary>Points that functions worked out.</summary>
    public long ComputedPoints => computed;

    /// <summary>Counts fetched series.</summary>
    public void Fetched(IReadOnlyList<TimeSeries.SeriesSlice> slices, int column)
    {
        series += slices.Count;
        foreach (var slice in slices) fetched += slice.Values.Length;
        if (series > GraphiteLimits.Series)
            throw TooMuch($"more than {GraphiteLimits.Series} series; write a narrower pattern", column);
        if (fetched > GraphiteLimits.FetchedPoints)
            throw TooMuch($"more than {GraphiteLimits.FetchedPoints} points; ask for fewer series or a shorter time", column);
    }

    /// <summary>Counts points that a function is about to work out.</summary>
    public void Compute(long points, int column = 0)
    {
        computed += points;
        if (computed > MostComputed)
            throw TooMuch($"more than {MostComputed} points to work out; ask for fewer series or a shorter time", column);
    }

    /// <summary>Counts a name that a function made, which takes memory as points do.</summary>
    internal void Name(string name) => Compute(name.Length / CharactersOfPoint);

    internal void Enter(CallNode call)
    {
        if (++calls > GraphiteLimits.Calls)
            throw TooMuch($"more than {GraphiteLimits.Calls} calls of functions; nest fewer functions that look further back", call.Column);
        Deeper(call.Column);
    }

    internal void Deeper(int column)
    {
        if (++depth > GraphiteLimits.Depth * 2) throw TooMuch($"deeper than {GraphiteLimits.Depth} calls", column);
    }

    static GraphiteException TooMuch(string sentence, int column) => new(sentence, column) { IsTooMuch = true };

    internal void Leave() => depth--;
}

/// <summary>What makes two fetches the same.</summary>
readonly record struct FetchKey(string Path, long From, long Until, TimeSeries.Aspect Aspect);
