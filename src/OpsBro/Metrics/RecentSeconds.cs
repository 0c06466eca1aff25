using OpsBro.Core.TimeSeries;

namespace OpsBro.Metrics;

/// <summary>The tier of seconds: the last hour of the host's own core numbers, in memory. Safe for many threads.</summary>
internal sealed class RecentSeconds
{
    readonly SecondTier tier = new();
    readonly Lock gate = new();

    /// <summary>Takes the numbers of one second in.</summary>
    public void Put(IReadOnlyList<CoreNumber> numbers, long second)
    {
        lock (gate)
        {
            for (var i = 0; i < numbers.Count; i++)
            {
                var number = numbers[i];
                if (number.Row is null or { IsGone: true }) number.Row = tier.RowOf(number.Name, second);
                number.Row?.Put(second, number.Value);
            }
        }
    }

    /// <summary>
    /// The seconds after <paramref name="from"/> up to <paramref name="until"/>, when this tier has the series and reaches back to
    /// <paramref name="from"/>: the finest that does answers, as in Graphite.
    /// </summary>
    public bool TryFetch(string name, long from, long until, long now, Aspect aspect, out SeriesSlice slice)
    {
        slice = new SeriesSlice(name, from, 1, []);
        if (aspect == Aspect.Count) return false;   // a second has one point: the buckets know more
        lock (gate) return tier.TryFetch(name, from, until, now, out slice);
    }
}
