using System.Text;
using OpsBro.Collectors;

namespace OpsBro.Metrics.Asking;

/// <summary>
/// What a documented key of a collector is called for Prometheus (https://prometheus.io/docs/practices/naming): base units, parts in
/// angle brackets as labels, counts since boot as counters.
/// </summary>
/// <param name="Name">Name of the family, without the collector's.</param>
/// <param name="Labels">Label of each part of the path; null for parts that are in the name.</param>
/// <param name="Scale">What the number is multiplied with to be in the base unit.</param>
/// <param name="IsCounter">True when it only grows.</param>
/// <param name="Help">What it is.</param>
internal sealed record PrometheusName(string Name, IReadOnlyList<string?> Labels, double Scale, bool IsCounter, string Help)
{
    /// <summary>Names of wildcards whose texts are names of numbers, each with a meaning of its own, and not names of things.</summary>
    static readonly string[] fieldWords = ["<key>", "<counter>", "<field>", "<file>"];

    /// <summary>Units of documented keys: ending of the name in base units, factor, and how keys end that spell the unit themselves.</summary>
    static readonly Dictionary<string, (string Ending, double Factor, string Own)> units = new()
    {
        ["%"] = ("ratio", 0.01, "pct"),
        ["bytes"] = ("bytes", 1, "bytes"),
        ["kB"] = ("bytes", 1024, ""),
        ["MB"] = ("bytes", 1024 * 1024, ""),
        ["pages"] = ("pages", 1, ""),
        ["s"] = ("seconds", 1, "seconds"),
        ["ms"] = ("seconds", 1e-3, "ms"),
        ["us"] = ("seconds", 1e-6, "us"),
        ["MHz"] = ("hertz", 1e6, "mhz"),
        ["Mbit/s"] = ("bytes_per_second", 125_000, "mbps"),
        ["bytes/s"] = ("bytes_per_second", 1, "bytes_per_second"),
        ["ms/s"] = ("ratio", 1e-3, "ms_per_second"),
        ["1/s"] = ("per_second", 1, "per_second"),
        ["1/min"] = ("rpm", 1, "rpm"),
        ["°C"] = ("celsius", 1, "temperature"),
        ["V"] = ("volts", 1, "volts"),
        ["W"] = ("watts", 1, "watts"),
        ["ppm"] = ("ratio", 1e-6, "ppm"),
    };

    /// <summary>The name of one key of a tree.</summary>
    /// <param name="doc">What the collector says of it; null when it says nothing.</param>
    /// <param name="path">The parts of the path as they are in the tree.</param>
    public static PrometheusName Of(KeyDoc? doc, IReadOnlyList<string> path)
    {
        var pattern = doc?.Path.Split('.') ?? [.. path];
        var labels = new string?[path.Count];
        List<string> words = [];
        for (var i = 0; i < path.Count; i++)
        {
            var part = i < pattern.Length && pattern.Length == path.Count ? pattern[i] : path[i];
            if (part.StartsWith('<') && !(i == path.Count - 1 && fieldWords.Contains(part))) labels[i] = Clean(part.Trim('<', '>'));
            else words.Add(Clean(part.StartsWith('<') ? path[i] : part));
        }
        var meaning = doc?.Meaning ?? $"The key {string.Join('.', path)}.";
        // hugepages are numbers of pages, among fields in kB (proc_meminfo(5))
        var unit = path[^1].StartsWith("hugepages_", StringComparison.Ordinal) ? "" : doc?.Unit ?? "";
        var isCounter = (meaning.Contains("since boot", StringComparison.OrdinalIgnoreCase) || meaning.Contains("since it was made"))
            && !meaning.StartsWith("Time ", StringComparison.Ordinal) && !meaning.Contains("(since boot)")
            && !unit.EndsWith("/s", StringComparison.Ordinal);
        var (ending, factor, own) = units.GetValueOrDefault(unit, ("", 1, ""));
        var name = string.Join('_', words.Where(w => w.Length > 0));
        return new PrometheusName(Ended(name, ending, own, isCounter), labels, factor, isCounter, meaning);
    }

    /// <summary>The name with the ending of its unit and of its type, each once.</summary>
    static string Ended(string name, string ending, string own, bool isCounter)
    {
        if (own.Length > 0 && ending != own) name = Without(name, own);
        if (ending.Length > 0 && name != ending && !name.EndsWith($"_{ending}", StringComparison.Ordinal))
            name = Without(name, ending.Split('_')[0]) is { Length: > 0 } rest ? $"{rest}_{ending}" : ending;
        if (isCounter) return name.EndsWith("_total", StringComparison.Ordinal) ? name : $"{Without(name, "total")}_total";
        // endings that belong to counters and histograms
        foreach (var (taken, other) in new[] { ("total", "all"), ("count", "number"), ("sum", "added"), ("bucket", "bin") })
            if (name == taken || name.EndsWith($"_{taken}", StringComparison.Ordinal)) return name[..^taken.Length] + other;
        return name;
    }

    /// <summary>The name without one of its words.</summary>
    static string Without(string name, string word) => string.Join('_', name.Split('_').Where(w => w.Length > 0 && !word.Split('_').Contains(w)));

    /// <summary>What may stand in names: letters, digits and underscores; %, /s and the like as words.</summary>
    public static string Clean(string part)
    {
        if (part.EndsWith("/s", StringComparison.Ordinal)) part = part[..^2] + "_per_second";
        var text = new StringBuilder();
        foreach (var c in part.ToLowerInvariant())
        {
            if (char.IsAsciiLetterOrDigit(c)) text.Append(c);
            else if (text.Length > 0 && text[^1] != '_') text.Append('_');
        }
        // a word of the kernel's (nr_sec_page_table_pages) that readers would take for seconds
        return text.ToString().TrimEnd('_').Replace("_sec_", "_secondary_");
    }
}
