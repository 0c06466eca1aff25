using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using OpsBro.Core.TimeSeries;
using OpsBro.Metrics;

namespace OpsBro.Tests.Metrics;

/// <summary>A clock that a test sets.</summary>
sealed class HandClock(DateTimeOffset now) : TimeProvider
{
    /// <summary>The time.</summary>
    public DateTimeOffset Time { get; set; } = now;

    /// <summary>Unix seconds.</summary>
    public long Seconds => Time.ToUnixTimeSeconds();

    /// <inheritdoc/>
    public override DateTimeOffset GetUtcNow() => Time;
}

/// <summary>A store on disk in a directory of its own.</summary>
sealed class StoreRig : IDisposable
{
    /// <summary>A day's beginning: spans of all tiers are easy to count from it.</summary>
    public static readonly DateTimeOffset Noon = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    MetricStore? store;

    /// <summary>Where the files are.</summary>
    public string Directory { get; init; } = System.IO.Directory.CreateTempSubdirectory("opsbro-store-").FullName;

    /// <summary>Its clock.</summary>
    public HandClock Clock { get; } = new(Noon);

    /// <summary>Its options.</summary>
    public MetricOptions Options { get; set; } = MetricOptions.Default;

    /// <summary>The store, opened when it is not.</summary>
    public MetricStore Store => store ??= MetricsComponent.Open(
        File, JournalFile, Clock, new Telemetry(), () => Options, NullLoggerFactory.Instance);

    /// <summary>The store's file.</summary>
    public string File => Path.Join(Directory, "metrics.db");

    /// <summary>The journal's file.</summary>
    public string JournalFile => Path.Join(Directory, "metrics-journal.db");

    /// <summary>Stops it in order; the next use opens it again.</summary>
    public void Close()
    {
        store?.Dispose();
        store = null;
    }

    /// <summary>What a kill leaves: the files as they are, opened by a new store. The old one writes into a directory that nobody reads.</summary>
    public StoreRig Copy()
    {
        Store.Journal.Flush();
        var copy = new StoreRig { Options = Options };
        copy.Clock.Time = Clock.Time;
        foreach (var file in System.IO.Directory.GetFiles(Directory))
            if (!file.EndsWith("-shm", StringComparison.Ordinal)) System.IO.File.Copy(file, Path.Join(copy.Directory, Path.GetFileName(file)));
        return copy;
    }

    /// <summary>Takes a point.</summary>
    public bool Add(string name, long at, double value, string source = "test") =>
        Store.Add(Store.Source(source), Encoding.UTF8.GetBytes(name), at, value);

    /// <summary>The points of one series that are there, by time.</summary>
    public Dictionary<long, double> Read(string name, long from, long until, Aspect aspect = Aspect.Average)
    {
        var slice = Assert.Single(Store.Fetch(name, from, until, aspect));
        Assert.Equal(name, slice.Name);
        return slice.Values.Index().Where(v => !double.IsNaN(v.Item)).ToDictionary(v => slice.Start + ((long)v.Index * slice.Step), v => v.Item);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Close();
        System.IO.Directory.Delete(Directory, recursive: true);
    }
}
