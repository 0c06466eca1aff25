using System.Text.Json.Serialization;

namespace OpsBro.Metrics.Listeners;

/// <summary>A line or pickle that could not be read.</summary>
/// <param name="At">When it came.</param>
/// <param name="Reason">What is wrong with it.</param>
/// <param name="Line">As much of it as is kept.</param>
internal sealed record BadLineView(DateTimeOffset At, string Reason, string Line);

/// <summary>What the Graphite listener does.</summary>
internal sealed record GraphiteView
{
    /// <summary>It is on.</summary>
    public bool Enabled { get; set; }

    /// <summary>Where it listens.</summary>
    public string[] Listens { get; set; } = [];

    /// <summary>What could not be opened.</summary>
    public string[] Problems { get; set; } = [];

    /// <summary>Open connections.</summary>
    public int Connections { get; set; }

    /// <summary>Connections that were closed at once, because there were too many.</summary>
    public long RefusedConnections { get; set; }

    /// <summary>Connections that were closed because of what they sent, or because they sent nothing for too long.</summary>
    public long CutConnections { get; set; }

    /// <summary>Lines, good and bad.</summary>
    public long Lines { get; set; }

    /// <summary>Pickles, good and bad.</summary>
    public long Pickles { get; set; }

    /// <summary>Datagrams.</summary>
    public long Packets { get; set; }

    /// <summary>Datagrams that the kernel had no room for: lost.</summary>
    public long KernelDrops { get; set; }

    /// <summary>Receive buffer of the UDP socket, in bytes, as the kernel granted it.</summary>
    public int ReceiveBuffer { get; set; }

    /// <summary>Lines and pickles that could not be read.</summary>
    public long BadLines { get; set; }

    /// <summary>How often each fault was seen: fields, value, time, too_long, pickle.</summary>
    public Dictionary<string, long> Faults { get; set; } = [];

    /// <summary>The last of them, newest first.</summary>
    public BadLineView[] BadSamples { get; set; } = [];

    /// <summary>Numbers that the store took.</summary>
    public long Accepted { get; set; }

    /// <summary>Numbers that the store refused, by reason.</summary>
    public Dictionary<string, long> Refused { get; set; } = [];
}

/// <summary>One way in over HTTP.</summary>
/// <param name="Way">remote_write, otlp or influx.</param>
/// <param name="Requests">Requests since start.</param>
/// <param name="BadRequests">Those that were not understood, or not whole.</param>
/// <param name="Busy">Those that were sent away because too many were being read.</param>
/// <param name="Skipped">Things that are no numbers: texts, staleness marks, native histograms.</param>
/// <param name="LastProblem">What was wrong last.</param>
/// <param name="Accepted">Numbers that the store took.</param>
/// <param name="Refused">Numbers that the store refused, by reason.</param>
internal sealed record IntakeWayView(
    string Way, long Requests, long BadRequests, long Busy, long Skipped, string LastProblem, long Accepted, Dictionary<string, long> Refused);

/// <summary>JSON of the ways in.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(GraphiteView))]
[JsonSerializable(typeof(IntakeWayView[]))]
internal sealed partial class IntakeJson : JsonSerializerContext;
