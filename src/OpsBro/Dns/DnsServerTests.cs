using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using OpsBro.Core.Dns;
using OpsBro.Dns;
using OpsBro.Tests.EndToEnd;

namespace OpsBro.Tests.Dns;

/// <summary>The server with its sockets, in this process, over pictures that are made up.</summary>
public sealed class DnsServerTests : IDisposable
{
    static readonly byte[] example = DnsRig.Query("example.com", DnsType.A, 1232);

    readonly List<IDisposable> open = [];

    public void Dispose()
    {
        foreach (var one in open) one.Dispose();
    }

    (DnsServer Server, int Port) Start(DnsOptions options, params DnsNode[] nodes)
    {
        // a port that is free now may be taken a moment later, by one of both sockets
        for (var tries = 0; ; tries++)
        {
            var port = Random.Shared.Next(20_000, 60_000);
            var server = new DnsServer(options with { Port = port }, DnsZone.Of(nodes, new DnsZoneSettings()), TimeProvider.System, NullLogger.Instance);
            server.Open();
            if (server.Problems.Length == 0)
            {
                open.Add(server);
                return (server, port);
            }
            server.Dispose();
            Assert.True(tries < 20, string.Join("; ", server.Problems));
        }
    }

    UdpClient Client(int port)
    {
        var client = new UdpClient();
        client.Connect(IPAddress.Loopback, port);
        open.Add(client);
        return client;
    }

    static async Task<DnsMessage> Ask(UdpClient client, byte[] query)
    {
        await client.SendAsync(query);
        using var patience = new CancellationTokenSource(RunningAgent.Patience);
        return DnsMessage.TryRead((await client.ReceiveAsync(patience.Token)).Buffer)!;
    }

    static async Task<string> Dig(int port, params string[] args)
    {
        var start = new ProcessStartInfo("dig") { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        foreach (var arg in (string[])["@127.0.0.1", "-p", $"{port}", .. args]) start.ArgumentList.Add(arg);
        return (await RunningAgent.Run(start)).Output;
    }

    [Fact]
    public async Task What_is_cut_by_udp_is_whole_by_tcp()
    {
        var (_, port) = Start(new DnsOptions(), DnsRig.Many(500, 1));

        var cut = await Dig(port, "+ignore", "all.group.opsbro");
        var whole = await Dig(port, "all.group.opsbro", "+short");

        Assert.Contains("flags: qr aa tc rd;", cut);
        Assert.Equal(500, whole.Split('\n', StringSplitOptions.RemoveEmptyEntries).Count(line => line.StartsWith("10.0.", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Many_questions_on_one_connection_are_all_answered()
    {
        var (server, port) = Start(new DnsOptions(), DnsRig.Many(10, 1));
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, port);
        var stream = client.GetStream();
        var query = DnsRig.Query("all.group.opsbro", DnsType.A);
        byte[] framed = [0, (byte)query.Length, .. query];

        // all at once, and cut at odd places
        var all = Enumerable.Repeat(framed, 200).SelectMany(b => b).ToArray();
        for (var at = 0; at < all.Length; at += 701) await stream.WriteAsync(all.AsMemory(at, Math.Min(701, all.Length - at)));

        using var patience = new CancellationTokenSource(RunningAgent.Patience);
        for (var i = 0; i < 200; i++)
        {
            var head = new byte[2];
            await stream.ReadExactlyAsync(head, patience.Token);
            var answer = new byte[(head[0] << 8) | head[1]];
            await stream.ReadExactlyAsync(answer, patience.Token);
            Assert.Equal(10, DnsMessage.TryRead(answer)!.Answers.Count);
        }
        Assert.Equal(200, server.Counts.Tcp.Sum(c => c.Queries));
        client.Client.Shutdown(SocketShutdown.Send);
        Assert.Equal(0, await stream.ReadAsync(new byte[1], patience.Token));
    }

    [Fact]
    public async Task One_client_cannot_take_all_connections_and_silence_ends_one()
    {
        var (server, port) = Start(new DnsOptions { TcpConnections = 8, TcpIdle = TimeSpan.FromSeconds(1) }, DnsRig.Many(1, 1));
        var clients = Enumerable.Range(0, 5).Select(_ => new TcpClient()).ToList();
        open.AddRange(clients);

        foreach (var client in clients) await client.ConnectAsync(IPAddress.Loopback, port);

        await RunningAgent.Until(() => server.Connections.Refused == 3, () => $"{server.Connections}");
        await RunningAgent.Until(() => server.Connections.Now == 0, () => $"{server.Connections}");
    }

    [Fact]
    public async Task A_new_picture_is_answered_from_at_once()
    {
        var (server, port) = Start(new DnsOptions(), DnsRig.Many(1, 1));
        var client = Client(port);

        Assert.Single((await Ask(client, DnsRig.Query("all.group.opsbro", DnsType.A))).Answers);
        server.Zone = DnsZone.Of(DnsRig.Many(7, 1), new DnsZoneSettings());

        Assert.Equal(7, (await Ask(client, DnsRig.Query("all.group.opsbro", DnsType.A))).Answers.Count);
    }

    [Fact]
    public async Task It_answers_from_the_address_that_was_asked()
    {
        var (_, port) = Start(new DnsOptions { Addresses = [IPAddress.Any] }, DnsRig.Many(1, 1));
        using var client = new UdpClient();
        // connected: an answer from another address would not arrive
        client.Connect(IPAddress.Parse("127.8.9.10"), port);

        Assert.Single((await Ask(client, DnsRig.Query("all.group.opsbro", DnsType.A))).Answers);
    }

    [Fact]
    public async Task It_answers_on_IPv6_and_on_both()
    {
        var (_, port) = Start(new DnsOptions { Addresses = [IPAddress.IPv6Any] }, DnsRig.Many(1, 1));
        using var six = new UdpClient(AddressFamily.InterNetworkV6);
        six.Connect(IPAddress.IPv6Loopback, port);
        using var four = new UdpClient(AddressFamily.InterNetwork);
        four.Connect(IPAddress.Parse("127.0.0.9"), port);

        Assert.Single((await Ask(six, DnsRig.Query("all.group.opsbro", DnsType.A))).Answers);
        Assert.Single((await Ask(four, DnsRig.Query("all.group.opsbro", DnsType.A))).Answers);
    }

    [Fact]
    public async Task Junk_does_not_stop_it()
    {
        var (server, port) = Start(new DnsOptions(), DnsRig.Many(1, 1));
        var client = Client(port);
        var random = new Random(9);
        for (var i = 0; i < 500; i++)
        {
            var junk = new byte[random.Next(4_000)];
            random.NextBytes(junk);
            await client.SendAsync(junk);
        }
        var asking = Client(port);

        var answer = await Ask(asking, DnsRig.Query("all.group.opsbro", DnsType.A));

        Assert.Single(answer.Answers);
        Assert.Equal(0, server.Faults);
    }

    /// <summary>Another server, by UDP and TCP: <paramref name="answer"/> makes its answers; null for silence.</summary>
    IPEndPoint Other(Func<byte[], bool, byte[]?> answer)
    {
        var at = new IPEndPoint(IPAddress.Loopback, Ports.Free());
        var udp = new UdpClient(at);
        var tcp = new TcpListener(at);
        tcp.Start();
        open.Add(udp);
        open.Add(tcp);
        _ = ByUdp();
        _ = ByTcp();
        return at;

        async Task ByUdp()
        {
            try
            {
                while (true)
                {
                    var got = await udp.ReceiveAsync();
                    if (answer(got.Buffer, false) is { } back) await udp.SendAsync(back, got.RemoteEndPoint);
                }
            }
            catch (Exception e) when (e is ObjectDisposedException or SocketException)
            {
                // the test is over
            }
        }

        async Task ByTcp()
        {
            try
            {
                while (true)
                {
                    using var client = await tcp.AcceptTcpClientAsync();
                    var stream = client.GetStream();
                    var head = new byte[2];
                    await stream.ReadExactlyAsync(head);
                    var query = new byte[(head[0] << 8) | head[1]];
                    await stream.ReadExactlyAsync(query);
                    if (answer(query, true) is { } back) await stream.WriteAsync((byte[])[(byte)(back.Length >> 8), (byte)back.Length, .. back]);
                }
            }
            catch (Exception e) when (e is ObjectDisposedException or SocketException or IOException)
            {
                // the test is over
            }
        }
    }

    /// <summary>An answer with addresses, of which the last byte is given.</summary>
    static byte[] Addresses(byte[] query, int flags, params byte[] last)
    {
        var end = Array.IndexOf(query, (byte)0, 12) + 5;
        byte[] opt = [0, 0, 41, 16, 0, 0, 0, 0, 0, 0, 0];
        return
        [
            query[0], query[1], (byte)(0x80 | flags >> 8), (byte)flags, 0, 1, 0, (byte)last.Length, 0, 0, 0, 1, .. query[12..end],
            .. last.SelectMany(b => (byte[])[0xC0, 12, 0, 1, 0, 1, 0, 0, 0, 9, 0, 4, 192, 0, 2, b]), .. opt,
        ];
    }

    [Fact]
    public async Task Names_of_others_are_asked_elsewhere_and_our_own_never()
    {
        var asked = 0;
        var other = Other((query, _) =>
        {
            Interlocked.Increment(ref asked);
            return Addresses(query, 0x0100, 1, 2);
        });
        var (server, port) = Start(new DnsOptions { Forwarders = [other] }, DnsRig.Many(1, 1));
        var client = Client(port);

        var answer = await Ask(client, example);
        var missing = await Ask(client, DnsRig.Query("nosuch.group.opsbro", DnsType.A));

        Assert.Equal(["192.0.2.1", "192.0.2.2"], answer.Answers.Select(r => r.Data));
        Assert.True(answer.Header.Has(DnsHeader.RecursionAvailable));
        Assert.False(answer.Header.Has(DnsHeader.Authoritative));
        Assert.Equal(0x1234, answer.Header.Id);
        Assert.Single(answer.Additionals);
        Assert.Equal(DnsRcode.NxDomain, missing.Rcode);
        Assert.Equal((1, 1L), (asked, server.Forwarder.Asked));
        Assert.Empty((await Ask(client, DnsRig.Query("example.com", DnsType.A))).Additionals);
    }

    [Fact]
    public async Task Only_who_may_has_others_asked()
    {
        var other = Other((query, _) => Addresses(query, 0x0100, 1));
        var (_, port) = Start(new DnsOptions { Forwarders = [other], ForwardFor = [AddressRange.TryParse("10.0.0.0/8")!] }, DnsRig.Many(1, 1));

        Assert.Equal(DnsRcode.Refused, (await Ask(Client(port), example)).Rcode);
    }

    [Fact]
    public async Task A_server_that_is_silent_lies_or_cannot_help_is_followed_by_the_next()
    {
        var silent = Other((_, _) => null);
        var liar = Other((query, _) => Addresses([(byte)(query[0] ^ 1), .. query[1..]], 0x0100, 66));
        var refuses = Other((query, _) => Addresses(query, 0x0105));
        var helps = Other((query, _) => Addresses(query, 0x0100, 7));
        var (server, port) = Start(new DnsOptions { Forwarders = [liar, refuses, silent, helps] }, DnsRig.Many(1, 1));
        var client = Client(port);

        Assert.Equal(["192.0.2.7"], (await Ask(client, example)).Answers.Select(r => r.Data));
        // whoever helped is asked first from then on
        Assert.Equal(["192.0.2.7"], (await Ask(client, example)).Answers.Select(r => r.Data));
        Assert.True(server.Forwarder.Strangers > 0);
    }

    [Fact]
    public async Task A_question_waits_for_three_silent_servers_and_the_next_one_begins_behind_them()
    {
        var asked = new int[8];
        var silent = asked.Select((_, i) => Other((_, _) =>
        {
            Interlocked.Increment(ref asked[i]);
            return null;
        })).ToArray();
        var forwarder = new DnsForwarder([.. silent, Other((query, _) => Addresses(query, 0x0100, 7))], TimeSpan.FromMilliseconds(100));
        var ask = new DnsForwarding(1, DnsHeader.RecursionDesired, example[12..(Array.IndexOf(example, (byte)0, 12) + 5)], false, false, 512, []);

        var first = await forwarder.Ask(ask);
        Assert.Equal(DnsRcode.ServFail, DnsMessage.TryRead(first)!.Rcode);
        Assert.Equal(0, asked[^1]);
        var rcode = DnsRcode.ServFail;
        // a machine that is busy may be slower than this patience at times
        for (var i = 0; i < 100 && rcode == DnsRcode.ServFail; i++) rcode = DnsMessage.TryRead(await forwarder.Ask(ask))!.Rcode;

        Assert.Equal(DnsRcode.NoError, rcode);
    }

    [Fact]
    public void A_stub_resolver_hears_from_us_in_time() => Assert.True(DnsForwarder.Patience * DnsForwarder.MaxTries < TimeSpan.FromSeconds(5));

    [Fact]
    public async Task Without_an_answer_it_is_SERVFAIL_and_our_own_names_are_answered_meanwhile()
    {
        var (_, port) = Start(new DnsOptions { Forwarders = [Other((_, _) => null)] }, DnsRig.Many(1, 1));
        var (waiting, client) = (Client(port), Client(port));

        var later = Ask(waiting, example);
        for (var i = 0; i < 100; i++) Assert.Single((await Ask(client, DnsRig.Query("all.group.opsbro", DnsType.A))).Answers);

        Assert.Equal(DnsRcode.ServFail, (await later).Rcode);
    }

    [Fact]
    public async Task What_another_server_cut_is_fetched_by_tcp_and_cut_for_the_client_when_it_must()
    {
        var last = Enumerable.Range(0, 200).Select(i => (byte)i).ToArray();
        var other = Other((query, isStream) => isStream ? Addresses(query, 0x0100, last) : Addresses(query, 0x0300));
        var (_, port) = Start(new DnsOptions { Forwarders = [other] }, DnsRig.Many(1, 1));

        var cut = await Ask(Client(port), example);
        var whole = await Dig(port, "+short", "+tcp", "example.com");

        Assert.True(cut.Header.Has(DnsHeader.Truncated));
        Assert.Empty(cut.Answers);
        Assert.Equal(200, whole.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
    }
}
