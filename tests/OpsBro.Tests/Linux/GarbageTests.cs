using OpsBro.Collectors;

namespace OpsBro.Tests.Linux;

public class GarbageTests
{
    const int Rounds = 20, MaxChanges = 12;

    static readonly byte[][] Surprises =
    [
        "-1"u8.ToArray(), "99999999999999999999999999"u8.ToArray(), "\n\n"u8.ToArray(), "\0"u8.ToArray(), ":"u8.ToArray(),
        " "u8.ToArray(), [0xff, 0xfe, 0xc3], "ffffffffffffffffff"u8.ToArray(), "{"u8.ToArray(), "]"u8.ToArray(), "("u8.ToArray(),
    ];

    [Theory, MemberData(nameof(ThisHostTests.Names), MemberType = typeof(ThisHostTests))]
    public void A_damaged_file_is_skipped_or_refused_and_never_ends_the_agent(string name)
    {
        foreach (var kernel in RecordedHost.Kernels)
            for (var round = 0; round < Rounds; round++)
                Try(name, kernel, seed: round);
    }

    static void Try(string name, string kernel, int seed)
    {
        var random = new Random(seed);
        var collector = ThisHostTests.Collectors().Single(c => c.Name == name);
        using var host = new RecordedHost(kernel);
        for (var run = 0; run < 2; run++)
        {
            foreach (var path in RecordedHost.FilesOf(kernel))
                host.With(path, Damage(RecordedHost.Recorded(kernel, path), random));
            try
            {
                var (data, _) = RecordedHost.Run(collector, host.Files, run * 10);
                Assert.All(data.Leaves(), leaf => Assert.False(double.IsInfinity(leaf.Value.ToDouble()), string.Join(" > ", leaf.Keys)));
            }
            catch (Exception e) when (e is IOException or FormatException)
            {
                Assert.NotEmpty(e.Message);   // what the loop expects
            }
            catch (Exception e)
            {
                Assert.Fail($"{name}, kernel {kernel}, seed {seed}: {e}");
            }
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
