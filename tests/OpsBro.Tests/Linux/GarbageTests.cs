using OpsBro.Collectors;

namespace OpsBro.Tests.Linux;

public class GarbageTests
{
    const int Rounds = 15, MaxChanges = 6, Seed = 20261122;

    static readonly byte[][] Surprises =
    [
        "-1"u8.ToArray(), "99999999999999999999999999"u8.ToArray(), "\n\n"u8.ToArray(), "\0"u8.ToArray(), ":"u8.ToArray(),
        " "u8.ToArray(), [0xff, 0xfe, 0xc3], "ffffffffffffffffff"u8.ToArray(), "{"u8.ToArray(), "]"u8.ToArray(), "("u8.ToArray(),
    ];

    [Theory, InlineData("3.10"), InlineData("4.19"), InlineData("6.1"), InlineData("6.18")]
    public void Damaged_files_are_skipped_or_refused_and_never_end_the_agent(string kernel)
    {
        var random = new Random(Seed);
        var collectors = ThisHostTests.Collectors().ToArray();
        using var host = new RecordedHost(kernel);
        for (var round = 0; round < Rounds; round++)
        {
            foreach (var path in RecordedHost.FilesOf(kernel))
                host.With(path, Damage(RecordedHost.Recorded(kernel, path), random));
            foreach (var collector in collectors) Try(collector, host, $"kernel {kernel}, seed {Seed}, round {round}", round * 10);
        }
    }

    static void Try(ICollector collector, RecordedHost host, string where, double seconds)
    {
        try
        {
            var (data, _) = RecordedHost.Run(collector, host.Files, seconds);
            Assert.All(data.Leaves(), leaf => Assert.False(double.IsInfinity(leaf.Value.ToDouble()), string.Join(" > ", leaf.Keys)));
        }
        catch (Exception e) when (e is IOException or FormatException)
        {
            Assert.NotEmpty(e.Message);   // what the loop expects
        }
        catch (Exception e)
        {
            Assert.Fail($"{collector.Name}, {where}: {e}");
        }
    }

    static byte[] Damage(byte[] content, Random random)
    {
        var bytes = content.ToList();
        for (var i = random.Next(MaxChanges); i > 0 && bytes.Count > 0; i--)
        {
            var at = random.Next(bytes.Count);
            switch (random.Next(5))
            {
                case 0:
                    bytes.RemoveRange(at, bytes.Count - at);
                    break;
                case 1:
                    bytes.RemoveRange(at, Math.Min(random.Next(40), bytes.Count - at));
                    break;
                case 2:
                    bytes[at] = (byte)random.Next(256);
                    break;
                default:
                    bytes.InsertRange(at, Surprises[random.Next(Surprises.Length)]);
                    break;
            }
        }
        return [.. bytes];
    }
}
