using System.Text.Json.Serialization;

namespace OpsBro.Metrics.Listeners;

/// <summary>A line that could not be read.</summary>
/// <param name="At">When it came.</param>
/// <param name="Fault">What is wrong with it.</param>
/// <param name="Line">Its beginning.</param>
internal sealed record StatsdSampleView(DateTimeOffset At, string Fault, string Line);

/// <summary>An event of DogStatsD.</summary>
/// <param name="ReceivedAt">When it came.</param>
/// <param name="Title">One line.</param>
/// <param name="Text">May have many lines.</param>
/// <param name="At">Unix seconds that the sender says; null when it does not.</param>
/// <param name="Host">Host that the sender says, or empty.</param>
/// <param name="Priority">normal or low.</param>
/// <param name="AlertType">info, success, warning or error.</param>
/// <param name="Tags">As they came.</param>
internal sealed record StatsdEventView(
    DateTimeOffset ReceivedAt, string Title, string Text, long? At, string Host, string Priority, string AlertType, string[] Tags);

/// <summary>A service check of DogStatsD.</summary>
/// <param name="ReceivedAt">When it came.</param>
/// <param name="Name">Its name.</param>
/// <param name="Status">ok, warning, critical or unknown.</param>
/// <param name="At">Unix seconds that the sender says; null when it does not.</param>
/// <param name="Host">Host that the sender says, or empty.</param>
/// <param name="Message">What it says of its state.</param>
/// <param name="Tags">As they came.</param>
internal sealed record StatsdCheckView(DateTimeOffset ReceivedAt, string Name, string Status, long? At, string Host, string Message, string[] Tags);

/// <summary>The last flush.</summary>
/// <param name="At">The time that its numbers bear.</param>
/// <param name="Numbers">How many were given to the store.</param>
/// <param name="Refused">How many the store did not take.</param>
/// <param name="Milliseconds">How long it took.</param>
internal sealed record StatsdFlushView(DateTimeOffset At, int Numbers, int Refused, double Milliseconds);

/// <summary>What the statsd listener does.</summary>
internal sealed record StatsdView
{
    /// <summary>Switched on by the configuration.</summary>
    public bool Enabled { get; init; }

    /// <summary>Where it listens, for instance <c>udp 127.0.0.1:8125</c>.</summary>
    public string[] Listens { get; init; } = [];

    /// <summary>Why it does not listen somewhere.</summary>
    public string[] Problems { get; init; } = [];

    /// <summary>Seconds between two flushes.</summary>
    public int Interval { get; init; }

    /// <summary>Packets since start.</summary>
    public long Packets { get; init; }

    /// <summary>Lines in them.</summary>
    public long Lines { get; init; }

    /// <summary>Lines, or values of lines, that could not be read.</summary>
    public long BadLines { get; init; }

    /// <summary>The same by what is wrong.</summary>
    public Dictionary<string, long> Faults { get; init; } = [];

    /// <summary>The last of them, newest first.</summary>
    public StatsdSampleView[] BadSamples { get; init; } = [];

    /// <summary>Different metrics now.</summary>
    public int Metrics { get; init; }

    /// <summary>Values of metrics for which there was no room.</summary>
    public long RefusedMetrics { get; init; }

    /// <summary>Values of timers beyond the limit.</summary>
    public long RefusedTimerValues { get; init; }

    /// <summary>Members of sets beyond the limit.</summary>
    public long RefusedSetMembers { get; init; }

    /// <summary>Datagrams longer than <c>max_packet</c>.</summary>
    public long CutPackets { get; init; }

    /// <summary>Datagrams that the kernel dropped because the receive buffer was full, since the sockets were opened.</summary>
    public long KernelDrops { get; init; }

    /// <summary>Size of the receive buffers that the kernel granted, in bytes of its own memory.</summary>
    public long ReceiveBuffer { get; init; }

    /// <summary>TCP connections now.</summary>
    public int Connections { get; init; }

    /// <summary>TCP connections that were sent away: too many, or a line too long.</summary>
    public long RefusedConnections { get; init; }

    /// <summary>Events since start.</summary>
    public long Events { get; init; }

    /// <summary>Service checks since start.</summary>
    public long ServiceChecks { get; init; }

    /// <summary>Service checks for which there was no room.</summary>
    public long RefusedServiceChecks { get; init; }

    /// <summary>Flushes since start.</summary>
    public long Flushes { get; init; }

    /// <summary>The last one; null before the first.</summary>
    public StatsdFlushView? LastFlush { get; init; }
}

/// <summary>The shapes of <c>/v1/statsd</c>.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(StatsdView))]
[JsonSerializable(typeof(StatsdEventView[]))]
[JsonSerializable(typeof(StatsdCheckView[]))]
internal sealed partial class StatsdJson : JsonSerializerContext;
