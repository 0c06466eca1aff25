namespace OpsBro.Core.Graphite;

/// <summary>How far a moving function looks back: a number of points, or an interval.</summary>
/// <param name="Seconds">How much earlier the fetch begins.</param>
/// <param name="Points">The number of points; null for an interval.</param>
public readonly record struct Window(long Seconds, int? Points)
{
    /// <summary>The window that an argument of a call names, for these series.</summary>
    public static Window Of(FunctionCall call, int index, IReadOnlyList<Series> series)
    {
        if (call[index] is NumberValue number)
        {
            if (number.Number is not (>= 0 and <= GraphiteLimits.PointsOfOneSeries))
                throw call.Refusal($"a window of {number.Text} points; it must be from 0 to {GraphiteLimits.PointsOfOneSeries}");
            return new Window((long)number.Number * series.Max(s => s.Step), (int)number.Number);
        }
        if (!AtTime.TryOffset(call.Text(index), out var seconds) || seconds == 0)
            throw call.Refusal($"a window of {call[index].Shown}; write a number of points or an interval such as '5min'");
        return new Window(Math.Abs(seconds), null);
    }
}
