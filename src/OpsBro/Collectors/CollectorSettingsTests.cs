using OpsBro.Collectors;
using OpsBro.Config;

namespace OpsBro.Tests.Collectors;

public class CollectorSettingsTests
{
    readonly List<Problem> problems = [];

    [Fact]
    public void What_the_file_says_goes_before_the_collectors_own_wishes()
    {
        var settings = Read(("interval", "30s"), ("enabled", "false"));

        Assert.Equal(new CollectorSettings(false, TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(5)), settings);
        Assert.Empty(problems);
    }

    [Fact]
    public void Every_problem_names_its_place()
    {
        Read(("intervall", "30s"), ("deadline", "soon"));

        Assert.Equal(
            [
                "/etc/opsbro/agent.yml:4:3: deadline: \"soon\" is not a duration; write for instance 250ms, 10s or 5m",
                "/etc/opsbro/agent.yml:3:1: unknown key \"intervall\" in collectors.memory (did you mean \"interval\"?)",
            ],
            problems.Select(p => p.ToString()));
    }

    [Fact]
    public void A_name_that_is_no_collector_gets_a_suggestion()
    {
        var section = Map(2, ("memroy", Map(3)));

        CollectorSettings.CheckNames(Map(1, ("collectors", section)), ["memory", "redis"], problems);

        Assert.Equal(
            "/etc/opsbro/agent.yml:2:1: no collector is named \"memroy\" (did you mean \"memory\"?); \"opsbro collectors list\" names them all",
            Assert.Single(problems).ToString());
    }

    CollectorSettings Read(params (string Key, string Text)[] settings)
    {
        var body = Map(3, [.. settings.Select((s, i) => (s.Key, Scalar(s.Text, 3 + i, 3)))]);
        var agent = Map(1, ("collectors", Map(2, ("memory", body))));
        return CollectorSettings.Read(agent, new OpsBro.Collectors.Linux.Memory(), problems);
    }

    static ConfigNode Scalar(string text, int line, int column) =>
        new(ConfigNodeKind.Scalar, "/etc/opsbro/agent.yml", line, column) { Text = text };

    static ConfigNode Map(int line, params (string Key, ConfigNode Value)[] entries) =>
        new(ConfigNodeKind.Map, "/etc/opsbro/agent.yml", line, 1)
        {
            Entries = [.. entries.Select((e, i) => KeyValuePair.Create(Scalar(e.Key, line + i, 1), e.Value))],
        };
}
