using OpsBro.Collectors;
using OpsBro.Config;
using OpsBro.Core.Expressions;
using OpsBro.Detectors;
using OpsBro.Tests.Config;

namespace OpsBro.Tests.Detectors;

public class DetectorBinderTests : IDisposable
{
    readonly TemporaryConfig files = new();
    readonly FunctionTable functions = FunctionTable.Pure();
    readonly CollectorStore collectors = new();

    public void Dispose() => files.Dispose();

    [Fact]
    public void The_example_of_the_first_release_is_read_as_it_stands()
    {
        functions.Add(new FunctionDoc("grep", "filesystem", "grep(string, path)", ""), _ => Value.Of(true));

        var rule = Rule("""
            detector:
                interval: 10s
                apply_if: "grep('centos', '/etc/redhat-release')"
                groups: ["linux", "centos"]
            """);

        Assert.Equal(TimeSpan.FromSeconds(10), rule.Interval);
        Assert.Equal(["linux", "centos"], Ask(rule).Groups);
    }

    [Fact]
    public void Both_spellings_of_groups_count_and_a_comma_makes_two()
    {
        Assert.Equal(["a", "b", "c"], Ask(Rule("detector: {apply_if: 'True', groups: 'a, b', add_groups: [c, a]}")).Groups);
    }

    [Fact]
    public void A_group_text_takes_in_values_and_an_empty_value_makes_no_group()
    {
        Publish("system", ("id", Value.Of("debian")), ("major", Value.Of(12)), ("country", Value.Of("")), ("city", Value.Of("New York")));

        var verdict = Ask(Rule("""
            detector:
              apply_if: "{{collector.system.id}} == 'debian'"
              groups:
                - "{{collector.system.id}}{{collector.system.major}}"
                - "country::{{collector.system.country}}"
                - "region::{{collector.system.region||}}"
                - "city::{{collector.system.city}}"
                - "{{'x' * 3}}"
                - "next::{{'%d' % ({{collector.system.major}} + 1)}}"
            """));

        Assert.Equal(["debian12", "city::New-York", "xxx", "next::13"], verdict.Groups);
        Assert.Contains(new GroupFact("collector.system.id", "'debian'"), verdict.Facts);
    }

    [Fact]
    public void A_list_and_a_text_with_commas_make_one_group_for_each_item()
    {
        Publish("cloud", ("tags", Value.ListOf([Value.Of("web"), Value.Of("db")])), ("roles", Value.Of("x,y")));

        var verdict = Ask(Rule("detector: {apply_if: 'True', groups: ['tag::{{collector.cloud.tags}}', '{{collector.cloud.roles}}']}"));

        Assert.Equal(["tag::web", "tag::db", "x", "y"], verdict.Groups);
    }

    [Fact]
    public void Every_problem_of_an_object_is_found_with_its_place()
    {
        var problems = Problems("""
            detector:
              apply_iff: "1 + "
              interval: 10 sec
              groups: ["two words"]
            """);

        Assert.Equal(4, problems.Count);
        Assert.Contains(problems, p => p.Contains("x.yml:3:13: interval: \"10 sec\" is not a duration"));
        Assert.Contains(problems, p => p.Contains("x.yml:4:12: group \"two words\" holds a space"));
        Assert.Contains(problems, p => p.Contains("x.yml:2:3: unknown key \"apply_iff\" in a detector (did you mean \"apply_if\"?)"));
        Assert.Contains(problems, p => p.Contains("apply_if is missing"));
    }

    [Fact]
    public void A_detector_without_groups_is_refused()
    {
        Assert.Contains("a detector without groups finds nothing", Assert.Single(Problems("detector: {apply_if: 'True'}")));
    }

    [Fact]
    public void A_rule_that_does_not_compile_is_refused_at_the_place_of_the_fault()
    {
        var problem = Assert.Single(Problems("detector:\n  apply_if: \"1 +\"\n  groups: [a]\n"));

        Assert.StartsWith(files.PathOf("x.yml:2:"), problem);
    }

    [Theory]
    [InlineData("a{{collector.x")]
    [InlineData("a{{b}")]
    [InlineData("a{{")]
    public void A_group_text_whose_braces_do_not_close_is_refused(string text)
    {
        var yaml = $"detector:\n  apply_if: 'True'\n  groups: ['{text}']\n";

        Assert.Contains("x.yml:3:14: the part that begins here", Assert.Single(Problems(yaml)));
    }

    [Fact]
    public void A_rule_whose_collector_has_not_run_says_so_and_one_with_a_default_goes_on()
    {
        var without = Ask(Rule("detector: {apply_if: \"'a' in {{collector.dmi.vendor}}\", groups: [a]}"));
        var with = Ask(Rule("detector: {apply_if: \"'a' in {{collector.dmi.vendor||''}}\", groups: [a]}"));

        Assert.Equal(DataState.NotYet, without.Data);
        Assert.Contains("x.yml:1:", without.Problem);
        Assert.Equal((DataState.NotYet, "", false), (with.Data, with.Problem, with.IsTrue));
    }

    [Fact]
    public void Data_that_a_collector_does_not_have_is_absent()
    {
        Publish("dmi", ("vendor", Value.Of("x")));

        Assert.Equal(DataState.Absent, Ask(Rule("detector: {apply_if: \"{{collector.dmi.serial||''}} == 'a'\", groups: [a]}")).Data);
    }

    [Fact]
    public void A_rule_reads_agent_yml_and_the_parameters_of_its_pack()
    {
        files.Write("agent.yml", "site: paris\n");
        files.Ship("web/parameters.yml", "port: 8080\n");
        files.Ship("web/detectors/web.yml",
            "detector: {apply_if: \"{{parameters.port}} == 8080\", groups: ['site::{{configuration.site}}']}");

        var rule = Assert.Single(DetectorBinder.BindAll(files.Load(), functions)).Rule!;

        Assert.Equal("web/web", rule.Id);
        Assert.Equal(["site::paris"], Ask(rule).Groups);
    }

    [Fact]
    public void A_password_that_a_rule_reads_is_not_shown_with_the_group()
    {
        files.Ship("web/parameters.yml", "password: hunter2\n");
        files.Ship("web/detectors/web.yml", "detector: {apply_if: \"{{parameters.password}} != ''\", groups: [web]}");

        var facts = Ask(Assert.Single(DetectorBinder.BindAll(files.Load(), functions)).Rule!).Facts;

        Assert.Equal([new GroupFact("parameters.password", Secrets.Stars)], facts);
    }

    [Fact]
    public void A_detector_that_is_switched_off_is_known_and_off()
    {
        files.Write("x.yml", "detector: {apply_if: 'True', groups: [a], enabled: false}");

        Assert.False(Assert.Single(DetectorBinder.BindAll(files.Load(), functions)).Rule!.IsEnabled);
    }

    Verdict Ask(DetectorRule rule) =>
        rule.Program.Evaluate(new RuleReferences(collectors, files.Load().Agent, rule.Body, rule.Pack, TimeSpan.FromSeconds(1)));

    DetectorRule Rule(string yaml)
    {
        var bound = Bind(yaml);
        Assert.Empty(bound.Problems);
        return bound.Rule!;
    }

    List<string> Problems(string yaml) => [.. Bind(yaml).Problems.Select(p => p.ToString())];

    BoundDetector Bind(string yaml)
    {
        files.Write("x.yml", yaml);
        return Assert.Single(DetectorBinder.BindAll(files.Load(), functions));
    }

    void Publish(string name, params (string Key, Value Value)[] values)
    {
        var data = new DictValue();
        foreach (var (key, value) in values) data[key] = value;
        collectors.Publish(new CollectorSnapshot(
            name, CollectorState.Ok, Value.Of(data), default, TimeSpan.Zero, TimeSpan.FromSeconds(10), ""));
    }
}
