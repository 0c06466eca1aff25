using Microsoft.Data.Sqlite;
using OpsBro.Storage;
using SQLitePCL;

namespace OpsBro.Metrics.Storing;

/// <summary>What the file of the store held when the agent started.</summary>
/// <param name="Series">Number, name and source of each series.</param>
/// <param name="Segments">Every row of chunks.</param>
/// <param name="Journal">Identity of the journal that <paramref name="Sealed"/> belongs to.</param>
/// <param name="Sealed">Everything before this position of the journal is in the chunks.</param>
internal sealed record SegmentState(
    IReadOnlyList<(int Id, string Name, string Source)> Series, IReadOnlyList<Segment> Segments, long Journal, long Sealed);

/// <summary>A change of the file, in one transaction.</summary>
/// <param name="Added">Rows to write, their numbers given.</param>
/// <param name="Removed">Rows to delete.</param>
internal sealed record SegmentChange(IReadOnlyList<NewSegment> Added, IReadOnlyList<Segment> Removed);

/// <summary>The tables of the store: docs/protocols/metric-store.md. All its statements stand here.</summary>
internal sealed class SegmentFile(Database database)
{
    /// <summary>Settings of its database: it is written every few minutes, in large transactions.</summary>
    public static readonly DatabaseKind Kind = new()
    {
        Component = "metrics",
        What = "metrics",
        Shrinks = true,
        LogBytes = 1 << 20,
        WaitsForFile = true,
    };

    /// <summary>The database, for its problem and <see cref="Database.Shrink"/>.</summary>
    public Database Database => database;

    /// <summary>Makes the tables if they are not there, and reads all but the chunks.</summary>
    public SegmentState Load()
    {
        database.Schema("metrics", """
            CREATE TABLE series(id INTEGER PRIMARY KEY, name TEXT NOT NULL, source TEXT NOT NULL);
            CREATE TABLE segment(
                id INTEGER PRIMARY KEY, step INTEGER NOT NULL, part INTEGER NOT NULL, start INTEGER NOT NULL, "end" INTEGER NOT NULL,
                "order" INTEGER NOT NULL, level INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL, data BLOB NOT NULL);
            CREATE TABLE state(key TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
            """);
        return database.Read(c => new SegmentState(
            Rows(c, "SELECT id, name, source FROM series ORDER BY id", r => (r.GetInt32(0), r.GetString(1), r.GetString(2))),
            Rows(c, """SELECT id, step, part, start, "end", "order", level, first, last, length(data) FROM segment ORDER BY id""", ToSegment),
            Rows(c, "SELECT value FROM state WHERE key = 'journal'", r => r.GetInt64(0)).FirstOrDefault(),
            Rows(c, "SELECT value FROM state WHERE key = 'sealed'", r => r.GetInt64(0)).FirstOrDefault()));
    }

    static Segment ToSegment(SqliteDataReader r) => new(r.GetInt64(0), r.GetInt32(1), r.GetInt32(2), r.GetInt64(3), r.GetInt64(4),
        r.GetInt64(5), r.GetInt32(6), r.GetInt32(7), r.GetInt32(8), r.GetInt32(9));

    /// <summary>Writes names of series.</summary>
    public static void Add(SqliteConnection c, IReadOnlyList<(int Id, string Name, string Source)> series)
    {
        using var insert = Command(c, "INSERT OR REPLACE INTO series VALUES($id, $name, $source)", "$id", "$name", "$source");
        foreach (var (id, name, source) in series)
        {
            (insert.Parameters[0].Value, insert.Parameters[1].Value, insert.Parameters[2].Value) = (id, name, source);
            insert.ExecuteNonQuery();
        }
    }

    /// <summary>Forgets series.</summary>
    public static void Remove(SqliteConnection c, IReadOnlyList<int> series)
    {
        using var delete = Command(c, "DELETE FROM series WHERE id = $id", "$id");
        foreach (var id in series)
        {
            delete.Parameters[0].Value = id;
            delete.ExecuteNonQuery();
        }
    }

    /// <summary>Up to where of which journal everything is in the chunks.</summary>
    public static void Seal(SqliteConnection c, long journal, long position)
    {
        using var insert = Command(c, "INSERT OR REPLACE INTO state VALUES('journal', $journal), ('sealed', $position)", "$journal", "$position");
        (insert.Parameters[0].Value, insert.Parameters[1].Value) = (journal, position);
        insert.ExecuteNonQuery();
    }

    /// <summary>Writes new rows and deletes those that they replace.</summary>
    public static void Apply(SqliteConnection c, SegmentChange change)
    {
        using var delete = Command(c, "DELETE FROM segment WHERE id = $id", "$id");
        foreach (var segment in change.Removed)
        {
            delete.Parameters[0].Value = segment.Id;
            delete.ExecuteNonQuery();
        }
        using var insert = Command(c, "INSERT OR REPLACE INTO segment VALUES($id, $step, $part, $start, $end, $order, $level, $first, $last, $data)",
            "$id", "$step", "$part", "$start", "$end", "$order", "$level", "$first", "$last", "$data");
        foreach (var (about, data) in change.Added)
        {
            object[] values = [about.Id, about.Step, about.Part, about.Start, about.End, about.Order, about.Level, about.First, about.Last, data];
            for (var i = 0; i < values.Length; i++) insert.Parameters[i].Value = values[i];
            insert.ExecuteNonQuery();
        }
    }

    /// <summary>Gives each row to <paramref name="take"/>, whose bytes are gone after it; one that was deleted meanwhile is empty.</summary>
    public void Read(IReadOnlyList<Segment> segments, SegmentTaker take) => database.Read(c =>
    {
        if (raw.sqlite3_prepare_v2(c.Handle, "SELECT data FROM segment WHERE id = ?", out var statement) is var error and not raw.SQLITE_OK)
            throw new SqliteException(raw.sqlite3_errmsg(c.Handle).utf8_to_string(), error);
        using (statement)
        {
            foreach (var segment in segments)
            {
                raw.sqlite3_reset(statement);
                raw.sqlite3_bind_int64(statement, 1, segment.Id);
                switch (raw.sqlite3_step(statement))
                {
                    case raw.SQLITE_ROW:
                        take(segment, raw.sqlite3_column_blob(statement, 0));
                        break;
                    case raw.SQLITE_DONE:
                        take(segment, []);
                        break;
                    case var code:
                        throw new SqliteException(raw.sqlite3_errmsg(c.Handle).utf8_to_string(), code & 0xff);
                }
            }
        }
        return true;
    });

    /// <summary>
    /// Gives the beginning of each row, <see cref="SegmentLayout.MaxHead"/> bytes or less; the rest is not read from the disk. One that is gone
    /// is empty.
    /// </summary>
    public void ReadHeads(IReadOnlyList<Segment> segments, Action<ReadOnlySpan<byte>> take) => database.Read(c =>
    {
        var head = new byte[SegmentLayout.MaxHead];
        foreach (var segment in segments)
        {
            var code = raw.sqlite3_blob_open(c.Handle, "main", "segment", "data", segment.Id, 0, out var blob);
            using (blob)
            {
                var length = code == raw.SQLITE_OK ? Math.Min(raw.sqlite3_blob_bytes(blob), head.Length) : 0;
                if (code == raw.SQLITE_OK) code = raw.sqlite3_blob_read(blob, head.AsSpan(0, length), 0);
                if (code is not (raw.SQLITE_OK or raw.SQLITE_ERROR)) throw new SqliteException(raw.sqlite3_errmsg(c.Handle).utf8_to_string(), code & 0xff);
                take(head.AsSpan(0, length));
            }
        }
        return true;
    });

    /// <summary>Bytes of the file and how many of them are free.</summary>
    public (long Bytes, long Free) Size() => database.Read(c => (
        Rows(c, "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size", r => r.GetInt64(0)).Single(),
        Rows(c, "SELECT freelist_count * page_size FROM pragma_freelist_count, pragma_page_size", r => r.GetInt64(0)).Single()));

    static SqliteCommand Command(SqliteConnection c, string sql, params ReadOnlySpan<string> parameters)
    {
        var command = c.CreateCommand();
        command.CommandText = sql;
        foreach (var name in parameters) command.Parameters.Add(new SqliteParameter(name, null));
        return command;
    }

    static List<T> Rows<T>(SqliteConnection c, string sql, Func<SqliteDataReader, T> make)
    {
        using var command = Command(c, sql);
        using var reader = command.ExecuteReader();
        var rows = new List<T>();
        while (reader.Read()) rows.Add(Damage.Noticed(() => make(reader)));
        return rows;
    }
}

/// <summary>Looks at a row while it is in SQLite's hands.</summary>
internal delegate void SegmentTaker(Segment segment, ReadOnlySpan<byte> data);
