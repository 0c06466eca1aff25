using System.Net;
using System.Text.Json;

namespace OpsBro.Tests.EndToEnd;

/// <summary>A live agent's stream of changes, read as a browser or curl does.</summary>
public class StreamEndToEndTests
{
    const string Detectors = """
        detector:
          name: marked
          interval: 1s
          apply_if: "file_exists('HOME/mark')"
          groups: [marked]
        """;

    /// <summary>A message of the stream.</summary>
    sealed record Message(string Id, string Type, JsonElement Data);

    static async Task<StreamReader> Open(RunningAgent agent, string query = "", string? last = null)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, "/v1/stream" + query);
        if (last is not null) request.Headers.Add("Last-Event-ID", last);
        var answer = await agent.Http().SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal("text/event-stream", answer.Content.Headers.ContentType!.MediaType);
        return new StreamReader(await answer.Content.ReadAsStreamAsync());
    }

    static async Task<Message> Next(StreamReader reader)
    {
        using var patience = new CancellationTokenSource(RunningAgent.Patience);
        var (id, type, data) = ("", "", "");
        while (true)
        {
            var line = await reader.ReadLineAsync(patience.Token) ?? throw new EndOfStreamException("the stream ended");
            if (line.StartsWith("id: ", StringComparison.Ordinal)) id = line[4..];
            if (line.StartsWith("event: ", StringComparison.Ordinal)) type = line[7..];
            if (line.StartsWith("data: ", StringComparison.Ordinal)) data = line[6..];
            if (line.Length == 0 && data.Length > 0) return new Message(id, type, JsonDocument.Parse(data).RootElement);
        }
    }

    static async Task<Message> NextGroup(StreamReader reader, bool isPresent)
    {
        while (true)
        {
            var message = await Next(reader);
            if (message.Type == "group" && message.Data.GetProperty("group").GetString() == "marked"
                && message.Data.GetProperty("is_present").GetBoolean() == isPresent) return message;
        }
    }

    static async Task<RunningAgent> Agent()
    {
        var agent = RunningAgent.Prepare();
        agent.Write("detectors/marked.yml", Detectors.Replace("HOME", agent.Home));
        await agent.Start();
        return agent;
    }

    [Fact]
    public async Task A_group_that_comes_and_goes_is_told_and_a_reader_resumes_where_it_was()
    {
        await using var agent = await Agent();
        using var reader = await Open(agent, "?topics=group");
        var hello = await Next(reader);
        var mark = Path.Join(agent.Home, "mark");

        File.WriteAllText(mark, "");
        var came = await NextGroup(reader, isPresent: true);
        File.Delete(mark);
        var went = await NextGroup(reader, isPresent: false);

        Assert.Equal("hello", hello.Type);
        Assert.Equal(came.Data.GetProperty("node").GetString(), hello.Data.GetProperty("node").GetString());
        Assert.Equal(came.Id, came.Data.GetProperty("sequence").GetRawText());
        Assert.True(long.Parse(went.Id) > long.Parse(came.Id));
        using var again = await Open(agent, "", came.Id);
        Assert.Equal("hello", (await Next(again)).Type);
        Assert.Equal(went.Id, (await NextGroup(again, isPresent: false)).Id);
        using var other = await Open(agent, $"?since={came.Id}");
        Assert.Equal(went.Id, (await NextGroup(other, isPresent: false)).Id);
    }

    [Fact]
    public async Task A_position_that_is_not_known_is_answered_with_the_way_to_go_on()
    {
        await using var agent = await Agent();
        using var reader = await Open(agent, "?since=17");

        Assert.Equal("hello", (await Next(reader)).Type);
        var lost = await Next(reader);
        var node = await Next(reader);
        var done = await Next(reader);

        Assert.Equal(("snapshot", "member", "snapshot-done"), (lost.Type, node.Type, done.Type));
        Assert.Equal(17, lost.Data.GetProperty("since").GetInt64());
        Assert.Equal("snapshot", node.Data.GetProperty("change").GetString());
        Assert.Contains("linux", node.Data.GetProperty("payload").GetProperty("groups").EnumerateArray().Select(g => g.GetString()));
        Assert.Equal("", node.Id);   // only the end leads on: who is cut off before begins again
        Assert.Equal(done.Id, lost.Data.GetProperty("sequence").GetRawText());
    }

    [Fact]
    public async Task Wrong_topics_and_numbers_are_refused()
    {
        await using var agent = await Agent();
        using var http = agent.Http();

        var topic = await http.GetAsync("/v1/stream?topics=members");
        var number = await http.GetAsync("/v1/stream?since=yesterday");

        Assert.Equal((HttpStatusCode.BadRequest, HttpStatusCode.BadRequest), (topic.StatusCode, number.StatusCode));
        Assert.Contains("did you mean", await topic.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task An_agent_with_readers_stops_at_once()
    {
        await using var agent = await Agent();
        using var reader = await Open(agent);
        await Next(reader);

        await agent.Run("agent", "stop");

        await agent.Ended();
    }
}
