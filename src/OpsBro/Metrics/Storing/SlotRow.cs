using OpsBro.Core.TimeSeries;

namespace OpsBro.Metrics.Storing;

/// <summary>Values of one series at equal steps, put together from chunks and points: the later ones last. Reused.</summary>
/// <param name="decoder">Of this thread.</param>
internal sealed class SlotRow(ChunkDecoder decoder)
{
    double[] buffer = [];
    double[] values = [];
    Aspect aspect;
    long start;
    int step, length;
    int low, high;   // slots outside have not been written yet

    /// <summary>The values; NaN where there is none.</summary>
    public Span<double> Values => values.AsSpan(0, length);

    /// <summary>Time of the first slot.</summary>
    public long Start => start;

    /// <summary>Seconds of a slot.</summary>
    public int Step => step;

    /// <summary>Begins a row.</summary>
    /// <param name="what">What to take of a slot with many points; not the average, which is no sum of averages.</param>
    /// <param name="from">Time of the first slot.</param>
    /// <param name="seconds">Of a slot.</param>
    /// <param name="into">Where the values go; its own array when null.</param>
    /// <param name="count">Slots.</param>
    public void Begin(Aspect what, long from, int seconds, double[]? into, int count)
    {
        (aspect, start, step, length) = (what, from, seconds, count);
        if (into is not null) values = into;
        else if (values.Length < count) values = new double[count];
        Values.Fill(double.NaN);
        (low, high) = (int.MaxValue, 0);
    }

    /// <summary>Merges a chunk of the same step.</summary>
    /// <exception cref="ChunkException">It is damaged.</exception>
    public void Add(ReadOnlySpan<byte> chunk)
    {
        var header = ChunkCodec.ReadHeader(chunk);
        if (header.Step != step || header.Start % step != 0) throw new ChunkException($"a chunk with a step of {header.Step} s where {step} s is due");
        var offset = (header.Start - start) / step;
        if (offset >= length || offset + header.Length <= 0) return;
        var first = (int)Math.Max(0, offset);
        var end = (int)Math.Min(length, offset + header.Length);
        if (offset >= 0 && (first >= high || end <= low))
        {
            decoder.Decode(chunk, aspect, values.AsSpan(first, end - first));
        }
        else
        {
            if (buffer.Length < header.Length) buffer = new double[header.Length];
            var count = (int)(end - offset);
            decoder.Decode(chunk, aspect, buffer.AsSpan(0, count));
            Merge(first, buffer.AsSpan((int)(first - offset), end - first));
        }
        (low, high) = (Math.Min(low, first), Math.Max(high, end));
    }

    /// <summary>Merges a point; how many it stands for when the row counts.</summary>
    public void Add(long at, double value)
    {
        var slot = (at - start) / step;
        if (at < start || slot >= length) return;
        Merge((int)slot, aspect == Aspect.Count ? 1 : value);
        (low, high) = (Math.Min(low, (int)slot), Math.Max(high, (int)slot + 1));
    }

    /// <summary>Merges a row of a finer step.</summary>
    public void Fold(SlotRow fine)
    {
        var fineValues = fine.Values;
        for (var i = 0; i < fineValues.Length; i++)
        {
            if (double.IsNaN(fineValues[i])) continue;
            var at = fine.start + ((long)i * fine.step);
            var slot = (at - start) / step;
            if (at >= start && slot < length) Merge((int)slot, fineValues[i]);
        }
        (low, high) = (0, length);
    }

    void Merge(int first, ReadOnlySpan<double> later)
    {
        for (var i = 0; i < later.Length; i++)
            if (!double.IsNaN(later[i])) Merge(first + i, later[i]);
    }

    void Merge(int slot, double later)
    {
        ref var value = ref values[slot];
        if (double.IsNaN(value)) value = later;
        else
        {
            value = aspect switch
            {
                Aspect.Min => Math.Min(value, later),
                Aspect.Max => Math.Max(value, later),
                Aspect.Sum or Aspect.Count => Math.Clamp(value + later, double.MinValue, double.MaxValue),
                _ => later,
            };
        }
    }
}
