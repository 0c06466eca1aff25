using OpsBro.Config;
using OpsBro.Detectors;

namespace OpsBro.Tests.Detectors;

public class GroupsTests
{
    static readonly DateTimeOffset noon = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);
    readonly Groups groups = new(new Feed<GroupChanged>("groups", new Telemetry()));

    [Fact]
    public void A_group_is_there_once_it_is_published_and_gone_when_it_is_left_out()
    {
        groups.Publish([("linux", By("os")), ("debian", By("distribution"))], noon);
        groups.Publish([("linux", By("os"))], noon.AddSeconds(10));

        Assert.True(groups.Has("linux"));
        Assert.False(groups.Has("debian"));
        Assert.True(groups.Has("*"));
        Assert.Equal(noon, Assert.Single(groups.Current).Since);
    }

    [Fact]
    public void Each_change_is_told_once_with_who_made_it()
    {
        using var told = groups.Changes.Subscribe();

        groups.Publish([("linux", By("os"))], noon);
        groups.Publish([("linux", By("os")), ("linux", By("kernel"))], noon);
        groups.Publish([], noon.AddSeconds(1));

        Assert.True(told.Items.TryRead(out var came));
        Assert.Equal(new GroupChanged("linux", true, noon, "os"), came);
        Assert.True(told.Items.TryRead(out var went));
        Assert.Equal(new GroupChanged("linux", false, noon.AddSeconds(1), "os"), went);
        Assert.False(told.Items.TryRead(out _));
    }

    [Fact]
    public void Loops_are_woken_by_a_change_alone()
    {
        var woken = 0;
        groups.Published += () => woken++;

        groups.Publish([("linux", By("os"))], noon);
        groups.Publish([("linux", By("os"))], noon);
        Assert.Equal(1, woken);
        groups.Publish([], noon);
        Assert.Equal(2, woken);
    }

    [Fact]
    public void A_static_group_stays_when_a_detector_that_gave_it_too_is_false_again()
    {
        var own = new GroupReason(GroupSource.Static, "", "", "", "agent.yml:3", []);
        groups.Publish([("web", By("nginx")), ("web", own)], noon);
        Assert.Equal(GroupSource.Static, groups.Current[0].Reasons[0].Source);
        Assert.True(groups.HasStatic("web"));

        Assert.Empty(groups.Publish([("web", own)], noon));

        Assert.True(groups.Has("web"));
    }

    [Fact]
    public void The_agents_own_groups_are_those_of_agent_yml_and_its_zone()
    {
        var agent = Map(("groups", List("web", "paris", "web")), ("node-zone", Text("dmz")));

        var own = OwnGroups.Of(agent, []);

        Assert.Equal(["web", "paris", "zone::dmz"], own.Select(g => g.Group));
        Assert.Equal(["zone::internet"], OwnGroups.Of(Map(), []).Select(g => g.Group));
    }

    [Fact]
    public void A_group_with_a_space_is_refused_with_its_place()
    {
        var problems = new List<Problem>();

        OwnGroups.Of(Map(("groups", List("two words"))), problems);

        Assert.Equal(
            "agent.yml:1:1: group \"two words\" holds a space or a comma; use letters, digits and -_.:/",
            Assert.Single(problems).ToString());
    }

    static GroupReason By(string detector) => new(GroupSource.Detector, detector, detector, "True", "", []);

    static ConfigNode Text(string text) => new(ConfigNodeKind.Scalar, "agent.yml", 1, 1) { Text = text };

    static ConfigNode List(params string[] items) => new(ConfigNodeKind.List, "agent.yml", 1, 1) { Items = [.. items.Select(Text)] };

    static ConfigNode Map(params (string Key, ConfigNode Value)[] entries) => new(ConfigNodeKind.Map, "agent.yml", 1, 1)
    {
        Entries = [.. entries.Select(e => KeyValuePair.Create(Text(e.Key), e.Value))],
    };
}
