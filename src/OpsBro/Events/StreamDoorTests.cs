using OpsBro.Api;
using OpsBro.Config;
using OpsBro.Events;
using OpsBro.Tests.Config;

namespace OpsBro.Tests.Events;

public class StreamDoorTests : IDisposable
{
    const string Token = "0123456789abcdef";

    readonly TemporaryConfig directory = new();
    readonly StreamDoor door;

    public StreamDoorTests()
    {
        directory.Write("agent.yml", $"http: {{hosts: [ui.example], tokens: [{Token}]}}\n");
        door = new StreamDoor(new ConfigStore(directory.Load()));
    }

    public void Dispose() => directory.Dispose();

    [Theory]
    [InlineData("127.0.0.1", null)]
    [InlineData("localhost", null)]
    [InlineData("ui.example", null)]
    [InlineData("127.0.0.1", "http://127.0.0.1:6768")]
    [InlineData("[::1]", "http://[::1]:6768")]
    [InlineData("192.0.2.7", "https://UI.example:8443")]
    [InlineData("localhost", "http://localhost")]
    public void Programs_and_pages_of_this_host_come_in(string host, string? origin) => door.Check(new StreamCaller(host, origin, null));

    [Theory]
    [InlineData("evil.example", null, 421)]
    [InlineData("127.0.0.1", "http://evil.example", 403)]
    [InlineData("127.0.0.1", "http://127.0.0.2", 403)]
    [InlineData("127.0.0.1", "http://localhost", 403)]
    [InlineData("127.0.0.1", "null", 403)]
    [InlineData("127.0.0.1", "", 403)]
    [InlineData("127.0.0.1", "file://127.0.0.1", 403)]
    [InlineData("127.0.0.1", "127.0.0.1", 403)]
    [InlineData("localhost", "http://localhost.evil.example", 403)]
    [InlineData("localhost", "http://localhost@evil.example", 403)]
    public void Foreign_names_and_pages_stay_out(string host, string? origin, int status) =>
        Assert.Equal(status, Assert.Throws<ApiProblem>(() => door.Check(new StreamCaller(host, origin, null))).Status);

    [Fact]
    public void A_token_that_is_shown_must_be_right()
    {
        door.Check(new StreamCaller("localhost", null, Token));

        var problem = Assert.Throws<ApiProblem>(() => door.Check(new StreamCaller("localhost", null, "another one, wrong")));
        Assert.Equal(401, problem.Status);
        Assert.DoesNotContain("wrong", problem.Message);
    }

    static Func<string, string?> Headers(params (string Name, string Value)[] headers) =>
        name => headers.Where(h => h.Name == name).Select(h => h.Value).FirstOrDefault();

    [Fact]
    public void A_token_comes_in_a_header_in_the_address_or_beside_the_protocol()
    {
        Assert.Equal("abc", StreamDoor.TokenOf(Headers(("Authorization", "bearer abc")), _ => null));
        Assert.Equal("abc", StreamDoor.TokenOf(Headers(), name => name == "token" ? "abc" : null));
        Assert.Equal("abc", StreamDoor.TokenOf(Headers(("Sec-WebSocket-Protocol", "opsbro, token.abc")), _ => null));
        Assert.Null(StreamDoor.TokenOf(Headers(("Sec-WebSocket-Protocol", "opsbro")), _ => null));
    }

    [Fact]
    public void The_welcome_is_the_one_of_the_standard_and_never_says_the_token_back()
    {
        // RFC 6455, section 1.3
        var plain = StreamDoor.Welcome(Headers(("Sec-WebSocket-Version", "13"), ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")));
        var withToken = StreamDoor.Welcome(Headers(("Sec-WebSocket-Version", "13"), ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
            ("Sec-WebSocket-Protocol", "token.abc, chat, opsbro")));
        var other = StreamDoor.Welcome(Headers(("Sec-WebSocket-Version", "13"), ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
            ("Sec-WebSocket-Protocol", "chat")));

        Assert.Equal([("Sec-WebSocket-Accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")], plain);
        Assert.Equal(("Sec-WebSocket-Protocol", "opsbro"), withToken[1]);
        Assert.Equal(("Sec-WebSocket-Protocol", "chat"), other[1]);
    }

    [Theory]
    [InlineData("8", "dGhlIHNhbXBsZSBub25jZQ==", null, 426)]
    [InlineData("13", "dGhlIHNhbXBsZSBub25jZQ", null, 400)]
    [InlineData("13", "AAAAAAAAAAAAAAAAAAAAAAAA", null, 400)]
    [InlineData("13", "", null, 400)]
    [InlineData("13", "dGhlIHNhbXBsZSBub25jZQ==", "token.abc", 400)]
    public void A_wrong_handshake_is_refused(string version, string key, string? protocols, int status)
    {
        var headers = new List<(string, string)> { ("Sec-WebSocket-Version", version), ("Sec-WebSocket-Key", key) };
        if (protocols is not null) headers.Add(("Sec-WebSocket-Protocol", protocols));

        var problem = Assert.Throws<ApiProblem>(() => StreamDoor.Welcome(Headers([.. headers])));

        Assert.Equal(status, problem.Status);
    }

    [Fact]
    public void Only_both_headers_ask_for_a_websocket()
    {
        Assert.True(StreamDoor.AsksForWebSocket(Headers(("Upgrade", "WebSocket"), ("Connection", "keep-alive, Upgrade"))));
        Assert.False(StreamDoor.AsksForWebSocket(Headers(("Upgrade", "websocket"))));
        Assert.False(StreamDoor.AsksForWebSocket(Headers(("Upgrade", "h2c"), ("Connection", "Upgrade"))));
    }
}
