using System.Text;
using OpsBro.Core.Statsd;

namespace OpsBro.Metrics.Listeners;

/// <summary>An event or service check with the time it came.</summary>
/// <param name="At">When it came.</param>
/// <param name="What">What came.</param>
internal readonly record struct Received<T>(DateTimeOffset At, T What);

/// <summary>
/// What statsd's clients send besides numbers, for the operator: the last lines that could not be read, the last events, and the latest
/// state of each service check. Each has a limit. Safe for many threads.
/// </summary>
internal sealed class StatsdBook(TimeProvider time) : IStatsdNotes
{
    /// <summary>Bad lines that are remembered, and how much of each.</summary>
    public const int MaxSamples = 20, MaxSample = 200;

    /// <summary>Events that are remembered: the newest.</summary>
    public const int MaxEvents = 200;

    /// <summary>Service checks, each by name, host and tags; further ones are counted.</summary>
    public const int MaxChecks = 1000;

    readonly Lock gate = new();
    // made once: a flood of bad lines must not cost memory
    readonly byte[][] samples = [.. Enumerable.Range(0, MaxSamples).Select(_ => new byte[MaxSample])];
    readonly (long At, int Length, StatsdFault Fault)[] about = new (long, int, StatsdFault)[MaxSamples];
    readonly long[] bad = new long[Enum.GetValues<StatsdFault>().Length];
    readonly Queue<Received<StatsdEvent>> events = [];
    readonly Dictionary<string, Received<StatsdServiceCheck>> checks = new(StringComparer.Ordinal);
    long badCount, eventCount, checkCount, refusedChecks;

    /// <summary>Events since start.</summary>
    public long EventCount => Interlocked.Read(ref eventCount);

    /// <summary>Service checks since start.</summary>
    public long CheckCount => Interlocked.Read(ref checkCount);

    /// <summary>Service checks that had no room.</summary>
    public long RefusedChecks => Interlocked.Read(ref refusedChecks);

    /// <inheritdoc/>
    public void Bad(ReadOnlySpan<byte> line, StatsdFault fault)
    {
        lock (gate)
        {
            var place = (int)(badCount++ % MaxSamples);
            bad[(int)fault]++;
            var length = Math.Min(line.Length, MaxSample);
            line[..length].CopyTo(samples[place]);
            about[place] = (time.GetUtcNow().ToUnixTimeMilliseconds(), length, fault);
        }
    }

    /// <inheritdoc/>
    public void Event(StatsdEvent happened)
    {
        lock (gate)
        {
            eventCount++;
            if (events.Count == MaxEvents) events.Dequeue();
            events.Enqueue(new(time.GetUtcNow(), happened));
        }
    }

    /// <inheritdoc/>
    public void ServiceCheck(StatsdServiceCheck check)
    {
        var key = string.Join('\n', [check.Name, check.Host, .. check.Tags]);
        lock (gate)
        {
            checkCount++;
            if (checks.Count >= MaxChecks && !checks.ContainsKey(key)) refusedChecks++;
            else checks[key] = new(time.GetUtcNow(), check);
        }
    }

    /// <summary>How often each fault was seen.</summary>
    public Dictionary<string, long> Faults()
    {
        lock (gate) return bad.Index().Where(b => b.Item > 0).ToDictionary(b => Word((StatsdFault)b.Index), b => b.Item);
    }

    /// <summary>The last lines that could not be read, newest first; what is no text is shown as <c>?</c>.</summary>
    public StatsdSampleView[] Samples()
    {
        lock (gate)
        {
            var kept = (int)Math.Min(badCount, MaxSamples);
            var views = new StatsdSampleView[kept];
            for (var i = 0; i < kept; i++)
            {
                var place = (int)((badCount - 1 - i) % MaxSamples);
                var (at, length, fault) = about[place];
                var text = string.Concat(Encoding.UTF8.GetString(samples[place], 0, length).Select(c => char.IsControl(c) || c == '\uFFFD' ? '?' : c));
                views[i] = new StatsdSampleView(DateTimeOffset.FromUnixTimeMilliseconds(at), Word(fault), text);
            }
            return views;
        }
    }

    /// <summary>A fault in the words of the API.</summary>
    public static string Word(StatsdFault fault) => fault switch
    {
        StatsdFault.NoValue => "no_value",
        StatsdFault.NotANumber => "not_a_number",
        StatsdFault.NegativeTime => "negative_time",
        StatsdFault.BadRate => "bad_rate",
        StatsdFault.BadEvent => "bad_event",
        StatsdFault.BadServiceCheck => "bad_service_check",
        _ => "name_too_long",
    };

    /// <summary>The last events, newest first.</summary>
    public StatsdEventView[] Events()
    {
        lock (gate)
        {
            return [.. events.Reverse().Select(e => new StatsdEventView(
                e.At, e.What.Title, e.What.Text, e.What.At, e.What.Host, e.What.Priority, e.What.AlertType, [.. e.What.Tags]))];
        }
    }

    /// <summary>The latest of each service check, by name.</summary>
    public StatsdCheckView[] Checks()
    {
        lock (gate)
        {
            return [.. checks.Values.OrderBy(c => c.What.Name, StringComparer.Ordinal).ThenBy(c => c.What.Host, StringComparer.Ordinal)
                .Select(c => new StatsdCheckView(
                    c.At, c.What.Name, c.What.Status switch { 0 => "ok", 1 => "warning", 2 => "critical", _ => "unknown" },
                    c.What.At, c.What.Host, c.What.Message, [.. c.What.Tags]))];
        }
    }
}
