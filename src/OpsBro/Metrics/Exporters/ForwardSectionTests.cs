using OpsBro.Config;
using OpsBro.Metrics.Exporters;
using OpsBro.Tests.Config;

namespace OpsBro.Tests.Metrics.Exporters;

public class ForwardSectionTests
{
    static (ForwardSection Section, List<Problem> Problems) Read(string yaml)
    {
        using var config = new TemporaryConfig();
        config.Write("agent.yml", yaml);
        var problems = new List<Problem>();
        var loaded = config.Load();
        Assert.Empty(loaded.Problems);
        return (ForwardSection.Read(loaded.Agent, "h1.example", problems), problems);
    }

    [Fact]
    public void Nothing_is_forwarded_unless_it_is_written()
    {
        var (section, problems) = Read("log_level: INFO\n");

        Assert.Empty(problems);
        Assert.Empty(section.Sinks);
    }

    [Theory]
    [InlineData("forward: {a: {kind: graphite, address: h}}\n", "a")]
    [InlineData("forward: {a: {kind: graphit}}\n", "a")]
    [InlineData("forward:\n", "")]
    [InlineData("log_level: INFO\n", "")]
    [InlineData("forward: [a, b]\n", null)]
    [InlineData("forward: {a: {kind: graphite\n", null)]
    public void Nobody_is_forgotten_while_it_is_not_known_who_is_meant(string yaml, string? meant)
    {
        using var config = new TemporaryConfig();
        config.Write("agent.yml", yaml);
        var loaded = config.Load();

        var names = ForwardLoop.Meant(loaded, ForwardSection.Read(loaded.Agent, "h", []));

        Assert.Equal(meant, names is null ? null : string.Join(' ', names));
    }

    [Theory]
    [InlineData("htps://me:s3cret@host/write")]
    [InlineData("http://me:s3cret@host/write")]
    [InlineData("http://vm:8428/api/v1/write?token=s3cret")]
    public void A_secret_in_an_address_is_shown_nowhere(string url)
    {
        var (section, problems) = Read($"forward: {{a: {{kind: remote_write, url: \"{url}\"}}}}\n");

        Assert.All(problems, p => Assert.DoesNotContain("s3cret", p.ToString()));
        Assert.All(section.Sinks, s => Assert.DoesNotContain("s3cret", s.Options.Target));
        Assert.All(section.Sinks, s => Assert.DoesNotContain("s3cret", $"{s.Options with { Authorization = "Bearer s3cret" }}"));
        Assert.Equal(1, problems.Count + section.Sinks.Count);
    }

    [Fact]
    public void What_an_address_of_InfluxDB_says_behind_its_question_mark_is_not_dropped_in_silence()
    {
        var (section, problems) = Read("forward: {a: {kind: influx, url: \"http://i:8086/?db=mine\"}}\n");

        Assert.Contains("behind it", Assert.Single(problems).Message);
        Assert.Empty(section.Sinks);
        Assert.Contains("a", section.Names);
    }

    [Fact]
    public void What_is_written_counts_and_the_rest_has_its_default()
    {
        var (section, problems) = Read("""
            forward:
              vm: {kind: remote_write, url: "http://vm:8428/api/v1/write", token: s3cret, tags: {dc: paris}, include: "stats.{a,b}.*", exclude: [x, y],
                   prefix: opsbro., batch: 100, timeout: 3s, interval: 1s, names: keep}
              old: {kind: graphite, address: "graphite:2103", prefix: "hosts.{host}."}
              six: {kind: graphite, address: "[::1]", host_tag: server}
              influx: {kind: influx, url: "https://influx:8086/", bucket: b c, org: o, user: me, password: pw, field: number, gzip: false, host_tag: off}
              v1: {kind: influx, url: "http://vminsert:8480/insert/0/influx", db: d}
              gone: {enabled: false}
            """);

        Assert.Empty(problems);
        var sinks = section.Sinks.ToDictionary(s => s.Options.Name, s => s.Options);
        Assert.Equal(["influx", "old", "six", "v1", "vm"], sinks.Keys.Order());
        Assert.Equal(sinks.Keys.Order(), section.Names.Order());
        Assert.True(sinks["vm"] is
        {
            Kind: SinkKind.RemoteWrite, Target: "http://vm:8428/api/v1/write", Authorization: "Bearer s3cret", Prefix: "opsbro.", Batch: 100, KeepsNames: true,
            Timeout.TotalSeconds: 3, Interval.TotalSeconds: 1,
        });
        Assert.Equal([new("dc", "paris"), new("host", "h1.example")], sinks["vm"].Tags);
        Assert.True(sinks["vm"].Filter.Takes(SeriesName.Parse("stats.b.c")));
        Assert.False(sinks["vm"].Filter.Takes(SeriesName.Parse("x")));
        Assert.True(sinks["old"] is { Target: "graphite:2103", Prefix: "hosts.h1_example.", Tags.Count: 0, Authorization: "" });
        Assert.Equal(SinkOptions.DefaultBatch, sinks["old"].Batch);
        Assert.Equal("[::1]:2003", sinks["six"].Target);
        Assert.Equal([new("server", "h1.example")], sinks["six"].Tags);
        Assert.True(sinks["influx"] is
        {
            Target: "https://influx:8086/api/v2/write?precision=s&bucket=b%20c&org=o", Authorization: "Basic bWU6cHc=", Field: "number",
            Gzip: false, Tags.Count: 0,
        });
        Assert.True(sinks["v1"] is { Target: "http://vminsert:8480/insert/0/influx/write?precision=s&db=d", Gzip: true });
    }

    [Theory]
    [InlineData("kind: graphit, address: a", "kind is \"graphit\" (did you mean \"graphite\"?); write graphite, remote_write or influx")]
    [InlineData("address: a", "kind is missing")]
    [InlineData("kind: graphite", "address is missing")]
    [InlineData("kind: graphite, address: \"a b\"", "address is \"a b\"; write host:port")]
    [InlineData("kind: graphite, address: \"a:99999\"", "address is \"a:99999\"")]
    [InlineData("kind: graphite, address: a, url: \"http://x/\"", "unknown key \"url\" in the sink s of kind graphite")]
    [InlineData("kind: influx", "url is missing")]
    [InlineData("kind: influx, url: \"ftp://x/\"", "url is \"ftp://x/\"; write http://")]
    [InlineData("kind: influx, url: \"http://x/\", bucket: a, db: b", "bucket and db are both written")]
    [InlineData("kind: remote_write, url: \"http://me:pw@x/\"", "url holds a password")]
    [InlineData("kind: remote_write, url: \"http://x/\", names: long", "names is \"long\"; write sanitize or keep")]
    [InlineData("kind: remote_write, url: \"http://x/\", batch: 0", "batch is \"0\"; write a whole number from 1 to 20000")]
    [InlineData("kind: remote_write, url: \"http://x/\", timeout: soon", "timeout: \"soon\" is not a duration")]
    [InlineData("kind: remote_write, url: \"http://x/\", ca: /nowhere/ca.pem", "ca: Could not find")]
    [InlineData("kind: remote_write, url: \"http://x/\", token: \"@/nowhere/token\"", "token: Could not find")]
    [InlineData("kind: remote_write, url: \"http://x/\", token: a, user: b", "user and token are both written")]
    [InlineData("kind: remote_write, url: \"http://x/\", password: b", "password stands without user")]
    [InlineData("kind: remote_write, url: \"http://x/\", include: \"a[\"", "include: \"a[\" is no pattern")]
    [InlineData("kind: remote_write, url: \"http://x/\", exclude: [\"t=~(\"]", "exclude: \"t=~(\" is no pattern")]
    [InlineData("kind: remote_write, url: \"http://x/\", tags: {\"a b\": c}", "\"a b\" is no name of a tag")]
    public void What_is_wrong_is_told_with_its_line_and_nothing_that_waits_is_forgotten(string keys, string said)
    {
        var (section, problems) = Read($"forward:\n  s: {{{keys}}}\n");

        var problem = Assert.Single(problems);
        Assert.Contains(said, problem.Message);
        Assert.Equal(2, problem.Line);
        Assert.Empty(section.Sinks);
        Assert.Equal(["s"], section.Names);
    }

    [Fact]
    public void A_secret_is_never_told()
    {
        var (_, problems) = Read("forward:\n  s: {kind: remote_write, url: \"http://x/\", token: \"hush\\nhush\"}\n");

        Assert.DoesNotContain("hush", Assert.Single(problems).Message);
    }

    [Fact]
    public void A_name_that_is_none_is_told()
    {
        var (section, problems) = Read("forward:\n  \"a b\": {kind: graphite, address: x}\n");

        Assert.Contains("\"a b\" is no name of a sink", Assert.Single(problems).Message);
        Assert.Empty(section.Names);
    }

    [Fact]
    public void A_sink_that_is_down_for_a_minute_or_lost_points_is_a_problem()
    {
        var node = Read("forward:\n  s: {kind: graphite, address: x}\n").Section.Sinks[0].Node;
        var down = new SinkFigures { State = SinkState.Down, Error = "no route", Since = DateTimeOffset.UnixEpoch, StateAge = TimeSpan.FromSeconds(59) };
        var lost = new SinkFigures { Lost = 7, LostAge = TimeSpan.FromHours(23) };

        Assert.Empty(ForwardLoop.TroublesOf("s", down, node));
        var problem = Assert.Single(ForwardLoop.TroublesOf("s", down with { StateAge = TimeSpan.FromSeconds(60) }, node));
        Assert.Equal(("the sink s takes nothing since 1970-01-01T00:00:00Z: no route", 2, true), (problem.Message, problem.Line, problem.IsWarning));
        Assert.StartsWith("7 points for the sink s were given up", Assert.Single(ForwardLoop.TroublesOf("s", lost, node)).Message);
        Assert.Empty(ForwardLoop.TroublesOf("s", lost with { LostAge = TimeSpan.FromHours(25) }, node));
    }
}
