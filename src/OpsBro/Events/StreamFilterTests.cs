using OpsBro.Api;
using OpsBro.Events;

namespace OpsBro.Tests.Events;

public class StreamFilterTests
{
    static readonly string[] topics = ["member", "group", "check", "event", "kv"];

    static readonly StreamSubject member = new() { Zone = "paris", Node = "web1", Groups = ["linux", "redis"], State = "alive" };

    internal static Func<string, string?> Query(string text) => name => text.Split('&', StringSplitOptions.RemoveEmptyEntries)
        .Select(part => part.Split('=', 2)).FirstOrDefault(part => part[0] == name)?[1];

    static bool Takes(string query, string topic, StreamSubject subject) =>
        StreamFilter.Read(Query(query), topics).Takes(new StreamItem(1, topic, [], subject, null));

    [Theory]
    [InlineData("", true)]
    [InlineData("topics=member", true)]
    [InlineData("topics=check,event", false)]
    [InlineData("node=web*", true)]
    [InlineData("node=db*,web?", true)]
    [InlineData("node=web", false)]
    [InlineData("node=WEB1", false)]
    [InlineData("zone=paris", true)]
    [InlineData("zone=lyon", false)]
    [InlineData("group=redis", true)]
    [InlineData("group=mysql", false)]
    [InlineData("state=alive,failed", true)]
    [InlineData("state=failed", false)]
    [InlineData("check=*", false)]
    [InlineData("key=*", false)]
    [InlineData("prefix=a", false)]
    [InlineData("node=web*&zone=lyon", false)]
    public void A_member_passes_what_it_has(string query, bool passes) => Assert.Equal(passes, Takes(query, "member", member));

    [Theory]
    [InlineData("check=linux/*", true)]
    [InlineData("check=linux/disk", false)]
    [InlineData("state=critical&group=redis", true)]
    [InlineData("state=ok", false)]
    public void A_check_passes_by_its_name_its_state_and_the_groups_of_its_node(string query, bool passes) =>
        Assert.Equal(passes, Takes(query, "check", member with { Check = "linux/cpu", State = "critical" }));

    [Fact]
    public void A_change_of_a_group_passes_by_that_group_alone()
    {
        var change = member with { Groups = ["redis"], State = "" };

        Assert.True(Takes("group=redis", "group", change));
        Assert.False(Takes("group=linux", "group", change));
        Assert.False(Takes("state=alive", "group", change));
    }

    [Theory]
    [InlineData("key=app/a", true)]
    [InlineData("key=app/*", true)]
    [InlineData("prefix=app/,other/", true)]
    [InlineData("prefix=pp/", false)]
    [InlineData("topics=kv&prefix=app/&node=web1", false)]
    public void A_value_passes_by_its_key(string query, bool passes) => Assert.Equal(passes, Takes(query, "kv", new StreamSubject { Key = "app/a" }));

    [Theory]
    [InlineData("topics=", true, true)]
    [InlineData("topics=event", false, false)]
    [InlineData("topics=check&check=linux/*&state=critical", true, true)]
    [InlineData("node=db*", false, true)]
    [InlineData("prefix=a", false, false)]
    public void The_whole_state_is_that_of_the_nodes_that_are_asked_for(string query, bool web, bool db)
    {
        var filter = StreamFilter.Read(Query(query), topics);

        Assert.Equal(web, filter.TakesNode(new StreamItem(1, "member", [], member, null)));
        Assert.Equal(db, filter.TakesNode(new StreamItem(1, "member", [], member with { Node = "db1" }, null)));
    }

    [Theory]
    [InlineData("topics=members", "did you mean \"member\"")]
    [InlineData("node=,", "node is empty")]
    [InlineData("state=a\u0001", "control characters")]
    public void What_is_wrong_is_refused_with_the_way_out(string query, string expected)
    {
        var problem = Assert.Throws<ApiProblem>(() => StreamFilter.Read(Query(query), topics));

        Assert.Equal(400, problem.Status);
        Assert.Contains(expected, problem.Message);
    }

    [Fact]
    public void Lists_and_names_have_limits()
    {
        Assert.Throws<ApiProblem>(() => StreamFilter.Read(Query("node=" + new string('a', StreamFilter.MaxLetters + 1)), topics));
        Assert.Throws<ApiProblem>(() => StreamFilter.Read(Query("node=" + string.Join(',', Enumerable.Range(0, StreamFilter.MaxNames + 1))), topics));
    }

    [Fact]
    public void The_same_wishes_have_the_same_text_and_others_another_one()
    {
        string Text(string query) => StreamFilter.Read(Query(query), topics).Text;

        Assert.Equal(Text("node=a,b&zone=z"), Text("zone=z&node=a,b"));
        Assert.NotEqual(Text("node=a,b"), Text("node=a&zone=b"));
        Assert.NotEqual(Text(""), Text("topics=member"));
        Assert.NotEqual(Text("node=a"), Text("zone=a"));
    }
}
