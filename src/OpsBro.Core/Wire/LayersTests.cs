using System.Text;
using OpsBro.Core.Wire;

namespace OpsBro.Tests.Wire;

public class LayersTests
{
    static readonly byte[] key = [.. Enumerable.Range(0, 32).Select(i => (byte)i)];
    static readonly byte[] other = [.. Enumerable.Range(0, 16).Select(i => (byte)i)];

    [Theory]
    [InlineData("", 0u)]
    [InlineData("123456789", 0xcbf43926u)]
    [InlineData("The quick brown fox jumps over the lazy dog", 0x414fa339u)]
    public void Checksums_are_those_of_everyone(string text, uint expected) =>
        Assert.Equal(expected, Crc32.Of(Encoding.ASCII.GetBytes(text)));

    [Fact]
    public void A_wrong_checksum_is_found_and_four_bytes_have_none()
    {
        byte[] packet = [0, 0, 0, 0, 0, 11, 0x80];
        Checksum.Write(packet, packet.AsSpan(5));

        Assert.True(Checksum.TryRead(packet, out var messages));
        Assert.Equal([11, 0x80], messages.ToArray());
        packet[6] ^= 1;
        Assert.False(Checksum.TryRead(packet, out _));
        Assert.False(Checksum.Has([12, 0, 0, 0]));
    }

    [Fact]
    public void A_cut_compound_gives_its_whole_parts_and_the_number_of_the_others()
    {
        byte[] body = [3, 0, 2, 0, 1, 0, 3, 10, 11, 20, 30];
        var reader = new CompoundReader(body);
        var parts = new List<byte[]>();

        while (reader.TryNext(out var part)) parts.Add(part.ToArray());

        Assert.Equal([[10, 11], [20]], parts);
        Assert.Equal(1, reader.Missing);
        Assert.True(new CompoundReader(body.AsSpan(0, 6)).Malformed);
        Assert.True(new CompoundReader([]).Malformed);
    }

    [Fact]
    public void A_compound_holds_127_parts_and_no_more()
    {
        var output = new byte[1_000];

        Assert.True(Compound.TryWrite(new byte[127], [.. Enumerable.Repeat(1, 127)], output, out var written));
        Assert.Equal(2 + 127 * 3, written);
        Assert.False(Compound.TryWrite(new byte[128], [.. Enumerable.Repeat(1, 128)], output, out _));
        Assert.False(Compound.TryWrite([], [], output, out _));
        Assert.False(Compound.TryWrite(new byte[3], [1, 1], output, out _));
        Assert.False(Compound.TryWrite(new byte[3], [4, -1], output, out _));
        Assert.False(Compound.TryWrite(new byte[3], [3], output.AsSpan(0, 6), out _));
    }

    [Fact]
    public void A_label_comes_off_and_a_cut_one_does_not()
    {
        byte[] packet = [244, 2, (byte)'a', (byte)'b', 11];

        Assert.True(Label.TryRead(packet, out var label, out var rest));
        Assert.Equal("ab"u8.ToArray(), label.ToArray());
        Assert.Equal([11], rest.ToArray());
        Assert.True(Label.TryRead([11], out label, out rest) && label.IsEmpty && rest.Length == 1);
        Assert.False(Label.TryRead([244], out _, out _));
        Assert.False(Label.TryRead([244, 0, 11], out _, out _));
        Assert.False(Label.TryRead(packet.AsSpan(0, 3), out _, out _));
    }

    [Theory, InlineData(0), InlineData(1)]
    public void What_is_sealed_opens_with_any_key_of_the_ring_and_no_other(byte version)
    {
        using var sender = new Keyring([other]);
        using var receiver = new Keyring([key, other]);
        using var stranger = new Keyring([key]);
        for (var length = 0; length < 40; length++)
        {
            var plain = Enumerable.Range(1, length).Select(i => (byte)i).ToArray();
            var payload = new byte[Envelope.Size(length, version)];
            var output = new byte[payload.Length];

            Assert.Equal(payload.Length, Envelope.Seal(sender, version, new byte[12], plain, "label"u8, payload));

            Assert.True(Envelope.TryOpen(receiver, payload, "label"u8, output, out var opened));
            Assert.Equal(plain, output[..opened]);
            Assert.False(Envelope.TryOpen(receiver, payload, "other"u8, output, out _));
            Assert.False(Envelope.TryOpen(stranger, payload, "label"u8, output, out _));
            payload[^1] ^= 1;
            Assert.False(Envelope.TryOpen(receiver, payload, "label"u8, output, out _));
        }
    }

    [Fact]
    public void Short_payloads_unknown_versions_and_small_outputs_are_refused()
    {
        using var ring = new Keyring([key]);
        var payload = new byte[Envelope.Size(3, Envelope.Plain)];
        Envelope.Seal(ring, Envelope.Plain, new byte[12], [1, 2, 3], default, payload);

        Assert.False(Envelope.TryOpen(ring, payload, default, new byte[2], out _));
        Assert.False(Envelope.TryOpen(ring, payload.AsSpan(0, 28), default, new byte[99], out _));
        payload[0] = 2;
        Assert.False(Envelope.TryOpen(ring, payload, default, new byte[99], out _));
    }

    [Fact]
    public void A_datagram_that_no_key_fits_takes_no_buffer()
    {
        using var ring = new Keyring([key, other]);
        var reader = new PacketReader(ring, []);
        var sink = new VectorsTests.Collected();
        var packet = new byte[1_400];
        packet[0] = 1;
        reader.Read(packet, sink);

        var before = GC.GetAllocatedBytesForCurrentThread();
        var dropped = 0;
        for (var i = 0; i < 100; i++) dropped += reader.Read(packet, sink) == PacketFault.NoKey ? 1 : 0;
        var taken = GC.GetAllocatedBytesForCurrentThread() - before;

        Assert.Equal(100, dropped);
        Assert.InRange(taken, 0, 100 * ring.Count * WireFuzzTests.MaxExceptionSize);
    }

    [Fact]
    public void The_primary_key_moves_and_stays()
    {
        using var ring = new Keyring([key, key]);

        Assert.Equal(1, ring.Count);
        Assert.False(ring.TryUse(other));
        Assert.True(ring.TryInstall(other));
        Assert.True(ring.TryUse(other));
        Assert.Equal(other, ring.Primary.ToArray());
        Assert.False(ring.TryRemove(other));
        Assert.True(ring.TryRemove(key));
        Assert.True(ring.TryRemove(key));
        Assert.False(ring.TryInstall(new byte[17]));
        Assert.Throws<ArgumentException>(() => new Keyring([]));
        Assert.Throws<ArgumentException>(() => new Keyring([new byte[5]]));
    }

    [Fact]
    public void Layers_are_nested_four_deep_and_no_deeper()
    {
        var sink = new VectorsTests.Collected();
        byte[] packet = [11, 0x80];
        for (var layers = 1; layers <= WireLimits.MaxLayers; layers++)
        {
            packet = Wrapped(packet, layers % 2 == 0);
            sink.Messages.Clear();
            Assert.Equal(PacketFault.None, new PacketReader(null, []).Read(packet, sink));
            Assert.Equal([[11, 0x80]], sink.Messages);
        }
        Assert.Equal(PacketFault.TooDeep, new PacketReader(null, []).Read(Wrapped(packet, compress: false), sink));
    }

    [Fact]
    public void Many_bombs_in_one_datagram_grow_to_the_limit_together()
    {
        var sink = new VectorsTests.Collected();
        var bomb = Wrapped([11, .. new byte[40_000]], compress: true);
        var packet = new byte[60_000];
        int[] lengths = [bomb.Length, bomb.Length, 2];
        Assert.True(Compound.TryWrite([.. bomb, .. bomb, 11, 0x80], lengths, packet, out var written));

        var fault = new PacketReader(null, []).Read(packet.AsSpan(0, written), sink);

        Assert.Equal(PacketFault.Compression, fault);
        Assert.Equal([40_001, 2], sink.Messages.Select(message => message.Length));
    }

    [Fact]
    public void Each_fault_of_a_datagram_has_its_name()
    {
        using var ring = new Keyring([key]);
        var sink = new VectorsTests.Collected();
        var (plain, labelled, secret) = (new PacketReader(null, []), new PacketReader(null, [7]), new PacketReader(ring, []));

        Assert.Equal(PacketFault.Malformed, plain.Read([], sink));
        Assert.Equal(PacketFault.Malformed, plain.Read(new byte[WireLimits.MaxPacket + 1], sink));
        Assert.Equal(PacketFault.Malformed, plain.Read([7], sink));
        Assert.Equal(PacketFault.Malformed, plain.Read([9, 0x90], sink));
        Assert.Equal(PacketFault.Label, plain.Read([244, 1, 7, 11, 0x80], sink));
        Assert.Equal(PacketFault.Label, labelled.Read([11, 0x80], sink));
        Assert.Equal(PacketFault.Label, labelled.Read([244, 1, 8, 11, 0x80], sink));
        Assert.Equal(PacketFault.Checksum, plain.Read([12, 0, 0, 0, 0, 11, 0x80], sink));
        Assert.Equal(PacketFault.NoKey, secret.Read([11, 0x80], sink));
        Assert.Empty(sink.Messages);
        Assert.Equal(PacketFault.Cut, plain.Read([7, 2, 0, 2, 0, 9, 11, 0x80, 1], sink));
        secret.VerifyIncoming = false;
        Assert.Equal(PacketFault.None, secret.Read([11, 0x80], sink));
        Assert.Equal([[11, 0x80], [11, 0x80]], sink.Messages);
    }

    [Fact]
    public void The_budget_of_a_datagram_counts_all_layers()
    {
        using var ring = new Keyring([key]);
        var random = new byte[2_000];
        new Random(1).NextBytes(random);
        foreach (var keys in new[] { null, ring })
        {
            var writer = new PacketWriter(keys, "cluster"u8.ToArray());

            var packet = writer.Write(random.AsSpan(0, writer.Budget), checksum: true, new byte[12], Envelope.Padded);

            Assert.InRange(packet.Length, WireLimits.PacketBudget - 16, WireLimits.PacketBudget);
        }
        Assert.True(new PacketWriter(ring, []).Write(new byte[WireLimits.MaxPacket], true, new byte[12]).IsEmpty);
    }

    static byte[] Wrapped(byte[] message, bool compress)
    {
        var output = new SpanWriter();
        if (compress) Compressed.Write(output, message);
        else
        {
            var span = output.GetSpan(message.Length + 4);
            Assert.True(Compound.TryWrite(message, [message.Length], span, out var written));
            output.Advance(written);
        }
        return output.Written.ToArray();
    }
}
