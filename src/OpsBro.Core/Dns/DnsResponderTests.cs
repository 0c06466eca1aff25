using System.Text;
using OpsBro.Core.Dns;

namespace OpsBro.Tests.Dns;

/// <summary>The protocol around the names.</summary>
public class DnsResponderTests
{
    static byte[] Hex(string text) => Convert.FromHexString(text.Replace(" ", "", StringComparison.Ordinal));

    static DnsRig Rig() => new(DnsRig.Node("web1", "10.0.0.1", groups: "web"));

    [Fact]
    public void An_answer_byte_for_byte()
    {
        var answer = Rig().Send(Hex("abcd 0100 0001 0000 0000 0000 03576542 0567726f7570 064f70734272 6f 00 0001 0001"));

        Assert.Equal(
            Hex("abcd 8500 0001 0001 0000 0000 03576542 0567726f7570 064f70734272 6f 00 0001 0001"
                + "c00c 0001 0001 00000005 0004 0a000001"), answer);
    }

    [Fact]
    public void A_refusal_to_read_byte_for_byte()
    {
        Assert.Equal(Hex("abcd 8101 0000 0000 0000 0000"), Rig().Send(Hex("abcd 0100 0002 0000 0000 0000")));
        Assert.Equal(Hex("abcd a104 0000 0000 0000 0000"), Rig().Send(Hex("abcd 2100 0001 0000 0000 0000")));
    }

    [Theory]
    [InlineData("abcd8100000100000000000003576542")]   // an answer
    [InlineData("abcd01000001000000")]                 // no whole header
    [InlineData("")]
    public void What_is_no_query_gets_no_answer(string message) => Assert.Empty(Rig().Send(Hex(message))!);

    [Theory]
    [InlineData("0001 0000 0000 0000")]                                               // no question at all
    [InlineData("0000 0000 0000 0000")]
    [InlineData("0001 0000 0000 0000 c00c 0001 0001")]                                // a pointer to itself
    [InlineData("0001 0000 0000 0000 03576542 00 0001")]                              // cut
    [InlineData("0001 0000 0000 0000 40 00 0001 0001")]                               // a kind of label that is none
    [InlineData("0001 0000 0000 0001 00 0001 0001")]                                  // a record that is not there
    [InlineData("0001 0000 0000 0002 00 0001 0001 00 0029 04d0 00000000 0000 00 0029 04d0 00000000 0000")]   // EDNS twice
    [InlineData("0001 0001 0000 0000 00 0001 0001 00 0029 04d0 00000000 0000")]       // EDNS as an answer
    [InlineData("0001 0000 0000 0001 00 0001 0001 0161 00 0029 04d0 00000000 0000")]  // EDNS with a name
    [InlineData("0001 0000 0000 0001 00 0001 0001 00 0029 04d0 00000000 0003 000a00")]        // an option that is cut
    [InlineData("0001 0000 0000 0001 00 0001 0001 00 0029 04d0 00000000 0008 000a0004 01020304")]   // a cookie too short
    [InlineData("0001 0000 0000 0000 00 0029 0001")]                                  // a question for EDNS
    public void What_cannot_be_read_is_FORMERR(string rest)
    {
        var answer = DnsMessage.TryRead(Rig().Send(Hex("abcd 0100" + rest))!)!;

        Assert.Equal((DnsRcode.FormErr, (ushort)0xabcd), (answer.Rcode, answer.Header.Id));
    }

    [Fact]
    public void A_name_of_255_bytes_is_read_and_one_more_is_not()
    {
        var label = new string('a', 63);
        var longest = $"{label}.{label}.{label}.{new string('b', 61)}";

        Assert.Equal("REFUSED 0", Rig().Look(longest));
        Assert.Null(DnsNames.Wire(longest + "b"));
        var four = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat("?" + label, 4)));
        byte[] tooLong = [.. Hex("abcd 0100 0001 0000 0000 0000"), .. four, 0, 0, 1, 0, 1];
        Assert.Equal(DnsRcode.FormErr, DnsMessage.TryRead(Rig().Send(tooLong)!)!.Rcode);
    }

    /// <summary>A label of 12 bytes that ends in those of another one.</summary>
    [Fact]
    public void The_end_of_a_label_is_not_the_label()
    {
        var answer = Rig().Send(Hex("abcd 0100 0001 0000 0000 0000 0130 0131 0c3002323007696e2d61646472 0461727061 00 000c 0001"));

        Assert.Equal(DnsRcode.Refused, DnsMessage.TryRead(answer!)!.Rcode);
    }

    [Theory]
    [InlineData(252)]
    [InlineData(251)]
    [InlineData(250)]
    [InlineData(253)]
    public void Transfers_and_other_commands_are_refused(int type) => Assert.Equal("REFUSED 0", Rig().Look("opsbro", (DnsType)type));

    [Fact]
    public void Only_the_internet_is_known()
    {
        Assert.Equal(DnsRcode.Refused, DnsMessage.TryRead(Rig().Send(DnsRig.Query("web.group.opsbro", DnsType.A, @class: 3))!)!.Rcode);
        Assert.Single(DnsMessage.TryRead(Rig().Send(DnsRig.Query("web.group.opsbro", DnsType.A, @class: 255))!)!.Answers);
    }

    [Fact]
    public void Flags_are_copied_or_set_as_they_must()
    {
        const int Given = DnsHeader.RecursionDesired | DnsHeader.CheckingDisabled | DnsHeader.AuthenticData | DnsHeader.Truncated | DnsHeader.Authoritative;

        Assert.Equal(0x8400 | 0x0100 | 0x0010, Flags(Rig(), Given));
        Assert.Equal(0x8400, Flags(Rig(), 0));
        Assert.Equal(0x8480, Flags(new DnsRig(DnsRig.Node("web1", "10.0.0.1", groups: "web")) { CanForward = true }, 0));

        static int Flags(DnsRig rig, int flags) =>
            DnsMessage.TryRead(rig.Send(DnsRig.Query("web.group.opsbro", DnsType.A, flags: (ushort)flags))!)!.Header.Flags;
    }

    [Fact]
    public void Names_of_others_are_asked_elsewhere_only_when_that_is_wanted()
    {
        var rig = new DnsRig(DnsRig.Node("web1", "10.0.0.1", groups: "web")) { CanForward = true };

        Assert.Null(rig.Send(DnsRig.Query("example.com", DnsType.A)));
        Assert.Null(rig.Send(DnsRig.Query("9.0.0.10.in-addr.arpa", DnsType.Ptr)));
        Assert.Null(rig.Send(DnsRig.Query("0.0.10.in-addr.arpa", DnsType.Soa)));
        Assert.Null(rig.Send(DnsRig.Query("1.0.0.10.in-addr.arpa", DnsType.A)));
        Assert.Equal(DnsRcode.NxDomain, DnsMessage.TryRead(rig.Send(DnsRig.Query("9.0.0.10.in-addr.arpa", DnsType.Ptr, flags: 0))!)!.Rcode);
        Assert.NotNull(rig.Send(DnsRig.Query("1.0.0.10.in-addr.arpa", DnsType.Ptr)));
        Assert.NotNull(rig.Send(DnsRig.Query("nosuch.opsbro", DnsType.A)));
        Assert.Equal(DnsRcode.Refused, DnsMessage.TryRead(rig.Send(DnsRig.Query("example.com", DnsType.A, flags: 0))!)!.Rcode);
    }

    [Fact]
    public void Edns_is_answered_with_edns()
    {
        var plain = Rig().Ask("web.group.opsbro", DnsType.A);
        var answer = DnsMessage.TryRead(Rig().Send(Edns("04d0 0000 8000", "fde9 0003 010203 000b 0000"))!)!;

        Assert.Empty(plain.Additionals);
        var opt = Assert.Single(answer.Additionals);
        Assert.Equal((DnsType.Opt, (ushort)1232, 0x8000u, "\\# 0"), (opt.Type, opt.Class, opt.Ttl, opt.Data));
        Assert.Single(answer.Answers);
    }

    [Fact]
    public void Other_versions_of_edns_are_BADVERS()
    {
        var answer = DnsMessage.TryRead(Rig().Send(Edns("04d0 0001 0000", "0000 ffff"))!)!;

        Assert.Equal(DnsRcode.BadVers, answer.Rcode);
        Assert.Empty(answer.Answers);
    }

    /// <summary>A query for the group web with an OPT record.</summary>
    static byte[] Edns(string sizeVersionFlags, string options)
    {
        var (fixedPart, data) = (Hex(sizeVersionFlags), Hex(options));
        var query = DnsRig.Query("web.group.opsbro", DnsType.A);
        query[11] = 1;
        return [.. query, 0, 0, 41, .. fixedPart, (byte)(data.Length >> 8), (byte)data.Length, .. data];
    }

    [Fact]
    public void A_cookie_is_given_and_known_again()
    {
        var rig = new DnsRig(DnsRig.Node("web1", "10.0.0.1", groups: "web")) { IsLimited = true, Limit = new DnsRateLimit(1, 3), Address = [10, 9, 9, 9] };

        var first = rig.Send(Edns("04d0 0000 0000", "000a 0008 0102030405060708"))!;
        var cookie = Convert.ToHexString(first[^24..]);
        Assert.StartsWith("010203040506070801000000", cookie);
        // who has a cookie is not limited; who has an old or another's is
        for (var i = 0; i < 10; i++) Assert.Single(DnsMessage.TryRead(rig.Send(Edns("04d0 0000 0000", "000a 0018 " + cookie))!)!.Answers);
        while (DnsMessage.TryRead(rig.Send(Edns("04d0 0000 0000", "000a 0008 0102030405060708"))!)!.Rcode == DnsRcode.NoError) ;
        rig.Address = [10, 9, 9, 8];
        Assert.Equal(DnsRcode.BadCookie, DnsMessage.TryRead(rig.Send(Edns("04d0 0000 0000", "000a 0018 " + cookie))!)!.Rcode);
        rig.Address = [10, 9, 9, 9];
        rig.Time += (DnsCookies.MaxAge + 1) * 1000L;
        for (var i = 0; i < 3; i++) rig.Send(Edns("04d0 0000 0000", "000a 0008 0102030405060708"));
        Assert.Equal(DnsRcode.BadCookie, DnsMessage.TryRead(rig.Send(Edns("04d0 0000 0000", "000a 0018 " + cookie))!)!.Rcode);
    }

    [Fact]
    public void Who_asks_nothing_gets_a_cookie()
    {
        var rig = Rig();
        byte[] Asking(string options) => [.. Hex("abcd 0000 0000 0000 0000 0001 00 0029 04d0 00000000"), 0, (byte)Hex(options).Length, .. Hex(options)];

        var answer = rig.Send(Asking("000a 0008 0102030405060708"))!;

        Assert.Equal(Hex("abcd 8000 0000 0000 0000 0001 00 0029 04d0 00000000 001c 000a 0018 0102030405060708"), answer[..35]);
        Assert.True(rig.Cookies.IsGood(answer.AsSpan(27), [127, 0, 0, 1], DnsRig.Now / 1000));
        Assert.Equal(DnsRcode.FormErr, DnsMessage.TryRead(rig.Send(Asking("fde9 0000"))!)!.Rcode);
    }

    [Fact]
    public void Cookies_are_those_of_RFC_9018()
    {
        // appendix A.1 and A.2: the key, a client at 198.51.100.100, the cookie it is given at that moment
        var cookies = new DnsCookies(Hex("e5e973e5a6b2a43f48e7dc849e37bfcf"));
        var into = new byte[24];

        cookies.Write(into, Hex("2464c4abcf10c957"), [198, 51, 100, 100], 1559731985);

        Assert.Equal("2464C4ABCF10C957010000005CF79F111F8130C3EEE29480", Convert.ToHexString(into));
        Assert.True(cookies.IsGood(into, [198, 51, 100, 100], 1559731985 + 3600));
        Assert.False(cookies.IsGood(into, [198, 51, 100, 100], 1559731985 + 3601));
        Assert.True(cookies.IsGood(into, [198, 51, 100, 100], 1559731985 - 300));
        Assert.False(cookies.IsGood(into, [198, 51, 100, 100], 1559731985 - 301));
        Assert.False(cookies.IsGood(into, [198, 51, 100, 101], 1559731985));
    }

    [Fact]
    public void SipHash_is_the_one_of_its_paper()
    {
        var data = Enumerable.Range(0, 15).Select(i => (byte)i).ToArray();

        Assert.Equal(0xa129ca6149be45e5, DnsCookies.SipHash(0x0706050403020100, 0x0f0e0d0c0b0a0908, data));
    }

    [Fact]
    public void A_network_gets_its_share_and_then_as_many_bytes_as_it_sent_at_most()
    {
        var rig = new DnsRig(DnsRig.Many(20, 1)) { IsLimited = true, Limit = new DnsRateLimit(50, 3), Address = [192, 0, 2, 1] };
        var query = DnsRig.Query("all.group.opsbro", DnsType.A);
        var (whole, cut, dropped) = (0, 0, 0);

        for (var i = 0; i < 1_000; i++)
        {
            rig.Address[3] = (byte)i;
            var answer = rig.Send(query)!;
            if (answer.Length == 0) dropped++;
            else if (answer.Length > query.Length) whole++;
            else if (DnsMessage.TryRead(answer)!.Header.Has(DnsHeader.Truncated)) cut++;
        }

        Assert.Equal(100, whole);
        Assert.Equal(900, cut + dropped);
        Assert.InRange(cut, 380, 520);
        rig.Time += 1_000;
        Assert.True(rig.Send(query)!.Length > query.Length);
        rig.Address = [192, 0, 3, 1];
        Assert.True(rig.Send(query)!.Length > query.Length);
    }

    [Fact]
    public void Cookies_for_who_has_none_of_ours_have_their_share_too()
    {
        var rig = new DnsRig(DnsRig.Node("web1", "10.0.0.1", groups: "web")) { IsLimited = true, Limit = new DnsRateLimit(50, 3), Address = [192, 0, 2, 1] };
        var query = Edns("04d0 0000 0000", "000a 0008 0102030405060708");
        var (whole, bad, cut, dropped) = (0, 0, 0, 0);

        for (var i = 0; i < 1_000; i++)
        {
            var answer = rig.Send(query)!;
            if (answer.Length == 0) dropped++;
            else if (DnsMessage.TryRead(answer)!.Rcode == DnsRcode.BadCookie) bad++;
            else if (!DnsMessage.TryRead(answer)!.Header.Has(DnsHeader.Truncated)) whole++;
            else
            {
                cut++;
                Assert.True(answer.Length <= query.Length);
            }
        }

        Assert.Equal((100, 100, 800), (whole, bad, cut + dropped));
        Assert.InRange(cut, 330, 470);
        rig.Time += 1_000;
        for (var i = 0; i < 50; i++) Assert.Equal(DnsRcode.NoError, DnsMessage.TryRead(rig.Send(query)!)!.Rcode);
        Assert.Equal(DnsRcode.BadCookie, DnsMessage.TryRead(rig.Send(query)!)!.Rcode);
    }

    [Fact]
    public void Udp_cuts_and_says_so_and_tcp_never_cuts()
    {
        var rig = new DnsRig(DnsRig.Many(400, 1));

        var plain = rig.Send(DnsRig.Query("all.group.opsbro", DnsType.A))!;
        var edns = rig.Send(DnsRig.Query("all.group.opsbro", DnsType.A, udpSize: 4096))!;
        var small = rig.Send(DnsRig.Query("all.group.opsbro", DnsType.A, udpSize: 100))!;
        var stream = DnsMessage.TryRead(rig.Send(DnsRig.Query("all.group.opsbro", DnsType.A), isStream: true)!)!;

        Assert.All((byte[][])[plain, small], answer => Assert.InRange(answer.Length, 480, 512));
        Assert.InRange(edns.Length, 1200, 1232);
        foreach (var answer in (byte[][])[plain, edns, small])
        {
            var read = DnsMessage.TryRead(answer)!;
            Assert.True(read.Header.Has(DnsHeader.Truncated));
            Assert.NotEmpty(read.Answers);
        }
        Assert.Equal((400, false), (stream.Answers.Select(r => r.Data).Distinct().Count(), stream.Header.Has(DnsHeader.Truncated)));
    }

    [Fact]
    public void More_nodes_than_a_message_holds_are_chosen_by_lot()
    {
        var rig = new DnsRig(DnsRig.Many(5_000, 1));

        var one = DnsMessage.TryRead(rig.Send(DnsRig.Query("all.group.opsbro", DnsType.A), isStream: true)!)!;
        var other = DnsMessage.TryRead(rig.Send(DnsRig.Query("all.group.opsbro", DnsType.A), isStream: true)!)!;

        Assert.Equal(4_093, one.Answers.Count);
        Assert.False(one.Header.Has(DnsHeader.Truncated));
        Assert.NotEqual(one.Answers.Select(r => r.Data).Order(StringComparer.Ordinal), other.Answers.Select(r => r.Data).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Further_records_that_find_no_room_do_not_count_as_cut()
    {
        var nodes = DnsRig.Many(8, 1).Select(n => n with { Services = [DnsRig.Service("web", port: 80)] }).ToArray();

        var answer = new DnsRig(nodes).Ask("_web._tcp.service.opsbro", DnsType.Srv);

        Assert.Equal((8, false), (answer.Answers.Count, answer.Header.Has(DnsHeader.Truncated)));
        Assert.InRange(answer.Additionals.Count, 0, 7);
    }

    [Fact]
    public void A_query_costs_no_memory()
    {
        var nodes = DnsRig.Many(1_000, 50).Select(n => n with { Services = [DnsRig.Service("web", port: 80, weight: n.Name[7] - '0')] }).ToArray();
        var zone = new DnsRig(nodes).Zone;
        var rig = new DnsRig { Zone = zone, IsLimited = true, Limit = new DnsRateLimit(1000, 1) };
        byte[][] queries =
        [
            DnsRig.Query("group07.group.dc1.opsbro", DnsType.A), DnsRig.Query("node0007.name.lan.opsbro", DnsType.Aaaa), DnsRig.Query("a.b.opsbro", DnsType.A),
            DnsRig.Query("ok.all.group.opsbro", DnsType.A), DnsRig.Query("_web._tcp.service.lan.opsbro", DnsType.Srv, 1232),
            DnsRig.Query("group07.web.service.opsbro", DnsType.Txt), DnsRig.Query("opsbro", DnsType.Any),
            DnsRig.Query("7.0.0.10.in-addr.arpa", DnsType.Ptr), DnsRig.Query("7.9.9.10.in-addr.arpa", DnsType.Ptr),
            Edns("04d0 0000 0000", "000a 0008 0102030405060708"), [1, 2, 3],
        ];
        var into = new byte[DnsLimits.MaxMessage];
        var responder = rig.Responder;
        Run(100);

        var before = GC.GetAllocatedBytesForCurrentThread();
        Run(1_000);

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);

        void Run(int rounds)
        {
            for (var i = 0; i < rounds; i++)
                foreach (var query in queries)
                    responder.Answer(zone, query, into, new DnsClient(rig.Address, i % 2 == 0, i % 3 == 0, true), DnsRig.Now + i);
        }
    }
}
