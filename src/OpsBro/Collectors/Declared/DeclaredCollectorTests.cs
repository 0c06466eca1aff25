using System.Net;
using System.Net.Sockets;
using System.Text;
using OpsBro.Collectors;
using OpsBro.Core.Expressions;
using OpsBro.Tests.Config;

namespace OpsBro.Tests.Collectors;

public class DeclaredCollectorTests
{
    static readonly Value noParameters = Value.Of(new DictValue());

    [Fact]
    public void A_program_is_started_with_its_arguments_as_they_are_and_a_clean_environment()
    {
        using var directory = new TemporaryConfig();
        var (collector, _) = Make(directory, """
            program:
                - /usr/bin/python3
                - -c
                - "import os,sys,json; print(json.dumps({'args': sys.argv[1:], 'env': sorted(os.environ)}))"
                - a b; $HOME
                - "{print $1}"
                - "{{json .}}"
              environment: {APP_PASSWORD: s3cret}
              format: json
            """);

        var tree = DeclaredRun.Run(collector, noParameters);

        Assert.StartsWith("args[0]='a b; $HOME' args[1]='{print $1}' args[2]='{{json .}}' env[0]='APP_PASSWORD' env[1]='HOME'", tree.Flat());
        Assert.DoesNotContain("DOTNET", tree.Flat());
    }

    [Theory]
    [InlineData("""["/bin/sh", "-c", "echo boom s3cret >&2; echo more >&2; exit 3"]""", "/bin/sh ended with 3: boom ********")]
    [InlineData("""["/bin/false"]""", "/bin/false ended with 1 and said nothing on stderr")]
    [InlineData("""["/no/such/program"]""", "/no/such/program: ")]
    [InlineData("""["/bin/sh", "-c", "head -c 2000000 /dev/zero"]""", "/bin/sh printed more than 1048576 bytes")]
    [InlineData("""["/bin/sh", "-c", "sleep 60 & sleep 60"]""", "/bin/sh: ended after its timeout of 0.3 s")]
    public void A_program_that_fails_is_explained(string program, string message)
    {
        using var directory = new TemporaryConfig();
        var (collector, _) = Make(directory, $"program: {program}\n  timeout: 300ms\n  environment: {{P: s3cret}}\n  format: keyvalue");

        var error = Assert.Throws<IOException>(() => DeclaredRun.Run(collector, noParameters));

        Assert.StartsWith(message, error.Message);
    }

    [Fact]
    public void An_answer_that_is_not_understood_names_the_program_and_the_place()
    {
        using var directory = new TemporaryConfig();
        var (collector, _) = Make(directory, "program: [/bin/echo, '{\"a\": }']\n  format: json");

        var error = Assert.Throws<FormatException>(() => DeclaredRun.Run(collector, noParameters));

        Assert.StartsWith("/bin/echo: line 1, column 7: not JSON", error.Message);
    }

    [Fact]
    public void A_program_of_a_pack_gets_the_pack_s_parameters()
    {
        using var directory = new TemporaryConfig();
        directory.Ship("app/parameters.yml", "port: 80\nlimits: {high: 2.5}\n");
        directory.Ship("app/collectors/app.yml", """
            collector:
              name: app
              program: [/bin/echo, "port={{parameters.port}}/{{ parameters.limits.high }}/{{parameters.other||none}}"]
              format: keyvalue
            """);
        var definition = DeclaredRun.Read(directory.Load()).Single();

        var tree = DeclaredRun.Run(definition.Create(), definition.Parameters);

        Assert.Equal("port='80/2.5/none'", tree.Flat());
    }

    [Fact]
    public void A_parameter_that_is_not_there_is_named()
    {
        using var directory = new TemporaryConfig();
        var (collector, parameters) = Make(directory, "program: [/bin/echo, \"a={{parameters.port}}\"]\n  format: keyvalue");

        var error = Assert.Throws<FormatException>(() => DeclaredRun.Run(collector, parameters));

        Assert.Equal("\"a={{parameters.port}}\": parameters.port has no value: there is no \"port\"", error.Message);
    }

    [Fact]
    public async Task Renames_units_and_counters_shape_the_tree()
    {
        using var directory = new TemporaryConfig();
        using var server = new FakeHttp(
            Ok("""{"a": {"Old Name": 1, "n": 10}, "b": {"n": 5}, "gone": {"x": 1}, "up": true}"""),
            Ok("""{"a": {"Old Name": 2, "n": 30}, "b": {"n": 4}, "gone": {"x": 1}, "up": true}"""),
            Ok("""{"a": {"Old Name": 3, "n": 30}, "b": {"n": 14}, "gone": {"x": 1}, "up": true}"""));
        var (collector, _) = Make(directory, $$"""
            http: {{server.Url}}
              format: json
              rename: {a.Old Name: a.name, gone.x: kept.there.x, absent: never}
              counters: {"*.n": [n/s, rate]}
            """);

        var first = await Task.Run(() => DeclaredRun.Run(collector, noParameters, 0));
        var second = await Task.Run(() => DeclaredRun.Run(collector, noParameters, 10));
        var third = await Task.Run(() => DeclaredRun.Run(collector, noParameters, 20));

        Assert.Equal("a.name=1 a.n=10 b.n=5 up=True kept.there.x=1", first.Flat());
        Assert.Equal("a.name=2 a.n=30 a.n/s=2.0 a.rate=2.0 b.n=4 up=True kept.there.x=1", second.Flat());   // b was reset
        Assert.Equal("a.name=3 a.n=30 a.n/s=0.0 a.rate=0.0 b.n=14 b.n/s=1.0 b.rate=1.0 up=True kept.there.x=1", third.Flat());
    }

    [Fact]
    public async Task Headers_and_credentials_are_sent()
    {
        using var directory = new TemporaryConfig();
        using var server = new FakeHttp(Ok("{}"));
        var (collector, _) = Make(directory, $$$"""
            http:
                url: "{{{server.Url}}}x?y=z"
                user: ops
                password: s3cret
                headers: {X-Token: "t{{parameters.t||1}}", Accept: text/x}
              format: json
            """);

        await Task.Run(() => DeclaredRun.Run(collector, noParameters));

        Assert.Contains("GET /x?y=z HTTP/1.1", server.Request);
        Assert.Contains($"Authorization: Basic {Convert.ToBase64String("ops:s3cret"u8)}", server.Request);
        Assert.Contains("X-Token: t1", server.Request);
        Assert.Contains("Accept: text/x\r\n", server.Request);
    }

    [Theory]
    [InlineData("HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n", " answered 500 Oh")]
    [InlineData("HTTP/1.1 302 Found\r\nLocation: http://other/?t=s3cret\r\nContent-Length: 0\r\n\r\n",
        " answered 302, a redirect, which is not followed; write the final address")]
    [InlineData("SSH-2.0-OpenSSH\r\n", ": ")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort", ": ")]
    public async Task An_answer_that_is_none_is_an_error_without_secrets(string answer, string message)
    {
        using var directory = new TemporaryConfig();
        using var server = new FakeHttp(answer);
        var (collector, _) = Make(directory, $$"""
            http: {url: "{{server.Url}}?key=s3cret", user: u, password: s3cret}
              format: json
            """);

        var error = await Assert.ThrowsAnyAsync<IOException>(() => Task.Run(() => DeclaredRun.Run(collector, noParameters)));

        Assert.StartsWith($"{server.Url}{message}", error.Message);
        Assert.DoesNotContain("s3cret", error.Message);
    }

    [Fact]
    public async Task An_answer_without_end_is_cut_off()
    {
        using var directory = new TemporaryConfig();
        using var server = new FakeHttp("HTTP/1.1 200 OK\r\n\r\n" + new string('x', 5_000_000));
        var (collector, _) = Make(directory, $"http: {server.Url}\n  format: json");

        var error = await Assert.ThrowsAsync<IOException>(() => Task.Run(() => DeclaredRun.Run(collector, noParameters)));

        Assert.Equal($"{server.Url} answered more than 4194304 bytes", error.Message);
    }

    [Fact]
    public async Task A_server_that_says_nothing_is_given_up_at_the_timeout()
    {
        using var directory = new TemporaryConfig();
        using var server = new FakeHttp();
        var (collector, _) = Make(directory, $"http: {server.Url}\n  format: json\n  timeout: 100ms");

        var error = await Assert.ThrowsAsync<IOException>(() => Task.Run(() => DeclaredRun.Run(collector, noParameters)));

        Assert.Equal($"{server.Url} did not answer within 100ms", error.Message);
    }

    [Fact]
    public async Task A_unix_socket_is_a_way_to_a_server()
    {
        using var directory = new TemporaryConfig();
        Directory.CreateDirectory(directory.Path);
        var path = directory.PathOf("app.sock");
        using var server = new FakeHttp(path, Ok("a 1\n"));
        var (collector, _) = Make(directory, $$"""
            http: {url: "http://app/metrics", unix_socket: {{path}}}
              format: prometheus
            """);

        var tree = await Task.Run(() => DeclaredRun.Run(collector, noParameters));

        Assert.Equal("a=1", tree.Flat());
        Assert.Contains("Host: app\r\n", server.Request);
        Assert.Contains("version=0.0.4", server.Request);
    }

    static string Ok(string body) =>
        $"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {Encoding.UTF8.GetByteCount(body)}\r\n\r\n{body}";

    static (ICollector Collector, Value Parameters) Make(TemporaryConfig directory, string body)
    {
        directory.Write("app.yml", $"collector:\n  name: app\n  {body}\n");
        var definition = DeclaredRun.Read(directory.Load()).Single();
        return (definition.Create(), definition.Parameters);
    }

    /// <summary>Gives one answer a connection, in order, and stays silent when there is none left.</summary>
    sealed class FakeHttp : IDisposable
    {
        readonly Socket listener;
        readonly string[] answers;
        readonly List<Socket> clients = [];

        public FakeHttp(params string[] answers) : this(new IPEndPoint(IPAddress.Loopback, 0), answers)
        {
        }

        public FakeHttp(string path, string answer) : this(new UnixDomainSocketEndPoint(path), [answer])
        {
        }

        FakeHttp(EndPoint place, string[] answers)
        {
            this.answers = answers;
            listener = new Socket(place.AddressFamily, SocketType.Stream, ProtocolType.Unspecified);
            listener.Bind(place);
            listener.Listen(8);
            _ = Serve();
        }

        public string Url => $"http://{listener.LocalEndPoint}/";

        public string Request { get; private set; } = "";

        async Task Serve()
        {
            try
            {
                for (var i = 0; ; i++)
                {
                    var client = await listener.AcceptAsync();
                    clients.Add(client);
                    if (i >= answers.Length) continue;
                    var buffer = new byte[16 * 1024];
                    Request = Encoding.UTF8.GetString(buffer, 0, await client.ReceiveAsync(buffer));
                    await client.SendAsync(Encoding.UTF8.GetBytes(answers[i]));
                    client.Shutdown(SocketShutdown.Send);
                }
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                // the collector hung up or the test is over: both are what the test looks at
            }
        }

        public void Dispose()
        {
            foreach (var client in clients) client.Dispose();
            listener.Dispose();
        }
    }
}
