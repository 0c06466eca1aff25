using OpsBro.Core.KeyValue;

namespace OpsBro.Tests.Simulation.KeyValue;

/// <summary>Histories written by hand, to see that the checkers can fail. Times are milliseconds; the wall clock shows the same.</summary>
sealed class HistoryMaker
{
    const long Clock = 1_000_000;

    /// <summary>What was made so far.</summary>
    public History History { get; } = new();

    /// <summary>A put; its value is its number.</summary>
    public HistoryMaker Put(string key, int begin, int end, long version, KeyValueStatus status = KeyValueStatus.Ok, long ttl = 0, long expires = 0,
        Acknowledgement acknowledgement = Acknowledgement.Quorum)
    {
        var what = Workload.Put(key, History.Attempts.Count + 1) with { TimeToLive = ttl, Acknowledgement = acknowledgement };
        return Add(what, begin, end, status, status == KeyValueStatus.Ok ? Entry(key, History.Attempts.Count + 1, version, expires) : null);
    }

    /// <summary>A compare and set: expects the value of a put by number, sees <paramref name="value"/> when it is refused.</summary>
    public HistoryMaker Swap(string key, int begin, int end, int expected, KeyValueStatus status = KeyValueStatus.Ok, int value = 0)
    {
        var number = History.Attempts.Count + 1;
        var entry = status == KeyValueStatus.Ok ? Entry(key, number, number * 10) : value > 0 ? Entry(key, value, value * 10) : null;
        return Add(Workload.Put(key, number) with { Expected = expected * 10 }, begin, end, status, entry, expected);
    }

    /// <summary>A removal.</summary>
    public HistoryMaker Remove(string key, int begin, int end, long version, KeyValueStatus status = KeyValueStatus.Ok) =>
        Add(new() { Verb = KeyValueVerb.Delete, Key = key }, begin, end, status,
            status == KeyValueStatus.Ok && version > 0 ? new KeyValueEntry(key, default, version, "n1", 0, true, 0) : null);

    /// <summary>A read that found the value of a put by number; 0 for nothing.</summary>
    public HistoryMaker Get(string key, int begin, int end, int value, long version = 0, long expires = 0, Consistency consistency = Consistency.Quorum) =>
        Add(new() { Verb = KeyValueVerb.Get, Key = key, Consistency = consistency }, begin, end,
            value == 0 ? KeyValueStatus.NotFound : KeyValueStatus.Ok, value == 0 ? null : Entry(key, value, version, expires));

    /// <summary>An entry with the value of a put.</summary>
    public static KeyValueEntry Entry(string key, int number, long version, long expires = 0, params KeyValueEntry[] conflicts) =>
        new(key, Attempt.ValueOf(number, 0), version, "n1", expires, false, 2) { Conflicts = conflicts };

    /// <summary>Two copies hold these entries at the end, at a time.</summary>
    public static FinalState Final(int at, params KeyValueEntry[] entries) => Final(at, entries, entries);

    /// <summary>Two copies hold these entries at the end.</summary>
    public static FinalState Final(int at, KeyValueEntry[] one, KeyValueEntry[] other) => new(TimeSpan.FromMilliseconds(at), Clock + at,
        [Holding("n1", one), Holding("n2", other), Holding("n3", [])]);

    /// <summary>What a node holds.</summary>
    public static Holding Holding(string node, KeyValueEntry[] entries) =>
        new(node, Clock + 100_000, true, entries.ToDictionary(e => e.Key), _ => ["n1", "n2"]);

    /// <summary>Adds an attempt.</summary>
    public HistoryMaker Add(KeyValueOperation what, int begin, int end, KeyValueStatus status, KeyValueEntry? entry, int expected = 0)
    {
        History.Add(new Attempt
        {
            Number = History.Attempts.Count + 1,
            Node = "n1",
            What = what,
            Begin = TimeSpan.FromMilliseconds(begin),
            Expected = expected,
            End = TimeSpan.FromMilliseconds(end),
            Result = new KeyValueResult(status, status is KeyValueStatus.Ok or KeyValueStatus.NotFound ? "" : "because") { Entry = entry },
            Slowest = Clock + begin,
            Fastest = Clock + end,
            WallAtEnd = Clock + end,
        });
        return this;
    }
}
