using OpsBro.Platform;

namespace OpsBro.Metrics.Exporters;

/// <summary>How a sink does.</summary>
internal enum SinkState
{
    /// <summary>It has all numbers, or gets the last of them.</summary>
    Ok,
    /// <summary>It takes numbers, and more than one page waits.</summary>
    Behind,
    /// <summary>It took nothing at the last try.</summary>
    Down,
}

/// <summary>What one sink did since the agent started. Written by its worker, read by anybody.</summary>
internal sealed class SinkReport(TimeProvider time)
{
    /// <summary>Reasons of refusals told apart; the rest counts as "other".</summary>
    public const int MaxReasons = 8;

    readonly Lock gate = new();
    readonly Dictionary<string, long> refused = [];
    SinkFigures now = new() { Since = time.GetUtcNow() };
    TimeSpan changed = Monotonic.Now, lostAt;

    /// <summary>The picture of now.</summary>
    public SinkFigures Now
    {
        get
        {
            lock (gate) return now with { Refused = new(refused), StateAge = Monotonic.Now - changed, LostAge = Monotonic.Now - lostAt };
        }
    }

    /// <summary>The sink has points.</summary>
    public void Took(Delivery delivery)
    {
        lock (gate)
        {
            now = now with
            {
                Sent = now.Sent + delivery.Points.Samples,
                Filtered = now.Filtered + delivery.Points.Filtered,
                Replaced = now.Replaced + delivery.Points.Replaced,
                Bytes = now.Bytes + delivery.Bytes,
                Requests = now.Requests + (delivery.Points.Samples > 0 ? 1 : 0),
                SentAt = delivery.Points.Samples > 0 ? time.GetUtcNow() : now.SentAt,
            };
        }
    }

    /// <summary>The sink does not want points, and they are given up.</summary>
    public void Refuse(Delivery delivery)
    {
        lock (gate)
        {
            now = now with
            {
                RefusedPoints = now.RefusedPoints + delivery.Points.Samples,
                Filtered = now.Filtered + delivery.Points.Filtered,
                Replaced = now.Replaced + delivery.Points.Replaced,
                Error = delivery.Reason,
                ErrorAt = time.GetUtcNow(),
            };
            var reason = refused.ContainsKey(delivery.Reason) || refused.Count < MaxReasons ? delivery.Reason : "other";
            refused[reason] = refused.GetValueOrDefault(reason) + delivery.Points.Samples;
        }
    }

    /// <summary>A try failed; the points wait.</summary>
    public void Failed(string reason)
    {
        lock (gate) now = now with { Retries = now.Retries + 1, Error = reason, ErrorAt = time.GetUtcNow() };
    }

    /// <summary>Points were given up because the journal was full.</summary>
    public void Lose(long points)
    {
        lock (gate)
        {
            now = now with { Lost = now.Lost + points };
            lostAt = Monotonic.Now;
        }
    }

    /// <summary>Time of the oldest point that waits, Unix seconds; 0 when none does.</summary>
    public void Wait(long oldest)
    {
        lock (gate) now = now with { Oldest = oldest };
    }

    /// <summary>A new state; true when it was another one before.</summary>
    public bool Become(SinkState state)
    {
        lock (gate)
        {
            if (now.State == state) return false;
            (now, changed) = (now with { State = state, Since = time.GetUtcNow() }, Monotonic.Now);
            return true;
        }
    }
}

/// <summary>The figures of one sink at one moment; counts are since the agent started.</summary>
internal sealed record SinkFigures
{
    /// <summary>How it does.</summary>
    public SinkState State { get; init; }

    /// <summary>Since when, UTC.</summary>
    public DateTimeOffset Since { get; init; }

    /// <summary>The same, as time that has passed.</summary>
    public TimeSpan StateAge { get; init; }

    /// <summary>Why it was down or refused points last; empty when it never did.</summary>
    public string Error { get; init; } = "";

    /// <summary>When that was.</summary>
    public DateTimeOffset? ErrorAt { get; init; }

    /// <summary>Time of the oldest point that waits, Unix seconds; 0 when none waits.</summary>
    public long Oldest { get; init; }

    /// <summary>Points that the sink has.</summary>
    public long Sent { get; init; }

    /// <summary>When it took the last of them.</summary>
    public DateTimeOffset? SentAt { get; init; }

    /// <summary>Bytes of the requests that it took.</summary>
    public long Bytes { get; init; }

    /// <summary>Requests that it took.</summary>
    public long Requests { get; init; }

    /// <summary>Tries that failed and were made again.</summary>
    public long Retries { get; init; }

    /// <summary>Points that the filter left out.</summary>
    public long Filtered { get; init; }

    /// <summary>Points of the same series and second as a later one.</summary>
    public long Replaced { get; init; }

    /// <summary>Points that the sink refused.</summary>
    public long RefusedPoints { get; init; }

    /// <summary>The same by reason.</summary>
    public Dictionary<string, long> Refused { get; init; } = [];

    /// <summary>Points given up because the journal was full.</summary>
    public long Lost { get; init; }

    /// <summary>Time since that happened last; only of use when <see cref="Lost"/> is not 0.</summary>
    public TimeSpan LostAge { get; init; }
}
