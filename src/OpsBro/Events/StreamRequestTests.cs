using System.Text;
using OpsBro.Api;
using OpsBro.Events;

namespace OpsBro.Tests.Events;

public class StreamRequestTests
{
    static StreamRequest Read(string head) => StreamRequest.Read(Encoding.Latin1.GetBytes(head));

    [Fact]
    public void A_request_has_a_path_parameters_and_headers_by_any_case()
    {
        var request = Read("GET /v1/stream?topics=member%2Ccheck&node=a+b HTTP/1.1\r\nHost: [::1]:6769\r\nupgrade:  websocket \r\nAccept: a\r\naccept: b");

        Assert.Equal(("GET", "/v1/stream"), (request.Method, request.Path));
        Assert.Equal("member,check", request.Query("topics"));
        Assert.Equal("a b", request.Query("node"));
        Assert.Null(request.Query("zone"));
        Assert.Equal(["topics", "node"], request.Parameters);
        Assert.Equal("websocket", request.Header("Upgrade"));
        Assert.Equal("a, b", request.Header("Accept"));
    }

    [Theory]
    [InlineData("GET /", 400)]
    [InlineData("", 400)]
    [InlineData("GET / HTTP/1.1", 400)]
    [InlineData("GET / HTTP/2\r\nHost: a", 505)]
    [InlineData("POST / HTTP/1.1\r\nHost: a", 405)]
    [InlineData("GET http://a/ HTTP/1.1\r\nHost: a", 400)]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\nHost: b", 400)]
    [InlineData("GET / HTTP/1.1\r\nHost : a", 400)]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\n folded: b", 400)]
    [InlineData("GET / HTTP/1.1\r\nHost: a\nX: b", 400)]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 5", 400)]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked", 400)]
    [InlineData("GET /\u00e9 HTTP/1.1\r\nHost: a", 400)]
    [InlineData("GET /\0 HTTP/1.1\r\nHost: a", 400)]
    public void What_is_no_request_for_a_stream_is_refused(string head, int status) => Assert.Equal(status, Assert.Throws<ApiProblem>(() => Read(head)).Status);

    [Fact]
    public void Headers_have_a_limit() => Assert.Throws<ApiProblem>(() =>
        Read("GET / HTTP/1.1\r\nHost: a" + string.Concat(Enumerable.Range(0, StreamRequest.MaxHeaders).Select(i => $"\r\nX-{i}: 1"))));

    [Theory, InlineData(1), InlineData(2), InlineData(3), InlineData(4)]
    public void Any_head_is_read_or_refused(int seed)
    {
        var random = new Random(seed);
        var good = Encoding.ASCII.GetBytes(
            "GET /v1/stream?topics=member&since=17 HTTP/1.1\r\nHost: localhost:6769\r\nUpgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n"
            + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: opsbro, token.abc");
        var refused = 0;
        for (var round = 0; round < 5_000; round++)
        {
            var head = good.ToList();
            for (var i = random.Next(1, 4); i > 0; i--)
            {
                var at = random.Next(head.Count);
                if (random.Next(3) == 0) head.RemoveRange(at, random.Next(Math.Min(20, head.Count - at)));
                else if (random.Next(2) == 0) head.Insert(at, (byte)random.Next(256));
                else head[at] = (byte)random.Next(256);
                if (head.Count == 0) head.Add(0);
            }
            try
            {
                var request = StreamRequest.Read(head.ToArray());
                _ = StreamDoor.AsksForWebSocket(request.Header);
                _ = StreamDoor.TokenOf(request.Header, request.Query);
                _ = StreamDoor.HostPart(request.Header("Host")!);
                _ = StreamDoor.Welcome(request.Header);
                _ = StreamParameters.Read(true, request.Query, request.Header("Last-Event-ID"), ["member"]);
            }
            catch (ApiProblem problem)
            {
                refused++;
                Assert.InRange(problem.Status, 400, 505);
            }
        }
        Assert.InRange(refused, 500, 4_999);
    }
}
