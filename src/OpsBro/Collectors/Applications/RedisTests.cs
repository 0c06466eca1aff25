using System.Net;
using System.Net.Sockets;
using System.Text;
using OpsBro.Collectors;
using OpsBro.Collectors.Applications;
using OpsBro.Core.Expressions;
using OpsBro.Platform;

namespace OpsBro.Tests.Collectors;

public class RedisTests
{
    const string Program = "/usr/bin/redis-server";

    static string[] Plain(string directory, int port) =>
        ["--port", $"{port}", "--bind", "127.0.0.1", "--dir", directory, "--save", "", "--appendonly", "no"];

    [Fact]
    public async Task A_real_server_is_measured()
    {
        using var server = await RealServer.Start(Program, Plain);
        var redis = new Redis();

        var first = Run(redis, Parameters(server.Port), seconds: 0);
        using (var client = await RespClient.Connect("127.0.0.1", server.Port, CancellationToken.None))
            for (var i = 0; i < 50; i++) await client.Ask(["SET", $"key{i}", "x"], CancellationToken.None);
        var second = Run(redis, Parameters(server.Port), seconds: 10);

        Assert.True(Get(first, "available").AsBool);
        Assert.False(first.TryGet("total_commands_processed/s", out _));
        Assert.Equal("standalone", Get(second, "redis_mode").AsString);
        Assert.Equal(server.Port, Get(second, "tcp_port").AsInt);
        Assert.Equal(50, Get(second, "db0", "keys").AsInt);
        Assert.True(Get(second, "connexion_latency_ms").AsFloat >= 0);
        Assert.True(Get(second, "used_memory").AsInt > 100_000);
        Assert.Equal(5.1, Get(second, "total_commands_processed/s").AsFloat, 6);   // 50 SET and the first INFO
        Assert.True(Get(second, "used_cpu_user/s").AsFloat >= 0);
    }

    [Fact]
    public async Task A_killed_server_is_not_available_and_a_restarted_one_starts_its_rates_anew()
    {
        using var server = await RealServer.Start(Program, Plain);
        var redis = new Redis();
        Run(redis, Parameters(server.Port), seconds: 0);

        server.Kill();
        var dead = Run(redis, Parameters(server.Port), seconds: 10);
        await server.Restart();
        var back = Run(redis, Parameters(server.Port), seconds: 20);
        var later = Run(redis, Parameters(server.Port), seconds: 30);

        Assert.False(Get(dead, "available").AsBool);
        Assert.Contains($"127.0.0.1:{server.Port}", Get(dead, "problem").AsString);
        Assert.False(dead.TryGet("used_memory", out _));
        Assert.True(Get(back, "available").AsBool);
        Assert.False(back.TryGet("total_commands_processed/s", out _));
        Assert.Equal(0.1, Get(later, "total_commands_processed/s").AsFloat, 6);
    }

    [Fact]
    public async Task A_restart_between_two_runs_gives_no_rate()
    {
        using var server = await RealServer.Start(Program, Plain);
        var redis = new Redis();
        Run(redis, Parameters(server.Port), seconds: 0);

        server.Kill();
        await server.Restart();
        var next = Run(redis, Parameters(server.Port), seconds: 10);

        Assert.True(Get(next, "available").AsBool);
        Assert.False(next.TryGet("total_commands_processed/s", out _));
    }

    [Fact]
    public async Task A_password_is_sent_and_a_missing_or_wrong_one_is_explained_without_naming_it()
    {
        using var server = await RealServer.Start(Program, (directory, port) =>
        {
            var users = Path.Join(directory, "redis.conf");
            File.WriteAllText(users, "requirepass s3cret\nuser ops on >0ther ~* +info\n");
            return [users, .. Plain(directory, port)];
        });

        var right = Run(new Redis(), Parameters(server.Port, ("password", "s3cret")), 0);
        var byName = Run(new Redis(), Parameters(server.Port, ("user", "ops"), ("password", "0ther")), 0);
        var none = Assert.Throws<IOException>(() => Run(new Redis(), Parameters(server.Port), 0));
        var wrong = Assert.Throws<IOException>(() => Run(new Redis(), Parameters(server.Port, ("password", "guess77")), 0));

        Assert.True(Get(right, "available").AsBool);
        Assert.True(Get(byName, "available").AsBool);
        Assert.Contains("set parameter password of pack redis", none.Message);
        Assert.Contains("refused the password", wrong.Message);
        Assert.DoesNotContain("guess77", wrong.ToString());
    }

    [Fact]
    public async Task A_password_for_a_server_that_has_none_is_explained()
    {
        using var server = await RealServer.Start(Program, Plain);

        var error = Assert.Throws<IOException>(() => Run(new Redis(), Parameters(server.Port, ("password", "useless1")), 0));

        Assert.Contains("remove it", error.Message);
    }

    [Fact]
    public async Task A_unix_socket_is_a_server_too()
    {
        using var server = await RealServer.Start(Program, (directory, port) =>
            [.. Plain(directory, port), "--unixsocket", Path.Join(directory, "r.sock")]);

        // redis listens on its port before it does on the socket
        bool IsThere() => Get(Run(new Redis(), Parameters(1, ("server", Path.Join(server.Directory, "r.sock"))), 0), "available").AsBool;
        await EndToEnd.RunningAgent.Until(IsThere, () => "no answer by the socket");
    }

    [Theory]
    [InlineData("HTTP/1.1 400 Bad Request\r\n\r\n", "which is not redis")]
    [InlineData("$99999999999\r\n", "which is not redis")]
    [InlineData("$-1\r\n", "which is not redis")]
    [InlineData("$5\r\nabcdefgh\r\n", "does not end after the 5 bytes")]
    [InlineData("$50\r\nredis_version:7", "closed before the answer was complete")]
    [InlineData("$7\r\nnothing\r\n", "no \"key:value\" line")]
    [InlineData("", "closed before the answer was complete")]
    [InlineData("-DENIED Redis is running in protected mode\r\n", "protected mode")]
    public async Task What_is_no_answer_makes_the_server_unavailable(string answer, string problem)
    {
        using var fake = new FakeServer(Encoding.ASCII.GetBytes(answer));

        var data = await Task.Run(() => Run(new Redis(), Parameters(fake.Port), 0));

        Assert.False(Get(data, "available").AsBool);
        Assert.Contains(problem, Get(data, "problem").AsString);
    }

    [Fact]
    public async Task A_line_without_end_is_cut_off()
    {
        using var fake = new FakeServer(Enumerable.Repeat((byte)'x', 5_000_000).ToArray());

        var data = await Task.Run(() => Run(new Redis(), Parameters(fake.Port), 0));

        Assert.False(Get(data, "available").AsBool);
    }

    [Fact]
    public async Task A_server_that_accepts_and_says_nothing_is_given_up_at_the_timeout()
    {
        using var fake = new FakeServer(null);

        var data = await Task.Run(() => Run(new Redis(), Parameters(fake.Port, ("timeout", "100ms")), 0));

        Assert.Contains("did not answer within 0.1 s", Get(data, "problem").AsString);
    }

    [Fact]
    public void Without_the_group_there_is_nothing_to_do()
    {
        var run = new CollectorRun(new HostFiles(), new DataWriter(), default, DateTimeOffset.UnixEpoch, CancellationToken.None);

        Assert.Equal("this host is not in group redis", new Redis().Collect(run).NotEligible);
    }

    [Theory]
    [InlineData("port", "70000", "write a number from 1 to 65535")]
    [InlineData("timeout", "soon", "write for instance 500ms or 2s")]
    public void A_parameter_that_cannot_be_used_is_named(string name, string value, string message)
    {
        var error = Assert.Throws<FormatException>(() => Run(new Redis(), Parameters(1, (name, value)), 0));

        Assert.Contains(message, error.Message);
    }

    static DictValue Run(Redis redis, Value parameters, int seconds)
    {
        var data = new DataWriter();
        var run = new CollectorRun(
            new HostFiles(), data, TimeSpan.FromSeconds(seconds), DateTimeOffset.UnixEpoch, CancellationToken.None)
        {
            Parameters = parameters,
            HasGroup = group => group == "redis",
        };
        Assert.Null(redis.Collect(run).NotEligible);
        return data.Tree.AsDict;
    }

    static Value Parameters(int port, params (string Key, string Value)[] more)
    {
        var dict = new DictValue { ["port"] = Value.Of(port) };
        foreach (var (key, value) in more) dict[key] = Value.Of(value);
        return Value.Of(dict);
    }

    static Value Get(DictValue tree, params string[] path)
    {
        var value = Value.Of(tree);
        foreach (var key in path) Assert.True(value.AsDict.TryGet(key, out value), $"no key {key}");
        return value;
    }

    /// <summary>
    /// Accepts one client, reads its request, sends the answer and closes; with no answer it stays silent and open.
    /// </summary>
    sealed class FakeServer : IDisposable
    {
        readonly Socket listener = new(SocketType.Stream, ProtocolType.Tcp);
        Socket? client;

        public FakeServer(byte[]? answer)
        {
            listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
            listener.Listen(1);
            _ = Serve(answer);
        }

        public int Port => ((IPEndPoint)listener.LocalEndPoint!).Port;

        async Task Serve(byte[]? answer)
        {
            try
            {
                client = await listener.AcceptAsync();
                await client.ReceiveAsync(new byte[4096]);
                if (answer is null) return;
                await client.SendAsync(answer);
                client.Shutdown(SocketShutdown.Send);
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                // the collector hung up or the test is over: both are what the test looks at
            }
        }

        public void Dispose()
        {
            client?.Dispose();
            listener.Dispose();
        }
    }
}
