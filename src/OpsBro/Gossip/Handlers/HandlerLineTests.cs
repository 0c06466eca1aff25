using OpsBro.Core.Gossip;
using OpsBro.Core.Wire;
using OpsBro.Gossip.Handlers;
using OpsBro.Platform;

namespace OpsBro.Tests.Gossip;

public class HandlerLineTests
{
    static readonly Member self = Member("self", ("role", "web"), ("dc.name-1", "Paris é"));

    static Member Member(string name, params (string Key, string Value)[] tags) => new(
        name, PeerAddress.Of([127, 0, 0, 1], 7946), [.. tags.Select(tag => KeyValuePair.Create(tag.Key, tag.Value))], MemberStatus.Alive,
        false, default, 1, 1, ProtocolVersions.Ours, null);

    static GossipEvent Event(string name, string payload) =>
        GossipEvent.Of(new EventNews(7, name, System.Text.Encoding.UTF8.GetBytes(payload), false));

    static string Run(string script, GossipEvent one) =>
        ProcessGroup.Run(HandlerCall.Of(script, one, self), TimeSpan.FromSeconds(20)).Output;

    [Theory]
    [InlineData("member-join,member-failed=/x/y", "member-join,member-failed", "/x/y")]
    [InlineData("user:deploy=/x", "user:deploy", "/x")]
    [InlineData("query:load=uptime", "query:load", "uptime")]
    [InlineData("query=uptime", "query", "uptime")]
    [InlineData("/x/y --opt=1", "*", "/x/y --opt=1")]
    [InlineData("env A=b /x", "*", "env A=b /x")]
    [InlineData("run", "*", "run")]
    [InlineData("*=run", "*", "run")]
    public void A_line_is_filters_and_a_script(string text, string filters, string script)
    {
        var line = HandlerLine.TryParse(text, out var problem);

        Assert.Equal("", problem);
        Assert.Equal(filters, string.Join(',', line!.Filters.Select(f => f.Name.Length > 0 ? $"{f.Word}:{f.Name}" : f.Word)));
        Assert.Equal(script, line.Script);
    }

    [Theory]
    [InlineData("member-joined=/x", "there is no event \"member-joined\"")]
    [InlineData("member-join:a=/x", "there is no event \"member-join:a\"")]
    [InlineData("user=", "names no program")]
    [InlineData("", "names no program")]
    public void A_wrong_line_is_refused_with_what_there_is(string text, string problem)
    {
        Assert.Null(HandlerLine.TryParse(text, out var said));
        Assert.Contains(problem, said);
    }

    [Fact]
    public void A_line_gets_what_it_wants()
    {
        var line = HandlerLine.TryParse("member-join,user:deploy=x", out _)!;

        Assert.True(line.Wants(GossipEvent.Of(MemberChange.Join, [self])));
        Assert.False(line.Wants(GossipEvent.Of(MemberChange.Leave, [self])));
        Assert.True(line.Wants(Event("deploy", "")));
        Assert.False(line.Wants(Event("restart", "")));
        Assert.True(HandlerLine.TryParse("x", out _)!.Wants(Event("restart", "")));
    }

    [Fact]
    public void A_user_event_comes_by_environment_and_stdin()
    {
        const string script = "echo $SERF_EVENT $SERF_USER_EVENT $SERF_USER_LTIME $SERF_SELF_NAME $SERF_SELF_ROLE $SERF_TAG_DC_NAME_1; cat";

        Assert.Equal("user deploy 7 self web Paris é\nv1\n", Run(script, Event("deploy", "v1")));
    }

    [Fact]
    public void What_a_peer_sends_is_never_run()
    {
        const string evil = "$(echo pwned >&2); `id`; \"'\n";

        Assert.Equal($"{evil}<{evil.TrimEnd('\n')}>", Run("cat; printf '<%s>' \"$SERF_USER_EVENT\"", Event(evil.TrimEnd('\n'), evil)));
    }

    [Fact]
    public void Members_come_a_line_each_with_tabs_between()
    {
        var one = GossipEvent.Of(MemberChange.Join, [Member("a", ("role", "db"), ("x", "1\t2\n3")), Member("b")]);

        Assert.Equal("member-join\na\t127.0.0.1\tdb\trole=db,x=1\\t2\\n3\nb\t127.0.0.1\t\t\n", Run("echo $SERF_EVENT; cat", one));
    }

    [Fact]
    public void The_agents_own_environment_stays_with_it()
    {
        Environment.SetEnvironmentVariable("OPSBRO_SECRET_OF_A_TEST", "s3cret");

        Assert.DoesNotContain("s3cret", Run("env", Event("x", "")));
    }
}
