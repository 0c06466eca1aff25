using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;
using OpsBro.Core.KeyValue;
using OpsBro.Storage;

namespace OpsBro.KeyValue;

/// <summary>
/// The rows of the engine in <c>kv.db</c>. What is given while a commit runs goes into the next one, so that many writes share one flush of
/// the disk, and a single one does not wait: who gave it commits it. All statements of the slice stand here.
/// </summary>
internal sealed class KeyValueFile : IDisposable
{
    /// <summary>Settings of its database.</summary>
    public static readonly DatabaseKind Kind = new()
    {
        Component = "kv-store",
        What = "keys and values",
        GroupTime = TimeSpan.Zero,
        IsSynced = true,
        IsAlone = true,
        CommitsHere = true,
        WaitsForFile = true,
    };

    /// <summary>Commits asked for at the same time: the one at work, and one for what comes meanwhile. What is refused the database tries again.</summary>
    public const int MostAsked = 2;

    readonly Database database;
    readonly Action<IReadOnlyList<(long Ticket, IReadOnlyList<StoredRow> Rows)>> persisted;
    readonly Action lost;
    readonly Lock gate = new();
    readonly List<(long Ticket, IReadOnlyList<StoredRow> Rows)> taken = [];
    List<(long Ticket, IReadOnlyList<StoredRow> Rows)> waiting = [];
    Statements? statements;
    int renewals;
    int asked;
    bool isAsked, isLost, isLostTold;

    /// <summary>Opens the file, or makes it.</summary>
    /// <param name="file">Where.</param>
    /// <param name="persisted">Told on the thread that commits which rows are on the disk, in order.</param>
    /// <param name="lost">Told on the thread that commits, once, that the file was damaged or removed and a new one begun.</param>
    /// <param name="problemChanged">Told on the thread that commits that <see cref="Problem"/> is another one.</param>
    /// <param name="time">Wall clock.</param>
    /// <param name="telemetry">Counters.</param>
    /// <param name="logger">The database's log.</param>
    public KeyValueFile(
        string file, Action<IReadOnlyList<(long Ticket, IReadOnlyList<StoredRow> Rows)>> persisted, Action lost, Action problemChanged,
        TimeProvider time, Telemetry telemetry, ILogger<Database> logger)
    {
        (this.persisted, this.lost) = (persisted, lost);
        database = new Database(file, time, telemetry, logger, Kind);
        database.ProblemChanged += problemChanged;
    }

    /// <summary>Why nothing can be written now; empty when it can.</summary>
    public string Problem => database.Problem;

    /// <summary>Commits that the database has not ended.</summary>
    public int Asked
    {
        get
        {
            lock (gate) return asked;
        }
    }

    /// <summary>Where what was damaged lies now; empty when nothing was.</summary>
    public string Aside => database.Aside;

    /// <summary>Every row, in no order.</summary>
    /// <exception cref="IOException">The file cannot be had: what it holds is not known.</exception>
    public List<StoredRow> Load()
    {
        if (Problem.Length > 0) throw new IOException(Problem);
        database.Schema("kv", """
            CREATE TABLE entry(name TEXT PRIMARY KEY, data BLOB NOT NULL) WITHOUT ROWID;
            CREATE TABLE meta(name TEXT PRIMARY KEY, data BLOB NOT NULL) WITHOUT ROWID;
            """);
        var rows = database.Read(c =>
        {
            var rows = new List<StoredRow>();   // anew each time: damage that is met leads to a new file, and there are none in it
            Read(c, "SELECT name, data FROM meta", StoredTable.Meta, rows);
            Read(c, "SELECT name, data FROM entry", StoredTable.Entry, rows);
            return rows;
        });
        if (Problem.Length > 0) throw new IOException(Problem);
        renewals = database.Renewals;
        return rows;
    }

    static void Read(SqliteConnection c, string sql, StoredTable table, List<StoredRow> rows)
    {
        using var command = c.CreateCommand();
        command.CommandText = sql;
        using var reader = command.ExecuteReader();
        while (reader.Read()) rows.Add(new StoredRow(table, reader.GetString(0), reader.GetFieldValue<byte[]>(1)));
    }

    /// <summary>Writes rows, after those of earlier calls. Never waits; <see cref="Commit()"/> follows, outside of the engine's lock.</summary>
    public void Write(long ticket, IReadOnlyList<StoredRow> rows)
    {
        lock (gate)
        {
            waiting.Add((ticket, rows));
            Ask();
        }
    }

    /// <summary>Commits what was given, unless another thread does.</summary>
    public void Commit() => database.CommitHere();

    /// <summary>Tries again what could not be written; the engine's clock calls it.</summary>
    public void Retry()
    {
        lock (gate)
        {
            if (waiting.Count + taken.Count > 0 || Problem.Length > 0) Ask();
        }
    }

    void Ask()
    {
        if (isAsked || asked >= MostAsked || !database.Write(Commit, Ended)) return;
        isAsked = true;
        asked++;
    }

    /// <summary>On the thread that commits; again with the same rows when the disk refused them.</summary>
    void Commit(SqliteConnection c)
    {
        lock (gate)
        {
            isAsked = false;
            taken.AddRange(waiting);
            waiting.Clear();
        }
        // the engine's rows are not in the new file: a few of them alone would be worse than none
        isLost |= database.Renewals != renewals;
        if (isLost) return;
        if (statements?.Connection != c)
        {
            statements?.Dispose();
            statements = new Statements(c);
        }
        statements.Begin();
        foreach (var (_, rows) in taken)
            for (var i = 0; i < rows.Count; i++) statements.Run(rows[i]);
    }

    void Ended(bool isOnDisk)
    {
        if (isLost && !isLostTold)
        {
            isLostTold = true;
            lost();
        }
        else if (isOnDisk && !isLost) persisted(taken);
        lock (gate)
        {
            asked--;
            if (!isOnDisk) return;   // the agent stops, or it is tried again: nobody was told that they are there
            taken.Clear();
            if (waiting.Count > 0) Ask();
        }
    }

    /// <summary>Commits what waits and closes the file.</summary>
    public void Dispose()
    {
        database.Dispose();
        statements?.Dispose();
    }

    /// <summary>What is done for each row, prepared once for a connection.</summary>
    sealed class Statements : IDisposable
    {
        readonly SqliteCommand[] put, remove;

        public Statements(SqliteConnection c)
        {
            Connection = c;
            string[] tables = ["entry", "meta"];   // in the order of StoredTable
            put = [.. tables.Select(table => Made($"INSERT OR REPLACE INTO {table} VALUES($name, $data)", hasData: true))];
            remove = [.. tables.Select(table => Made($"DELETE FROM {table} WHERE name = $name", hasData: false))];
        }

        public SqliteConnection Connection { get; }

        SqliteCommand Made(string sql, bool hasData)
        {
            var command = Connection.CreateCommand();
            command.CommandText = sql;
            command.Parameters.Add("$name", SqliteType.Text);
            if (hasData) command.Parameters.Add("$data", SqliteType.Blob);
            command.Prepare();
            return command;
        }

        /// <summary>A transaction has begun: commands must name it, and only a new command knows it.</summary>
        public void Begin()
        {
            using var fresh = Connection.CreateCommand();
            foreach (var command in put) command.Transaction = fresh.Transaction;
            foreach (var command in remove) command.Transaction = fresh.Transaction;
        }

        public void Run(in StoredRow row)
        {
            var command = (row.Data is null ? remove : put)[(int)row.Table];
            command.Parameters[0].Value = row.Name;
            if (row.Data is { } data) command.Parameters[1].Value = data;
            command.ExecuteNonQuery();
        }

        public void Dispose()
        {
            foreach (var command in put) command.Dispose();
            foreach (var command in remove) command.Dispose();
        }
    }
}
