using System.Security.Cryptography;
using OpsBro.Core.Gossip;
using OpsBro.Core.Wire;

namespace OpsBro.Tests.Gossip;

/// <summary>A question to one node and its answer on the same stream.</summary>
public class SerfQuestionsTests
{
    static readonly TimeSpan now = TimeSpan.FromSeconds(1);
    static readonly byte[] key = [.. Enumerable.Range(1, 32).Select(i => (byte)i)];

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_question_comes_out_where_it_was_sent_and_the_answer_where_it_was_asked(bool hasKey)
    {
        var (asker, owner) = (new Side("asker", hasKey ? key : null), new Side("owner", hasKey ? key : null));
        byte[] question = [1, 2, 3], answer = [.. Enumerable.Range(0, 100_000).Select(i => (byte)(i * 7))];

        var request = asker.Engine.SealQuestion(question);
        var direct = owner.Engine.Accept(SwimRig.Address(2), request, now);
        var opened = asker.Engine.OpenAnswer(SwimRig.Address(3), owner.Engine.SealAnswer(answer), now, out var error);

        Assert.Equal((0, ""), (direct.Length, error));
        Assert.Equal(question, owner.Asked);
        Assert.Equal(answer, opened);
        var framer = new StreamFramer();
        Assert.Equal((StreamProgress.NeedsMore, StreamProgress.Complete), (framer.Advance(request.Span[..^1]), framer.Advance(request.Span)));
        Assert.Equal(request.Length, framer.Length);
    }

    [Fact]
    public void Another_key_is_told_by_both_sides()
    {
        var (asker, stranger) = (new Side("asker", key), new Side("stranger", [.. key.Reverse()]));

        var refusal = stranger.Engine.Accept(SwimRig.Address(2), asker.Engine.SealQuestion([1]), now);
        var answer = asker.Engine.OpenAnswer(SwimRig.Address(3), refusal, now, out var error);

        Assert.Null(stranger.Asked);
        Assert.Null(answer);
        Assert.NotEmpty(error);
    }

    [Fact]
    public void Nonsense_is_no_answer()
    {
        var random = new Random(5);
        var asker = new Side("asker", null);
        var whole = new Side("owner", null).Engine.SealAnswer(new byte[40]).ToArray();
        for (var round = 0; round < 2_000; round++)
        {
            var bytes = whole.ToArray();
            for (var i = random.Next(1, 4); i > 0; i--) bytes[random.Next(8)] = (byte)random.Next(256);
            var cut = bytes.AsMemory(0, random.Next(bytes.Length + 1));
            var answer = asker.Engine.OpenAnswer(SwimRig.Address(3), cut, now, out var error);
            Assert.True(answer is not null || error.Length > 0, Convert.ToHexString(cut.Span));
        }
    }

    sealed class Side : IGossipOutput
    {
        public Side(string name, byte[]? key) => Engine = new GossipEngine(
            new GossipSettings { Name = name, Advertise = SwimRig.Address(1), Keys = key is null ? null : new Keyring([key]) },
            new Chance(1), this, TimeSpan.Zero);

        public GossipEngine Engine { get; }

        public byte[]? Asked { get; private set; }

        void IGossipOutput.Asked(PeerAddress from, ReadOnlySpan<byte> body) => Asked = body.ToArray();

        public void Packet(PeerAddress to, ReadOnlySpan<byte> datagram) => Assert.Fail("nothing is sent");

        public void Dial(long id, PeerAddress to, ReadOnlyMemory<byte> request, bool expectsAnswer, TimeSpan timeout) => Assert.Fail("nobody is dialed");

        public void Nonce(Span<byte> nonce) => RandomNumberGenerator.Fill(nonce);

        public void Happened(GossipNews news) => Assert.NotNull(news);

        public void Direct(PeerAddress from, ReadOnlySpan<byte> body) => Assert.Fail("nothing of NodeState");
    }
}
