using System.Text;
using OpsBro.Core.Statsd;

namespace OpsBro.Tests.Statsd;

/// <summary>The aggregate beside a model of dictionaries, over many intervals of random values; and whatever comes, it survives.</summary>
public class StatsdModelTests
{
    sealed class Model(StatsdSettings settings)
    {
        readonly Dictionary<string, double> counters = [], gauges = [];
        readonly Dictionary<string, int> life = [];
        readonly Dictionary<string, (List<double> Values, double Weight)> timers = [];
        readonly Dictionary<string, HashSet<string>> sets = [];

        public void Take(string name, string value, string type, double rate)
        {
            var number = type == "s" ? 0 : double.Parse(value, System.Globalization.CultureInfo.InvariantCulture);
            switch (type)
            {
                case "c":
                    counters[name] = counters.GetValueOrDefault(name) + (number * (1 / rate));
                    break;
                case "g":
                    gauges[name] = value[0] is '+' or '-' ? gauges.GetValueOrDefault(name) + number : number;
                    life[name] = settings.GaugesMaxTtl;
                    break;
                case "ms":
                    var timer = timers.GetValueOrDefault(name, ([], 0));
                    timer.Values.Add(number);
                    timers[name] = (timer.Values, timer.Weight + (1 / rate));
                    break;
                default:
                    if (!sets.ContainsKey(name)) sets[name] = [];
                    sets[name].Add(value);
                    break;
            }
        }

        public Dictionary<string, double> Flush()
        {
            var all = new Dictionary<string, double>();
            foreach (var (name, value) in counters) (all[$"stats.counters.{name}.count"], all[$"stats.counters.{name}.rate"]) = (value, value / 10);
            foreach (var (name, value) in gauges) all[$"stats.gauges.{name}"] = value;
            foreach (var (name, members) in sets) all[$"stats.sets.{name}.count"] = members.Count;
            foreach (var (name, (values, weight)) in timers)
            {
                all[$"stats.timers.{name}.count"] = weight;
                if (values.Count == 0) continue;
                values.Sort();
                all[$"stats.timers.{name}.sum"] = values.Aggregate((a, b) => b + a);
                all[$"stats.timers.{name}.upper"] = values[^1];
            }
            Forget(counters, settings.DeleteCounters, _ => 0);
            Forget(timers, settings.DeleteTimers, _ => ([], 0));
            Forget(sets, settings.DeleteSets, _ => []);
            if (settings.DeleteGauges) foreach (var name in life.Keys.Where(n => --life[n] < 1).ToList()) (_, _) = (gauges.Remove(name), life.Remove(name));
            return all;
        }

        static void Forget<T>(Dictionary<string, T> all, bool isDeleted, Func<T, T> empty)
        {
            if (isDeleted) all.Clear();
            else foreach (var (name, value) in all.ToList()) all[name] = empty(value);
        }
    }

    [Theory]
    [InlineData(1, false)]
    [InlineData(2, true)]
    [InlineData(3, true)]
    public void It_does_what_the_model_does(int seed, bool isDeleted)
    {
        var random = new Random(seed);
        var settings = new StatsdSettings
        {
            DeleteCounters = isDeleted,
            DeleteTimers = isDeleted && seed == 3,
            DeleteSets = isDeleted,
            DeleteGauges = isDeleted,
            GaugesMaxTtl = seed,
            TimerMetrics = ["count", "sum", "upper"],
        };
        // so few that the tables are made anew often
        var run = new StatsdRun(settings, new StatsdLimits { MaxMetrics = isDeleted ? 400 : 4000 });
        var model = new Model(settings);

        for (var interval = 0; interval < 60; interval++)
        {
            for (var i = random.Next(100); i > 0; i--)
            {
                // names move on, so that old ones fall idle
                var name = $"n{(interval / 5 * 10) + random.Next(20)}";
                var type = ((string[])["c", "g", "ms", "s"])[random.Next(4)];
                var value = type switch
                {
                    "s" => $"member{random.Next(30)}",
                    "g" => $"{((string[])["", "+", "-"])[random.Next(3)]}{random.Next(100)}.{random.Next(100)}",
                    _ => $"{random.Next(1000)}.{random.Next(10)}",
                };
                var rate = type is "c" or "ms" && random.Next(3) == 0 ? 0.25 : 1;
                run.Send($"{name}:{value}|{type}{(rate < 1 ? "|@0.25" : "")}");
                model.Take(name, value, type, rate);
            }

            var (mine, models) = (run.Flush(), model.Flush());

            Assert.True(mine.Count == models.Count && models.All(m => mine.TryGetValue(m.Key, out var value) && value == m.Value),
                $"seed {seed}, interval {interval}: {string.Join(", ", models.Where(m => !mine.TryGetValue(m.Key, out var v) || v != m.Value)
                    .Select(m => $"{m.Key} is {m.Value}, was {mine.GetValueOrDefault(m.Key, double.NaN)}"))}; "
                + $"too much: {string.Join(", ", mine.Keys.Except(models.Keys))}");
        }
        Assert.Equal(0, run.Aggregate.Counts.RefusedMetrics);
    }

    static readonly string[] pieces =
    [
        "a", "web.1", ":", "|", "\n", "c", "g", "ms", "s", "h", "#", "@", "0.1", "1", "-", "+", "1e5", "_e{", "_sc|", "}", ",", "{", "T1", "c:", "e:",
        "card:", " ", "\r", "é", "\u00a0", "\0", "=", ";", "9999999999999999999999", "0x", ".", "|#", "|@", "d:", "5,4", "m:",
    ];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Whatever_comes_it_survives_and_every_line_is_counted(int seed)
    {
        var random = new Random(seed);
        var run = new StatsdRun(new StatsdSettings { Histograms = [new("", [1, 10])], LegacyNames = seed == 3 }, new StatsdLimits
        {
            MaxMetrics = 200,
            MaxSetMembers = 50,
            MaxTimerValues = 500,
        });
        var lines = 0L;
        for (var i = 0; i < 30_000; i++)
        {
            var packet = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(0, random.Next(24)).Select(_ => pieces[random.Next(pieces.Length)])));
            for (var damages = random.Next(3); damages > 0 && packet.Length > 0; damages--) packet[random.Next(packet.Length)] = (byte)random.Next(256);
            lines += packet.AsSpan().ToArray().Aggregate((Count: 0, Was: (byte)'\n'), (s, b) => (s.Count + (b != '\n' && s.Was == '\n' ? 1 : 0), b)).Count;
            try
            {
                run.Aggregate.Take(packet);
                if (i % 1000 == 0) Assert.All(run.Flush(withOwn: true).Values, value => Assert.False(double.IsNaN(value)));
            }
            catch (Exception e)
            {
                Assert.Fail($"seed {seed}, packet {i} \"{Encoding.UTF8.GetString(packet)}\": {e}");
            }
        }
        Assert.Equal(lines, run.Aggregate.Counts.Lines);
        Assert.InRange(run.Aggregate.Counts.Metrics, 1, 200);
        Assert.Equal(run.BadLines.Count, run.Aggregate.Counts.BadLines);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void The_table_of_names_is_a_dictionary(int seed)
    {
        var random = new Random(seed);
        var table = new ByteTable((ulong)seed, maxEntries: 3000, maxBytes: 60_000);
        var model = new Dictionary<(int, string, string), int>();
        var refused = 0;
        for (var i = 0; i < 20_000; i++)
        {
            var (space, first, second) = (random.Next(3), new string('x', random.Next(20)) + random.Next(2000), random.Next(3) == 0 ? $"{random.Next(9)}" : "");
            var (a, b) = (Encoding.ASCII.GetBytes(first), Encoding.ASCII.GetBytes(second));
            var hash = table.Hash(space, a, b);
            var found = table.Find(hash, space, a, b);

            Assert.Equal(model.GetValueOrDefault((space, first, second), -1), found);
            if (found >= 0) continue;
            var added = table.Add(hash, space, a, b);
            if (added >= 0) model.Add((space, first, second), added);
            else refused++;
            if (i == 15_000)
            {
                table.Clear();
                model.Clear();
            }
        }
        Assert.True(refused > 0, $"seed {seed}: the limits were never reached");
        Assert.Equal(model.Count, table.Count);
        Assert.All(model, m => Assert.Equal(m.Key.Item2 + m.Key.Item3, Encoding.ASCII.GetString(table[m.Value])));
    }
}
