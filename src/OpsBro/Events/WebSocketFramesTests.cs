using System.Buffers;
using System.Text;
using OpsBro.Events;

namespace OpsBro.Tests.Events;

public class WebSocketFramesTests
{
    /// <summary>A frame as a client sends it.</summary>
    internal static byte[] Frame(int kind, ReadOnlySpan<byte> payload, bool isFinal = true, bool isMasked = true, int reserved = 0)
    {
        var head = new List<byte> { (byte)((isFinal ? 0x80 : 0) | reserved | kind) };
        var mask = isMasked ? 0x80 : 0;
        if (payload.Length < 126) head.Add((byte)(mask | payload.Length));
        else if (payload.Length <= ushort.MaxValue) head.AddRange([(byte)(mask | 126), (byte)(payload.Length >> 8), (byte)payload.Length]);
        else
        {
            head.AddRange([(byte)(mask | 127), 0, 0, 0, 0]);
            head.AddRange([(byte)(payload.Length >> 24), (byte)(payload.Length >> 16), (byte)(payload.Length >> 8), (byte)payload.Length]);
        }
        byte[] key = [0x37, 0xFA, 0x21, 0x3D];
        if (isMasked) head.AddRange(key);
        var at = 0;
        foreach (var one in payload) head.Add(isMasked ? (byte)(one ^ key[at++ & 3]) : one);
        return [.. head];
    }

    static WebSocketReader Read(params byte[][] frames)
    {
        var reader = new WebSocketReader();
        foreach (var one in frames.SelectMany(f => f)) reader.Read([one]);   // in the smallest pieces
        return reader;
    }

    [Fact]
    public void Heads_are_those_of_the_standard()
    {
        static byte[] Head(int length)
        {
            var to = new ArrayBufferWriter<byte>();
            WebSocketFrames.Head(to, WebSocketFrames.Text, length);
            return to.WrittenSpan.ToArray();
        }

        // RFC 6455, section 5.7: "Hello", 256 bytes, 64 KiB
        Assert.Equal("8105", Convert.ToHexString(Head(5)));
        Assert.Equal("817E0100", Convert.ToHexString(Head(256)));
        Assert.Equal("817F0000000000010000", Convert.ToHexString(Head(65536)));
        Assert.Equal("890548656C6C6F", Convert.ToHexString(WebSocketFrames.Control(WebSocketFrames.Ping, "Hello"u8)));
        Assert.Equal("880603E97468652E", Convert.ToHexString(WebSocketFrames.End(1001, "the.")));
    }

    [Fact]
    public void A_reason_that_is_too_long_is_cut()
    {
        var frame = WebSocketFrames.End(1008, new string('x', 300));

        Assert.Equal(2 + WebSocketFrames.MaxControl, frame.Length);
    }

    [Fact]
    public void A_ping_is_given_back_and_a_close_ends()
    {
        var reader = Read(Frame(WebSocketFrames.Ping, "Hello"u8), Frame(WebSocketFrames.Text, "who reads this"u8), Frame(WebSocketFrames.Pong, []));

        Assert.Equal("Hello", Encoding.ASCII.GetString(reader.TakePing()!));
        Assert.Null(reader.TakePing());
        Assert.Equal((0, 2, false), (reader.Fault, reader.Controls, reader.IsClosed));
        reader.Read(Frame(WebSocketFrames.Close, [3, 232]));
        Assert.True(reader.IsClosed);
        reader.Read(Frame(WebSocketFrames.Ping, "late"u8));
        Assert.Null(reader.Ping);
    }

    [Fact]
    public void Messages_in_parts_are_measured_as_a_whole_and_pings_may_stand_between()
    {
        var half = new byte[WebSocketReader.MaxMessage / 2];
        var ok = Read(Frame(WebSocketFrames.Text, half, isFinal: false), Frame(WebSocketFrames.Ping, []), Frame(WebSocketFrames.Continuation, half),
            Frame(WebSocketFrames.Binary, half));

        Assert.Equal(0, ok.Fault);
        var large = Read(Frame(WebSocketFrames.Text, half, isFinal: false), Frame(WebSocketFrames.Continuation, half, isFinal: false),
            Frame(WebSocketFrames.Continuation, [1]));
        Assert.Equal(WebSocketFrames.TooBig, large.Fault);
    }

    public static TheoryData<string, byte[]> Wrong() => new()
    {
        { "masked", Frame(WebSocketFrames.Text, "a"u8, isMasked: false) },
        { "extension", Frame(WebSocketFrames.Text, "a"u8, reserved: 0x40) },
        { "kind 3", Frame(3, "a"u8) },
        { "kind 15", Frame(15, []) },
        { "whole", Frame(WebSocketFrames.Ping, new byte[126]) },
        { "whole", Frame(WebSocketFrames.Ping, [], isFinal: false) },
        { "did not begin", Frame(WebSocketFrames.Continuation, "a"u8) },
        { "inside another", [.. Frame(WebSocketFrames.Text, "a"u8, isFinal: false), .. Frame(WebSocketFrames.Text, "b"u8)] },
        { "reason 0", Frame(WebSocketFrames.Close, [3]) },
        { "reason 999", Frame(WebSocketFrames.Close, [3, 231]) },
        { "reason 1005", Frame(WebSocketFrames.Close, [3, 237]) },
        { "reason 5000", Frame(WebSocketFrames.Close, [19, 136]) },
        { "highest bit", [0x81, 0xFF, 0x80, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4] },
    };

    [Theory, MemberData(nameof(Wrong))]
    public void What_the_standard_forbids_ends_the_connection(string expected, byte[] bytes)
    {
        var reader = Read(bytes);

        Assert.Equal(WebSocketFrames.ProtocolError, reader.Fault);
        Assert.Contains(expected, reader.Reason);
    }

    [Fact]
    public void A_length_without_end_is_too_big_at_once()
    {
        var reader = Read([0x82, 0xFF, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 1, 2, 3, 4]);

        Assert.Equal(WebSocketFrames.TooBig, reader.Fault);
    }

    [Theory, InlineData(1), InlineData(2), InlineData(3), InlineData(4)]
    public void Any_bytes_in_pieces_of_any_size_are_read_alike_and_never_throw(int seed)
    {
        var random = new Random(seed);
        for (var round = 0; round < 2_000; round++)
        {
            var bytes = new List<byte>();
            for (var i = random.Next(1, 6); i > 0; i--)
            {
                var payload = new byte[random.Next(4) == 0 ? random.Next(20_000) : random.Next(130)];
                int[] kinds = [0, 1, 2, 8, 9, 10, 9, 10, 1, random.Next(16)];
                bytes.AddRange(Frame(kinds[random.Next(kinds.Length)], payload, random.Next(5) > 0, random.Next(20) > 0, random.Next(30) == 0 ? 0x20 : 0));
            }
            for (var i = random.Next(4); i > 0; i--) bytes[random.Next(Math.Min(bytes.Count, 40))] = (byte)random.Next(256);
            var (whole, parts) = (new WebSocketReader(), new WebSocketReader());

            whole.Read(bytes.ToArray());
            for (var at = 0; at < bytes.Count;)
            {
                var size = Math.Min(random.Next(1, 50), bytes.Count - at);
                parts.Read(bytes.GetRange(at, size).ToArray());
                at += size;
            }

            Assert.True((whole.Fault, whole.IsClosed, whole.Controls, whole.Reason) == (parts.Fault, parts.IsClosed, parts.Controls, parts.Reason),
                $"seed {seed}, round {round}");
        }
    }
}
