using OpsBro.Collectors.Declared;
using OpsBro.Config;
using OpsBro.Tests.Config;

namespace OpsBro.Tests.Collectors;

public class CollectorBinderTests
{
    [Theory]
    [InlineData("format: json", "2:3: nothing to read; write \"http: URL\" or \"program: [PATH, ARGUMENT]\"")]
    [InlineData("http: localhost\n  format: json",
        "2:9: \"localhost\" is not an address; write for instance http://localhost:8080/status")]
    [InlineData("http: http://a:b@c/\n  format: json",
        "2:9: a user in the address would show in messages; write user and password as keys of http")]
    [InlineData("http: {user: x}\n  format: json", "2:9: url is missing; write \"url: …\"")]
    [InlineData("http: {url: \"http://x/\", pasword: y}\n  format: json",
        "2:28: unknown key \"pasword\" in http (did you mean \"password\"?)")]
    [InlineData("http: {url: \"http://x/\", unix_socket: run}\n  format: json",
        "2:41: unix_socket is \"run\"; write an absolute path")]
    [InlineData("http: {url: \"http://x/\", headers: {\"a b\": c}}\n  format: json",
        "2:38: \"a b\" is no name of a header; write for instance X-Token")]
    [InlineData("http: [x]\n  format: json",
        "2:9: http must be an address, or keys: url, user, password, headers, unix_socket, insecure")]
    [InlineData("program: /bin/df -k\n  format: json",
        "2:12: program must be a list, the program and each argument apart: "
        + "[\"/usr/bin/foo\", \"--json\"]; there is no shell")]
    [InlineData("program: [x]\n  http: http://x/\n  format: json",
        "2:12: a collector reads one thing: keep program or http")]
    [InlineData("http: http://x/\n  format: jsn",
        "3:11: unknown format \"jsn\" (did you mean \"json\"?); write one of json, prometheus, keyvalue, csv, regex")]
    [InlineData("http: http://x/", "2:3: format is missing; write \"format: …\"")]
    [InlineData("http: http://x/\n  format: json\n  csv: {key: a}", "4:8: csv is set but the format is json")]
    [InlineData("http: http://x/\n  format: csv\n  csv: {separator: ab}",
        "4:20: separator is \"ab\"; write one character, or tab")]
    [InlineData("http: http://x/\n  format: csv\n  csv: {header: false}",
        "4:17: header must be true, when the first row names the columns, or the list of their names")]
    [InlineData("http: http://x/\n  format: csv\n  csv: {header: [aa, bb], key: ab}",
        "4:32: no column \"ab\" in header (did you mean \"aa\"?)")]
    [InlineData("http: http://x/\n  format: regex",
        "3:11: regex is missing; write a list of patterns with named groups below \"regex:\"")]
    [InlineData("http: http://x/\n  format: regex\n  regex: ['(?<a>x']",
        "4:18: not a regular expression: not enough )'s")]
    [InlineData("http: http://x/\n  format: regex\n  regex: ['x+']",
        "4:11: regex: no named group; write for instance (?<connections>\\d+)")]
    [InlineData("http: http://x/\n  format: json\n  interval: 10 sec",
        "4:13: interval: \"10 sec\" is not a duration; write for instance 250ms, 10s or 5m")]
    [InlineData("http: http://x/\n  format: json\n  interval: 100ms",
        "4:13: interval is 100ms; write a duration from 1s to 1d")]
    [InlineData("http: http://x/\n  format: json\n  timout: 5s",
        "4:3: unknown key \"timout\" in a collector (did you mean \"timeout\"?)")]
    [InlineData("http: http://x/\n  format: json\n  rename: {a: b..c}",
        "4:15: \"b..c\" is no key; write its parts with a dot between")]
    [InlineData("http: http://x/\n  format: json\n  counters: a",
        "4:13: counters must be a list of at most 200 keys, or keys with the name of their rate")]
    [InlineData("http: http://x/\n  format: json\n  counters: {a: b.c}",
        "4:17: write the name of the rate, without a dot, or a list of names")]
    [InlineData("http: http://{{parameters.host}/\n  format: json", "2:16: the {{ here has no closing }}")]
    [InlineData("http: http://{{collector.a.b}}/\n  format: json",
        "2:16: {{collector.a.b}}: a collector reads its pack's parameters; write {{parameters.NAME}}")]
    [InlineData("name: my app\n  http: http://x/\n  format: json",
        "2:9: \"my app\" is no name for a collector; write letters, digits, - and _")]
    public void A_mistake_is_named_with_its_place(string body, string problem)
    {
        using var directory = new TemporaryConfig();
        directory.Write("app.yml", $"collector:\n  {body}\n");

        var problems = Problems(directory);

        Assert.Equal($"{directory.PathOf("app.yml")}:{problem}", Assert.Single(problems).ToString());
    }

    [Fact]
    public void All_mistakes_are_named_at_once()
    {
        using var directory = new TemporaryConfig();
        directory.Write("app.yml", "collector:\n  http: x\n  format: y\n  interval: z\n  oops: 1\n");

        Assert.Equal([2, 3, 4, 5], Problems(directory).Select(problem => problem.Line).Order());
    }

    [Fact]
    public void A_collector_that_is_broken_by_an_edit_stays_as_it_was_and_one_that_says_the_same_is_the_same()
    {
        using var directory = new TemporaryConfig();
        directory.Write("app.yml", "collector:\n  name: app\n  http: http://localhost:1/\n  format: json\n");
        directory.Write("other.yml", "collector:\n  name: other\n  http: http://localhost:2/\n  format: json\n");
        var source = new DeclaredCollectors();
        var first = source.Read(directory.Load(), []);

        directory.Write("app.yml", "# moved\ncollector:\n  name: app\n  http: http://localhost:1/\n  format: jsom\n");
        directory.Write("other.yml", "# moved\ncollector:\n  name: other\n  http: http://localhost:2/\n  format: json\n");
        var problems = new List<Problem>();
        var second = source.Read(directory.Load(), problems);

        Assert.Contains("did you mean \"json\"", Assert.Single(problems).Message);
        Assert.Equal(["app", "other"], second.Select(definition => definition.Name));
        Assert.True(first[0].Body!.SaysTheSameAs(second[0].Body!));
        Assert.True(first[1].Body!.SaysTheSameAs(second[1].Body!));
    }

    [Fact]
    public void A_program_of_a_pack_is_looked_for_in_the_strongest_level_that_has_it()
    {
        using var directory = new TemporaryConfig();
        directory.Ship("app/collectors/app.yml", "collector:\n  name: app\n  program: [./read.sh]\n  format: keyvalue\n");
        directory.Ship("app/read.sh", "#!/bin/sh\n");
        var source = new DeclaredCollectors();
        var shipped = source.Read(directory.Load(), []).Single();

        directory.Write("packs/local/app/read.sh", "#!/bin/sh\n");
        directory.Write("packs/local/app/pack.yml", "version: 2\n");
        var overloaded = source.Read(directory.Load(), []).Single();

        Assert.False(shipped.Body!.SaysTheSameAs(overloaded.Body!));
        Assert.Equal(directory.PathOf("packs/local/app/read.sh"), overloaded.Body!["program file"]!.Text);
    }

    [Fact]
    public void What_is_documented_comes_from_units_and_counters()
    {
        using var directory = new TemporaryConfig();
        directory.Write("app.yml", """
            collector:
              name: app
              summary: the application
              interval: 30s
              timeout: 2s
              http: http://localhost:1/
              format: json
              units: {memory: bytes}
              counters: [requests, "*.errors"]
            """);

        var (_, collector) = Assert.Single(DeclaredCollectors.From(directory.Load(), []));

        Assert.Equal("the application", collector.Summary);
        Assert.Equal(TimeSpan.FromSeconds(30), collector.Interval);
        Assert.True(collector.Deadline > TimeSpan.FromSeconds(2));
        Assert.True(collector.NeedsTwoRuns);
        Assert.Equal(["memory bytes", "requests/s 1/s", "*.errors/s 1/s"], collector.Keys.Select(key => $"{key.Path} {key.Unit}"));
    }

    static List<Problem> Problems(TemporaryConfig directory)
    {
        var configuration = directory.Load();
        var problems = new List<Problem>(configuration.Problems);
        Assert.Empty(new DeclaredCollectors().Read(configuration, problems));
        return problems;
    }
}
