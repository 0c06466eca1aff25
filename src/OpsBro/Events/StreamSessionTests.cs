using System.Text;
using System.Text.Json;
using OpsBro.Events;

namespace OpsBro.Tests.Events;

public class StreamSessionTests
{
    readonly EventRing ring = new(DateTimeOffset.UnixEpoch.AddYears(56));
    readonly List<StreamItem> nodes = [];
    TimeSpan now = TimeSpan.FromHours(1);

    StreamSession Open(string query = "", bool isWebSocket = true, long? since = null) =>
        OpenOn(new StreamView(ring, StreamParameters.Read(isWebSocket, StreamFilterTests.Query(query), null, ring.Topics).Wishes), since);

    StreamSession OpenOn(StreamView view, long? since = null) => new(new StreamCursor(ring, view,
        new StreamSnapshots(ring, _ => Task.FromResult<IReadOnlyList<StreamItem>>([.. nodes]), () => now),
        number => new HelloView(number, "n1", DateTimeOffset.UnixEpoch), since), now);

    void Add(string topic = "check", string node = "n1", string? record = "{\"name\":\"n1\",\"type\":\"gossip::alive\"}") =>
        ring.Add(topic, new StreamSubject { Node = node }, record is null ? null : Encoding.UTF8.GetBytes(record),
            number => Encoding.UTF8.GetBytes($$"""{"sequence":{{number}},"topic":"{{topic}}","node":"{{node}}"}"""));

    static StreamItem NodeItem(string node, string record) => new(7, "member", "{\"topic\":\"member\",\"change\":\"snapshot\"}"u8.ToArray(),
        new StreamSubject { Node = node }, Encoding.UTF8.GetBytes(record));

    /// <summary>What a websocket is sent until there is nothing more: kinds of frames and their payload.</summary>
    List<(int Kind, byte[] Payload)> Frames(StreamSession session)
    {
        var frames = new List<(int, byte[])>();
        for (var wait = 0; wait < 1_000_000; wait++)
        {
            var bytes = session.Next(now).Span;
            if (bytes.IsEmpty && !session.Cursor.IsWaiting) return frames;
            if (bytes.IsEmpty) session.Cursor.More.Wait();
            while (!bytes.IsEmpty)
            {
                var (length, head) = (bytes[1] & 0x7F) switch
                {
                    126 => ((bytes[2] << 8) | bytes[3], 4),
                    127 => ((bytes[6] << 24) | (bytes[7] << 16) | (bytes[8] << 8) | bytes[9], 10),
                    var small => (small, 2),
                };
                frames.Add((bytes[0] & 0x0F, bytes.Slice(head, length).ToArray()));
                bytes = bytes[(head + length)..];
            }
        }
        throw new InvalidOperationException("the session never rests");
    }

    List<JsonElement> Messages(StreamSession session) => [.. Frames(session).Select(f => JsonDocument.Parse(f.Payload).RootElement)];

    string Events(StreamSession session)
    {
        var text = new StringBuilder();
        while (true)
        {
            var bytes = session.Next(now);
            if (bytes.IsEmpty && !session.Cursor.IsWaiting) return text.ToString();
            if (bytes.IsEmpty) session.Cursor.More.Wait();
            text.Append(Encoding.UTF8.GetString(bytes.Span));
        }
    }

    [Fact]
    public void A_websocket_is_greeted_and_then_gets_each_change_in_the_originals_envelope()
    {
        var session = Open();
        var hello = Assert.Single(Messages(session));
        Add();
        var item = Assert.Single(Messages(session));

        Assert.Equal(("stream", "stream::hello", "hello", "n1"), ($"{hello.GetProperty("channel")}", $"{hello.GetProperty("payload").GetProperty("type")}",
            $"{hello.GetProperty("topic")}", $"{hello.GetProperty("node")}"));
        Assert.Equal(("gossip", "gossip::alive", "n1"), ($"{item.GetProperty("channel")}", $"{item.GetProperty("payload").GetProperty("type")}",
            $"{item.GetProperty("payload").GetProperty("name")}"));
        Assert.Equal(("check", ring.Newest), ($"{item.GetProperty("topic")}", item.GetProperty("sequence").GetInt64()));
    }

    [Fact]
    public void What_is_about_no_node_has_its_topic_as_channel_and_itself_as_payload()
    {
        var session = Open();
        Add("kv", record: null);

        var item = Messages(session)[1];

        Assert.Equal(("kv", "kv", ring.Newest), ($"{item.GetProperty("channel")}", $"{item.GetProperty("topic")}", item.GetProperty("sequence").GetInt64()));
        Assert.Equal(ring.Newest, item.GetProperty("payload").GetProperty("sequence").GetInt64());
    }

    [Fact]
    public void Without_payload_a_websocket_gets_the_change_alone_and_with_it_events_have_the_envelope()
    {
        var (flat, full) = (Open("payload=false"), Open("payload=true", isWebSocket: false));
        Add();

        var messages = Messages(flat);

        Assert.Equal("hello", $"{messages[0].GetProperty("topic")}");
        Assert.False(messages[1].TryGetProperty("channel", out _));
        Assert.Equal("n1", $"{messages[1].GetProperty("node")}");
        Assert.Contains("\"channel\":\"gossip\"", Events(full));
    }

    [Fact]
    public void Server_sent_events_carry_the_number_the_topic_and_the_change()
    {
        var session = Open(isWebSocket: false);
        var hello = Events(session);
        Add();

        Assert.StartsWith($"id: {ring.Newest - 1}\nevent: hello\ndata: {{", hello);
        Assert.Equal($"id: {ring.Newest}\nevent: check\ndata: {{\"sequence\":{ring.Newest},\"topic\":\"check\",\"node\":\"n1\"}}\n\n", Events(session));
    }

    [Fact]
    public void A_reader_resumes_after_its_number()
    {
        var start = ring.Newest;
        for (var i = 0; i < 600; i++) Add();

        var messages = Messages(Open(since: start + 100));

        Assert.Equal(Enumerable.Range(101, 500).Select(i => start + i), messages.Skip(1).Select(m => m.GetProperty("sequence").GetInt64()));
    }

    [Fact]
    public void Who_lost_changes_is_told_gets_the_whole_state_and_then_what_comes()
    {
        for (var i = 0; i < 3; i++) nodes.Add(NodeItem($"n{i}", "{}"));
        var session = Open("node=n1,n2");
        Messages(session);
        for (var i = 0; i <= EventRing.Capacity; i++) Add();

        var messages = Messages(session);

        Assert.Equal(["snapshot", "member", "member", "snapshot-done"], messages.Select(m => $"{m.GetProperty("topic")}"));
        Assert.Equal(ring.Newest, messages[3].GetProperty("sequence").GetInt64());
        Assert.Equal(ring.Newest - EventRing.Capacity - 1, messages[0].GetProperty("since").GetInt64());
        Assert.Equal("gossip", $"{messages[1].GetProperty("channel")}");
        Add();
        Assert.Equal(ring.Newest, Assert.Single(Messages(session)).GetProperty("sequence").GetInt64());
        Assert.Equal(1, session.Cursor.Snapshots);
    }

    [Fact]
    public void A_browser_that_is_cut_off_inside_the_whole_state_begins_it_again()
    {
        nodes.Add(NodeItem("n1", "{}"));

        var parts = Events(Open(isWebSocket: false, since: 17)).Split("\n\n", StringSplitOptions.RemoveEmptyEntries);

        Assert.Equal(["event: hello", "event: snapshot", "event: member", $"id: {ring.Newest}"], parts.Select(p => p[..p.IndexOf('\n')]));
    }

    [Fact]
    public async Task A_large_state_comes_in_parts()
    {
        for (var i = 0; i < 100; i++) nodes.Add(NodeItem($"n{i}", $"\"{new string('x', 5_000)}\""));
        var session = Open(since: 1);
        Messages(session);
        session = Open(since: 1);

        var sizes = new List<int>();
        for (var bytes = session.Next(now); !bytes.IsEmpty || session.Cursor.IsWaiting; bytes = session.Next(now))
        {
            if (bytes.IsEmpty) await session.Cursor.More;
            sizes.Add(bytes.Length);
        }

        Assert.InRange(sizes.Max(), 5_000, EventRing.MaxBatchBytes + 6_000);
        Assert.InRange(sizes.Sum(), 500_000, 520_000);
    }

    [Fact]
    public void Readers_of_the_same_share_the_parts_of_the_whole_state()
    {
        for (var i = 0; i < 100; i++) nodes.Add(NodeItem($"n{i}", $"\"{new string('x', 5_000)}\""));
        var view = new StreamView(ring, StreamParameters.Read(true, _ => null, null, ring.Topics).Wishes);
        var snapshots = new StreamSnapshots(ring, _ => Task.FromResult<IReadOnlyList<StreamItem>>([.. nodes]), () => now);
        var (one, other) = (Started(), Started());

        for (var i = 0; i < 7; i++)
        {
            var (mine, its) = (one.Next(now), other.Next(now));
            Assert.True(mine.Length > EventRing.MaxBatchBytes && mine.Span == its.Span, $"part {i}");   // the very same bytes
        }

        StreamCursor Started()
        {
            var cursor = new StreamCursor(ring, view, snapshots, number => new HelloView(number, "n1", DateTimeOffset.UnixEpoch), 1);
            for (cursor.Next(now); cursor.Next(now).IsEmpty;) cursor.More.Wait();
            return cursor;
        }
    }

    [Fact]
    public void A_websocket_is_pinged_and_given_up_when_it_is_mute()
    {
        var session = Open();
        Frames(session);
        Assert.Equal(now + StreamSession.PingEvery, session.Due);

        now += StreamSession.PingEvery;
        Assert.Equal(WebSocketFrames.Ping, Assert.Single(Frames(session)).Kind);
        now += TimeSpan.FromSeconds(1);
        session.Hear(WebSocketFramesTests.Frame(WebSocketFrames.Pong, []), now);
        now += StreamSession.PingEvery;
        Assert.Equal(WebSocketFrames.Ping, Assert.Single(Frames(session)).Kind);
        Assert.False(session.IsOver);
        now += StreamSession.PingEvery;
        Assert.Empty(Frames(session));

        Assert.True(session is { IsOver: true, IsMute: true });
    }

    [Fact]
    public void A_ping_is_answered_and_a_close_too()
    {
        var session = Open();
        Frames(session);

        Assert.True(session.Hear(WebSocketFramesTests.Frame(WebSocketFrames.Ping, "abc"u8), now));
        var (kind, payload) = Assert.Single(Frames(session));
        Assert.False(session.Hear(WebSocketFramesTests.Frame(WebSocketFrames.Text, "whatever"u8), now));
        Assert.True(session.Hear(WebSocketFramesTests.Frame(WebSocketFrames.Close, [3, 233]), now));
        Add();
        var last = Assert.Single(Frames(session));

        Assert.Equal((WebSocketFrames.Pong, "abc"), (kind, Encoding.ASCII.GetString(payload)));
        Assert.Equal((WebSocketFrames.Close, WebSocketFrames.GoingAway), (last.Kind, (last.Payload[0] << 8) | last.Payload[1]));
        Assert.True(session.IsOver);
    }

    [Theory]
    [InlineData(WebSocketFrames.ProtocolError)]
    [InlineData(WebSocketFrames.PolicyViolation)]
    [InlineData(WebSocketFrames.GoingAway)]
    public void Whoever_is_sent_away_is_told_why(int code)
    {
        var session = Open();
        Frames(session);

        if (code == WebSocketFrames.ProtocolError) session.Hear([0x81, 0x01, 0x41], now);
        else if (code == WebSocketFrames.GoingAway) session.End(code, "the agent stops");
        else
        {
            var frame = WebSocketFramesTests.Frame(WebSocketFrames.Text, new byte[1_000]);
            for (var i = 0; i <= StreamSession.MaxHeard / 1_000; i++) session.Hear(frame, now);
        }
        var last = Assert.Single(Frames(session));

        Assert.Equal((WebSocketFrames.Close, code), (last.Kind, (last.Payload[0] << 8) | last.Payload[1]));
        Assert.True(last.Payload.Length > 2);
    }

    [Fact]
    public void What_a_reader_may_send_counts_from_ping_to_ping()
    {
        var session = Open();
        for (var i = 0; i < 20; i++)
        {
            session.Hear(WebSocketFramesTests.Frame(WebSocketFrames.Text, new byte[10_000]), now);
            now += StreamSession.PingEvery;
            Frames(session);
        }

        Assert.False(session.IsOver);
    }

    [Fact]
    public void Server_sent_events_show_life_with_the_position_of_the_reader()
    {
        var session = Open("node=other", isWebSocket: false);
        Events(session);
        Add();
        Assert.Equal("", Events(session));

        now += StreamSession.Heartbeat;

        Assert.Equal($": alive\nid: {ring.Newest}\n\n", Events(session));
    }

    [Fact]
    public void A_thousand_readers_of_the_same_cost_one_page()
    {
        var view = new StreamView(ring, StreamParameters.Read(true, _ => null, null, ring.Topics).Wishes);
        var sessions = Enumerable.Range(0, 1_000).Select(_ => OpenOn(view)).ToList();
        foreach (var session in sessions) Frames(session);
        Add();
        var first = sessions[0].Next(now);

        var before = GC.GetAllocatedBytesForCurrentThread();
        var isSame = true;
        foreach (var session in sessions.Skip(1)) isSame &= session.Next(now).Span == first.Span;
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;

        Assert.True(isSame);   // the very same bytes, not equal ones
        Assert.InRange(allocated, 0, 512);   // the loop's own
    }

    [Theory, InlineData(true), InlineData(false)]
    public void The_whole_state_is_to_be_read_in_time(bool isWebSocket)
    {
        for (var i = 0; i < 3; i++) nodes.Add(NodeItem($"n{i}", $$"""{"name":"n{{i}}","padding":"{{new string('x', EventRing.MaxBatchBytes)}}"}"""));
        var (slow, quick) = (Open(isWebSocket: isWebSocket, since: 1), Open(isWebSocket: isWebSocket, since: 1));
        Read(quick, "snapshot-done");
        Read(slow, "snapshot");

        now += StreamSession.SnapshotPatience;
        Assert.Contains("n0", Read(slow, "padding"));
        now += TimeSpan.FromTicks(1);
        Assert.False(slow.IsTooLate(now));
        Assert.Contains("the whole state was not read within 120 s", Read(slow, "whole state"));
        Assert.True(slow.Next(now).IsEmpty && slow.IsOver);

        Add();
        Assert.Contains("check", Read(quick, "check"));
        now += StreamSession.WritePatience;
        Assert.True(slow.IsTooLate(now));
        Assert.False(quick.IsTooLate(now));

        string Read(StreamSession session, string until)
        {
            for (var i = 0; i < 1_000_000; i++)
            {
                var bytes = session.Next(now);
                if (bytes.IsEmpty && session.Cursor.IsWaiting) session.Cursor.More.Wait();
                var text = Encoding.UTF8.GetString(bytes.Span);
                if (text.Contains(until)) return text;
            }
            throw new InvalidOperationException($"\"{until}\" did not come");
        }
    }
}
