using OpsBro.Collectors;
using OpsBro.Config;
using OpsBro.Core.Expressions;
using OpsBro.Tests.Config;

namespace OpsBro.Tests.Collectors;

/// <summary>The shipped packs against the real servers.</summary>
public class WebServersTests
{
    [Fact]
    public async Task The_nginx_pack_measures_a_real_nginx()
    {
        using var server = await RealServer.Start("/usr/sbin/nginx", (directory, port) =>
        {
            File.WriteAllText(Path.Join(directory, "nginx.conf"), $$"""
                daemon off;
                pid {{directory}}/nginx.pid;
                error_log stderr;
                worker_processes 1;
                events { worker_connections 64; }
                http {
                    access_log off;
                    client_body_temp_path {{directory}}/body;
                    proxy_temp_path {{directory}}/proxy;
                    fastcgi_temp_path {{directory}}/fastcgi;
                    uwsgi_temp_path {{directory}}/uwsgi;
                    scgi_temp_path {{directory}}/scgi;
                    server {
                        listen 127.0.0.1:{{port}};
                        location = /status { stub_status; }
                        location / { return 204; }
                    }
                }
                """);
            return ["-p", directory, "-c", Path.Join(directory, "nginx.conf"), "-e", "stderr"];
        });
        var (collector, parameters) = Shipped("nginx", $"http://127.0.0.1:{server.Port}/status");

        var first = DeclaredRun.Run(collector, parameters, 0, "nginx");
        await Ask($"http://127.0.0.1:{server.Port}/", times: 19);
        var second = DeclaredRun.Run(collector, parameters, 10, "nginx");

        Assert.False(first.Has("reqPerSec"));
        Assert.True(second.At("connections").AsInt >= 1);
        Assert.Equal(20, second.At("requests").AsInt - first.At("requests").AsInt);
        Assert.Equal(2.0, second.At("reqPerSec").AsFloat);
        Assert.Equal(2.0, second.At("requests/s").AsFloat);
        Assert.True(second.At("accepts").AsInt >= 1 && second.At("handled").AsInt >= 1);
        Assert.True(second.At("accepts/s").AsFloat >= 0);
        Assert.Equal(1, second.At("writing").AsInt);
        Assert.True(second.At("reading").AsInt >= 0 && second.At("waiting").AsInt >= 0);
    }

    [Fact]
    public async Task The_apache_pack_measures_a_real_apache_behind_a_password()
    {
        using var server = await RealServer.Start("/usr/sbin/apache2", (directory, port) =>
        {
            const string modules = "/usr/lib/apache2/modules";
            // user ops, password s3cret, as htpasswd -s writes it: apache2-utils is not needed for a test
            var hash = Convert.ToBase64String(System.Security.Cryptography.SHA1.HashData("s3cret"u8));
            File.WriteAllText(Path.Join(directory, "users"), $"ops:{{SHA}}{hash}\n");
            Directory.CreateDirectory(Path.Join(directory, "htdocs"));
            File.WriteAllText(Path.Join(directory, "htdocs", "index.html"), "hello\n");
            File.WriteAllText(Path.Join(directory, "apache.conf"), $"""
                ServerRoot {directory}
                ServerName localhost
                PidFile {directory}/apache.pid
                Mutex file:{directory}
                Listen 127.0.0.1:{port}
                ErrorLog {directory}/error.log
                DocumentRoot {directory}/htdocs
                LoadModule mpm_event_module {modules}/mod_mpm_event.so
                LoadModule authn_core_module {modules}/mod_authn_core.so
                LoadModule authn_file_module {modules}/mod_authn_file.so
                LoadModule authz_core_module {modules}/mod_authz_core.so
                LoadModule authz_user_module {modules}/mod_authz_user.so
                LoadModule auth_basic_module {modules}/mod_auth_basic.so
                LoadModule dir_module {modules}/mod_dir.so
                LoadModule status_module {modules}/mod_status.so
                User nobody
                Group nogroup
                ExtendedStatus On
                <Location "/server-status">
                  SetHandler server-status
                  AuthType Basic
                  AuthName status
                  AuthUserFile {directory}/users
                  Require user ops
                </Location>
                """);
            return ["-f", Path.Join(directory, "apache.conf"), "-DFOREGROUND"];
        });
        var uri = $"http://127.0.0.1:{server.Port}/server-status?auto";
        var (collector, parameters) = Shipped("apache", uri, "user: ops\npassword: s3cret\n");
        var (stranger, without) = Shipped("apache", uri);
        var (guesser, wrong) = Shipped("apache", uri, "user: ops\npassword: gue55\n");

        var first = DeclaredRun.Run(collector, parameters, 0, "apache");
        await Ask($"http://127.0.0.1:{server.Port}/index.html", times: 20);
        var second = DeclaredRun.Run(collector, parameters, 10, "apache");
        var refused = Assert.Throws<IOException>(() => DeclaredRun.Run(stranger, without, 0, "apache"));
        var mistaken = Assert.Throws<IOException>(() => DeclaredRun.Run(guesser, wrong, 0, "apache"));

        Assert.False(first.Has("req/s"));
        Assert.True(second.At("busy_workers").AsInt >= 1);
        Assert.True(second.At("idle_workers").AsInt >= 1);
        Assert.True(second.At("total_accesses").AsInt - first.At("total_accesses").AsInt >= 20);
        Assert.InRange(second.At("req/s").AsFloat, 2.0, 3.0);
        Assert.Equal("event", second.At("mpm").AsString);
        Assert.True(second.At("uptime_seconds").AsInt >= 0);
        Assert.Contains('_', second.At("scoreboard").AsString);
        Assert.Equal($"http://127.0.0.1:{server.Port}/server-status answered 401; give it user and password, "
            + "or allow this address in the server", refused.Message);
        Assert.DoesNotContain("gue55", mistaken.ToString());
    }

    [Fact]
    public void Nobody_listening_is_an_error_that_names_the_address()
    {
        var (collector, parameters) = Shipped("nginx", $"http://127.0.0.1:{Ports.Free()}/status?token=s3cret");

        var error = Assert.Throws<IOException>(() => DeclaredRun.Run(collector, parameters, 0, "nginx"));

        Assert.Contains("Connection refused", error.Message);
        Assert.DoesNotContain("s3cret", error.ToString());
    }

    [Fact]
    public void Without_its_group_a_pack_does_nothing()
    {
        var (collector, parameters) = Shipped("apache", "http://127.0.0.1:1/");
        var run = new CollectorRun(
            new OpsBro.Platform.HostFiles(), new DataWriter(), default, DateTimeOffset.UnixEpoch, CancellationToken.None)
        {
            Parameters = parameters,
        };

        Assert.Equal("this host is not in group apache", collector.Collect(run).NotEligible);
    }

    /// <summary>The collector of a shipped pack, with the operator's address for it.</summary>
    static (ICollector Collector, Value Parameters) Shipped(string pack, string uri, string more = "")
    {
        using var directory = new TemporaryConfig();
        directory.Write($"packs/local/{pack}/parameters.yml", $"uri: \"{uri}\"\n{more}");
        var configuration = ConfigLoader.Load(
            directory.Options with { ShippedPacks = Repository.PathOf("packs") }, null, new Dictionary<string, string>());
        var definition = DeclaredRun.Read(configuration).Single(definition => definition.Name == pack);
        return (definition.Create(), definition.Parameters);
    }

    static async Task Ask(string url, int times)
    {
        using var client = new HttpClient();
        for (var i = 0; i < times; i++) (await client.GetAsync(url)).EnsureSuccessStatusCode();
    }
}
