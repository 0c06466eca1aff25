using System.Text;

namespace OpsBro.Metrics.Listeners;

/// <summary>What Graphite's senders brought, for the operator: counts, and the last lines that could not be read. Safe for many threads.</summary>
internal sealed class GraphiteBook(TimeProvider time)
{
    /// <summary>Bad lines that are remembered, and how much of each.</summary>
    public const int MaxSamples = 20, MaxSample = 200;

    readonly Lock gate = new();
    // made once: a flood of bad lines must not cost memory
    readonly byte[][] samples = [.. Enumerable.Range(0, MaxSamples).Select(_ => new byte[MaxSample])];
    readonly (long At, int Length, GraphiteFault Fault, string Reason)[] about = new (long, int, GraphiteFault, string)[MaxSamples];
    readonly long[] faults = new long[Enum.GetValues<GraphiteFault>().Length];
    long bad, lines, pickles, packets, cut;

    /// <summary>Lines that came, good and bad.</summary>
    public long Lines => Interlocked.Read(ref lines);

    /// <summary>Pickles that came, good and bad.</summary>
    public long Pickles => Interlocked.Read(ref pickles);

    /// <summary>Datagrams.</summary>
    public long Packets => Interlocked.Read(ref packets);

    /// <summary>Connections that were closed because of what they sent, or because they sent nothing.</summary>
    public long Cut => Interlocked.Read(ref cut);

    /// <summary>Lines and pickles that could not be read.</summary>
    public long BadCount
    {
        get
        {
            lock (gate) return bad;
        }
    }

    /// <summary>Counts lines.</summary>
    public void AddLines(int count) => Interlocked.Add(ref lines, count);

    /// <summary>Counts a pickle.</summary>
    public void AddPickle() => Interlocked.Increment(ref pickles);

    /// <summary>Counts a datagram.</summary>
    public void AddPacket() => Interlocked.Increment(ref packets);

    /// <summary>Counts a connection that was cut.</summary>
    public void AddCut() => Interlocked.Increment(ref cut);

    /// <summary>One that could not be read.</summary>
    public void Bad(ReadOnlySpan<byte> line, GraphiteFault fault, string reason = "")
    {
        lock (gate)
        {
            var place = (int)(bad++ % MaxSamples);
            faults[(int)fault]++;
            var length = Math.Min(line.Length, MaxSample);
            line[..length].CopyTo(samples[place]);
            about[place] = (time.GetUtcNow().ToUnixTimeMilliseconds(), length, fault, reason);
        }
    }

    /// <summary>How often each fault was seen.</summary>
    public Dictionary<string, long> Faults()
    {
        lock (gate) return faults.Index().Where(f => f.Item > 0).ToDictionary(f => Word((GraphiteFault)f.Index), f => f.Item);
    }

    /// <summary>The last that could not be read, newest first; what is no text is shown as <c>?</c>.</summary>
    public BadLineView[] Samples()
    {
        lock (gate)
        {
            var views = new BadLineView[(int)Math.Min(bad, MaxSamples)];
            for (var i = 0; i < views.Length; i++)
            {
                var place = (int)((bad - 1 - i) % MaxSamples);
                var (at, length, fault, reason) = about[place];
                var text = string.Concat(Encoding.UTF8.GetString(samples[place], 0, length).Select(c => char.IsControl(c) || c == '\uFFFD' ? '?' : c));
                views[i] = new BadLineView(DateTimeOffset.FromUnixTimeMilliseconds(at), reason.Length > 0 ? reason : Reason(fault), text);
            }
            return views;
        }
    }

    static string Word(GraphiteFault fault) => fault switch
    {
        GraphiteFault.Fields => "fields",
        GraphiteFault.Value => "value",
        GraphiteFault.Time => "time",
        GraphiteFault.TooLong => "too_long",
        _ => "pickle",
    };

    static string Reason(GraphiteFault fault) => fault switch
    {
        GraphiteFault.Fields => "a line has three fields: name, value, time",
        GraphiteFault.Value => "the value is no finite number",
        GraphiteFault.Time => "the time is no number of seconds",
        GraphiteFault.TooLong => "the line is longer than max_line",
        _ => "the pickle is no list of (name, (time, value))",
    };
}
