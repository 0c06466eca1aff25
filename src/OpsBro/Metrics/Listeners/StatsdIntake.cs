using System.Security.Cryptography;
using OpsBro.Core.Statsd;

namespace OpsBro.Metrics.Listeners;

/// <summary>
/// The aggregate that all sockets fill and the flush empties. The lock is held for a batch of datagrams, and for a moment at a flush:
/// making the figures and storing them happens on the interval that was handed out.
/// </summary>
internal sealed class StatsdIntake(StatsdSettings settings, StatsdLimits limits, StatsdBook book)
{
    readonly Lock gate = new();
    readonly StatsdReport report = new(settings);
    readonly StatsdAggregate aggregate = new(settings, limits, book, BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(sizeof(ulong))));
    bool hasFlushed, isOver;

    /// <summary>What it was made with.</summary>
    public StatsdSettings Settings => settings;

    /// <summary>How much it holds.</summary>
    public StatsdLimits Limits => limits;

    /// <summary>What became of the packets.</summary>
    public StatsdCounts Counts
    {
        get
        {
            lock (gate) return aggregate.Counts;
        }
    }

    /// <summary>Takes the datagrams of one call.</summary>
    /// <returns>How many were cut; negative when another one takes its place, which is to be asked instead.</returns>
    public int Take(Platform.BatchSocket socket, int count)
    {
        var cut = 0;
        lock (gate)
        {
            if (isOver) return -1;
            for (var i = 0; i < count; i++)
            {
                var datagram = socket[i];
                if (socket.IsCut(i))
                {
                    cut++;
                    // its last line is not whole
                    datagram = datagram[..(datagram.LastIndexOf((byte)'\n') + 1)];
                }
                aggregate.Take(datagram);
            }
        }
        return cut;
    }

    /// <summary>Takes whole lines; false when another one takes its place, which is to be asked instead.</summary>
    public bool Take(ReadOnlySpan<byte> lines)
    {
        lock (gate)
        {
            if (!isOver) aggregate.Take(lines);
            return !isOver;
        }
    }

    /// <summary>Ends the interval and writes its numbers. For one thread.</summary>
    /// <param name="lagSeconds">By how much it is late.</param>
    /// <param name="isLast">Nothing is taken any more.</param>
    /// <param name="output">Who takes them.</param>
    public void Flush(double lagSeconds, bool isLast, IStatsdOutput output)
    {
        StatsdInterval ended;
        lock (gate)
        {
            isOver = isLast;
            ended = aggregate.Swap();
        }
        report.Write(ended, hasFlushed ? lagSeconds : null, output);
        hasFlushed = true;
        ended.Clear();
        lock (gate) aggregate.Return(ended);
    }

    /// <summary>Writes how long the flush took.</summary>
    public void WriteTime(double milliseconds, IStatsdOutput output) => report.WriteTime(milliseconds, output);
}
