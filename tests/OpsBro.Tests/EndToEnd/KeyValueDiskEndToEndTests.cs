using System.Collections.Concurrent;
using System.Diagnostics;
using Microsoft.Extensions.Logging.Abstractions;
using OpsBro.Core.KeyValue;
using OpsBro.KeyValue;
using OpsBro.Storage;
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

    /// <summary>Only kv.db stands on it: the rest of the agent is not what is tested.</summary>
    async Task<HttpClient> Start()
    {
        await Mount();
        Directory.CreateDirectory(agent.Data);
        File.CreateSymbolicLink(Path.Join(agent.Data, "kv.db"), Path.Join(mount, "kv.db"));
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
            Assert.True(i < 100, "the disk is never full");   // the log of commits has some room of its own
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
    public async Task A_disk_that_refuses_for_long_is_tried_again_with_each_row_once()
    {
        await Mount();
        var (persisted, telemetry, ticket, most) = (new ConcurrentQueue<long>(), new Telemetry(), 0L, 0);
        using var file = new KeyValueFile(Path.Join(mount, "kv.db"), done => done.ToList().ForEach(d => persisted.Enqueue(d.Ticket)), () => { }, () => { },
            TimeProvider.System, telemetry, NullLogger<Database>.Instance);
        file.Load();
        Fill();
        await RunningAgent.Until(() => Written(200_000) && file.Problem.Length > 0, () => "the disk is never full");
        var meter = telemetry.All.Single(m => m.Component == KeyValueFile.Kind.Component);
        var tries = meter.Failures;
        await RunningAgent.Until(() => Written(100) && meter.Failures >= tries + 4, () => "it is not tried again");

        File.Delete(Ballast);
        await RunningAgent.Until(() => persisted.Count == ticket, () => $"{persisted.Count} of {ticket} are on the disk");

        Assert.Equal(Enumerable.Range(1, (int)ticket).Select(t => (long)t), persisted);
        Assert.Equal(KeyValueFile.MostAsked, most);   // not one more with each try: on recovery each would write all that waits

        bool Written(int bytes)
        {
            file.Write(++ticket, [new StoredRow(StoredTable.Entry, $"k{ticket}", new byte[bytes])]);
            file.Retry();
            file.Commit();
            most = Math.Max(most, file.Asked);
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
    public async Task A_file_that_cannot_be_opened_is_never_taken_for_an_empty_one_and_is_read_when_it_can_be()
    {
        using var client = await Start();
        await Until(client, "PUT", "/v1/kv/a", "1");
        await agent.Kill();
        var readOnly = await RunningAgent.Run(Program("mount", "-o", "remount,ro", mount));
        Assert.True(readOnly.ExitCode == 0, readOnly.Errors);
        await agent.Start();
        using var again = agent.Socket();

        var refused = await Send(again, "GET", "/v1/kv/a");
        var list = await Send(again, "GET", "/kv/");
        var put = await Send(again, "PUT", "/v1/kv/a", "2");
        var info = await agent.Run("agent", "info");
        await RunningAgent.Run(Program("mount", "-o", "remount,rw", mount));

        Assert.Equal((503, 503, 503), (refused.Status, list.Status, put.Status));
        Assert.Contains("kv.db cannot be opened", info.Output);
        Assert.Equal("1", await Until(again, "GET", "/v1/kv/a?raw"));
    }
}
