using System.Net;
using OpsBro.Config;
using OpsBro.Events;
using OpsBro.Tests.Config;

namespace OpsBro.Tests.Events;

public class WebSocketOptionsTests
{
    static (WebSocketOptions Options, List<Problem> Problems) Read(string yaml)
    {
        using var config = new TemporaryConfig();
        config.Write("agent.yml", yaml);
        var problems = new List<Problem>();
        return (WebSocketOptions.Read(config.Load().Agent, problems), problems);
    }

    [Fact]
    public void It_is_off_and_on_loopback_until_told()
    {
        var (options, problems) = Read("log_level: INFO");

        Assert.Empty(problems);
        Assert.Equal(new WebSocketOptions(), options);
        Assert.Equal((false, "127.0.0.1:6769"), (options.IsEnabled, options.Point.ToString()));
        Assert.True(options.MaxClients >= 1_000);
    }

    [Fact]
    public void What_is_written_counts()
    {
        var (options, problems) = Read("websocket: {enabled: true, address: \"::\", port: 99, max_clients: 5, max_clients_per_source: 2}");

        Assert.Empty(problems);
        Assert.Equal(new WebSocketOptions { IsEnabled = true, Address = IPAddress.IPv6Any, Port = 99, MaxClients = 5, MaxClientsPerSource = 2 }, options);
    }

    [Theory]
    [InlineData("websocket: {port: 0}", "port is \"0\"")]
    [InlineData("websocket: {address: everywhere}", "write an address of this host")]
    [InlineData("websocket: {enabeld: true}", "did you mean \"enabled\"")]
    [InlineData("websocket: {max_clients: 1000000}", "20000")]
    public void What_is_wrong_is_a_problem_with_its_place(string yaml, string expected)
    {
        var (_, problems) = Read(yaml);

        var problem = Assert.Single(problems);
        Assert.Contains(expected, problem.ToString());
        Assert.Equal(1, problem.Line);
    }
}
