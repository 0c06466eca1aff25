using System.Text.Json;
using System.Text.Json.Serialization;

namespace OpsBro.Metrics.Asking;

/// <summary>Names of series.</summary>
/// <param name="Names">In order, as many as were asked for.</param>
/// <param name="Total">How many there are that match.</param>
/// <param name="Unanswered">Hosts that did not answer.</param>
internal sealed record MetricNamesView(string[] Names, int Total, string[] Unanswered);

/// <summary>Values of series.</summary>
/// <param name="From">Start, Unix seconds.</param>
/// <param name="Until">End, Unix seconds.</param>
/// <param name="Series">In the order of the targets.</param>
/// <param name="Unanswered">Hosts that did not answer.</param>
internal sealed record MetricQueryView(long From, long Until, MetricSeriesView[] Series, string[] Unanswered);

/// <summary>Values of one series.</summary>
/// <param name="Name">Its name, or what a function called it.</param>
/// <param name="Tags">Its tags.</param>
/// <param name="Start">Time of the first value, Unix seconds.</param>
/// <param name="Step">Seconds from one value to the next.</param>
/// <param name="Values">One a step; null where there is none.</param>
internal sealed record MetricSeriesView(string Name, Dictionary<string, string> Tags, long Start, int Step, double?[] Values);

/// <summary>What was high, low or moved in a time.</summary>
/// <param name="Name">The series.</param>
/// <param name="Last">Its newest value.</param>
/// <param name="Min">Its least.</param>
/// <param name="Average">Its mean.</param>
/// <param name="Max">Its greatest.</param>
/// <param name="Change">Its newest value less its oldest.</param>
/// <param name="Values">Its course in a few values; null where there is none.</param>
internal sealed record MetricTopView(string Name, double Last, double Min, double Average, double Max, double Change, double?[] Values);

/// <summary>Who brings numbers.</summary>
/// <param name="Name">statsd, graphite, collectors, checks and so on.</param>
/// <param name="Accepted">Numbers taken since start.</param>
/// <param name="Series">Series that it brought.</param>
/// <param name="Refused">Numbers refused since start, by reason.</param>
/// <param name="LastRefused">The last name that was refused, by reason.</param>
internal sealed record MetricSourceView(
    string Name, long Accepted, int Series, Dictionary<string, long> Refused, Dictionary<string, string> LastRefused);

/// <summary>A series that was forgotten.</summary>
internal sealed record MetricDeletedView(string Name);

/// <summary>JSON of the metrics.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(MetricNamesView))]
[JsonSerializable(typeof(MetricQueryView))]
[JsonSerializable(typeof(MetricTopView[]))]
[JsonSerializable(typeof(MetricSourceView[]))]
[JsonSerializable(typeof(MetricDeletedView))]
[JsonSerializable(typeof(JsonElement))]
internal sealed partial class AskingJson : JsonSerializerContext;
