using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using OpsBro.Events;
using OpsBro.Tests.EndToEnd;

namespace OpsBro.Tests.Events;

/// <summary>The pump with real sockets on loopback; its clock is ours.</summary>
public sealed class StreamPumpTests : IAsyncDisposable
{
    readonly EventRing ring = new(DateTimeOffset.UnixEpoch.AddYears(56));
    readonly StreamSnapshots snapshots;
    readonly StreamPump pump;
    readonly Socket listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    readonly CancellationTokenSource stop = new();
    readonly Task running;
    readonly List<Socket> readers = [];
    long clock = TimeSpan.FromHours(1).Ticks;
    int left;
    volatile bool isBroken;
    volatile byte[] record = "{}"u8.ToArray();

    public StreamPumpTests()
    {
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        snapshots = new StreamSnapshots(ring, number => isBroken
            ? throw new InvalidOperationException("this fault is part of the test")
            : Task.FromResult<IReadOnlyList<StreamItem>>(
                [new StreamItem(number, "member", "{\"change\":\"snapshot\"}"u8.ToArray(), new StreamSubject { Node = "n1" }, record)]), Now);
        pump = new StreamPump(ring, snapshots, _ => Interlocked.Increment(ref left), new Telemetry().Of("events", "websocket"), Now,
            NullLogger.Instance);
        running = pump.Run(stop.Token);
    }

    TimeSpan Now() => TimeSpan.FromTicks(Interlocked.Read(ref clock));

    void Pass(TimeSpan time)
    {
        Interlocked.Add(ref clock, time.Ticks);
        pump.Wake();
    }

    void Add(int count, int size = 1_000)
    {
        var padding = new string('x', size);
        for (var i = 0; i < count; i++)
        {
            ring.Add("check", new StreamSubject { Node = "n1" }, "{}"u8.ToArray(),
                number => Encoding.ASCII.GetBytes($$"""{"sequence":{{number}},"padding":"{{padding}}"}"""));
        }
    }

    /// <summary>A reader; the kernel holds as much as it likes for it, or little. Windows of less than a segment (64 KiB here) take long.</summary>
    async Task<Socket> Reader(bool isWebSocket = false, long? since = null, int kernelBytes = 0)
    {
        var reader = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        if (kernelBytes > 0) reader.ReceiveBufferSize = kernelBytes;
        readers.Add(reader);
        var connecting = reader.ConnectAsync(listener.LocalEndPoint!);
        var socket = await listener.AcceptAsync();
        await connecting;
        if (kernelBytes > 0) socket.SendBufferSize = 4_096;
        socket.Blocking = false;
        var view = pump.ViewFor(new StreamWishes(isWebSocket, true, new StreamFilter()));
        var client = new StreamClient(socket, IPAddress.Loopback, new StreamSession(new StreamCursor(ring, view, snapshots,
            number => new HelloView(number, "n1", DateTimeOffset.UnixEpoch), since), Now()), view);
        pump.Add(client);
        _ = client.Listen(default, pump.Wake);
        return reader;
    }

    /// <summary>Reads until a text comes, and returns all.</summary>
    static async Task<string> Until(Socket reader, string text)
    {
        using var patience = new CancellationTokenSource(RunningAgent.Patience);
        var (all, buffer) = (new StringBuilder(), new byte[16 * 1024]);
        while (!all.ToString(Math.Max(0, all.Length - 2 * buffer.Length), Math.Min(all.Length, 2 * buffer.Length)).Contains(text))
        {
            var count = await reader.ReceiveAsync(buffer, patience.Token);
            if (count == 0) throw new EndOfStreamException($"\"{text}\" did not come, but {all}");
            all.Append(Encoding.ASCII.GetString(buffer, 0, count));
        }
        return all.ToString();
    }

    static async Task Soon(Func<bool> isSo, string otherwise)
    {
        for (var watch = Stopwatch.StartNew(); !isSo(); await Task.Yield()) Assert.True(watch.Elapsed < RunningAgent.Patience, otherwise);
    }

    [Fact]
    public async Task Every_reader_gets_every_change_in_order()
    {
        var all = new List<Socket>();
        for (var i = 0; i < 50; i++) all.Add(await Reader());
        foreach (var reader in all) await Until(reader, "event: hello");

        var start = ring.Newest;
        Add(300, 10);

        foreach (var reader in all)
        {
            var text = await Until(reader, $"id: {ring.Newest}\n");
            var numbers = text.Split('\n').Where(line => line.StartsWith("id: ")).Select(line => long.Parse(line[4..]));
            Assert.Equal(Enumerable.Range(1, 300).Select(i => start + i), numbers);
        }
    }

    [Fact]
    public async Task A_slow_reader_gets_a_notice_and_the_whole_state_and_holds_nobody_up()
    {
        var (slow, quick) = (await Reader(kernelBytes: 4_096), await Reader());
        await Until(slow, "event: hello");
        await Until(quick, "event: hello");

        for (var i = 0; i < 20; i++)
        {
            Add(300);
            await Until(quick, $"id: {ring.Newest}\n");
        }
        var text = await Until(slow, "event: snapshot-done");
        Add(1);
        await Until(slow, $"id: {ring.Newest}\n");

        var types = text.Split('\n').Where(line => line.StartsWith("event: ")).Select(line => line[7..]).ToList();
        Assert.Equal(["snapshot", "member", "snapshot-done"], types[^3..]);
        Assert.All(types[..^3], type => Assert.Equal("check", type));
        Assert.InRange(types.Count, 4, 2_000);
        Assert.Equal(0, pump.CutOff);
    }

    [Fact]
    public async Task A_reader_that_takes_nothing_is_cut_off_and_one_that_takes_little_is_not()
    {
        var (stuck, slow) = (await Reader(kernelBytes: 4_096), await Reader(kernelBytes: 4_096));
        await Until(stuck, "event: hello");
        await Until(slow, "event: hello");
        Add(300);

        var buffer = new byte[64 * 1024];
        for (var i = 0; i < 6 && left == 0; i++)
        {
            var sent = pump.SentBytes;
            // one look may free too little of the window for more to be sent
            using var patience = new CancellationTokenSource(RunningAgent.Patience);
            while (pump.SentBytes <= sent) await slow.ReceiveAsync(buffer, patience.Token);
            Pass(StreamSession.WritePatience / 4);
        }
        await Soon(() => left == 1, "the stuck reader is still there");

        Assert.Equal(1, pump.CutOff);
        await Until(slow, $"id: {ring.Newest}\n");
    }

    [Fact]
    public async Task Who_takes_the_whole_state_in_small_bites_does_not_hold_it_for_ever()
    {
        record = Encoding.ASCII.GetBytes($$"""{"name":"{{new string('x', 8_000_000)}}"}""");
        var hostile = await Reader(since: 1, kernelBytes: 256 * 1024);
        await Until(hostile, "event: snapshot");

        var buffer = new byte[64 * 1024];
        using var patience = new CancellationTokenSource(RunningAgent.Patience);
        try
        {
            for (var time = TimeSpan.Zero; left == 0 && time <= StreamSession.SnapshotPatience + (2 * StreamSession.WritePatience);
                time += StreamSession.WritePatience / 2)
            {
                var sent = pump.SentBytes;
                while (pump.SentBytes <= sent && left == 0) await hostile.ReceiveAsync(buffer, patience.Token);
                Pass(StreamSession.WritePatience / 2);
            }
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionReset)
        {
            // it is cut off
        }
        await Soon(() => left == 1, "the hostile reader is still there");

        Assert.InRange(pump.SentBytes, 1, 7_900_000);
        Assert.Equal(1, pump.CutOff);
    }

    [Fact]
    public async Task A_reader_is_told_when_the_agent_stops_and_has_a_moment_to_close()
    {
        var (slow, events, silent) = (await Reader(isWebSocket: true, kernelBytes: 256 * 1024), await Reader(), await Reader(isWebSocket: true));
        await Until(slow, "hello");
        await Until(events, "event: hello");
        await Until(silent, "hello");
        Add(3_000);   // more than the kernel holds: the last word must wait for the slow reader

        await stop.CancelAsync();
        await Until(events, ": the agent stops\n");
        await Until(slow, "the agent stops");
        slow.Close();
        events.Close();
        await Soon(() => left == 2, "they are still there");
        Assert.False(running.IsCompleted);
        Pass(StreamClient.Goodbye);
        await running;

        Assert.Equal((3, 0), (left, (int)pump.CutOff));
    }

    [Fact]
    public async Task A_websocket_that_does_not_answer_pings_is_cut_off_and_a_reader_of_events_sees_signs_of_life()
    {
        var (mute, events) = (await Reader(isWebSocket: true), await Reader());
        await Until(mute, "hello");
        await Until(events, "event: hello");

        Pass(StreamSession.PingEvery);
        await Until(mute, "\u0000");   // an empty ping; ASCII shows its first byte as a question mark
        await Until(events, ": alive\n");
        Pass(StreamSession.PingEvery);
        await Soon(() => left == 1, "the mute reader is still there");

        Assert.Equal(1, pump.CutOff);
    }

    [Fact]
    public async Task Who_hangs_up_is_forgotten_and_at_the_end_all_hear_a_goodbye()
    {
        var (first, second) = (await Reader(isWebSocket: true), await Reader(isWebSocket: true));
        await Until(first, "hello");
        await Until(second, "hello");

        first.Close();
        await Soon(() => left == 1, "the first reader is still there");
        pump.EndAll(WebSocketFrames.GoingAway, "the port is closed");

        await Until(second, "the port is closed");
        second.Close();
        await Soon(() => left == 2, "the second reader is still there");
        Assert.Equal(0, pump.CutOff);
    }

    [Fact]
    public async Task A_goodbye_is_not_kept_for_who_comes_later()
    {
        pump.EndAll(WebSocketFrames.GoingAway, "the port is closed");

        var later = await Reader(isWebSocket: true);
        await Until(later, "hello");
        Add(1);

        await Until(later, $"{ring.Newest}");
        Assert.Equal(0, left);
    }

    [Fact]
    public async Task A_fault_with_one_reader_is_not_the_others()
    {
        var well = await Reader();
        await Until(well, "event: hello");
        isBroken = true;
        var broken = await Reader(since: 1);
        await Soon(() => left == 1, "the reader of the fault is still there");

        Add(1);

        await Until(well, $"id: {ring.Newest}\n");
        isBroken = false;
        await Until(await Reader(since: 1), "event: snapshot-done");
        Assert.True(await Record.ExceptionAsync(() => Until(broken, "event: snapshot")) is EndOfStreamException or SocketException);
    }

    public async ValueTask DisposeAsync()
    {
        // or it would wait for them to close
        foreach (var reader in readers) reader.Dispose();
        await stop.CancelAsync();
        await running;
        listener.Dispose();
        stop.Dispose();
    }
}
