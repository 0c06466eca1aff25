using System.Globalization;
using OpsBro.Config;

namespace OpsBro.Metrics;

/// <summary>How fine numbers are kept, and how long.</summary>
/// <param name="Step">Seconds of a slot.</param>
/// <param name="Keep">Seconds that they are kept.</param>
internal readonly record struct Tier(int Step, long Keep);

/// <summary>The section <c>metrics</c> of agent.yml.</summary>
internal sealed record MetricOptions
{
    /// <summary>Most tiers.</summary>
    public const int MaxTiers = 6;

    /// <summary>Series unless <c>max_series</c> says otherwise.</summary>
    public const int DefaultSeries = 100_000;

    /// <summary>Series that the agent's own sources may have above the limit: a flood of others must not hide this host.</summary>
    public const int OwnSeries = 10_000;

    const long Megabyte = 1 << 20, Gigabyte = 1 << 30, Day = 86_400;

    static readonly string[] ownSources = ["collectors", "checks", "core"];

    /// <summary>What is not written.</summary>
    public static readonly MetricOptions Default = new();

    /// <summary>Finest first; each step is a multiple of the one before.</summary>
    public IReadOnlyList<Tier> Tiers { get; init; } = [new(10, 7 * Day), new(60, 90 * Day), new(3600, 5 * 365 * Day)];

    /// <summary>Bytes of the store's file: beyond it the oldest numbers are made coarser, then deleted.</summary>
    public long MaxDisk { get; init; } = 2 * Gigabyte;

    /// <summary>Bytes of the journal: beyond it a follower that is behind loses the oldest.</summary>
    public long JournalMax { get; init; } = MetricJournal.DefaultBytes;

    /// <summary>Series of all sources.</summary>
    public int MaxSeries { get; init; } = DefaultSeries;

    /// <summary>Series of single sources.</summary>
    public IReadOnlyDictionary<string, int> SourceSeries { get; init; } = new Dictionary<string, int>();

    /// <summary>The longest time that anything is kept, in seconds.</summary>
    public long Longest => Tiers[^1].Keep;

    /// <summary>True when a source that has <paramref name="own"/> of <paramref name="all"/> series may not have one more.</summary>
    public bool IsFull(string source, int own, int all) =>
        own >= SourceSeries.GetValueOrDefault(source, int.MaxValue) || all >= MaxSeries + (ownSources.Contains(source) ? OwnSeries : 0);

    /// <summary>The next coarser tier that slots of a step fit into; null for none.</summary>
    public Tier? CoarserThan(int step) => Tiers.Where(t => t.Step > step && t.Step % step == 0).Select(t => (Tier?)t).FirstOrDefault();

    /// <summary>How long slots of a step are kept: one that is configured no more is made coarser at once.</summary>
    public long KeepOf(int step) => Tiers.Where(t => t.Step == step).Select(t => t.Keep).FirstOrDefault(CoarserThan(step) is null ? Longest : 0);

    /// <summary>Reads them; what cannot be read is a problem and has its default.</summary>
    public static MetricOptions Read(ConfigNode agent, List<Problem> problems)
    {
        if (new ObjectReader(agent, problems).Section("metrics") is not { } section) return Default;
        var reader = new ObjectReader(section, problems);
        var options = new MetricOptions
        {
            Tiers = ReadTiers(reader) ?? Default.Tiers,
            MaxDisk = ReadSize(reader, "max_disk", Default.MaxDisk, 16 * Megabyte),
            JournalMax = ReadSize(reader, "journal_max", Default.JournalMax, 4 * Megabyte),
            MaxSeries = reader.Number("max_series", DefaultSeries, 100, 2_000_000),
            SourceSeries = ReadSources(reader, problems),
        };
        reader.RefuseTheRest("metrics");
        return options;
    }

    static Dictionary<string, int> ReadSources(ObjectReader reader, List<Problem> problems)
    {
        if (reader.Section("source_series") is not { } section) return [];
        var sources = new ObjectReader(section, problems);
        return section.Entries.ToDictionary(e => e.Key.Text, e => sources.Number(e.Key.Text, DefaultSeries, 0, 2_000_000));
    }

    static List<Tier>? ReadTiers(ObjectReader reader)
    {
        var texts = reader.Texts("tiers");
        if (texts.Count == 0) return null;
        var node = reader.Node("tiers")!;
        List<Tier> tiers = [];
        foreach (var text in texts)
        {
            if (ReadTier(text) is { } tier) tiers.Add(tier);
            else reader.Complain(node, $"tiers has \"{text}\"; write step:time, for instance 10s:7d, 1m:90d or 1h:5y");
        }
        if (tiers.Count != texts.Count) return null;
        if (Fault(tiers) is not { } fault) return tiers;
        reader.Complain(node, fault);
        return null;
    }

    static string? Fault(List<Tier> tiers)
    {
        if (tiers.Count > MaxTiers) return $"tiers has {tiers.Count} of them; {MaxTiers} are the most";
        if (tiers[0].Step != MetricStore.BaseStep) return $"tiers begins with a step of {tiers[0].Step} s; the first one is {MetricStore.BaseStep}s";
        for (var i = 1; i < tiers.Count; i++)
        {
            if (tiers[i].Step <= tiers[i - 1].Step || tiers[i].Step % tiers[i - 1].Step != 0)
                return $"tiers has a step of {tiers[i].Step} s after one of {tiers[i - 1].Step} s; each must be a multiple of the one before";
            if (tiers[i].Keep <= tiers[i - 1].Keep) return $"tiers keeps the step of {tiers[i].Step} s no longer than the finer one before it";
        }
        return null;
    }

    static Tier? ReadTier(string text)
    {
        var parts = text.Split(':', StringSplitOptions.TrimEntries);
        if (parts.Length != 2 || Seconds(parts[0]) is not { } step || Seconds(parts[1]) is not { } keep) return null;
        return step is < 1 or > Day || keep < step * 10 || keep > 20 * 366 * Day ? null : new Tier((int)step, keep);
    }

    static long? Seconds(string text)
    {
        if (text.EndsWith('y') && int.TryParse(text[..^1], NumberStyles.None, CultureInfo.InvariantCulture, out var years) && years < 100)
            return years * 365 * Day;
        return Durations.TryParse(text, out var duration) && duration.TotalSeconds % 1 == 0 ? (long)duration.TotalSeconds : null;
    }

    /// <summary>A number of bytes: <c>512MB</c>, <c>2 GB</c>, or plain bytes.</summary>
    static long ReadSize(ObjectReader reader, string key, long otherwise, long least)
    {
        var text = reader.Text(key);
        if (text.Length == 0) return otherwise;
        var digits = text.TrimEnd("BKMGTibkmgt ".ToCharArray());
        long factor = text[digits.Length..].Trim().ToUpperInvariant() switch
        {
            "" or "B" => 1,
            "K" or "KB" or "KIB" => 1024,
            "M" or "MB" or "MIB" => Megabyte,
            "G" or "GB" or "GIB" => Gigabyte,
            "T" or "TB" or "TIB" => Gigabyte * 1024,
            _ => 0,
        };
        if (factor > 0 && double.TryParse(digits, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number)
            && number * factor >= least && number * factor < 1L << 60) return (long)(number * factor);
        reader.Complain(reader.Node(key)!, $"{key} is \"{text}\"; write a size of at least {least / Megabyte}MB, for instance 512MB or 2GB");
        return otherwise;
    }
}

/// <summary>Finds what is wrong in the section <c>metrics</c>: for <c>config check</c>.</summary>
internal sealed class MetricChecker : IConfigChecker
{
    /// <inheritdoc/>
    public string Kind => "";

    /// <inheritdoc/>
    public void CheckSettings(ConfigNode agent, List<Problem> problems) => _ = MetricOptions.Read(agent, problems);
}
