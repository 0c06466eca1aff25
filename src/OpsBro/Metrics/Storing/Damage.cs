using Microsoft.Data.Sqlite;

namespace OpsBro.Metrics.Storing;

/// <summary>A value of another type than its column's is damage that SQLite does not notice: it is told as if it had.</summary>
internal static class Damage
{
    /// <summary>SQLITE_CORRUPT.</summary>
    const int Corrupt = 11;

    /// <summary>Reads a value.</summary>
    /// <exception cref="SqliteException">It is of another type, or there is none.</exception>
    public static T Noticed<T>(Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception e) when (e is InvalidOperationException or InvalidCastException or OverflowException or FormatException)
        {
            throw new SqliteException($"a value that cannot be there: {e.Message}", Corrupt);
        }
    }
}
