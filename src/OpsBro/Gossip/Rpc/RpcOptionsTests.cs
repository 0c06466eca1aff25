using OpsBro.Config;
using OpsBro.Gossip;
using OpsBro.Tests.Config;

namespace OpsBro.Tests.Gossip;

public class RpcOptionsTests
{
    static (GossipOptions Options, List<Problem> Problems) Read(string gossip)
    {
        using var config = new TemporaryConfig();
        config.Write("agent.yml", $"gossip:\n  {gossip}\n");
        var problems = new List<Problem>();
        return (GossipOptions.Read(config.Load().Agent, problems), problems);
    }

    [Theory]
    [InlineData("port: 7946", false, "127.0.0.1:7373")]
    [InlineData("rpc: {enabled: true}", true, "127.0.0.1:7373")]
    [InlineData("rpc: {enabled: true, address: 127.3.2.1}", true, "127.3.2.1:7373")]
    [InlineData("rpc: {enabled: true, address: '[::1]:99'}", true, "[::1]:99")]
    [InlineData("rpc: {enabled: true, address: '::1'}", true, "[::1]:7373")]
    [InlineData("rpc: {enabled: true, address: '0.0.0.0:7373', auth_key: x}", true, "0.0.0.0:7373")]
    public void It_listens_where_it_is_told(string text, bool isEnabled, string listen)
    {
        var (options, problems) = Read(text);

        Assert.Empty(problems);
        Assert.Equal((isEnabled, listen), (options.Rpc.IsEnabled, options.Rpc.Listen.ToString()));
    }

    [Theory]
    [InlineData("rpc: {enabled: true, address: '0.0.0.0:7373'}", "rpc.address is 0.0.0.0:7373, where others reach it, and there is no auth_key")]
    [InlineData("rpc: {enabled: true, address: '192.0.2.1'}", "there is no auth_key")]
    [InlineData("rpc: {enabled: true, address: localhost}", "address is \"localhost\"")]
    [InlineData("rpc: {enabled: true, address: '127.0.0.1:0'}", "address is \"127.0.0.1:0\"")]
    [InlineData("rpc: {enable: true}", "unknown key \"enable\" in gossip.rpc")]
    [InlineData("rpc: true", "rpc must hold keys and values")]
    public void What_is_wrong_is_said_with_its_place_and_nobody_is_listened_to(string text, string said)
    {
        var (options, problems) = Read(text);

        var problem = Assert.Single(problems);
        Assert.Contains(said, problem.Message);
        Assert.Equal(2, problem.Line);
        Assert.False(options.Rpc.IsEnabled);
    }

    [Fact]
    public void The_key_is_never_shown() =>
        Assert.DoesNotContain("s3cret", Read("rpc: {enabled: true, auth_key: s3cret}").Options.ToString());

    [Fact]
    public void Sound_handlers_stay_when_others_are_not()
    {
        var (options, problems) = Read("handlers: ['member-join,member-leave=/x', 'member-jion=/y', [a], 'user:=']");

        Assert.Equal("member-join,member-leave=/x", Assert.Single(options.Handlers.Lines).Text);
        Assert.Equal(3, problems.Count);
        Assert.All(problems, problem => Assert.Equal(2, problem.Line));
    }

    [Fact]
    public void One_handler_alone_keeps_its_commas()
    {
        var (options, problems) = Read("handlers: member-join,member-leave=/x -a,b");

        Assert.Empty(problems);
        Assert.Equal("/x -a,b", Assert.Single(options.Handlers.Lines).Script);
    }
}
