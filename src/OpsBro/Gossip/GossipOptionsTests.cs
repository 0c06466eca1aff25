using OpsBro.Config;
using OpsBro.Core.Gossip;
using OpsBro.Gossip;
using OpsBro.Tests.Config;

namespace OpsBro.Tests.Gossip;

public class GossipOptionsTests
{
    static (GossipOptions Options, List<Problem> Problems) Read(string yaml)
    {
        using var config = new TemporaryConfig();
        config.Write("agent.yml", yaml);
        var problems = new List<Problem>();
        return (GossipOptions.Read(config.Load().Agent, problems), problems);
    }

    [Theory]
    [InlineData("log_level: INFO")]
    [InlineData("gossip: {enabled: true}")]
    public void Nothing_need_be_written(string yaml)
    {
        var (options, problems) = Read(yaml);

        Assert.Empty(problems);
        Assert.True(options is { IsEnabled: true, IsDetectable: true, KeepsSnapshot: true, Compress: true, IsProxy: false, LinksWithoutKey: false });
        Assert.Equal(("0.0.0.0", 7946, 6768, "lan", "internet"),
            (options.Bind.ToString(), options.Port, options.DetectPort, options.Profile.Name, options.Zone));
        Assert.Equal(GossipOptions.DefaultRotation, options.KeyRotation);
    }

    [Fact]
    public void What_is_written_counts()
    {
        var (options, problems) = Read("""
            node-zone: paris
            proxy-node: TRUE
            seeds: [10.0.0.5, "web2:99", "[fd00::1]:7"]
            gossip: {bind: "::", port: 99, advertise: 198.51.100.7, name: a.b-c_d, profile: wan, label: blue, compress: no, snapshot: off,
                     tags: {role: web}, detect: {enabled: false, port: 5}, key_rotation: off, parent_port: 100, parent_seeds: [10.1.0.5],
                     links_without_key: true}
            """);

        Assert.Empty(problems);
        Assert.True(options is { IsProxy: true, Compress: false, KeepsSnapshot: false, IsDetectable: false, KeyRotation: null, Label: "blue" });
        Assert.True(options.LinksWithoutKey);
        Assert.Equal(("::", 99, "198.51.100.7:99", "a.b-c_d", "wan", "paris", 100), (options.Bind.ToString(), options.Port,
            options.Advertise.ToString(), options.Name, options.Profile.Name, options.Zone, options.ParentPort));
        Assert.Equal(["10.0.0.5:99", "web2:99", "[fd00::1]:7"], options.Seeds.Select(seed => seed.ToString()));
        Assert.Equal("10.1.0.5:99", Assert.Single(options.ParentSeeds).ToString());
        Assert.Equal(KeyValuePair.Create("role", "web"), Assert.Single(options.Tags));
    }

    [Theory]
    [InlineData("bind: eth0", "bind is \"eth0\"; write an address of this host")]
    [InlineData("port: 70000", "port")]
    [InlineData("advertise: \"a b\"", "advertise is \"a b\"; write host")]
    [InlineData("name: \"web 1\"", "name is \"web 1\"; write letters")]
    [InlineData("profile: lam", "did you mean \"lan\"?")]
    [InlineData("encrypt: c2hvcnQ=", "encrypt is no key")]
    [InlineData("tags: {zn: paris}", "the agent sets the tag \"zn\" itself")]
    [InlineData("key_rotation: soon", "key_rotation")]
    [InlineData("parent_port: 7946", "parent_port is 7946, which is the port already")]
    [InlineData("detect: {prot: 1}", "unknown key \"prot\" in gossip.detect")]
    [InlineData("binds: 0.0.0.0", "unknown key \"binds\" in gossip (did you mean")]
    [InlineData("handlers: [\"member-joined=/x\"]", "there is no event \"member-joined\"")]
    public void What_is_wrong_is_said_with_its_line_and_the_rest_counts(string key, string said)
    {
        var (options, problems) = Read($"gossip:\n  {key}\n  label: blue\n");

        var problem = Assert.Single(problems);
        Assert.Contains(said, problem.Message);
        Assert.Equal(2, problem.Line);
        Assert.Equal("blue", options.Label);
        Assert.Equal((7946, GossipProfile.Lan), (options.Port, options.Profile));
    }

    [Fact]
    public void Tags_that_leave_no_room_are_refused_with_their_size()
    {
        var (options, problems) = Read($"gossip: {{tags: {{long: {new string('x', 400)}}}}}\n");

        Assert.Contains("the tags take 410 bytes", Assert.Single(problems).Message);
        Assert.Empty(options.Tags);
    }

    [Theory]
    [InlineData("seeds: [\"a b\"]", "the seed \"a b\" is no address")]
    [InlineData("seeds: [\"web:0\"]", "the seed \"web:0\" is no address")]
    public void A_seed_that_is_no_address_is_named(string yaml, string said) => Assert.Contains(said, Assert.Single(Read(yaml + "\n").Problems).Message);
}
