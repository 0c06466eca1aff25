using OpsBro.Core.Wire;

namespace OpsBro.Tests.Wire;

public class StreamTests
{
    static readonly byte[] key = [.. Enumerable.Range(0, 32).Select(i => (byte)i)];
    static readonly byte[] nack = [11, 0x80];

    static byte[] Written(StreamCodec codec, byte[] message, bool dialed)
    {
        var output = new SpanWriter();
        codec.Write(message, dialed, new byte[12], output);
        return output.Written.ToArray();
    }

    [Fact]
    public void Each_fault_of_a_stream_has_its_name()
    {
        using var ring = new Keyring([key]);
        using var strange = new Keyring([key[..16]]);
        var (plain, labelled, secret) = (new StreamCodec(null, []), new StreamCodec(null, [7]), new StreamCodec(ring, []));
        var encrypted = Written(secret, nack, dialed: true);

        Assert.Equal(StreamFault.Malformed, plain.TryRead(Array.Empty<byte>(), false, out _));
        Assert.Equal(StreamFault.Malformed, plain.TryRead(new byte[] { 9, 0x90 }, false, out _));
        Assert.Equal(StreamFault.Label, labelled.TryRead(nack, false, out _));
        Assert.Equal(StreamFault.Label, labelled.TryRead(new byte[] { 244, 1, 7, 11, 0x80 }, true, out _));
        Assert.Equal(StreamFault.NotEncrypted, secret.TryRead(nack, false, out _));
        Assert.Equal(StreamFault.NoKeys, plain.TryRead(encrypted, false, out _));
        Assert.Equal(StreamFault.WrongKey, new StreamCodec(strange, []).TryRead(encrypted, false, out _));
        Assert.Equal(StreamFault.WrongKey, new StreamCodec(ring, [7]).TryRead(encrypted, true, out _));
        Assert.Equal(StreamFault.Malformed, secret.TryRead(encrypted.AsMemory(0, encrypted.Length - 1), false, out _));
        Assert.Equal(StreamFault.None, secret.TryRead(encrypted, false, out _));
        secret.VerifyIncoming = false;
        Assert.Equal(StreamFault.None, secret.TryRead(nack, false, out _));
    }

    [Fact]
    public void A_bomb_on_a_stream_is_refused_before_memory_is_taken()
    {
        var codec = new StreamCodec(null, []);
        var bomb = Written(codec, new byte[WireLimits.MaxInflatedStream + 1], dialed: true);
        var before = GC.GetAllocatedBytesForCurrentThread();

        var fault = codec.TryRead(bomb, false, out _);

        Assert.Equal(StreamFault.Compression, fault);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 10_000);
    }

    [Theory]
    [InlineData("0a01400001")]
    [InlineData("0a00000005")]
    [InlineData("0b80")]
    [InlineData("f40006")]
    [InlineData("0681a54e6f646573ceffffffff")]
    [InlineData("0681ac5573657253746174654c656eceffffffff")]
    [InlineData("0881aa557365724d73674c656eceffffffff")]
    [InlineData("0981a3427566dbffffffff")]
    [InlineData("00c1")]
    public void What_can_never_be_a_message_is_refused_at_once(string hex) =>
        Assert.Equal(StreamProgress.Malformed, new StreamFramer().Advance(Convert.FromHexString(hex)));

    [Fact]
    public void A_node_that_never_ends_is_refused_once_it_is_too_long()
    {
        var framer = new StreamFramer();
        byte[] start = [6, 0x81, 0xa5, .. "Nodes"u8, 2, 0x81, 0xa1, (byte)'x', 0xdb, 0x00, 0x20, 0x00, 0x00];

        Assert.Equal(StreamProgress.NeedsMore, framer.Advance(start));
        Assert.Equal(StreamProgress.Malformed, framer.Advance([.. start, .. new byte[WireLimits.MaxStreamPart]]));
    }

    [Fact]
    public void A_push_pull_of_a_thousand_nodes_is_framed_and_read_in_pieces()
    {
        var nodes = Enumerable.Range(0, 1_000).Select(i => new PushPullNode($"node-{i}", new byte[4], 7946, default, 1, 0, default)).ToArray();
        var output = new SpanWriter();
        new PushPull(true, nodes, new byte[500]).Write(output);
        var (bytes, framer) = (output.Written.ToArray(), new StreamFramer());

        for (var length = 1_460; length < bytes.Length; length += 1_460)
            Assert.Equal(StreamProgress.NeedsMore, framer.Advance(bytes.AsSpan(0, length)));
        Assert.Equal(StreamProgress.Complete, framer.Advance(bytes));

        var (reader, count) = (new PushPullReaderBox(bytes.AsMemory(1)), 0);
        foreach (var node in reader.Nodes()) Assert.Equal(nodes[count++].Name, node.Name);
        Assert.Equal(1_000, count);
        Assert.Equal(500, reader.UserState);
    }

    [Fact]
    public void The_users_state_is_given_after_the_nodes_only()
    {
        var output = new SpanWriter();
        new PushPull(false, [new PushPullNode("a", default, 1, default, 1, 0, default)], new byte[] { 1, 2 }).Write(output);
        var reader = new PushPullReader(output.Written[1..]);

        Assert.False(reader.TryUserState(out _));
        reader.Next();
        Assert.True(reader.TryUserState(out var state));
        Assert.Equal([1, 2], state.ToArray());
        var cut = new PushPullReader(output.Written[1..^1]);
        cut.Next();
        Assert.False(cut.TryUserState(out _));
    }

    sealed class PushPullReaderBox(ReadOnlyMemory<byte> body)
    {
        public int UserState { get; private set; }

        public List<PushPullNode> Nodes()
        {
            var reader = new PushPullReader(body.Span);
            var nodes = new List<PushPullNode>();
            while (reader.Next() is { } node) nodes.Add(node);
            Assert.True(reader.TryUserState(out var state));
            UserState = state.Length;
            return nodes;
        }
    }
}
