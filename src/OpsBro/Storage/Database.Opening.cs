using Microsoft.Data.Sqlite;

namespace OpsBro.Storage;

/// <summary>How a <see cref="Database"/> comes by its file.</summary>
internal sealed partial class Database
{
    static bool IsDamage(SqliteException e) => e.SqliteErrorCode is Corrupt or NotADatabase;

    SqliteConnection OpenOrReplace()
    {
        try
        {
            return Open(file);
        }
        catch (SqliteException e) when (IsDamage(e))
        {
            return OpenNew(e.Message);
        }
        catch (SqliteException e)
        {
            return OpenMemory(e.Message);
        }
    }

    SqliteConnection OpenNew(string damage)
    {
        try
        {
            MoveAside(damage);
            return WithTables(Open(file));
        }
        catch (Exception e) when (e is SqliteException or IOException or UnauthorizedAccessException)
        {
            return OpenMemory(e.Message);
        }
    }

    /// <summary>Without a file: memory to the agent's end, or, where the kind says so, an empty stand-in until the file can be had.</summary>
    SqliteConnection OpenMemory(string reason)
    {
        problem = kind.WaitsForFile
            ? $"{file} cannot be opened ({reason}): {kind.What} wait in memory; look at the directory's mode and at df"
            : $"{file} cannot be opened ({reason}): {kind.What} are kept in memory, up to the agent's end; "
              + "look at the directory's mode and at df, then start the agent again";
        (isInMemory, isWaiting) = (true, kind.WaitsForFile);
        return WithTables(Open(Memory));
    }

    /// <summary>The file could not be had so far: tries again.</summary>
    /// <exception cref="SqliteException">Still not.</exception>
    void Reopen()
    {
        SqliteConnection opened;
        try
        {
            opened = Open(file);
        }
        catch (SqliteException e) when (IsDamage(e))
        {
            MoveAside(e.Message);
            opened = Open(file);
        }
        try
        {
            // its owner did not see them when it began: it would write its own under the same numbers
            if (HasTables(opened)) throw new SqliteException("it has what was kept before, which is read at start only: start the agent again", CannotOpen);
            WithTables(opened);
        }
        catch
        {
            opened.Dispose();
            throw;
        }
        connection.Dispose();
        connection = opened;
        (isInMemory, isWaiting) = (false, false);
        Interlocked.Increment(ref renewals);
    }

    static bool HasTables(SqliteConnection c)
    {
        using var ask = c.CreateCommand();
        ask.CommandText = "SELECT count(*) FROM schema_version";
        return (long)ask.ExecuteScalar()! > 0;
    }

    /// <summary>Outside of any transaction: neither of the two runs inside of one.</summary>
    void ShrinkNow()
    {
        isShrinkAsked = false;
        try
        {
            using var command = connection.CreateCommand();
            command.CommandText = "PRAGMA incremental_vacuum";
            using (var rows = command.ExecuteReader())
                while (rows.Read()) continue;   // each step gives one page back
            Execute(connection, "PRAGMA wal_checkpoint(TRUNCATE)");
        }
        catch (SqliteException e)
        {
            LogNotShrunk(file, e.Message);   // what was committed stays; damage is met by the next write
        }
    }

    SqliteConnection WithTables(SqliteConnection opened)
    {
        foreach (var (component, steps) in schemas) Migrate(opened, component, steps);
        return opened;
    }

    SqliteConnection Open(string source)
    {
        var opened = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = source, Pooling = false, DefaultTimeout = 1 }.ToString());
        try
        {
            opened.Open();
            Execute(opened, $"""
                PRAGMA busy_timeout = {BusyMilliseconds};
                PRAGMA auto_vacuum = {(kind.Shrinks ? "INCREMENTAL" : "NONE")};
                PRAGMA journal_mode = WAL;
                PRAGMA synchronous = NORMAL;
                PRAGMA cache_size = -512;
                PRAGMA temp_store = MEMORY;
                PRAGMA journal_size_limit = {kind.LogBytes};
                CREATE TABLE IF NOT EXISTS schema_version(component TEXT PRIMARY KEY, version INTEGER NOT NULL) WITHOUT ROWID;
                """);
            if (kind.WaitsForFile && source != Memory) Probe(opened);
            return opened;
        }
        catch
        {
            opened.Dispose();
            throw;
        }
    }

    /// <summary>A file on a full disk can be opened, and fails at the first page: better now, where it can be waited for.</summary>
    static void Probe(SqliteConnection opened)
    {
        Execute(opened, "DROP TABLE IF EXISTS probe; CREATE TABLE probe(x); INSERT INTO probe VALUES(zeroblob(65536))");
        Execute(opened, "DROP TABLE probe");
    }

    void MoveAside(string reason)
    {
        var aside = $"{file}.damaged-{time.GetUtcNow():yyyyMMddTHHmmssfff}";
        foreach (var suffix in new[] { "", "-wal", "-shm" })
            if (System.IO.File.Exists(file + suffix)) System.IO.File.Move(file + suffix, aside + suffix);
        this.aside = aside;
        LogMovedAside(file, reason, aside, kind.What);
    }

    static void Migrate(SqliteConnection c, string component, string[] steps)
    {
        using var ask = c.CreateCommand();
        ask.CommandText = "SELECT version FROM schema_version WHERE component = $component";
        ask.Parameters.AddWithValue("$component", component);
        var version = (int)((long?)ask.ExecuteScalar() ?? 0);
        if (version >= steps.Length) return;
        for (; version < steps.Length; version++) Execute(c, steps[version]);
        using var tell = c.CreateCommand();
        tell.CommandText = "INSERT INTO schema_version VALUES($component, $version) ON CONFLICT DO UPDATE SET version = excluded.version";
        tell.Parameters.AddWithValue("$component", component);
        tell.Parameters.AddWithValue("$version", version);
        tell.ExecuteNonQuery();
    }

    static void Execute(SqliteConnection c, string sql)
    {
        using var command = c.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}
