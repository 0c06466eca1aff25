using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using OpsBro.Metrics;
using OpsBro.Metrics.Exporters;
using OpsBro.Tests.EndToEnd;
using OpsBro.Tests.Forwarding;

namespace OpsBro.Tests.Metrics.Exporters;

public sealed class HttpSinkTests : IDisposable
{
    readonly ForwardBench bench = new();

    public void Dispose() => bench.Dispose();

    static List<ReadSample> Read(FakeHttpSink sink) => [.. sink.Taken.SelectMany(WireDecoders.RemoteWriteSamples)];

    static void Same(IEnumerable<JournalPoint> points, IReadOnlyList<ReadSample> read)
    {
        var expected = ForwardBench.Expected(points);
        Assert.Equal(expected.Count, read.Count);
        Assert.True(expected.ToHashSet().SetEquals(read));
    }

    [Fact]
    public async Task A_sink_that_is_away_while_many_pages_wait_gets_every_point_once()
    {
        using var sink = new FakeHttpSink();
        var worker = bench.Start(ForwardBench.Options(SinkKind.RemoteWrite, sink.Port));
        var points = RandomPoints.Regular(200, 360);   // an hour of 200 series at ten seconds
        bench.Append(points);
        await ForwardBench.Until(worker, now => now.State == SinkState.Down && now.Retries > 2);
        Assert.Equal(points.Length, bench.Behind());
        Assert.Contains("refused", worker.Report.Now.Error);

        sink.Listen();
        await bench.Delivered(worker);

        Same(points, Read(sink));
        await ForwardBench.Until(worker, now => now.State == SinkState.Ok);
        Assert.True(worker.Report.Now is { Sent: 72_000, RefusedPoints: 0, Lost: 0, Requests: 144 });
    }

    [Theory]
    [InlineData(Trouble.Hang)]
    [InlineData(Trouble.Reset)]
    [InlineData(Trouble.Close)]
    public async Task A_request_that_fails_is_made_again(object trouble)
    {
        using var sink = new FakeHttpSink().Then(Reply.Ok, new Reply((Trouble)trouble), new Reply((Trouble)trouble)).Listen();
        var options = ForwardBench.Options(SinkKind.RemoteWrite, sink.Port);
        var worker = bench.Start((Trouble)trouble == Trouble.Hang ? options with { Timeout = TimeSpan.FromSeconds(2) } : options);
        var points = RandomPoints.Regular(100, 20);
        bench.Append(points);

        await bench.Delivered(worker);

        Same(points, Read(sink));
    }

    [Fact]
    public async Task A_page_whose_answer_is_lost_comes_again_and_no_other_page_does()
    {
        using var sink = new FakeHttpSink().Then(Reply.Ok, new Reply(Trouble.TakeAndReset)).Listen();
        var worker = bench.Start(ForwardBench.Options(SinkKind.RemoteWrite, sink.Port));
        var points = RandomPoints.Regular(100, 20);
        bench.Append(points);

        await bench.Delivered(worker);

        var read = Read(sink);
        Assert.True(ForwardBench.Expected(points).ToHashSet().SetEquals(read));
        Assert.Equal(points.Length + 500, read.Count);
    }

    [Fact]
    public async Task A_slow_sink_gets_everything_once()
    {
        using var sink = new FakeHttpSink().Then(new Reply(Trouble.Slow), new Reply(Trouble.Slow)).Listen();
        var worker = bench.Start(ForwardBench.Options(SinkKind.RemoteWrite, sink.Port) with { Timeout = TimeSpan.FromMinutes(1) });
        var points = RandomPoints.Regular(100, 20);
        bench.Append(points);

        await bench.Delivered(worker);

        Same(points, Read(sink));
    }

    [Theory]
    [InlineData(429)]
    [InlineData(500)]
    [InlineData(503)]
    [InlineData(401)]
    [InlineData(404)]
    [InlineData(302)]
    public async Task Answers_that_are_not_about_the_points_hold_them_back(int status)
    {
        using var sink = new FakeHttpSink { Otherwise = _ => Reply.Of(status, "not\nnow") }.Listen();
        var worker = bench.Start(ForwardBench.Options(SinkKind.RemoteWrite, sink.Port));
        var points = RandomPoints.Regular(10, 10);
        bench.Append(points);
        await ForwardBench.Until(worker, now => now.Retries > 2);
        Assert.Equal((SinkState.Down, $"{status} Fake: not now", 0L), (worker.Report.Now.State, worker.Report.Now.Error, worker.Report.Now.RefusedPoints));
        Assert.Equal(points.Length, bench.Behind());

        sink.Otherwise = _ => Reply.Ok;
        await bench.Delivered(worker);

        Same(points, Read(sink));
    }

    [Fact]
    public async Task Only_the_points_that_a_sink_refuses_are_given_up()
    {
        using var sink = new FakeHttpSink
        {
            Otherwise = body => WireDecoders.RemoteWriteSamples(body).Exists(s => s.Series.Contains("bad")) ? Reply.Of(400, "out of order sample") : Reply.Ok,
        }.Listen();
        var worker = bench.Start(ForwardBench.Options(SinkKind.RemoteWrite, sink.Port));
        var points = RandomPoints.Regular(100, 20);
        var bad = new[] { 3, 700, 701, 1999 };
        bench.Append(points.Select((p, i) => bad.Contains(i) ? p with { Name = "bad" } : p));

        await bench.Delivered(worker);

        Same(points.Where((_, i) => !bad.Contains(i)), Read(sink));
        var now = worker.Report.Now;
        Assert.Equal((1996L, 4L, SinkState.Ok), (now.Sent, now.RefusedPoints, now.State));
        Assert.Equal([KeyValuePair.Create("400 Fake: out of order sample", 4L)], now.Refused);
    }

    [Fact]
    public async Task A_sink_that_refuses_everything_does_not_block_and_costs_few_requests()
    {
        using var sink = new FakeHttpSink { Otherwise = _ => Reply.Of(400, "no") }.Listen();
        var worker = bench.Start(ForwardBench.Options(SinkKind.RemoteWrite, sink.Port));
        bench.Append(RandomPoints.Regular(500, 20));

        await bench.Delivered(worker);

        Assert.Equal(10_000, worker.Report.Now.RefusedPoints);
        Assert.InRange(sink.Seen, 20, SinkWorker.MaxParts + 1 + (19 * 5));
    }

    [Fact]
    public async Task Too_many_points_at_once_are_parted()
    {
        using var sink = new FakeHttpSink
        {
            Otherwise = body => WireDecoders.RemoteWriteSamples(body).Count > 100 ? Reply.Of(413, "too large") : Reply.Ok,
        }.Listen();
        var worker = bench.Start(ForwardBench.Options(SinkKind.RemoteWrite, sink.Port));
        var points = RandomPoints.Regular(100, 20);
        bench.Append(points);

        await bench.Delivered(worker);

        Same(points, Read(sink));
    }

    [Fact]
    public async Task A_certificate_that_nobody_vouches_for_is_not_trusted_and_its_issuer_can_be_named()
    {
        using var certificate = Certificate("localhost");
        using var sink = new FakeHttpSink(certificate).Listen();
        var options = ForwardBench.Options(SinkKind.RemoteWrite, sink.Port, isSecure: true) with { Authorization = "Bearer hush" };
        var points = RandomPoints.Regular(10, 10);
        var worker = bench.Start(options);
        bench.Append(points);
        await ForwardBench.Until(worker, now => now.Retries > 1);
        Assert.Contains("the certificate is not trusted here", worker.Report.Now.Error);
        Assert.Empty(sink.Heads);

        worker.Dispose();
        var trusting = bench.Start(options with { Issuers = [certificate] });
        await bench.Delivered(trusting);

        Same(points, Read(sink));
        Assert.Contains("Authorization: Bearer hush", sink.Heads.First());
    }

    [Fact]
    public async Task A_certificate_for_another_name_is_not_trusted()
    {
        using var certificate = Certificate("elsewhere");
        using var sink = new FakeHttpSink(certificate).Listen();
        var worker = bench.Start(ForwardBench.Options(SinkKind.RemoteWrite, sink.Port, isSecure: true) with { Issuers = [certificate] });
        bench.Append(RandomPoints.Regular(1, 1));

        await ForwardBench.Until(worker, now => now.Retries > 1);

        Assert.Contains("the certificate is not trusted here", worker.Report.Now.Error);
        Assert.Empty(sink.Heads);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Influx_lines_come_packed_or_plain(bool gzip)
    {
        using var sink = new FakeHttpSink().Listen();
        var worker = bench.Start(ForwardBench.Options(SinkKind.Influx, sink.Port) with { Gzip = gzip, Authorization = "Token t" });
        var points = RandomPoints.Regular(100, 20);
        bench.Append(points);

        await bench.Delivered(worker);

        Same(points, [.. sink.Taken.SelectMany(body => WireDecoders.Influx(System.Text.Encoding.UTF8.GetString(body)))]);
        Assert.All(sink.Heads, head => Assert.Equal(gzip, head.Contains("Content-Encoding: gzip")));
        Assert.All(sink.Heads, head => Assert.Contains("Authorization: Token t", head));
    }

    [Fact]
    public async Task A_request_of_remote_write_says_what_the_specification_wants()
    {
        using var sink = new FakeHttpSink().Listen();
        var worker = bench.Start(ForwardBench.Options(SinkKind.RemoteWrite, sink.Port));
        bench.Append(RandomPoints.Regular(1, 1));

        await bench.Delivered(worker);

        var head = Assert.Single(sink.Heads);
        Assert.StartsWith("POST /write HTTP/1.1", head);
        foreach (var line in new[] { "Content-Type: application/x-protobuf", "Content-Encoding: snappy", "User-Agent: opsbro/" })
            Assert.Contains(line, head);
        Assert.Contains("X-Prometheus-Remote-Write-Version: 0.1.0", head);
    }

    [Fact]
    public async Task A_sink_that_hangs_holds_up_no_other()
    {
        using var deaf = new FakeHttpSink { Otherwise = _ => new Reply(Trouble.Hang) }.Listen();
        using var good = new FakeHttpSink().Listen();
        bench.Start(ForwardBench.Options(SinkKind.RemoteWrite, deaf.Port) with { Name = "deaf", Timeout = TimeSpan.FromMinutes(1) });
        var worker = bench.Start(ForwardBench.Options(SinkKind.RemoteWrite, good.Port));
        var points = RandomPoints.Regular(100, 50);
        bench.Append(points);

        await bench.Delivered(worker);

        Same(points, Read(good));
        Assert.Equal(points.Length, bench.Behind("deaf"));
    }

    [Fact]
    public async Task A_stop_confirms_the_request_that_is_under_way()
    {
        using var gate = new ManualResetEventSlim();
        using var sink = new FakeHttpSink
        {
            Otherwise = _ =>
            {
                gate.Wait();
                return Reply.Ok;
            },
        }.Listen();
        var worker = bench.Start(ForwardBench.Options(SinkKind.RemoteWrite, sink.Port) with { Timeout = TimeSpan.FromMinutes(1) });
        bench.Append(RandomPoints.Regular(100, 10));
        await OpsBro.Tests.EndToEnd.RunningAgent.Until(() => sink.Seen == 1, () => "no request");

        worker.Stop();
        gate.Set();
        worker.Dispose();

        Assert.Single(sink.Taken);
        Assert.Equal(500, bench.Behind());
    }

    [Theory]
    [InlineData(1, 0.0, 250)]
    [InlineData(1, 1.0, 500)]
    [InlineData(2, 1.0, 1000)]
    [InlineData(7, 1.0, 30_000)]
    [InlineData(1000, 0.0, 15_000)]
    public void The_pause_doubles_to_half_a_minute_with_a_part_by_chance(int failures, double chance, double milliseconds) =>
        Assert.Equal(milliseconds, BackOff.Usual.After(failures, chance).TotalMilliseconds);

    static X509Certificate2 Certificate(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(name);
        request.CertificateExtensions.Add(names.Build());
        using var made = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        // a key that TLS can use: ephemeral ones cannot be everywhere
        return X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pkcs12), null);
    }

    [Fact]
    public async Task An_answer_without_end_holds_the_worker_no_longer_than_its_patience()
    {
        using var listener = new System.Net.Sockets.TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var options = ForwardBench.Options(SinkKind.RemoteWrite, ((IPEndPoint)listener.LocalEndpoint).Port) with { Timeout = TimeSpan.FromSeconds(3) };
        using var sink = new HttpSink(options);
        var sent = Task.Run(() => sink.Send([new JournalPoint("a", 1_700_000_000, 1)], 0, 1, CancellationToken.None));
        using var peer = await listener.AcceptSocketAsync();
        var ignored = new byte[4096];
        Assert.True(await peer.ReceiveAsync(ignored) > 0);

        await peer.SendAsync("HTTP/1.1 500 Trouble\r\nContent-Length: 100\r\n\r\nI am"u8.ToArray());

        var delivery = await sent.WaitAsync(RunningAgent.Patience);
        Assert.Equal((Answer.Later, "no answer in 3 s"), (delivery.Answer, delivery.Reason));
    }
}
