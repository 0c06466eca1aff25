namespace OpsBro.Core.TimeSeries;

/// <summary>
/// The last hour of a few series, second by second, in memory: a ring of floats each, so that taking a second in makes no garbage. One
/// thread at a time: its owner locks.
/// </summary>
public sealed class SecondTier
{
    /// <summary>How far back it reaches.</summary>
    public const int Seconds = 3600;

    /// <summary>Most series: 14 KiB each.</summary>
    public const int MaxSeries = 256;

    readonly Dictionary<string, SecondRow> rows = [];

    /// <summary>Series in it.</summary>
    public int Count => rows.Count;

    /// <summary>
    /// The row of a series; made when it is new. Null when there are <see cref="MaxSeries"/> that all have seconds within the last hour.
    /// </summary>
    public SecondRow? RowOf(string name, long now)
    {
        if (rows.TryGetValue(name, out var row)) return row;
        if (rows.Count >= MaxSeries) Forget(now);
        if (rows.Count >= MaxSeries) return null;
        rows[name] = row = new SecondRow(now);
        return row;
    }

    /// <summary>
    /// The seconds after <paramref name="from"/> up to <paramref name="until"/>; false when the series is not in it or <paramref name="from"/> is
    /// further back than it reaches: then a coarser tier has to answer.
    /// </summary>
    public bool TryFetch(string name, long from, long until, long now, out SeriesSlice slice)
    {
        slice = new SeriesSlice(name, from + 1, 1, []);
        if (from < now - Seconds || from > now || until <= from || !rows.TryGetValue(name, out var row) || from + 1 < row.First) return false;
        var values = new double[Math.Min(until, now) - from];
        row.Read(from + 1, values);
        slice = slice with { Values = values };
        return true;
    }

    /// <summary>Forgets the series of which nothing came for an hour: an interface that went away.</summary>
    public void Forget(long now)
    {
        foreach (var (name, row) in rows)
        {
            if (!row.IsSilent(now)) continue;
            row.IsGone = true;
            rows.Remove(name);
        }
    }
}

/// <summary>The last hour of one series.</summary>
public sealed class SecondRow
{
    readonly float[] values = new float[SecondTier.Seconds];
    readonly long born;

    internal SecondRow(long now)
    {
        born = now;
        Array.Fill(values, float.NaN);
    }

    /// <summary>It was forgotten: ask for another.</summary>
    public bool IsGone { get; internal set; }

    /// <summary>The first second since it began, or began anew after a silence of an hour: before it a coarser tier knows more.</summary>
    public long First { get; private set; } = long.MaxValue;

    /// <summary>The newest second that has a value.</summary>
    public long Newest { get; private set; } = long.MinValue;

    internal bool IsSilent(long now) => Math.Max(Newest, born) < now - values.Length;

    /// <summary>Takes a second in; one further back than an hour before the newest is left out.</summary>
    public void Put(long second, double value)
    {
        if (second > Newest)
        {
            if (Newest == long.MinValue || second - Newest >= values.Length)
            {
                Array.Fill(values, float.NaN);
                First = second;
            }
            else
            {
                for (var s = Newest + 1; s < second; s++) values[Place(s)] = float.NaN;
            }
            Newest = second;
        }
        else if (Newest - second >= values.Length) return;
        values[Place(second)] = (float)value;
    }

    /// <summary>Writes the seconds from one on; NaN where there is none.</summary>
    public void Read(long first, Span<double> into)
    {
        for (var i = 0; i < into.Length; i++)
        {
            var second = first + i;
            var value = second > Newest || Newest - second >= values.Length ? float.NaN : values[Place(second)];
            into[i] = Decimal(value);
        }
    }

    int Place(long second) => (int)(((second % values.Length) + values.Length) % values.Length);

    /// <summary>The number that was meant: seven digits, so that 12.3 is not 12.300000190734863.</summary>
    static double Decimal(float value) => Math.Abs(value) is > 1e-6f and < 1e27f ? (double)(decimal)value : value;
}
