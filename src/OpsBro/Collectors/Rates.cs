namespace OpsBro.Collectors;

/// <summary>
/// Turns counters into rates: remembers each counter's last value. A counter that fell was reset: no rate for that run.
/// </summary>
internal sealed class Rates
{
    readonly Dictionary<string, (double Value, TimeSpan At)> last = [];

    /// <summary>
    /// The rate a second since the last value of this counter; null for the first one, after a reset, and when no time
    /// passed.
    /// </summary>
    public double? Next(string counter, double value, TimeSpan now)
    {
        if (double.IsNaN(value)) return null;
        var isKnown = last.TryGetValue(counter, out var before);
        last[counter] = (value, now);
        var seconds = (now - before.At).TotalSeconds;
        return isKnown && seconds > 0 && value >= before.Value ? (value - before.Value) / seconds : null;
    }

    /// <summary>
    /// Drops counters that were not seen since <paramref name="oldest"/>, so that names that come and go do not pile
    /// up.
    /// </summary>
    public void DropBefore(TimeSpan oldest)
    {
        foreach (var (counter, (_, at)) in last)
            if (at < oldest) last.Remove(counter);
    }

    /// <summary>Forgets all: the source was away.</summary>
    public void Forget() => last.Clear();
}
