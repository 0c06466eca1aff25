using Microsoft.Data.Sqlite;
using OpsBro.Core.Wire;
using OpsBro.Storage;

namespace OpsBro.Metrics.Storing;

/// <summary>A batch as it lies in the journal's file.</summary>
/// <param name="First">Position of its first point.</param>
/// <param name="Count">Points.</param>
/// <param name="Bytes">See <see cref="JournalBatch"/>; empty when the checksum says that they are damaged.</param>
internal readonly record struct StoredBatch(long First, int Count, byte[] Bytes)
{
    /// <summary>Position after its last point.</summary>
    public long End => First + Count;
}

/// <summary>What the journal's file held when the agent started.</summary>
/// <param name="Identity">Drawn when the file was made: positions of another file mean nothing in this one.</param>
/// <param name="Next">Position of the next point.</param>
/// <param name="Bytes">Size of all batches.</param>
/// <param name="Names">Names of series by the journal's own numbers.</param>
/// <param name="Cursors">What each follower confirmed.</param>
internal sealed record JournalState(
    long Identity, long Next, long Bytes, IReadOnlyList<(int Number, string Name)> Names, IReadOnlyDictionary<string, long> Cursors);

/// <summary>The tables of the journal: docs/protocols/metric-store.md. All statements of the journal stand here.</summary>
internal sealed class JournalFile(Database database)
{
    /// <summary>Settings of its database: a kill -9 loses what was taken within the group time before it, and the time of the commit.</summary>
    public static readonly DatabaseKind Kind = new()
    {
        Component = "metrics-journal",
        What = "the last metrics and what waits to be passed on",
        GroupTime = TimeSpan.FromMilliseconds(300),
        Shrinks = true,
        LogBytes = 1 << 20,
        WaitsForFile = true,
    };

    /// <summary>Most batches that one read takes from the file.</summary>
    const int MaxRead = 16;

    /// <summary>The database, for its problem, its size and <see cref="Database.Shrink"/>.</summary>
    public Database Database => database;

    /// <summary>Makes the tables if they are not there, and reads what does not fit a page.</summary>
    public JournalState Load()
    {
        database.Schema("metrics_journal", """
            CREATE TABLE batch(first INTEGER PRIMARY KEY, count INTEGER NOT NULL, crc INTEGER NOT NULL, data BLOB NOT NULL);
            CREATE TABLE name(number INTEGER PRIMARY KEY, name TEXT NOT NULL);
            CREATE TABLE cursor(follower TEXT PRIMARY KEY, position INTEGER NOT NULL) WITHOUT ROWID;
            CREATE TABLE state(key TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
            """);
        return database.Read(c =>
        {
            if (Number(c, "SELECT count(*) FROM batch") == 0) Run(c, "DELETE FROM name");
            Run(c, "INSERT OR IGNORE INTO state VALUES('identity', random())");
            var next = Math.Max(Number(c, "SELECT coalesce(max(value), 0) FROM state WHERE key = 'floor'"),
                Number(c, "SELECT coalesce(first + count, 0) FROM batch ORDER BY first DESC LIMIT 1"));
            return new JournalState(Number(c, "SELECT value FROM state WHERE key = 'identity'"), next,
                Number(c, "SELECT coalesce(sum(length(data)), 0) FROM batch"),
                Rows(c, "SELECT number, name FROM name", r => (r.GetInt32(0), r.GetString(1))),
                Rows(c, "SELECT follower, position FROM cursor", r => (r.GetString(0), r.GetInt64(1))).ToDictionary());
        });
    }

    /// <summary>In a new file: who it is, and what the old one knew.</summary>
    public static void Begin(SqliteConnection c, long identity, IReadOnlyDictionary<string, long> cursors)
    {
        Run(c, "DELETE FROM batch");
        Run(c, "DELETE FROM name");
        Run(c, "INSERT OR REPLACE INTO state VALUES('identity', $value)", ("$value", identity));
        foreach (var (follower, position) in cursors) SetCursor(c, follower, position);
    }

    /// <summary>Writes a batch. Written again it is the same.</summary>
    public static void Add(SqliteConnection c, JournalBatch batch) => Run(c, "INSERT OR REPLACE INTO batch VALUES($first, $count, $crc, $data)",
        ("$first", batch.First), ("$count", batch.Count), ("$crc", (long)Crc32C.Of(batch.Bytes)), ("$data", batch.ToArray()));

    /// <summary>Writes the name of a series.</summary>
    public static void Add(SqliteConnection c, int number, string name) =>
        Run(c, "INSERT OR REPLACE INTO name VALUES($number, $name)", ("$number", number), ("$name", name));

    /// <summary>Forgets a name. The last number stays: none is given twice while there are batches.</summary>
    public static void RemoveName(SqliteConnection c, int number) =>
        Run(c, "DELETE FROM name WHERE number = $number AND number < (SELECT max(number) FROM name)", ("$number", number));

    /// <summary>Remembers what a follower confirmed.</summary>
    public static void SetCursor(SqliteConnection c, string follower, long position) =>
        Run(c, "INSERT OR REPLACE INTO cursor VALUES($follower, $position)", ("$follower", follower), ("$position", position));

    /// <summary>Forgets a follower.</summary>
    public static void RemoveCursor(SqliteConnection c, string follower) => Run(c, "DELETE FROM cursor WHERE follower = $follower", ("$follower", follower));

    /// <summary>Deletes the batches that end at or before a position; returns the bytes that are left.</summary>
    public static long Trim(SqliteConnection c, long position)
    {
        // the position of the next point must outlive its batches
        Run(c, """
            INSERT OR REPLACE INTO state SELECT 'floor', first + count FROM batch
            WHERE first < $position AND first + count <= $position ORDER BY first DESC LIMIT 1
            """, ("$position", position));
        Run(c, "DELETE FROM batch WHERE first < $position AND first + count <= $position", ("$position", position));
        return Number(c, "SELECT coalesce(sum(length(data)), 0) FROM batch");
    }

    /// <summary>The position that leaves at most so many bytes when all before it is deleted.</summary>
    public static long PositionWithin(SqliteConnection c, long bytes) => Number(c, """
        SELECT coalesce(max(first + count), 0) FROM
            (SELECT first, count, sum(length(data)) OVER (ORDER BY first DESC) AS kept FROM batch) WHERE kept > $bytes
        """, ("$bytes", bytes));

    /// <summary>Batches from the one that holds a position on, at least one if there is any, and enough for so many points.</summary>
    public IReadOnlyList<StoredBatch> Read(long position, int points) => database.Read(c => Rows(c,
        $"""
        SELECT first, count, crc, data FROM batch
        WHERE first >= coalesce((SELECT max(first) FROM batch WHERE first <= $position), 0) AND first + count > $position
        ORDER BY first LIMIT {MaxRead}
        """,
        r => (First: r.GetInt64(0), Count: r.GetInt32(1), Crc: r.GetInt64(2), Bytes: r.GetFieldValue<byte[]>(3)), ("$position", position))
        .Select(b => new StoredBatch(b.First, b.Count, Crc32C.Of(b.Bytes) == b.Crc ? b.Bytes : [])).ToList());

    static void Run(SqliteConnection c, string sql, params ReadOnlySpan<(string Name, object Value)> parameters)
    {
        using var command = Command(c, sql, parameters);
        command.ExecuteNonQuery();
    }

    static long Number(SqliteConnection c, string sql, params ReadOnlySpan<(string Name, object Value)> parameters)
    {
        using var command = Command(c, sql, parameters);
        return Damage.Noticed(() => (long?)command.ExecuteScalar() ?? 0);
    }

    static List<T> Rows<T>(SqliteConnection c, string sql, Func<SqliteDataReader, T> make, params ReadOnlySpan<(string Name, object Value)> parameters)
    {
        using var command = Command(c, sql, parameters);
        using var reader = command.ExecuteReader();
        var rows = new List<T>();
        while (reader.Read()) rows.Add(Damage.Noticed(() => make(reader)));
        return rows;
    }

    static SqliteCommand Command(SqliteConnection c, string sql, ReadOnlySpan<(string Name, object Value)> parameters)
    {
        var command = c.CreateCommand();
        command.CommandText = sql;
        foreach (var (name, value) in parameters) command.Parameters.AddWithValue(name, value);
        return command;
    }
}
