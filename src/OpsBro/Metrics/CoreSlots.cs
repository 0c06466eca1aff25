namespace OpsBro.Metrics;

/// <summary>
/// Brings the store the seconds of the core numbers, a whole slot at a time: an idle host then writes to the disk once in ten seconds and
/// not each second. The store gets every second, so no peak is lost; those who pass numbers on get the last one of each slot.
/// A kill loses the seconds of the slot that is not over. One thread at a time.
/// </summary>
internal sealed class CoreSlots(MetricStore store)
{
    /// <summary>Name of the source that the numbers come from.</summary>
    public const string SourceName = "core";

    /// <summary>Seconds of a slot.</summary>
    public const int Seconds = MetricStore.BaseStep;

    readonly MetricSource source = store.Source(SourceName);
    readonly List<CoreNumber> waiting = [];
    long slot;

    /// <summary>Takes the numbers of one second; the store gets them when the slot is over, and at once when it does not know them.</summary>
    public void Put(IReadOnlyList<CoreNumber> numbers, long second)
    {
        if (second / Seconds != slot) Flush();
        slot = second / Seconds;
        var isOver = second % Seconds == Seconds - 1;
        for (var i = 0; i < numbers.Count; i++)
        {
            var number = numbers[i];
            if (number.Waiting == Seconds) Flush();   // a clock that was set back
            if (number.Waiting == 0) waiting.Add(number);
            number.Times[number.Waiting] = second;
            number.Seconds[number.Waiting++] = number.Value;
            isOver |= !number.IsKnown;
            number.IsKnown = true;
        }
        if (isOver) Flush();
    }

    /// <summary>Gives the store what waits.</summary>
    public void Flush()
    {
        if (waiting.Count == 0) return;
        using (var batch = store.Batch(source))
        {
            foreach (var number in waiting)
            {
                for (var i = 0; i < number.Waiting; i++) batch.Add(number.Bytes, number.Times[i], number.Seconds[i], isDetail: i < number.Waiting - 1);
                number.Waiting = 0;
            }
        }
        waiting.Clear();
    }
}
