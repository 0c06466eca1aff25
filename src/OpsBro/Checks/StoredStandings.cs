using Microsoft.Data.Sqlite;
using OpsBro.Core.Checks;
using OpsBro.Storage;

namespace OpsBro.Checks;

/// <summary>The standings of checks on disk.</summary>
internal sealed class StoredStandings
{
    /// <summary>Standings of checks that have not run for this long are forgotten at start.</summary>
    static readonly TimeSpan mostAge = TimeSpan.FromDays(90);

    readonly Database database;

    /// <summary>The table in <paramref name="database"/>.</summary>
    public StoredStandings(Database database)
    {
        this.database = database;
        database.Schema("checks", """
            CREATE TABLE check_standing(
                id TEXT PRIMARY KEY, state TEXT NOT NULL, hard_state TEXT NOT NULL, attempt INTEGER NOT NULL, since INTEGER NOT NULL,
                hard_since INTEGER NOT NULL, last_run INTEGER NOT NULL, flaps INTEGER NOT NULL, is_flapping INTEGER NOT NULL,
                output TEXT NOT NULL, long_output TEXT NOT NULL) WITHOUT ROWID;
            """);
    }

    /// <summary>Changes when what was saved is gone.</summary>
    public int Renewals => database.Renewals;

    /// <summary>Every standing, by the check's id.</summary>
    public Dictionary<string, CheckStanding> Load(DateTimeOffset now)
    {
        var oldest = (now - mostAge).ToUnixTimeMilliseconds();
        database.Write(c =>
        {
            using var delete = c.CreateCommand();
            delete.CommandText = "DELETE FROM check_standing WHERE last_run < $oldest";
            delete.Parameters.AddWithValue("$oldest", oldest);
            delete.ExecuteNonQuery();
        });
        return database.Read(c =>
        {
            using var select = c.CreateCommand();
            select.CommandText =
                "SELECT id, state, hard_state, attempt, since, hard_since, last_run, flaps, is_flapping, output, long_output "
                + "FROM check_standing WHERE last_run >= $oldest";
            select.Parameters.AddWithValue("$oldest", oldest);
            var standings = new Dictionary<string, CheckStanding>(StringComparer.Ordinal);
            using var rows = select.ExecuteReader();
            while (rows.Read()) standings[rows.GetString(0)] = Read(rows);
            return standings;
        });
    }

    static CheckStanding Read(SqliteDataReader row) => new(
        CheckStates.Of(row.GetString(1)), CheckStates.Of(row.GetString(2)), row.GetInt32(3), Time(row.GetInt64(4)), Time(row.GetInt64(5)),
        Time(row.GetInt64(6)), new FlapWindow((ulong)row.GetInt64(7)), row.GetBoolean(8), row.GetString(9), row.GetString(10));

    static DateTimeOffset Time(long milliseconds) => DateTimeOffset.FromUnixTimeMilliseconds(milliseconds);

    /// <summary>Stores one; never waits. False when it was dropped.</summary>
    public bool Save(string id, CheckStanding standing) => database.Write(c =>
    {
        using var upsert = c.CreateCommand();
        upsert.CommandText = """
            INSERT OR REPLACE INTO check_standing VALUES(
                $id, $state, $hard, $attempt, $since, $hard_since, $last_run, $flaps, $flapping, $output, $long)
            """;
        upsert.Parameters.AddWithValue("$id", id);
        upsert.Parameters.AddWithValue("$state", standing.State.Word());
        upsert.Parameters.AddWithValue("$hard", standing.HardState.Word());
        upsert.Parameters.AddWithValue("$attempt", standing.Attempt);
        upsert.Parameters.AddWithValue("$since", standing.Since.ToUnixTimeMilliseconds());
        upsert.Parameters.AddWithValue("$hard_since", standing.HardSince.ToUnixTimeMilliseconds());
        upsert.Parameters.AddWithValue("$last_run", standing.LastRun.ToUnixTimeMilliseconds());
        upsert.Parameters.AddWithValue("$flaps", (long)standing.Flaps.Bits);
        upsert.Parameters.AddWithValue("$flapping", standing.IsFlapping ? 1 : 0);
        upsert.Parameters.AddWithValue("$output", standing.Output);
        upsert.Parameters.AddWithValue("$long", standing.LongOutput);
        upsert.ExecuteNonQuery();
    });

    /// <summary>Forgets one; never waits.</summary>
    public void Forget(string id) => database.Write(c =>
    {
        using var delete = c.CreateCommand();
        delete.CommandText = "DELETE FROM check_standing WHERE id = $id";
        delete.Parameters.AddWithValue("$id", id);
        delete.ExecuteNonQuery();
    });
}
