using OpsBro.Core.Dns;

namespace OpsBro.Tests.Dns;

/// <summary>Any bytes at all: no reader throws, no answer is longer than it may be, and what is sent can be read.</summary>
public class DnsFuzzTests
{
    const int Rounds = 30_000;

    static readonly byte[][] seeds =
    [
        DnsRig.Query("web.group.dc1.opsbro", DnsType.A), DnsRig.Query("_web._tcp.service.lan.opsbro", DnsType.Srv, 4096),
        DnsRig.Query("ok.group00.group.opsbro", DnsType.Txt, 512), DnsRig.Query("1.0.0.10.in-addr.arpa", DnsType.Ptr, 1232),
        DnsRig.Query("opsbro", DnsType.Soa), DnsRig.Query("node0001.name.lan.opsbro", DnsType.Any),
        [.. DnsRig.Query("all.group.opsbro", DnsType.A)[..11], 1, .. DnsRig.Query("all.group.opsbro", DnsType.A)[12..],
            0, 0, 41, 4, 208, 0, 0, 0, 0, 0, 12, 0, 10, 0, 8, 1, 2, 3, 4, 5, 6, 7, 8],
    ];

    [Theory, InlineData(1), InlineData(2), InlineData(3)]
    public void Any_query_is_survived_and_every_answer_can_be_read(int seed)
    {
        var random = new Random(seed);
        var nodes = DnsRig.Many(60, 3).Select(n => n with { Services = [DnsRig.Service("web", port: 80)] }).ToArray();
        var rig = new DnsRig(nodes) { CanForward = seed == 2, IsLimited = seed == 3, Limit = new DnsRateLimit(1000, 1) };
        var answered = 0;

        for (var round = 0; round < Rounds; round++)
        {
            var message = Mutated(random, seeds[random.Next(seeds.Length)]);
            rig.Time++;
            var isStream = random.Next(4) == 0;

            var answer = rig.Send(message, isStream);

            if (answer is null or { Length: 0 }) continue;
            answered++;
            Assert.True(isStream || answer.Length <= DnsLimits.DefaultUdp, $"seed {seed}, round {round}: {answer.Length} bytes");
            var read = DnsMessage.TryRead(answer);
            Assert.True(read is not null, $"seed {seed}, round {round}: {Convert.ToHexString(message)} gave {Convert.ToHexString(answer)}");
            Assert.Equal((message[0] << 8) | message[1], read.Header.Id);
            Assert.True(read.Header.Has(DnsHeader.Response));
        }

        Assert.InRange(answered, Rounds / 4, Rounds);
    }

    [Theory, InlineData(4), InlineData(5)]
    public void Any_message_is_read_or_not_and_never_thrown_at(int seed)
    {
        var random = new Random(seed);
        var nodes = DnsRig.Many(20, 3).Select(n => n with { Services = [DnsRig.Service("web", port: 80)] }).ToArray();
        var rig = new DnsRig(nodes);
        var answers = seeds.Select(s => rig.Send(s, isStream: true)!).ToArray();
        var read = 0;

        for (var round = 0; round < Rounds; round++)
            if (DnsMessage.TryRead(Mutated(random, answers[random.Next(answers.Length)])) is not null) read++;

        Assert.InRange(read, 100, Rounds - 100);
    }

    [Fact]
    public void Pointers_never_go_round()
    {
        byte[] header = [0, 1, 0x80, 0, 0, 1, 0, 0, 0, 0, 0, 0];
        byte[][] names = [[0xC0, 12], [0xC0, 14, 0xC0, 12], [1, (byte)'a', 0xC0, 12], [0xC0, 255], [0xC0], [0xFF, 0xFF], [0x80, 1], [0xC0, 0]];

        foreach (var name in names)
        {
            var length = -1;
            byte[] message = [.. header, .. name];
            var reader = new DnsReader(message);
            var isRead = reader.TryName(new byte[DnsLimits.MaxName], out length);
            Assert.True(!isRead || name is [0xC0, 0], Convert.ToHexString(name));
        }
    }

    [Theory]
    [InlineData("a.b", "a.b.")]
    [InlineData("A.b.", "A.b.")]
    [InlineData(@"a\.b.c", @"a\.b.c.")]
    [InlineData(@"a\032b", @"a\032b.")]
    [InlineData("é", @"\195\169.")]
    [InlineData(".", ".")]
    public void Names_come_back_as_they_were(string text, string back) => Assert.Equal(back, DnsNames.Text(DnsNames.Wire(text)));

    [Theory]
    [InlineData("a..b")]
    [InlineData("..")]
    [InlineData(".a")]
    [InlineData("\\")]
    public void Names_that_cannot_be_are_refused(string text) => Assert.Null(DnsNames.Wire(text));

    static byte[] Mutated(Random random, byte[] seed)
    {
        var bytes = seed.ToList();
        for (var changes = random.Next(5); changes > 0; changes--)
        {
            var at = random.Next(bytes.Count + 1);
            switch (random.Next(5))
            {
                case 0 when at < bytes.Count:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 1 when at < bytes.Count:
                    bytes[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 2:
                    bytes.InsertRange(at, seed[..random.Next(seed.Length)]);
                    break;
                case 3 when at < bytes.Count:
                    bytes.RemoveRange(at, random.Next(bytes.Count - at));
                    break;
                default:
                    bytes.Insert(at, (byte)(random.Next(2) == 0 ? 0xC0 : 0xFF));
                    break;
            }
        }
        return [.. bytes];
    }
}
