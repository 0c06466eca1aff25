using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Microsoft.Data.Sqlite;
using OpsBro.Core.Expressions;
using OpsBro.Evaluator;

namespace OpsBro.Tests.Evaluator;

/// <summary>The functions that look at the host, on files of a temporary directory and on the loopback interface.</summary>
public sealed class WorldFunctionsTests : IDisposable
{
    readonly string directory = Directory.CreateTempSubdirectory("opsbro-functions-").FullName;
    readonly FunctionTable functions;

    public WorldFunctionsTests() => functions = WorldFunctions.Table(new WorldHooks(
        group => group is "linux" or "web" or "ec2", group => group == "web", () => "internet", TimeProvider.System), directory);

    public void Dispose() => Directory.Delete(directory, recursive: true);

    string Eval(string rule) => Expression.Compile(rule.Replace("DIR", directory), functions).Evaluate(NoReferences.Instance).Repr();

    ExpressionException Fails(string rule) => Assert.Throws<ExpressionException>(() => Eval(rule));

    void Write(string file, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.Join(directory, file))!);
        File.WriteAllText(Path.Join(directory, file), text);
    }

    [Theory]
    [InlineData("grep('centos', 'DIR/release')", "True")]
    [InlineData("grep_file('CENTOS', 'DIR/release')", "True")]
    [InlineData("grep_file('debian', 'DIR/release')", "False")]
    [InlineData("grep_file('^version [0-9]+$', 'DIR/release', regexp=True)", "True")]
    [InlineData("grep_file('^centos$', 'DIR/release', True)", "False")]
    [InlineData("grep_file('x', 'DIR/missing')", "False")]
    [InlineData("grep_file('x', 'DIR')", "False")]
    [InlineData("fileexists('DIR/release') and file_exists('DIR')", "True")]
    [InlineData("is_plain_file('DIR/release') and not is_plain_file('DIR')", "True")]
    [InlineData("is_dir('DIR') and not is_dir('DIR/release')", "True")]
    [InlineData("[is_link('DIR/link'), is_link('DIR/release'), is_link('')]", "[True, False, False]")]
    [InlineData("[path_dirname(x) for x in ['/a/b', '/a/b/', '/a', 'a', '//', '']]", "['/a', '/a/b', '/', '', '//', '']")]
    [InlineData("parse_json_file('DIR/data.json')['a'][1]", "2.5")]
    [InlineData("file_hash_match('DIR/release', 'md5', hash('CentOS Linux\\nVersion 7\\n', 'md5').upper())", "True")]
    [InlineData("file_hash_match('DIR/missing', 'sha256', '')", "False")]
    public void Files_are_looked_at(string rule, string repr)
    {
        Write("release", "CentOS Linux\nVersion 7\n");
        Write("data.json", """{"a": [1, 2.5], "b": null}""");
        File.CreateSymbolicLink(Path.Join(directory, "link"), "release");

        Assert.Equal(repr, Eval(rule));
    }

    [Fact]
    public void A_pipe_without_a_writer_does_not_block()
    {
        Assert.Equal("False", Eval("grep_file('x', '/dev/ptmx')"));
    }

    /// <summary>The last two are the vector of FIPS 180-4's examples and one of two blocks, from python3's hashlib.</summary>
    [Theory]
    [InlineData("hash('abc', 'md5')", "900150983cd24fb0d6963f7d28e17f72")]
    [InlineData("hash('abc', 'sha1')", "a9993e364706816aba3e25717850c26c9cd0d89d")]
    [InlineData("hash('é', 'sha256')", "4a99557e4033c3539de2eb65472017cad5f9557f7a0625a09f1c3f6e2ba69c4c")]
    [InlineData("hash('abc', 'sha224')", "23097d223405d8228642a477bda255b32aadbce4bda0b3f7e36c9da7")]
    [InlineData("hash('x' * 60, 'sha224')", "1ead1cf7b95db6ea41b7e43ee7965122482651b90759ef57444ec8e9")]
    public void Texts_have_digests(string rule, string digest) => Assert.Equal($"'{digest}'", Eval(rule));

    [Theory]
    [InlineData("'10.1.2.3', '10.0.0.0/8'", "True")]
    [InlineData("'11.1.2.3', '10.0.0.0/8'", "False")]
    [InlineData("'10.1.2.3', '10.1.2.3'", "True")]
    [InlineData("'10.1.2.3', '10.1.2.77/24'", "True")]
    [InlineData("'fe80::1', 'fe80::/10'", "True")]
    [InlineData("'::ffff:10.1.2.3', '10.0.0.0/8'", "True")]
    [InlineData("'::1', '10.0.0.0/8'", "False")]
    [InlineData("'10.1.2.3', '0.0.0.0/0'", "True")]
    public void Addresses_are_in_ranges(string arguments, string repr) => Assert.Equal(repr, Eval($"ip_is_in_range({arguments})"));

    [Fact]
    public void A_tcp_port_is_open_or_not()
    {
        var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;

        Assert.Equal("True", Eval($"check_tcp('127.0.0.1', {port}, timeout=5)"));
        listener.Stop();
        Assert.Equal("False", Eval($"check_tcp('127.0.0.1', {port})"));
        Assert.Contains("use 1 to 65535", Fails("check_tcp('127.0.0.1', 0)").Message);
        Assert.Contains("use up to 60 seconds", Fails("check_tcp('127.0.0.1', 1, timeout=1000)").Message);
    }

    [Theory]
    [InlineData("system_user_exists('root') and user_exists(0) and system_user_exists('0')", "True")]
    [InlineData("system_user_exists('nobody-of-that-name')", "False")]
    [InlineData("system_userid_from_username('root')", "0")]
    [InlineData("system_userid_from_username('nobody-of-that-name')", "None")]
    [InlineData("system_username_from_userid(0)", "'root'")]
    [InlineData("group_exists('root') and system_group_exists(0)", "True")]
    [InlineData("system_groupname_from_groupid(system_groupid_from_groupname('root'))", "'root'")]
    [InlineData("[get_os(), system_is_python_2(), system_is_python_3()]", "['linux', False, False]")]
    [InlineData("get_env('OPSBRO_NO_SUCH_VARIABLE')", "''")]
    [InlineData("[have_group('web'), is_in_static_group('linux'), is_in_group('x')]", "[True, False, False]")]
    [InlineData("[gossip_get_zone(), gossip_count_nodes(), gossip_count_nodes(group='x'), gossip_count_nodes(state='dead')]",
        "['internet', 1, 0, 0]")]
    [InlineData("[gossip_have_event_type('x'), compliance_get_state_of_rule('x')]", "[False, 'UNKNOWN']")]
    [InlineData("[hosting_driver_is_active('ec2'), hosting_driver_is_active('on-premise')]", "[True, False]")]
    [InlineData("now() > 1700000000 and 0 <= random() < 1 and randomint_between(3, 3) == 3", "True")]
    [InlineData("sorted(shuffle([3, 1, 2]))", "[1, 2, 3]")]
    [InlineData("host_to_ip('127.0.0.1')", "'127.0.0.1'")]
    [InlineData("ip_to_host('0.0.0.0') + ip_to_host('::')", "''")]
    public void The_host_is_asked(string rule, string repr) => Assert.Equal(repr, Eval(rule));

    /// <summary>Opening a pipe blocks, reading /dev/zero never ends, and opening a watchdog starts it.</summary>
    [Theory]
    [InlineData("DIR/pipe")]
    [InlineData("/dev/zero")]
    [InlineData("/dev/null")]
    [InlineData("DIR")]
    [InlineData("DIR/no\0name")]
    [InlineData("")]
    public void What_is_no_plain_file_is_not_opened(string path)
    {
        using (var program = Process.Start("mkfifo", Path.Join(directory, "pipe"))) program.WaitForExit();

        Assert.Equal("[False, False, False, False, False]", Eval($"""
            [grep_file('', '{path}'), grep_file('.*', '{path}', True), file_hash_match('{path}', 'sha1', 'da39a3ee5e6b4b0d3255bfef95601890afd80709'),
             is_plain_file('{path}'), is_link('{path}')]
            """));
        Assert.Contains("cannot be read", Fails($"parse_json_file('{path}')").Message);
    }

    [Theory]
    [InlineData("[12345678901234567890, -1, 1.5, 1e400]", "[12345678901234567890, -1, 1.5, inf]")]
    [InlineData("{\"a\": [null, true], \"é\": \"\\ud83d\\ude00\"}", "{'a': [None, True], 'é': '😀'}")]
    public void Json_keeps_what_it_says(string json, string repr)
    {
        Write("x.json", json);

        Assert.Equal(repr, Eval("parse_json_file('DIR/x.json')"));
    }

    [Fact]
    public void Json_that_is_broken_or_too_large_is_an_error_of_the_rule()
    {
        Write("half.json", "{\"\\ud800\": \"\\udc00\"}");
        Write("large.json", $"[{string.Join(',', Enumerable.Repeat("1", 600_000))}]");

        Assert.Contains("surrogate", Fails("parse_json_file('DIR/half.json')").Message);
        Assert.Equal(ErrorKind.Limit, Fails("parse_json_file('DIR/large.json')").Kind);
    }

    [Fact]
    public void Packages_are_read_from_the_database_of_each_manager_and_again_when_it_changes()
    {
        Write("var/lib/dpkg/status", "Package: nginx\nStatus: install ok installed\n\nPackage: gone\nStatus: deinstall ok config-files\n");
        Write("lib/apk/db/installed", "C:Q1\nP:busybox\nV:1.36\n\n");
        Directory.CreateDirectory(Path.Join(directory, "var/lib/pacman/local/gcc-libs-13.2.1-3"));
        Directory.CreateDirectory(Path.Join(directory, "var/lib/rpm"));
        using (var rpm = new SqliteConnection($"Data Source={directory}/var/lib/rpm/rpmdb.sqlite;Pooling=False"))
        {
            rpm.Open();
            var command = rpm.CreateCommand();
            command.CommandText = "CREATE TABLE Name(key TEXT, hnum INTEGER, idxnum INTEGER); INSERT INTO Name VALUES('bash', 1, 0)";
            command.ExecuteNonQuery();
        }

        Assert.Equal("[True, False, True, True, True]", Eval("[has_package(x) for x in ['nginx', 'gone', 'busybox', 'gcc-libs', 'bash']]"));

        Write("var/lib/dpkg/status", "Package: gone\nStatus: install ok installed\n");
        File.SetLastWriteTimeUtc(Path.Join(directory, "var/lib/dpkg/status"), DateTime.UtcNow.AddMinutes(1));
        Assert.Equal("[False, True]", Eval("[has_package(x) for x in ['nginx', 'gone']]"));
    }

    [Theory]
    [InlineData("hash('x', 'crc')", "there is no algorithm \"crc\"")]
    [InlineData("grep_file('(', 'DIR/x', regexp=True)", "is not a pattern")]
    [InlineData("parse_json_file('DIR/x')", "cannot be read")]
    [InlineData("ip_is_in_range('x', '10.0.0.0/8')", "is not an IP address")]
    [InlineData("ip_is_in_range('10.0.0.1', '10.0.0.0/40')", "is not a network")]
    [InlineData("randomint_between(2, 1)", "is greater than")]
    [InlineData("grep_file('a', path=1)", "path must be a str")]
    public void Errors_name_the_value(string rule, string message) => Assert.Contains(message, Fails(rule).Message);
}
