namespace OpsBro.Core.Statsd;

/// <summary>Values of one timer in one interval.</summary>
struct TimerValues
{
    /// <summary>Kept for the next interval when it was in use.</summary>
    public double[]? Values;

    /// <summary>How many there are.</summary>
    public int Count;

    /// <summary>How many there were where they came from: each counts one by its sample rate.</summary>
    public double Weight;
}

/// <summary>What the original OpsBro keeps of a gauge.</summary>
struct GaugeFigures
{
    public double Sum, Least, Most;
    public int Count;
}

/// <summary>Names of the metrics of one kind; the number of a metric is its place.</summary>
sealed class KindNames
{
    public byte[][] Names = new byte[16][];
    public int Count;

    public int Add(byte[] name)
    {
        if (Count == Names.Length) Array.Resize(ref Names, Count * 2);
        Names[Count] = name;
        return Count++;
    }
}

/// <summary>
/// All that came in one interval. The aggregate fills one while the one before is flushed, on another thread if need be; then it is given
/// back, cleared, and used again.
/// </summary>
public sealed class StatsdInterval
{
    /// <summary>A timer's room for values is given back when so much of it was not in use.</summary>
    const int KeptValues = 1024, WastedTimes = 8;

    internal double[] Counters = [];
    internal bool[] CounterSeen = [], GaugeSeen = [], SetSeen = [];
    internal GaugeFigures[] GaugeFigures = [];
    internal TimerValues[] Timers = [];
    internal int[] SetCounts = [];
    internal readonly ByteTable Members;
    internal long TimerValueCount;

    // as they are when the interval ends; the arrays of names only ever get longer
    internal byte[][] CounterNames = [], GaugeNames = [], TimerNames = [], SetNames = [];
    internal int CounterCount, GaugeCount, TimerCount, SetCount;
    internal double[] Gauges = [];
    internal bool[] HasGauge = [];

    internal StatsdInterval(ByteTable members) => Members = members;

    internal void Fit(int counters, int gauges, int timers, int sets, bool withFigures)
    {
        Fit(ref Counters, counters);
        Fit(ref CounterSeen, counters);
        Fit(ref GaugeSeen, gauges);
        if (withFigures) Fit(ref GaugeFigures, gauges);
        Fit(ref Timers, timers);
        Fit(ref SetCounts, sets);
        Fit(ref SetSeen, sets);
    }

    /// <summary>Keeps what the aggregate knows now: it goes on while this one is flushed.</summary>
    internal void End(KindNames counters, KindNames gauges, KindNames timers, KindNames sets, double[] gaugeValues, bool[] hasGauge)
    {
        (CounterNames, GaugeNames, TimerNames, SetNames) = (counters.Names, gauges.Names, timers.Names, sets.Names);
        (CounterCount, GaugeCount, TimerCount, SetCount) = (counters.Count, gauges.Count, timers.Count, sets.Count);
        Fit(ref Gauges, GaugeCount);
        Fit(ref HasGauge, GaugeCount);
        gaugeValues.AsSpan(0, GaugeCount).CopyTo(Gauges);
        hasGauge.AsSpan(0, GaugeCount).CopyTo(HasGauge);
    }

    internal static void Fit<T>(ref T[] array, int length)
    {
        if (array.Length < length) Array.Resize(ref array, Math.Max(length, array.Length * 2));
    }

    /// <summary>Empties it for its next use, after it was flushed.</summary>
    public void Clear()
    {
        Array.Clear(Counters);
        Array.Clear(CounterSeen);
        Array.Clear(GaugeSeen);
        Array.Clear(GaugeFigures);
        Array.Clear(SetCounts);
        Array.Clear(SetSeen);
        foreach (ref var timer in Timers.AsSpan())
        {
            if (timer.Values is { Length: > KeptValues } values && timer.Count < values.Length / WastedTimes) timer.Values = null;
            (timer.Count, timer.Weight) = (0, 0);
        }
        TimerValueCount = 0;
        Members.Clear();
    }
}
