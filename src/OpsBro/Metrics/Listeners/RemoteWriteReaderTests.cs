using OpsBro.Metrics;
using OpsBro.Metrics.Listeners;

namespace OpsBro.Tests.Metrics;

/// <summary>Remote write, by messages made by Google's encoder.</summary>
public class RemoteWriteReaderTests
{
    static readonly long now = IntakeStores.Now;

    static byte[] Label(string name, string value) => Proto.In(1, Proto.Text(1, name), Proto.Text(2, value));

    static byte[] Sample(double value, long milliseconds) => Proto.In(2, Proto.Double(1, value), Proto.Int(2, milliseconds));

    static IntakeResult Take(byte[] message, out MetricStore store) =>
        new RemoteWriteReader(store = IntakeStores.Empty(), store.Source("remote_write")).Take(message);

    [Fact]
    public void Labels_become_a_name_with_tags()
    {
        var result = Take(Proto.Message(
            Proto.In(1, Label("job", "web app"), Label("__name__", "http_requests_total"), Label("name", "x"), Label("empty", ""),
                Sample(1, (now - 10) * 1000), Sample(2.5, now * 1000 + 999)),
            Proto.In(3, Proto.Text(2, "metadata is left out")),
            Proto.In(1, Label("__name__", "up"), Sample(1, now * 1000))), out var store);

        Assert.Equal((3, 0, ""), (result.Taken, result.Refused, result.Problem));
        Assert.Equal(["http_requests_total;job=web_app;name_=x = 2.5", "up = 1"], store.All(now));
        Assert.Equal(1, store.At("http_requests_total;job=web_app;name_=x", now - 10));
    }

    [Fact]
    public void What_is_no_number_is_skipped()
    {
        var stale = BitConverter.UInt64BitsToDouble(0x7ff0000000000002);

        var result = Take(Proto.In(1, Label("__name__", "up"), Sample(stale, now * 1000), Sample(double.NaN, now * 1000),
            Sample(double.PositiveInfinity, now * 1000), Proto.In(4, Proto.Int(1, 5))), out var store);

        Assert.Equal((0, 0, 4, ""), (result.Taken, result.Refused, result.Skipped, result.Problem));
        Assert.Empty(store.Names());
    }

    [Fact]
    public void A_series_that_cannot_be_kept_is_told_and_harms_no_other()
    {
        var result = Take(Proto.Message(
            Proto.In(1, Label("job", "x"), Sample(1, now * 1000)),
            Proto.In(1, Label("__name__", "old"), Sample(1, 1000)),
            Proto.In(1, [Label("__name__", "many"), .. Enumerable.Range(0, 70).Select(i => Label($"l{i}", "v")), Sample(1, now * 1000)]),
            Proto.In(1, Label("__name__", "good"), Sample(1, now * 1000))), out var store);

        Assert.Equal((1, 3, "a series has no label __name__"), (result.Taken, result.Refused, result.Problem));
        Assert.Equal(["good"], store.Names());
        Assert.Equal(1, store.Source("remote_write").Refused(Refusal.BadTime));
    }

    [Fact]
    public void A_damaged_body_is_told()
    {
        var whole = Proto.In(1, Label("__name__", "up"), Sample(1, now * 1000));

        Assert.NotEmpty(Take(whole[..^3], out _).Problem);
        Assert.NotEmpty(Take("rubbish"u8.ToArray(), out _).Problem);
        Assert.NotEmpty(Take(Proto.In(1, Proto.Text(1, "xx"), Sample(1, 1)), out _).Problem);
        Assert.Equal("", Take([], out _).Problem);
    }

    [Theory, InlineData(1), InlineData(2)]
    public void Damaged_and_random_bodies_harm_nobody(int seed)
    {
        var random = new Random(seed);
        var whole = Proto.Message(
            Proto.In(1, Label("__name__", "a"), Label("b", "c"), Sample(1, now * 1000)), Proto.In(1, Label("__name__", "d"), Sample(2, now * 1000)));
        var store = IntakeStores.Empty();
        var reader = new RemoteWriteReader(store, store.Source("remote_write"));
        for (var round = 0; round < 5_000; round++)
        {
            var bytes = (byte[])whole.Clone();
            for (var i = random.Next(1, 5); i > 0; i--) bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            var result = reader.Take(bytes.AsSpan(0, random.Next(bytes.Length + 1)));
            Assert.InRange(result.Taken, 0, 2);
        }
    }
}
