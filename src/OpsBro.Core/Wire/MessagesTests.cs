using OpsBro.Core.Wire;

namespace OpsBro.Tests.Wire;

public class MessagesTests
{
    static byte[] Written(IWireMessage message)
    {
        var output = new SpanWriter();
        message.Write(output);
        return output.Written.ToArray();
    }

    [Fact]
    public void A_ping_without_a_source_has_two_fields() =>
        Assert.Equal("0082a44e6f6465a161a55365714e6f07", Convert.ToHexStringLower(Written(new Ping("a", 7, default, 0, ""))));

    [Fact]
    public void Fields_come_in_any_order_unknown_ones_are_passed_over_and_missing_ones_are_empty()
    {
        var ping = Ping.TryRead([0x83, 0xa5, .. "SeqNo"u8, 7, 0xa1, (byte)'x', 0x92, 1, 0x81, 2, 3, 0xa4, .. "Node"u8, 0xa1, (byte)'a', 99]);

        Assert.Equal(new Ping("a", 7, default, 0, ""), ping);
        Assert.Equal(new Ping("", 0, default, 0, ""), Ping.TryRead([0x80]));
        Assert.Equal(new Nack(0), Nack.TryRead([0xc0]));
    }

    [Fact]
    public void Of_a_field_that_comes_twice_the_last_one_counts() =>
        Assert.Equal(new Nack(9), Nack.TryRead([0x82, 0xa5, .. "SeqNo"u8, 7, 0xa5, .. "SeqNo"u8, 9]));

    [Fact]
    public void A_port_beyond_16_bits_makes_a_message_malformed() =>
        Assert.Null(Alive.TryRead([0x81, 0xa4, .. "Port"u8, 0xce, 0, 1, 0, 0]));

    [Fact]
    public void Names_of_fields_are_told_apart_by_their_case() =>
        Assert.Equal(new Nack(0), Nack.TryRead([0x81, 0xa5, .. "seqno"u8, 7]));

    [Fact]
    public void Extremes_come_back()
    {
        var alive = new Alive(uint.MaxValue, "", new byte[16], ushort.MaxValue, new byte[512], new byte[6]);
        var leave = new LeaveIntent(ulong.MaxValue, new string('n', 500), true);
        var query = new Query(ulong.MaxValue, uint.MaxValue, default, 0, "", [], (QueryFlags)uint.MaxValue, 255, long.MinValue, "", default);

        Assert.Equal(alive, Alive.TryRead(Written(alive).AsSpan(1)));
        Assert.Equal(leave, LeaveIntent.TryRead(Written(leave).AsSpan(1)));
        Assert.Equal(Written(query), Written(Query.TryRead(Written(query).AsSpan(1))!));
    }

    [Fact]
    public void Meta_without_the_magic_byte_is_the_role()
    {
        Assert.Equal([new("role", "web")], Tags.TryRead("web"u8));
        Assert.Empty(Tags.TryRead([])!);
        Assert.Empty(Tags.TryRead([255, 0x80])!);
        Assert.Null(Tags.TryRead([255, 0x81, 0xa1]));
        Assert.Null(Tags.TryRead([255, 0x81, 0xa1, (byte)'a', 5]));
    }

    [Fact]
    public void Versions_are_six_bytes_and_nothing_else()
    {
        for (var length = 0; length < 8; length++)
            Assert.Equal(length == 6, ProtocolVersions.TryRead(new byte[length], out _));
        Assert.Equal("010502020505", ProtocolVersions.Ours.ToBytes().ToString());
        Assert.True(ProtocolVersions.TryRead(ProtocolVersions.Ours.ToBytes().Span, out var ours) && ours == ProtocolVersions.Ours);
        Assert.True(ours.HasCrc && ours.HasNack && ours.HasStreamPing);
    }

    [Fact]
    public void Coordinates_of_another_version_or_dimension_or_not_finite_are_none()
    {
        var output = new SpanWriter();
        new CoordinatePayload(1, 2, 3, new double[8]).Write(output);
        var good = output.Written.ToArray();
        output.Clear();
        new CoordinatePayload(1, double.NaN, 3, new double[8]).Write(output);
        var notFinite = output.Written.ToArray();
        output.Clear();
        new CoordinatePayload(1, 2, 3, new double[7]).Write(output);

        Assert.NotNull(CoordinatePayload.TryRead(good));
        Assert.Null(CoordinatePayload.TryRead(notFinite));
        Assert.Null(CoordinatePayload.TryRead(output.Written));
        Assert.Null(CoordinatePayload.TryRead([2, .. good[1..]]));
        Assert.Null(CoordinatePayload.TryRead([]));
    }

    [Fact]
    public void A_filter_of_an_unknown_type_is_none()
    {
        Assert.Null(QueryFilter.TryRead([2, 0x90]));
        Assert.Null(QueryFilter.TryRead([]));
        Assert.Equal(["a"], QueryFilter.TryRead([0, 0x91, 0xa1, (byte)'a'])!.Nodes);
    }

    [Fact]
    public void A_relay_without_a_message_is_malformed()
    {
        var relay = new Relay(new byte[4], 7946, "", "a", new byte[] { 5, 0x80 });

        Assert.Equal(relay, Relay.TryRead(Written(relay).AsSpan(1)));
        Assert.Null(Relay.TryRead(Written(relay).AsSpan(1)[..^2]));
    }

    [Fact]
    public void Keys_never_show_in_the_text_of_a_record()
    {
        Assert.Equal("KeyRequest of 16 bytes", new KeyRequest(new byte[16]).ToString());
        Assert.DoesNotContain("AAEC", new KeyResponse(true, "", ["AAEC"], "AAEC").ToString());
    }

    [Fact]
    public void More_past_events_than_the_limit_are_refused()
    {
        var many = Enumerable.Repeat(new PastEvent("", default), WireLimits.MaxEvents / 2 + 1).ToArray();
        var one = new SerfPushPull(1, [], [], 1, [new EventSlot(1, many)], 1);
        var two = one with { Events = [new EventSlot(1, many), new EventSlot(2, many)] };

        Assert.NotNull(SerfPushPull.TryRead(Written(one).AsSpan(1)));
        Assert.Null(SerfPushPull.TryRead(Written(two).AsSpan(1)));
    }
}
