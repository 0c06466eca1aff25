using OpsBro.Cli;
using OpsBro.Gossip;

namespace OpsBro.Tests.Gossip;

/// <summary>How members are shown.</summary>
public class MemberVerbsTests
{
    static MemberView Member(params string[] groups) => new()
    {
        Name = "node-1",
        DisplayName = "",
        Zone = "internet",
        State = "alive",
        Since = DateTimeOffset.UnixEpoch,
        Address = "10.0.0.1",
        Port = 7946,
        IsSelf = false,
        IsStale = false,
        AgeSeconds = null,
        IsProxy = true,
        Groups = groups,
        CheckState = "",
        RoundTripMs = 0.5,
        Version = "",
        Id = "",
        Incarnation = 7,
        Protocols = [1, 5, 2, 2, 5, 5],
        Tags = new Dictionary<string, string> { ["role"] = "web" },
    };

    [Theory]
    [InlineData(100, "debian,linux,redis,x86_64")]
    [InlineData(25, "debian,linux,redis,x86_64")]
    [InlineData(24, "debian,linux,redis,… (4)")]
    [InlineData(20, "debian,linux,… (4)")]
    [InlineData(10, "4 groups")]
    public void As_many_groups_as_fit_and_how_many_there_are(int room, string shown) =>
        Assert.Equal(shown, MemberVerbs.Groups(Member("debian", "linux", "redis", "x86_64"), room));

    [Theory]
    [InlineData(-5, "0 s"), InlineData(59, "59 s"), InlineData(119, "119 s"), InlineData(120, "2 min"), InlineData(7199, "119 min")]
    [InlineData(7200, "2 h"), InlineData(172_799, "47 h"), InlineData(172_800, "2 d")]
    public void Ages_fit_a_column(double seconds, string shown) => Assert.Equal(shown, MemberVerbs.Age(TimeSpan.FromSeconds(seconds)));

    [Fact]
    public void A_program_gets_every_group_and_the_moment()
    {
        var output = new StringWriter();
        MemberVerbs.Print(new Terminal(output, TextWriter.Null, isInteractive: false, hasColour: false), "internet", [Member("a", "b")], withDetail: true);

        Assert.Equal("zone internet:\nNAME\tSTATE\tSINCE\tADDRESS\tCHECKS\tRTT\tVERSION\tGROUPS\tLAST STATE\tID\tINCARNATION\tPROTOCOLS\tTAGS\n"
            + "node-1 (proxy)\tALIVE\t1970-01-01 00:00:00Z\t10.0.0.1:7946\t-\t0.5 ms\tserf\ta,b\tnow\t-\t7\t1.5.2.2.5.5\trole=web\n", output.ToString());
    }

    [Fact]
    public void A_person_gets_a_block_for_each_member_with_detail()
    {
        var output = new StringWriter();
        var terminal = new Terminal(output, TextWriter.Null, isInteractive: true, hasColour: false) { IsUtf8 = true };
        MemberVerbs.Print(terminal, "internet", [Member("a")], withDetail: true);

        Assert.Contains("node-1 (proxy)  √ ALIVE since 1970-01-01 00:00:00Z\n", output.ToString());
        Assert.Contains(" Tags:                role=web\n", output.ToString());
    }
}
