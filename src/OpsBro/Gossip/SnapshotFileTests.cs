using System.Diagnostics;
using System.Net;
using System.Text;
using OpsBro.Core.Gossip;
using OpsBro.Gossip;

namespace OpsBro.Tests.Gossip;

public sealed class SnapshotFileTests : IDisposable
{
    readonly string directory = Directory.CreateTempSubdirectory("opsbro-test-").FullName;

    string Path => System.IO.Path.Join(directory, "snapshot");

    static PeerAddress Address(int last) => PeerAddress.Of(new IPAddress([192, 0, 2, (byte)last]), 7946);

    [Fact]
    public void What_happened_is_there_after_a_restart_and_for_the_agent_alone()
    {
        using (var file = new SnapshotFile(Path))
        {
            file.Alive("web", Address(1));
            file.Alive("db", Address(2));
            file.Failed("db", Address(2));
            file.Clocks(5, 6, 7);
        }

        using var again = new SnapshotFile(Path);
        var past = again.Load();

        Assert.Equal([KeyValuePair.Create("web", Address(1))], past.Alive);
        Assert.Equal([KeyValuePair.Create("db", Address(2))], past.Failed);
        Assert.Equal((5ul, 6ul, 7ul), (past.Clock, past.EventClock, past.QueryClock));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path));
    }

    [Fact]
    public void What_a_disk_refused_is_written_when_it_takes_it_again()
    {
        using (var file = new SnapshotFile(Path))
        {
            Directory.CreateDirectory(Path);   // in the file's place
            file.Alive("web", Address(1));
            file.Flush();
            Assert.Contains("cannot be written", file.Problem, StringComparison.Ordinal);

            Directory.Delete(Path);
            file.Alive("db", Address(2));
            file.Flush();
            Assert.Equal("", file.Problem);
        }

        using var again = new SnapshotFile(Path);

        Assert.Equal(["db", "web"], again.Load().Alive.Keys.Order());
    }

    [Fact]
    public async Task The_pools_thread_does_not_wait_while_the_disk_does()
    {
        // a pipe takes 64 KiB, then stands still until somebody reads: a disk that hangs
        using (var made = Process.Start("mkfifo", [Path])) await made.WaitForExitAsync();
        using var disk = new FileStream(Path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite, bufferSize: 0);
        using var file = new SnapshotFile(Path);
        for (var i = 0; i < 4_000; i++) file.Alive($"a-member-with-a-long-name-{i}", Address(1));
        Assert.Equal('a', disk.ReadByte());   // it is being written now

        var adding = Task.Run(() =>
        {
            file.Alive("web", Address(2));
            file.Clocks(5, 6, 7);
        });

        await adding.WaitAsync(TimeSpan.FromSeconds(20));
        var (rest, text) = (new byte[64 * 1024], "");
        while (!text.EndsWith("query-clock: 0\n", StringComparison.Ordinal)) text += Encoding.UTF8.GetString(rest, 0, disk.Read(rest));
        Assert.True(text.Length > 128 * 1024);
    }

    public void Dispose() => Directory.Delete(directory, recursive: true);
}
