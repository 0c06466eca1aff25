namespace OpsBro.Metrics.Listeners;

/// <summary>Takes lines out of bytes as they come from sockets. Safe for many threads; allocates nothing for a line.</summary>
internal sealed class GraphiteIntake(MetricStore store, GraphiteBook book, TimeProvider time)
{
    readonly MetricSource source = store.Source("graphite");

    /// <summary>What came, for the operator.</summary>
    public GraphiteBook Book => book;

    /// <summary>Its counters in the store.</summary>
    public MetricSource Source => source;

    /// <summary>Unix seconds.</summary>
    public long Now => time.GetUtcNow().ToUnixTimeSeconds();

    /// <summary>Takes every whole line; what is left has no line feed yet.</summary>
    /// <returns>Bytes of the lines taken.</returns>
    public int TakeLines(ReadOnlySpan<byte> bytes)
    {
        var whole = bytes.LastIndexOf((byte)'\n') + 1;
        if (whole == 0) return 0;
        var (now, count) = (Now, 0);
        using (var batch = store.Batch(source))
        {
            for (var rest = bytes[..whole]; !rest.IsEmpty; count++)
            {
                var end = rest.IndexOf((byte)'\n');
                TakeLine(batch, rest[..end], now);
                rest = rest[(end + 1)..];
            }
        }
        book.AddLines(count);
        return whole;
    }

    /// <summary>Takes a line that no line feed ends: the last of a datagram, or of a sender who closed his side.</summary>
    public void TakeLast(ReadOnlySpan<byte> line)
    {
        if (line.IsEmpty) return;
        using (var batch = store.Batch(source)) TakeLine(batch, line, Now);
        book.AddLines(1);
    }

    /// <summary>Takes the points of a pickle.</summary>
    public void TakePickle(ReadOnlySpan<byte> pickle, PickleReader points)
    {
        var now = Now;
        using var batch = store.Batch(source);
        for (var i = 0; i < points.Count; i++)
        {
            points.Point(pickle, i, out var name, out var seconds, out var value);
            if (GraphiteLine.TryTime(seconds, now, out var at)) batch.Add(name, at, value);
            else book.Bad(name, GraphiteFault.Time);
        }
    }

    void TakeLine(MetricBatch batch, ReadOnlySpan<byte> line, long now)
    {
        if (GraphiteLine.TryRead(line, now, out var name, out var at, out var value, out var fault)) batch.Add(name, at, value);
        else if (!GraphiteLine.IsEmpty(line)) book.Bad(line, fault);
    }
}
