using System.Globalization;
using System.Text;
using OpsBro.Agent;
using OpsBro.Api;
using OpsBro.Collectors;
using OpsBro.Core.Expressions;
using OpsBro.Platform;

namespace OpsBro.Metrics.Asking;

/// <summary>
/// <c>/metrics</c> in the Prometheus text format 0.0.4: the agent's own counters, who brings numbers to the store, and the numbers of
/// every collector that are not stale.
/// </summary>
internal sealed class PrometheusPage(Telemetry telemetry, AgentState self, Readiness readiness, CollectorStore collectors, MetricStore store)
{
    /// <summary>The page's media type.</summary>
    public const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    /// <summary>The page.</summary>
    public string Text()
    {
        var text = OwnCounters.Text(telemetry, self.StartedAt, readiness.State);
        Sources(text);
        var families = new SortedDictionary<string, Family>(StringComparer.Ordinal);
        foreach (var snapshot in collectors.All)
        {
            if (snapshot.Data.Kind != ValueKind.Dict) continue;
            if (Monotonic.Now - snapshot.At > snapshot.Interval * CollectorStore.StaleAfterIntervals) continue;
            Collect(families, snapshot.Name, snapshot.Keys, snapshot.Data);
        }
        foreach (var family in families.Values) family.WriteTo(text);
        return text.ToString();
    }

    void Sources(StringBuilder text)
    {
        var sources = store.Sources.OrderBy(s => s.Name, StringComparer.Ordinal).ToArray();
        if (sources.Length == 0) return;
        OwnCounters.Head(text, "opsbro_metrics_accepted_total", "counter", "Numbers taken into the store.");
        foreach (var source in sources)
            text.Append(CultureInfo.InvariantCulture, $"opsbro_metrics_accepted_total{{source=\"{OwnCounters.Escape(source.Name)}\"}} {source.Accepted}\n");
        OwnCounters.Head(text, "opsbro_metrics_refused_total", "counter", "Numbers refused.");
        foreach (var source in sources)
        {
            foreach (var reason in Enum.GetValues<Refusal>())
            {
                text.Append(CultureInfo.InvariantCulture, $"opsbro_metrics_refused_total{{source=\"{OwnCounters.Escape(source.Name)}\",")
                    .Append(CultureInfo.InvariantCulture, $"reason=\"{reason.Word()}\"}} {source.Refused(reason)}\n");
            }
        }
    }

    /// <summary>Adds the numbers of one collector's tree.</summary>
    /// <param name="families">Where.</param>
    /// <param name="collector">The collector's name.</param>
    /// <param name="keys">What it says of its keys.</param>
    /// <param name="tree">The tree.</param>
    public static void Collect(SortedDictionary<string, Family> families, string collector, IReadOnlyList<KeyDoc> keys, Value tree)
    {
        var docs = new KeyTree();
        foreach (var key in keys) docs.Add(key);
        Walk([], docs, tree);

        void Walk(List<string> path, KeyTree? at, Value value)
        {
            if (value.Kind == ValueKind.Dict)
            {
                foreach (var (key, item) in value.AsDict.Entries)
                {
                    if (key.Kind != ValueKind.String) continue;
                    path.Add(key.AsString);
                    Walk(path, at?.Next(key.AsString), item);
                    path.RemoveAt(path.Count - 1);
                }
            }
            else if (value.IsNumber && at?.Doc?.Unit != "d")   // days are the seconds beside them once more
            {
                var name = PrometheusName.Of(at?.Doc, path);
                var full = string.Join('_', new[] { "opsbro", PrometheusName.Clean(collector), name.Name }.Where(part => part.Length > 0));
                if (!families.TryGetValue(full, out var family))
                    families.Add(full, family = new Family(full, name.IsCounter ? "counter" : "gauge", $"{collector}: {name.Help}"));
                family.Add(name, path, value.ToDouble() * name.Scale);
            }
        }
    }

    /// <summary>Documented keys as a tree: a part in angle brackets takes what no other part takes.</summary>
    sealed class KeyTree
    {
        readonly Dictionary<string, KeyTree> parts = new(StringComparer.Ordinal);

        public KeyDoc? Doc { get; private set; }

        public void Add(KeyDoc doc)
        {
            var at = this;
            foreach (var part in doc.Path.Split('.'))
            {
                var key = part.StartsWith('<') ? "" : part;
                if (!at.parts.TryGetValue(key, out var next)) at.parts.Add(key, next = new KeyTree());
                at = next;
            }
            at.Doc ??= doc;
        }

        public KeyTree? Next(string part) => parts.GetValueOrDefault(part) ?? parts.GetValueOrDefault("");
    }

    /// <summary>The samples of one name, which must stand together.</summary>
    public sealed class Family(string name, string type, string help)
    {
        readonly Dictionary<string, double> samples = new(StringComparer.Ordinal);

        /// <summary>Adds a sample; of two with the same labels (keys that differ in case only) the first stays.</summary>
        public void Add(PrometheusName of, IReadOnlyList<string> path, double value)
        {
            var labels = new StringBuilder();
            for (var i = 0; i < path.Count; i++)
            {
                if (of.Labels[i] is not { } label) continue;
                labels.Append(labels.Length == 0 ? '{' : ',').Append(label).Append("=\"").Append(OwnCounters.Escape(path[i])).Append('"');
            }
            if (labels.Length > 0) labels.Append('}');
            samples.TryAdd(labels.ToString(), value);
        }

        /// <summary>Writes head and samples.</summary>
        public void WriteTo(StringBuilder text)
        {
            OwnCounters.Head(text, name, type, help.Replace("\\", @"\\").Replace("\n", " "));
            foreach (var (labels, value) in samples)
                text.Append(name).Append(labels).Append(' ').Append(Number(value)).Append('\n');
        }

        static string Number(double value) => double.IsNaN(value) ? "NaN" : double.IsInfinity(value) ? value > 0 ? "+Inf" : "-Inf"
            : value.ToString("R", CultureInfo.InvariantCulture);
    }
}

/// <summary>Reasons as words.</summary>
internal static class RefusalWords
{
    /// <summary>Lower case, words joined by an underscore.</summary>
    public static string Word(this Refusal reason) => reason switch
    {
        Refusal.TooManySeries => "too_many_series",
        Refusal.BadName => "bad_name",
        Refusal.BadTime => "bad_time",
        Refusal.BadValue => "bad_value",
        _ => reason.ToString().ToLowerInvariant(),
    };
}
