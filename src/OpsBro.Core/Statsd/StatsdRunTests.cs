using System.Text;
using OpsBro.Core.Statsd;

namespace OpsBro.Tests.Statsd;

/// <summary>An aggregate with its report, for tests: packets in, names and values out.</summary>
sealed class StatsdRun(StatsdSettings? settings = null, StatsdLimits? limits = null) : IStatsdOutput, IStatsdNotes
{
    readonly StatsdReport report = new(settings ?? new StatsdSettings());
    Dictionary<string, double> flushed = [];
    bool hasFlushed;

    public List<(string Line, StatsdFault Fault)> BadLines { get; } = [];

    public List<StatsdEvent> Events { get; } = [];

    public List<StatsdServiceCheck> Checks { get; } = [];

    public StatsdAggregate Aggregate => field ??= new StatsdAggregate(settings ?? new StatsdSettings(), limits ?? new StatsdLimits(), this, seed: 42);

    public StatsdRun Send(params string[] packets)
    {
        foreach (var packet in packets) Aggregate.Take(Encoding.UTF8.GetBytes(packet));
        return this;
    }

    /// <summary>What the interval gives; statsd's own numbers are left out unless asked for.</summary>
    public Dictionary<string, double> Flush(bool withOwn = false)
    {
        flushed = [];
        var ended = Aggregate.Swap();
        report.Write(ended, hasFlushed ? 0 : null, this);
        ended.Clear();
        Aggregate.Return(ended);
        hasFlushed = true;
        return withOwn ? flushed : flushed.Where(f => !f.Key.Contains("statsd", StringComparison.Ordinal)).ToDictionary();
    }

    public void Add(ReadOnlySpan<byte> name, double value) => flushed.Add(Encoding.UTF8.GetString(name), value);

    public void Event(StatsdEvent happened) => Events.Add(happened);

    public void ServiceCheck(StatsdServiceCheck check) => Checks.Add(check);

    public void Bad(ReadOnlySpan<byte> line, StatsdFault fault) => BadLines.Add((Encoding.UTF8.GetString(line), fault));
}
