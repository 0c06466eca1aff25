using OpsBro.Core.Gossip;
using OpsBro.Core.Wire;

namespace OpsBro.Tests.Gossip;

/// <summary>LAN detection's datagrams: what is written is read, what is not ours is not, and no bytes do harm.</summary>
public class DetectCodecTests
{
    const int Rounds = 20_000, MaxAllocated = 8 * 1024;

    static readonly byte[] nonce = [.. Enumerable.Range(1, Envelope.NonceSize).Select(i => (byte)i)];

    static readonly DetectAsk ask = new(new UInt128(1, 2), "internet", "blue");

    static readonly DetectAnswer answer = new(new UInt128(1, 2), true, PeerAddress.Of([10, 0, 0, 1], 7946), "paris", "node-1", "0.1.0");

    static Keyring Keys(byte first = 1) => new([[.. Enumerable.Range(first, 32).Select(i => (byte)i)]]);

    public static TheoryData<bool> WithAndWithoutKeys => [true, false];

    [Theory, MemberData(nameof(WithAndWithoutKeys))]
    public void What_is_written_is_read(bool isSealed)
    {
        using var keys = isSealed ? Keys() : null;

        Assert.Equal(ask, DetectCodec.ReadAsk(DetectCodec.Write(ask, keys, nonce), keys));
        Assert.Equal(answer, DetectCodec.ReadAnswer(DetectCodec.Write(answer, keys, nonce), keys));
        var v6 = answer with { Address = PeerAddress.Of(System.Net.IPAddress.Parse("fd00::7"), 1), IsProxy = false };
        Assert.Equal(v6, DetectCodec.ReadAnswer(DetectCodec.Write(v6, keys, nonce), keys));
    }

    [Fact]
    public void The_bytes_are_those_of_the_page()
    {
        var plain = DetectCodec.Write(answer, null, nonce)!;

        Assert.Equal("6f626474" + "01" + "02" + "00" + "00000000000000010000000000000002" + "01" + "1f0a" + "04" + "0a000001" + "05" + "7061726973"
            + "06" + "6e6f64652d31" + "05" + "302e312e30", Convert.ToHexStringLower(plain));
        Assert.StartsWith("6f626474" + "01" + "01" + "00" + "00000000000000010000000000000002" + "08" + "696e7465726e6574" + "04" + "626c7565" + "0000",
            Convert.ToHexStringLower(DetectCodec.Write(ask, null, nonce)!));
    }

    [Theory, MemberData(nameof(WithAndWithoutKeys))]
    public void No_answer_is_larger_than_its_question(bool isSealed)
    {
        using var keys = isSealed ? Keys() : null;
        var longest = new DetectAnswer(1, true, PeerAddress.Of(System.Net.IPAddress.IPv6Loopback, 1), new string('z', DetectCodec.MaxName),
            new string('n', DetectCodec.MaxName), new string('v', DetectCodec.MaxVersion));
        var question = DetectCodec.Write(new DetectAsk(1, new string('z', DetectCodec.MaxName), new string('l', WireLimits.MaxLabel)), keys, nonce);

        Assert.Equal(DetectCodec.Size, question?.Length);
        Assert.Equal(DetectCodec.Size, DetectCodec.Write(new DetectAsk(1, "z", ""), keys, nonce)?.Length);
        Assert.InRange(DetectCodec.Write(longest, keys, nonce)!.Length, 1, DetectCodec.Size);
    }

    [Fact]
    public void A_stranger_reads_nothing_and_is_not_read()
    {
        using var ours = Keys();
        using var theirs = Keys(9);
        var question = DetectCodec.Write(ask, ours, nonce)!;

        Assert.Null(DetectCodec.ReadAsk(question, theirs));
        Assert.Null(DetectCodec.ReadAsk(question, null));
        Assert.Null(DetectCodec.ReadAsk(DetectCodec.Write(ask, null, nonce), ours));
        Assert.Null(DetectCodec.ReadAnswer(DetectCodec.Write(answer, theirs, nonce), ours));
        Assert.Null(DetectCodec.ReadAnswer(DetectCodec.Write(answer, null, nonce), ours));
    }

    [Fact]
    public void A_question_cannot_be_turned_into_an_answer_nor_a_packet_of_gossip_into_either()
    {
        using var keys = Keys();
        var packet = DetectCodec.Write(ask, keys, nonce)!;
        packet[5] = 2;
        Assert.Null(DetectCodec.ReadAnswer(packet, keys));

        var body = new byte[DetectCodec.Size - 7 - Envelope.Overhead];
        var gossip = new byte[DetectCodec.Size];
        DetectCodec.Write(ask, keys, nonce).AsSpan(0, 7).CopyTo(gossip);
        Envelope.Seal(keys, Envelope.Plain, nonce, body, [], gossip.AsSpan(7));
        Assert.Null(DetectCodec.ReadAsk(gossip, keys));
    }

    [Theory]
    [InlineData("bad\u001bname")]
    [InlineData("line\n")]
    public void Control_characters_are_neither_written_nor_read(string name)
    {
        Assert.Null(DetectCodec.Write(answer with { Name = name }, null, nonce));
        var clean = DetectCodec.Write(answer with { Name = new string('x', name.Length) }, null, nonce)!;
        var at = clean.AsSpan().IndexOf("xxx"u8);
        System.Text.Encoding.ASCII.GetBytes(name).CopyTo(clean, at);

        Assert.Null(DetectCodec.ReadAnswer(clean, null));
    }

    [Theory]
    [InlineData(1), InlineData(2), InlineData(3)]
    public void No_bytes_throw_or_take_much_memory(int seed)
    {
        var random = new Random(seed);
        using var keys = Keys();
        byte[][] bodies =
        [
            DetectCodec.Write(ask, null, nonce)!, DetectCodec.Write(answer, null, nonce)!, DetectCodec.Write(ask, keys, nonce)!,
            DetectCodec.Write(answer, keys, nonce)!,
        ];
        var readAsks = 0;
        for (var round = 0; round < Rounds; round++)
        {
            var bytes = (byte[])bodies[random.Next(bodies.Length)].Clone();
            for (var flips = random.Next(4); flips > 0; flips--) bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            if (random.Next(4) == 0) bytes = bytes[..random.Next(bytes.Length)];
            if (random.Next(16) == 0) random.NextBytes(bytes);
            foreach (var with in new[] { keys, null })
            {
                var before = GC.GetAllocatedBytesForCurrentThread();
                if (DetectCodec.ReadAsk(bytes, with) is { } read)
                {
                    readAsks++;
                    Assert.InRange(read.Zone.Length, 0, DetectCodec.MaxName);
                }
                if (DetectCodec.ReadAnswer(bytes, with) is { } said) Assert.True(said.Address.IsReachable && said.Name.Length > 0);
                var taken = GC.GetAllocatedBytesForCurrentThread() - before;
                Assert.True(taken <= MaxAllocated, $"seed {seed}: {taken} bytes for {Convert.ToHexStringLower(bytes)}");
            }
        }
        Assert.NotEqual(0, readAsks);
    }
}
