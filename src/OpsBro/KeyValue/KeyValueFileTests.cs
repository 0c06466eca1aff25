using System.Collections.Concurrent;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using OpsBro.Core.KeyValue;
using OpsBro.KeyValue;
using OpsBro.Storage;

namespace OpsBro.Tests.KeyValue;

public sealed class KeyValueFileTests : IDisposable
{
    readonly string directory = Directory.CreateTempSubdirectory("opsbro-kv-").FullName;
    readonly Telemetry telemetry = new();
    readonly ConcurrentQueue<long> persisted = new();
    readonly SemaphoreSlim more = new(0);
    int lost;

    string FileName => Path.Join(directory, "kv.db");

    public void Dispose() => Directory.Delete(directory, recursive: true);

    KeyValueFile Open() => Open(FileName);

    KeyValueFile Open(string file) => new(file, Persisted, Lost, () => { }, TimeProvider.System, telemetry, NullLogger<Database>.Instance);

    void Lost()
    {
        lost++;
        more.Release();
    }

    void Persisted(IReadOnlyList<(long Ticket, IReadOnlyList<StoredRow> Rows)> done)
    {
        foreach (var (ticket, _) in done) persisted.Enqueue(ticket);
        more.Release();
    }

    void Until(Func<bool> isSo)
    {
        while (!isSo()) Assert.True(more.Wait(TimeSpan.FromSeconds(60)), "nothing was told");
    }

    static StoredRow Row(string name, string? data, StoredTable table = StoredTable.Entry) =>
        new(table, name, data is null ? null : Encoding.UTF8.GetBytes(data));

    static string[] Texts(IEnumerable<StoredRow> rows) =>
        [.. rows.Select(row => $"{row.Table} {row.Name}={Encoding.UTF8.GetString(row.Data!)}").Order(StringComparer.Ordinal)];

    [Fact]
    public void Rows_come_back_as_they_were_written_last()
    {
        using (var file = Open())
        {
            Assert.Empty(file.Load());
            file.Write(1, [Row("a", "1"), Row("a", "meta", StoredTable.Meta), Row("é\u0001", "")]);
            file.Write(2, [Row("a", "2"), Row("b", "3")]);
            file.Write(3, [Row("b", null), Row("never", null)]);
            file.Commit();
            Until(() => persisted.Count == 3);
        }

        using var again = Open();

        Assert.Equal(["Entry a=2", "Entry é\u0001=", "Meta a=meta"], Texts(again.Load()));
        Assert.Equal([1, 2, 3], persisted);
    }

    [Fact]
    public void Tickets_are_told_in_their_order_however_they_come()
    {
        using var file = Open();
        file.Load();

        for (var i = 1; i <= 2_000; i++) file.Write(i, [Row($"k{i % 100}", $"{i}")]);
        file.Commit();
        Until(() => persisted.Count == 2_000);

        Assert.Equal(Enumerable.Range(1, 2_000).Select(i => (long)i), persisted);
    }

    [Fact]
    public void What_was_told_is_in_the_file_though_nobody_closes_it()
    {
        var file = Open();
        file.Load();
        file.Write(1, [Row("a", "1")]);
        file.Commit();
        Until(() => persisted.Count == 1);
        var copy = Path.Join(directory, "copy");
        Directory.CreateDirectory(copy);
        foreach (var one in Directory.GetFiles(directory)) File.Copy(one, Path.Join(copy, Path.GetFileName(one)));
        file.Dispose();

        using var other = Open(Path.Join(copy, "kv.db"));

        Assert.Equal(["Entry a=1"], Texts(other.Load()));
    }

    [Fact]
    public void Only_its_owner_may_read_the_file_and_the_log_beside_it()
    {
        File.WriteAllBytes(FileName, []);
        File.SetUnixFileMode(FileName, File.GetUnixFileMode(FileName) | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
        using var file = Open();
        file.Load();
        file.Write(1, [Row("a", "a secret")]);
        file.Commit();
        Until(() => persisted.Count == 1);

        foreach (var one in Directory.GetFiles(directory)) Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(one));
    }

    [Fact]
    public void A_file_that_is_no_database_is_moved_aside_and_said()
    {
        File.WriteAllText(FileName, "this is not SQLite");

        using var file = Open();

        Assert.Empty(file.Load());
        Assert.StartsWith("this is not SQLite", File.ReadAllText(file.Aside));
    }

    [Fact]
    public void A_file_that_is_removed_is_told_as_lost_and_nothing_as_written()
    {
        using var file = Open();
        file.Load();
        file.Write(1, [Row("a", "1")]);
        file.Commit();
        Until(() => persisted.Count == 1);

        foreach (var one in Directory.GetFiles(directory)) File.Delete(one);
        file.Write(2, [Row("b", "2")]);
        file.Commit();
        Until(() => lost > 0);

        Assert.Equal([1], persisted);
    }

    [Fact]
    public void A_file_that_cannot_be_had_is_said_for_what_it_holds_is_not_known()
    {
        Directory.CreateDirectory(FileName);
        using var file = Open();

        Assert.Contains("cannot be opened", Assert.Throws<IOException>(file.Load).Message);
    }
}
