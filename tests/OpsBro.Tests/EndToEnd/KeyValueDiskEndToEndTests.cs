using System.Diagnostics;
using Microsoft.Extensions.Logging.Abstractions;
using OpsBro.Core.KeyValue;
using OpsBro.KeyValue;
using static OpsBro.Tests.EndToEnd.KeyValueClient;

namespace OpsBro.Tests.EndToEnd;

/// <summary>Keys and values on a small file system of their own, which is full, or read-only.</summary>
public sealed class KeyValueDiskEndToEndTests : IAsyncLifetime
{
    readonly string mount = Directory.CreateTempSubdirectory("opsbro-kv-full-").FullName;
    readonly RunningAgent agent = RunningAgent.Prepare();

    string Ballast => Path.Join(mount, "ballast");

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        await agent.DisposeAsync();
        await RunningAgent.Run(Program("umount", "-l", mount));
        Directory.Delete(mount);
    }

    static ProcessStartInfo Program(string name, params string[] args) =>
        new(name, args) { RedirectStandardError = true, RedirectStandardInput = true, RedirectStandardOutput = true };

    async Task Mount()
    {
        var mounted = await RunningAgent.Run(Program("mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", mount));
        Assert.True(mounted.ExitCode == 0, $"mount needs root: {mounted.Errors}");
    }

    /// <summary>Only kv.log stands on it: the rest of the agent is not what is tested.</summary>
    async Task<HttpClient> Start()
    {
        await Mount();
        Directory.CreateDirectory(agent.Data);
        File.CreateSymbolicLink(Path.Join(agent.Data, "kv.log"), Path.Join(mount, "kv.log"));
        agent.AddToAgentYml("groups: [kv]\n");
        await agent.Start();
        return agent.Socket();
    }

    void Fill()
    {
        using var file = File.Create(Ballast);
        var block = new byte[4096];
        try
        {
            while (true)
            {
                file.Write(block);
                file.Flush();
            }
        }
        catch (IOException)
        {
            // it is full
        }
    }

    [Fact]
    public async Task A_full_disk_refuses_writes_serves_reads_and_is_over_by_itself()
    {
        using var client = await Start();
        for (var i = 0; i < 20; i++) await Until(client, "PUT", $"/v1/kv/k/{i}", $"v{i}");

        Fill();
        for (var i = 0; (await Send(client, "PUT", $"/v1/kv/big/{i}", new string('x', 200_000))).Status != 507; i++)
            Assert.True(i < 100, "the disk is never full");   // the log has room in reserve
        var refused = await Send(client, "PUT", "/v1/kv/k/0", "other");
        var removed = await Send(client, "DELETE", "/v1/kv/k/1");
        var read = await Send(client, "GET", "/v1/kv/k/0?raw");
        var info = await agent.Run("agent", "info");
        var state = Json((await Send(client, "GET", "/v1/kv-state")).Text);
        var verb = await agent.Run("kv", "put", "k/0", "other");

        Assert.Equal((507, 507), (refused.Status, removed.Status));
        Assert.Contains("df", $"{Json(refused.Text).GetProperty("detail")}");
        Assert.Equal((200, "v0"), (read.Status, read.Text));
        Assert.Contains("keys and values cannot be stored", info.Output);
        Assert.Equal("read-only", $"{state.GetProperty("state")}");
        Assert.Equal(2, verb.ExitCode);

        File.Delete(Ballast);
        await Until(client, "PUT", "/v1/kv/k/0", "new");
        Assert.Equal("new", (await Send(client, "GET", "/v1/kv/k/0?raw")).Text);
        Assert.Equal("v19", (await Send(client, "GET", "/v1/kv/k/19?raw")).Text);
    }

    [Fact]
    public async Task What_a_full_disk_refuses_is_kept_until_there_is_room()
    {
        await Mount();
        var (persisted, ticket) = (0L, 0L);
        var path = Path.Join(mount, "kv.log");
        using (var log = Open())
        {
            log.Load();
            Fill();
            await RunningAgent.Until(() => Written(log, 200_000) && log.Problem.Length > 0, () => "the disk is never full");
            await RunningAgent.Until(() => Written(log, 100) && ticket > 50, () => "it waits");
            Assert.True(Volatile.Read(ref persisted) < ticket);

            File.Delete(Ballast);
            await RunningAgent.Until(() => Looked(log) && Volatile.Read(ref persisted) == ticket, () => $"{persisted} of {ticket} are on the disk");
            Assert.Equal("", log.Problem);
        }

        using var again = Open();
        Assert.Equal(ticket, again.Load().Count);

        KeyLog Open() => new(path, (_, _) => throw new IOException("it need not be written anew"), upTo => Volatile.Write(ref persisted, upTo), () => { },
            TimeProvider.System, new Telemetry(), NullLogger.Instance);

        bool Written(KeyLog log, int bytes)
        {
            log.Write(++ticket, [new StoredRow(StoredTable.Entry, $"k{ticket}", new byte[bytes])]);
            log.Commit();
            return true;
        }

        static bool Looked(KeyLog log)
        {
            log.Look();
            return true;
        }
    }

    [Fact]
    public async Task An_agent_that_starts_on_a_full_disk_serves_what_it_has()
    {
        using var client = await Start();
        for (var i = 0; i < 20; i++) await Until(client, "PUT", $"/v1/kv/k/{i}", $"v{i}");
        await agent.Kill();
        Fill();
        await agent.Start();
        using var again = agent.Socket();

        for (var i = 0; i < 20; i++) Assert.Equal($"v{i}", await Until(again, "GET", $"/v1/kv/k/{i}?raw"));
        await Until(again, "PUT", "/v1/kv/new", new string('x', 200_000), status: 507);
        File.Delete(Ballast);
        await Until(again, "PUT", "/v1/kv/new", "1");

        await agent.Kill();
        await agent.Start();
        using var last = agent.Socket();
        for (var i = 0; i < 20; i++) Assert.Equal($"v{i}", await Until(last, "GET", $"/v1/kv/k/{i}?raw"));
    }

    [Fact]
    public async Task A_file_system_that_is_read_only_when_the_agent_starts_serves_reads_and_takes_writes_when_it_can()
    {
        using var client = await Start();
        await Until(client, "PUT", "/v1/kv/a", "1");
        await agent.Kill();
        var readOnly = await RunningAgent.Run(Program("mount", "-o", "remount,ro", mount));
        Assert.True(readOnly.ExitCode == 0, readOnly.Errors);
        await agent.Start();
        using var again = agent.Socket();

        var read = await Until(again, "GET", "/v1/kv/a?raw");
        var put = await Send(again, "PUT", "/v1/kv/a", "2");
        var info = await agent.Run("agent", "info");
        await RunningAgent.Run(Program("mount", "-o", "remount,rw", mount));

        Assert.Equal(("1", 507), (read, put.Status));
        Assert.Contains("keys and values cannot be stored", info.Output);
        await Until(again, "PUT", "/v1/kv/a", "3");
        Assert.Equal("3", await Until(again, "GET", "/v1/kv/a?raw"));
    }

    [Fact]
    public async Task A_file_that_cannot_be_read_is_never_taken_for_an_empty_one_and_is_read_when_it_can_be()
    {
        using var client = await Start();
        await Until(client, "PUT", "/v1/kv/a", "1");
        await agent.Kill();
        var log = Path.Join(mount, "kv.log");
        File.Move(log, $"{log}.kept");
        Directory.CreateDirectory(log);
        await agent.Start();
        using var again = agent.Socket();

        var refused = await Send(again, "GET", "/v1/kv/a");
        var list = await Send(again, "GET", "/kv/");
        var put = await Send(again, "PUT", "/v1/kv/a", "2");
        var info = await agent.Run("agent", "info");
        Directory.Delete(log);
        File.Move($"{log}.kept", log);

        Assert.Equal((503, 503, 503), (refused.Status, list.Status, put.Status));
        Assert.Contains("kv.log cannot be opened", info.Output);
        Assert.Equal("1", await Until(again, "GET", "/v1/kv/a?raw"));
    }
}
