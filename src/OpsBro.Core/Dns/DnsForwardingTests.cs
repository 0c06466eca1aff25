using OpsBro.Core.Dns;

namespace OpsBro.Tests.Dns;

/// <summary>Answers of other servers, made fit for the client.</summary>
public class DnsForwardingTests
{
    static readonly byte[] question = DnsRig.Query("Example.com", DnsType.A)[12..];

    static DnsForwarding Ask(bool hasEdns = true, int limit = 1232, byte[]? cookie = null) =>
        new(0x1234, DnsHeader.RecursionDesired, question, hasEdns, true, limit, cookie ?? []);

    static byte[] Theirs(int flags, int answers, ReadOnlySpan<byte> more = default)
    {
        var all = new List<byte> { 0xAB, 0xCD, (byte)(flags >> 8), (byte)flags, 0, 1, 0, (byte)answers, 0, 0, 0, (byte)(more.Length > 0 ? 1 : 0) };
        all.AddRange(DnsRig.Query("example.COM", DnsType.A)[12..]);
        for (var i = 0; i < answers; i++) all.AddRange([0xC0, 12, 0, 1, 0, 1, 0, 0, 0, 9, 0, 4, 192, 0, 2, (byte)i]);
        all.AddRange(more);
        return [.. all];
    }

    static readonly byte[] opt = [0, 0, 41, 16, 0, 1, 0, 0, 0, 0, 0];

    [Fact]
    public void The_question_goes_out_alone()
    {
        var sent = DnsMessage.TryRead(Ask().Query(0xABCD))!;

        Assert.Equal((0xABCD, "Example.com.", 0), (sent.Header.Id, sent.Question, sent.Answers.Count));
        Assert.Equal((DnsType.Opt, (ushort)1232, "\\# 0"), sent.Additionals.Select(r => (r.Type, r.Class, r.Data)).Single());
    }

    [Fact]
    public void Only_the_answer_to_that_question_is_one()
    {
        Assert.True(Ask().IsAnswer(Theirs(0x8180, 1), 0xABCD));
        Assert.False(Ask().IsAnswer(Theirs(0x8180, 1), 0xABCE));
        Assert.False(Ask().IsAnswer(Theirs(0x0180, 1), 0xABCD));
        Assert.False(Ask().IsAnswer(Theirs(0x9180, 1), 0xABCD));
        Assert.False(Ask().IsAnswer([0xAB, 0xCD, 0x81, 0x80, 0, 1, 0, 0, 0, 0, 0, 0, .. DnsRig.Query("example.org", DnsType.A)[12..]], 0xABCD));
        Assert.False(Ask().IsAnswer([0xAB, 0xCD, 0x81, 0x80, 0, 0, 0, 0, 0, 0, 0, 0], 0xABCD));
        Assert.True(Ask().IsAnswer([0xAB, 0xCD, 0x81, 0x81, 0, 0, 0, 0, 0, 0, 0, 0], 0xABCD));
    }

    [Fact]
    public void The_client_gets_its_own_id_its_own_letters_and_our_edns()
    {
        var answer = DnsMessage.TryRead(Ask(cookie: new byte[24]).Answer(Theirs(0x8580, 2, opt))!)!;

        Assert.Equal((0x1234, "Example.com.", 2), (answer.Header.Id, answer.Question, answer.Answers.Count));
        Assert.False(answer.Header.Has(DnsHeader.Authoritative));
        Assert.Equal(16, (int)answer.Rcode);
        Assert.StartsWith("\\# 28 000A0018", answer.Additionals.Single().Data);
        Assert.Empty(DnsMessage.TryRead(Ask(hasEdns: false).Answer(Theirs(0x8180, 2, opt))!)!.Additionals);
    }

    [Fact]
    public void An_answer_with_edns_among_its_answers_is_none()
    {
        var theirs = Theirs(0x8180, 1, opt);
        theirs[7] = 2;
        theirs[11] = 0;

        Assert.Null(Ask().Answer(theirs));
    }

    [Fact]
    public void What_is_too_long_for_the_client_is_cut()
    {
        var cut = Ask(hasEdns: false, limit: 512).Answer(Theirs(0x8180, 100))!;

        Assert.Equal(DnsLimits.Header + question.Length, cut.Length);
        Assert.True(DnsMessage.TryRead(cut)!.Header.Has(DnsHeader.Truncated));
        Assert.Equal(100, DnsMessage.TryRead(Ask(limit: DnsLimits.MaxMessage).Answer(Theirs(0x8180, 100, opt))!)!.Answers.Count);
    }

    [Theory, InlineData(1), InlineData(2)]
    public void Any_bytes_are_survived(int seed)
    {
        var random = new Random(seed);
        var made = 0;
        for (var round = 0; round < 20_000; round++)
        {
            var theirs = Theirs(0x8180, random.Next(4), random.Next(2) == 0 ? opt : default);
            for (var i = random.Next(6); i > 0; i--) theirs[random.Next(theirs.Length)] = (byte)random.Next(256);
            if (random.Next(3) == 0) theirs = theirs[..random.Next(theirs.Length)];
            var ask = Ask(hasEdns: random.Next(2) == 0);
            if (!ask.IsAnswer(theirs, 0xABCD)) continue;
            if (ask.Answer(theirs) is not { } answer) continue;
            made++;
            Assert.True(answer.Length <= 1232, $"seed {seed}, round {round}");
            Assert.Equal(0x1234, (answer[0] << 8) | answer[1]);
        }
        Assert.InRange(made, 1_000, 20_000);
    }
}
