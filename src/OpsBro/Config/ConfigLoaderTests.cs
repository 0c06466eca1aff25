using OpsBro.Config;

namespace OpsBro.Tests.Config;

public class ConfigLoaderTests
{
    [Theory]
    [InlineData("detector", "detector")]
    [InlineData("check", "check")]
    [InlineData("check2", "check")]
    [InlineData("handler", "handler")]
    [InlineData("handler2", "handler")]
    [InlineData("shinken", "shinken")]
    [InlineData("dns", "dns")]
    [InlineData("statsd", "statsd")]
    [InlineData("graphite", "graphite")]
    [InlineData("websocket", "websocket")]
    public void The_mission_s_examples_are_read_as_they_stand(string file, string kind)
    {
        using var directory = new TemporaryConfig();
        directory.Write("example.yml", File.ReadAllText(SeedFile(file)));

        var configuration = directory.Load();

        Assert.DoesNotContain(configuration.Problems, p => !p.IsWarning);
        Assert.Equal(kind, Assert.Single(configuration.Objects).Kind);
    }

    [Theory]
    [InlineData("detector")]
    [InlineData("check")]
    [InlineData("dns")]
    [InlineData("websocket")]
    public void The_mission_s_examples_are_read_without_their_margin(string file)
    {
        using var directory = new TemporaryConfig();
        var lines = File.ReadAllLines(SeedFile(file)).Select(line => line.StartsWith("    ") ? line[4..] : line);
        directory.Write("example.yml", string.Join('\n', lines));

        var configuration = directory.Load();

        Assert.DoesNotContain(configuration.Problems, p => !p.IsWarning);
        Assert.Single(configuration.Objects);
    }

    [Fact]
    public void A_tab_in_the_indentation_is_read_as_spaces_with_a_warning()
    {
        using var directory = new TemporaryConfig();
        directory.Write("dns.yml", File.ReadAllText(SeedFile("dns")));

        var configuration = directory.Load();

        var dns = configuration.Of("dns").Single().Body;
        Assert.Equal(["enabled", "port", "domain"], dns.Entries.Select(entry => entry.Key.Text));
        Assert.Equal((3, 6, 19), (dns["port"]!.Line, dns.Entries[1].Key.Column, dns["port"]!.Column));
        Assert.Equal(3, Assert.Single(configuration.Problems).Line);
    }

    [Fact]
    public void One_file_holds_several_objects_and_lists_of_them()
    {
        using var directory = new TemporaryConfig();
        directory.Write("web/all.yml", """
            check:
              script: one
            check:
              name: second
              script: two
            detectors:
              - groups: [a]
              - name: b
                groups: [b]
            collectors:
              left: {http: x}
              right: {http: y}
            """);

        var configuration = directory.Load();

        Assert.Empty(configuration.Problems);
        Assert.Equal(
            ["check web/all all", "check web/all/second second", "detector web/all all", "detector web/all/b b",
                "collector web/all/left left", "collector web/all/right right"],
            configuration.Objects.Select(o => $"{o.Kind} {o.Id} {o.Name}"));
    }

    [Fact]
    public void Two_objects_of_one_name_are_a_problem_that_names_both_places()
    {
        using var directory = new TemporaryConfig();
        directory.Write("a.yml", "handler: {id: x, type: mail}\nhandler: {id: x, type: slack}\n");

        var configuration = directory.Load();

        Assert.Equal("mail", Assert.Single(configuration.Objects).Body["type"]!.Text);
        Assert.Equal(
            $"{directory.PathOf("a.yml")}:2:10: a second handler \"a/x\"; the first stands at {directory.PathOf("a.yml")}:1 "
            + "and counts; give this one another name",
            Assert.Single(configuration.Problems).ToString());
    }

    [Fact]
    public void Every_problem_of_every_file_is_reported_at_once()
    {
        using var directory = new TemporaryConfig();
        directory.Write("a.yml", "chek: {}\ncheck:\n  script: x\n  script: y\n");
        directory.Write("b.yml", "check:\n  critical_if: {collector.x} < 5\ndetector:\n  groups: [a\nhandler: @x\n");
        directory.Write("agent.yml", "port: 70000\ndisplay_nam: x\nlog_level: LOUD\n");

        var problems = directory.Load().Problems.Select(p => p.ToString()[directory.Path.Length..]).ToArray();

        Assert.Equal(
            [
                "/a.yml:1:1: unknown kind of object \"chek\" (did you mean \"check\"?)",
                "/a.yml:4:3: \"script\" stands here again; line 3 already sets it, and that one counts",
                "/agent.yml:1:7: port is \"70000\"; write a whole number from 1 to 65535",
                "/agent.yml:2:1: unknown key \"display_nam\" (did you mean \"display_name\"?)",
                "/agent.yml:3:12: log_level is \"LOUD\"; write ERROR, WARNING, INFO or DEBUG",
                "/b.yml:2:30: a value that begins with { is read as a map; put the rule in quotes",
                "/b.yml:4:11: a list is opened with [ here and not closed with ], or a comma is missing",
                "/b.yml:5:10: a value cannot begin with @; put it in quotes",
            ],
            problems);
    }

    [Fact]
    public void A_file_that_can_no_longer_be_read_keeps_what_it_said()
    {
        using var directory = new TemporaryConfig();
        directory.Write("a.yml", "check: {script: old}\n");
        var first = directory.Load();
        directory.Write("a.yml", "check: {script: new\n");

        var second = directory.Load(first);
        var third = directory.Load(second);

        Assert.Equal("old", Assert.Single(third.Objects).Body["script"]!.Text);
        Assert.True(Assert.Single(third.Files).IsStale);
        Assert.Single(third.Problems);
        Assert.Equal((1, 3), (first.Version, third.Version));
    }

    [Fact]
    public void Drop_in_files_and_the_environment_override_single_keys()
    {
        using var directory = new TemporaryConfig();
        directory.Write("agent.yml", "http: {listen: one, tokens: [a]}\nmailq: {warning: 1}\ngroups: [x]\n");
        directory.Write("conf.d/10.yml", "http: {listen: two}\n");
        directory.Write("conf.d/20.yml", "http: {listen: three}\n");

        var agent = directory.Load(environment: new Dictionary<string, string>
        {
            ["OPSBRO_HTTP__TOKENS"] = "[b, c]",
            ["OPSBRO_LOG_LEVEL"] = "DEBUG",
            ["OPSBRO_DATA"] = "/elsewhere",
        }).Agent;

        Assert.Equal("three", agent["http"]!["listen"]!.Text);
        Assert.Equal(["b", "c"], agent["http"]!["tokens"]!.Items.Select(i => i.Text));
        Assert.Equal("environment OPSBRO_HTTP__TOKENS", agent["http"]!["tokens"]!.File);
        Assert.Equal("1", agent["mailq"]!["warning"]!.Text);
        Assert.Equal("DEBUG", agent["log_level"]!.Text);
        Assert.Null(agent["data"]);
    }

    [Fact]
    public void Links_in_a_circle_pipes_and_hidden_files_do_no_harm()
    {
        using var directory = new TemporaryConfig();
        directory.Write("sub/a.yml", "check: {script: x}\n");
        directory.Write("sub/.hidden.yml", "nonsense");
        directory.Write("sub/.hid/x.yml", "nonsense");
        File.CreateSymbolicLink(directory.PathOf("sub/loop"), directory.Path);
        File.CreateSymbolicLink(directory.PathOf("sub/self"), directory.PathOf("sub/self"));
        File.CreateSymbolicLink(directory.PathOf("lost.yml"), "/nowhere/at/all");
        File.CreateSymbolicLink(directory.PathOf("null.yml"), "/dev/null");

        var configuration = directory.Load();

        Assert.Single(configuration.Objects);
        Assert.EndsWith("lost.yml: the file cannot be read (a link to nothing)", Assert.Single(configuration.Problems).ToString());
    }

    [Fact]
    public void A_tree_of_too_many_directories_is_not_read_to_its_end()
    {
        using var directory = new TemporaryConfig();
        directory.Write("0/first.yml", "check: {script: x}");
        for (var i = 1; i <= ConfigLimits.MaxDirectories; i++) Directory.CreateDirectory(directory.PathOf($"d{i:0000}"));

        var configuration = directory.Load();

        Assert.Single(configuration.Objects);
        Assert.Contains("directories; this one and the next ones are not read", Assert.Single(configuration.Problems).Message);
    }

    [Fact]
    public void What_is_too_large_or_not_text_is_a_problem()
    {
        using var directory = new TemporaryConfig();
        directory.Write("large.yml", new string('#', ConfigLimits.MaxFileBytes + 1));
        directory.Write("deep.yml", "check: " + new string('[', 5000));
        directory.Write("nul.yml", "check:\n  script: \0\n");
        const string letters = "abcdefghij";
        directory.Write("bomb.yml", "a: &a [x,x,x,x,x,x,x,x,x,x]\n" + string.Concat(letters.Zip(letters.Skip(1), (one, next) =>
            $"{next}: &{next} [{string.Join(',', Enumerable.Repeat($"*{one}", 10))}]\n")));
        File.WriteAllBytes(directory.PathOf("latin.yml"), [(byte)'a', (byte)'\n', (byte)'b', 0xe9, (byte)'\n']);

        var problems = directory.Load().Problems.Select(p => p.ToString()[(directory.Path.Length + 1)..]).ToArray();

        Assert.Equal(
            [
                $"bomb.yml:5:29: the file holds more than {ConfigLimits.MaxNodes} values",
                $"deep.yml:1:71: lists and maps are nested deeper than {ConfigLimits.MaxNodeDepth}",
                "large.yml: the file is larger than 1024 KiB; split it",
                "latin.yml:2:2: this is not UTF-8 text",
                "nul.yml:2:11: the control character U+0000 stands here; is this a text file?",
            ],
            problems);
    }

    static string SeedFile(string name) => Repository.PathOf("src", "OpsBro", "Config", "fixtures", "seed", name + ".yml");

    [Fact]
    public void A_slip_in_a_variable_of_the_environment_is_named_and_has_no_line()
    {
        using var config = new TemporaryConfig();

        var loaded = config.Load(environment: new Dictionary<string, string>
        {
            ["OPSBRO_LOG_LEVL"] = "DEBUG",
            ["OPSBRO_PORT2"] = "3",
            ["OPSBRO_BUILD_HOST"] = "x",
            ["OPSBRO_LOG_LEVEL"] = "LOUD",
            ["OPSBRO_TOKEN_FILE"] = "/x",
        });

        Assert.Equal(
            [
                "environment OPSBRO_LOG_LEVEL: log_level is \"LOUD\"; write ERROR, WARNING, INFO or DEBUG",
                "environment OPSBRO_LOG_LEVL: there is no setting of this name (did you mean \"OPSBRO_LOG_LEVEL\"?)",
                "environment OPSBRO_PORT2: there is no setting of this name (did you mean \"OPSBRO_PORT\"?)",
            ],
            loaded.Problems.Select(p => p.ToString()));
    }
}
