using System.Globalization;
using System.Text;
using OpsBro.Core.Statsd;
using OpsBro.Tests.Statsd;

namespace OpsBro.Tests.EndToEnd;

/// <summary>The same packets to the reference daemon and to us: the same names come out, with the same doubles.</summary>
public class StatsdReferenceTests
{
    /// <summary>What people send by mistake or on purpose; what docs/statsd.md says is different here is not among it.</summary>
    static readonly string[] oddities =
    [
        "a:1|c", "a:2|c|@0.1", "a:-3|c", "a:0|c", "a:1.5e2|c", "a:0x1f|c", "a: 7 |c", "a:|c", "a|c", "a", "a:1", "a:x|c", "a:1|c|0.5", "a:1|c|@",
        "a:1|c|@x", "a:1|c|@-1", "a:1|c|", "a:1|c|@0.3333333", "a:1|c|@0.5|more", "a:1|unknown", "a:1|", ":1|c", "a:1|c\r", "a:1|g|@x",
        "path/to/x:1|c", "two  words:1|c", "tab\there:1|c", "é€:1|c", "odd!@$%^&*()+{}[]\"'<>?,~`:1|c", "with;tag=x:1|c", "a-b_c.d:1|c", "a|b:1|c",
        "tagged:1|c|#env:prod,host:web1", "tagged:2|c|#env:prod,host:web1", "tagged:1|ms|#a:b;c", "tagged:1|g|#a b:c/d", "tagged:1|s|#x:y:z",
        "multi:1|c:2|c:3|c", "multi:5|ms:7|ms|@0.5:9|ms", "multi:1|g:+4|g", "many:1|c\nmany:2|c\n\nmany:3|ms\n", "crlf:1|c\r\ncrlf:2|c\r\n",
        "g:10|g", "g:-3|g", "g:+1.5|g", "fresh:-5|g", "fresh:+2|g", "zero:0|g", "zero:-1|g", "minus:-0|g", "blank: |g", "spaced: -5|g", "e:1e-7|g",
        "t:1|ms", "t:2.5|ms", "t:-1|ms", "t:0|ms", "t:100|ms|@0.1", "t:3|ms|@0.3", "t:x|ms", "t:1e3|ms", "one:42|ms", "two:1|ms", "two:1|ms",
        "s:joe|s", "s:ann|s", "s:joe|s", "s:|s", "s:0|s", "s: joe|s", "s:joe|s|@0.5", "s:joe|s\r", "s:5| s ", "space:1 |c", " :1|c",
        "statsd.packets_received:0|c", "render.x:3|ms", "render.x:30|ms", "render.x:300|ms", "render.x:3000|ms",
    ];

    static IEnumerable<string> Random(int seed)
    {
        var random = new Random(seed);
        for (var i = 0; i < 600; i++)
        {
            var type = ((string[])["c", "ms", "ms", "ms", "g", "s"])[random.Next(6)];
            var value = type switch
            {
                "s" => $"user{random.Next(50)}",
                "g" => $"{((string[])["", "+", "-"])[random.Next(3)]}{random.Next(1000)}.{random.Next(1000)}",
                _ => (random.NextDouble() * Math.Pow(10, random.Next(-3, 7))).ToString("R", CultureInfo.InvariantCulture),
            };
            var rate = type is "c" or "ms" && random.Next(4) == 0 ? $"|@{((string[])["0.1", "0.5", "0.25", "0.07", "1"])[random.Next(5)]}" : "";
            var tags = random.Next(8) == 0 ? $"|#host:web{random.Next(3)},app:shop" : "";
            yield return $"app{random.Next(4)}.metric{random.Next(12)}:{value}|{type}{rate}{tags}";
        }
    }

    public static TheoryData<int> Configurations => [0, 1, 2, 3];

    static (string Daemon, StatsdSettings Ours) Configuration(int number) => number switch
    {
        0 => ("percentThreshold: [99], graphite: { legacyNamespace: false }", new StatsdSettings()),
        1 => ("percentThreshold: [50, 90, 99.9, -10, -75], prefixStats: \"numbers\", graphite: { globalSuffix: \"web1\" }",
            new StatsdSettings { Percentiles = [50, 90, 99.9, -10, -75], PrefixStats = "numbers", GlobalSuffix = "web1", LegacyNamespace = true }),
        2 => ("percentThreshold: [5, 95], deleteIdleStats: true, gaugesMaxTTL: 2, flush_counts: false, graphite: { legacyNamespace: false, "
            + "globalPrefix: \"my.stats\", prefixCounter: \"c\", prefixTimer: \"\", prefixGauge: \"g\", prefixSet: \"sets.of\" }",
            new StatsdSettings
            {
                Percentiles = [5, 95],
                DeleteCounters = true,
                DeleteTimers = true,
                DeleteSets = true,
                DeleteGauges = true,
                GaugesMaxTtl = 2,
                FlushCounts = false,
                GlobalPrefix = "my.stats",
                PrefixCounter = "c",
                PrefixTimer = "",
                PrefixGauge = "g",
                PrefixSet = "sets.of",
            }),
        _ => ("percentThreshold: [90, -90], deleteTimers: true, calculatedTimerMetrics: [\"count\", \"mean_percent\", \"upper_percent\", \"lower_percent\", "
            + "\"histogram\", \"median\"], histogram: [ { metric: \"render\", bins: [0.01, 10, 100, 1000] }, { metric: \"one\", bins: [] }, "
            + "{ metric: \"\", bins: [1, 10, \"inf\"] } ], graphite: { legacyNamespace: false }",
            new StatsdSettings
            {
                Percentiles = [90, -90],
                DeleteTimers = true,
                TimerMetrics = ["count", "mean_percent", "upper_percent", "lower_percent", "histogram", "median"],
                Histograms = [new("render", [0.01, 10, 100, 1000]), new("one", []), new("", [1, 10, double.PositiveInfinity])],
            }),
    };

    [Theory]
    [MemberData(nameof(Configurations))]
    public async Task We_flush_what_the_reference_daemon_flushes(int number)
    {
        var (options, settings) = Configuration(number);
        await using var daemon = await ReferenceStatsd.Start(options);
        var run = new StatsdRun(settings);
        // the second and third interval show what stays, falls idle and comes back
        IReadOnlyList<string>[] intervals = [[.. oddities, .. Random(number)], [.. Random(number + 100).Take(40)], [], [], [.. Random(number)]];

        foreach (var (at, packets) in intervals.Index())
        {
            var bytes = packets.Select(Encoding.UTF8.GetBytes).ToList();
            await daemon.Send(bytes);
            foreach (var packet in bytes) run.Aggregate.Take(packet);

            var theirs = await daemon.Flush();
            var ours = run.Flush(withOwn: true).Where(f => !f.Key.Contains("timestamp_lag")).ToDictionary();

            Assert.True(theirs.Count > 3, $"it flushed only {theirs.Count} numbers");
            // a top percentile that rounds to all values has no sum there; here it has that of all
            foreach (var (name, _) in theirs.Where(t => double.IsNaN(t.Value)).ToList())
            {
                Assert.True(name.Contains("_top") && double.IsFinite(ours[name]), $"interval {at}: theirs is no number: {name}");
                theirs[name] = ours[name];
            }
            var differences = theirs.Where(t => !ours.TryGetValue(t.Key, out var value) || !value.Equals(t.Value + 0.0))
                .Select(t => FormattableString.Invariant($"{t.Key}: theirs {t.Value:R}, ours {(ours.TryGetValue(t.Key, out var v) ? v : "none"):R}"))
                .Concat(ours.Keys.Except(theirs.Keys).Select(name => FormattableString.Invariant($"{name}: theirs none, ours {ours[name]:R}")));
            Assert.True(!differences.Any(), $"interval {at}: {string.Join("; ", differences.Take(20))}");
        }
    }
}
