using Microsoft.Data.Sqlite;

namespace OpsBro.Storage;

/// <summary>What changed on this host, newest first: of checks, groups, collectors. Bounded by number and age.</summary>
internal sealed class HistoryLog
{
    /// <summary>Entries kept unless <c>storage.history_entries</c> says otherwise: some 20 MB at usual lengths.</summary>
    public const int DefaultEntries = 100_000;

    /// <summary>Age kept unless <c>storage.history_age</c> says otherwise.</summary>
    public static readonly TimeSpan DefaultAge = TimeSpan.FromDays(90);

    /// <summary>Most entries that one read gives.</summary>
    public const int MaxRead = 10_000;

    /// <summary>Entries between two looks at the limits.</summary>
    const int PruneEvery = 500;

    readonly Database database;
    readonly TimeProvider time;
    readonly Func<(int Entries, TimeSpan Age)> limits;
    int untilPrune;

    /// <summary>A log in <paramref name="database"/>.</summary>
    /// <param name="database">Where.</param>
    /// <param name="time">For ages.</param>
    /// <param name="limits">How much is kept; asked now and then, so that a reload takes effect.</param>
    public HistoryLog(Database database, TimeProvider time, Func<(int Entries, TimeSpan Age)>? limits = null)
    {
        (this.database, this.time) = (database, time);
        this.limits = limits ?? (() => (DefaultEntries, DefaultAge));
        database.Schema("history", """
            CREATE TABLE history(
                id INTEGER PRIMARY KEY, at INTEGER NOT NULL, kind TEXT NOT NULL, name TEXT NOT NULL,
                before TEXT NOT NULL, after TEXT NOT NULL, text TEXT NOT NULL);
            CREATE INDEX history_by_name ON history(kind, name, id);
            """);
    }

    /// <summary>Adds an entry. Never waits: it is on disk within about 100 ms, or counted as dropped when the disk cannot follow.</summary>
    public void Add(HistoryEntry entry) => database.Write(c =>
    {
        using var insert = c.CreateCommand();
        insert.CommandText =
            "INSERT INTO history(at, kind, name, before, after, text) VALUES($at, $kind, $name, $before, $after, $text)";
        insert.Parameters.AddWithValue("$at", entry.At.ToUnixTimeMilliseconds());
        insert.Parameters.AddWithValue("$kind", entry.Kind);
        insert.Parameters.AddWithValue("$name", entry.Name);
        insert.Parameters.AddWithValue("$before", entry.From);
        insert.Parameters.AddWithValue("$after", entry.To);
        insert.Parameters.AddWithValue("$text", entry.Text.Length > HistoryEntry.MaxText ? entry.Text[..HistoryEntry.MaxText] : entry.Text);
        insert.ExecuteNonQuery();
        if (--untilPrune > 0) return;
        untilPrune = PruneEvery;
        Prune(c);
    });

    /// <summary>The newest entries, newest first, with those added just before.</summary>
    /// <param name="kind">The noun.</param>
    /// <param name="name">Which one; null for all.</param>
    /// <param name="limit">How many at most.</param>
    /// <param name="since">Only those after; null for all.</param>
    public IReadOnlyList<HistoryEntry> Read(string kind, string? name, int limit, DateTimeOffset? since) => database.Read(c =>
    {
        using var select = c.CreateCommand();
        select.CommandText = $"""
            SELECT at, name, before, after, text FROM history
            WHERE kind = $kind AND at >= $since {(name is null ? "" : "AND name = $name")} ORDER BY id DESC LIMIT $limit
            """;
        select.Parameters.AddWithValue("$kind", kind);
        select.Parameters.AddWithValue("$since", since?.ToUnixTimeMilliseconds() ?? 0);
        select.Parameters.AddWithValue("$limit", Math.Clamp(limit, 0, MaxRead));
        if (name is not null) select.Parameters.AddWithValue("$name", name);
        var entries = new List<HistoryEntry>();
        using var rows = select.ExecuteReader();
        while (rows.Read())
        {
            entries.Add(new HistoryEntry(DateTimeOffset.FromUnixTimeMilliseconds(rows.GetInt64(0)), kind,
                rows.GetString(1), rows.GetString(2), rows.GetString(3), rows.GetString(4)));
        }
        return entries;
    });

    void Prune(SqliteConnection c)
    {
        var (entries, age) = limits();
        using var delete = c.CreateCommand();
        delete.CommandText = "DELETE FROM history WHERE id <= (SELECT max(id) FROM history) - $entries OR at < $oldest";
        delete.Parameters.AddWithValue("$entries", entries);
        delete.Parameters.AddWithValue("$oldest", (time.GetUtcNow() - age).ToUnixTimeMilliseconds());
        delete.ExecuteNonQuery();
    }
}
