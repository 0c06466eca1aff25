using System.Diagnostics;
using System.Text;
using OpsBro.Core.Wire;
using OpsBro.Tests.EndToEnd;
using OpsBro.Tests.Wire;

namespace OpsBro.Tests;

/// <summary>Debian's snappy unpacks what we pack, and we what it packs.</summary>
public class SnappyPeerTests
{
    /// <summary>Reads a file of "our block, the bytes" in hexadecimal; answers whether they agree, and its own block.</summary>
    const string peer = """
        import sys, snappy
        for line in open(sys.argv[1]):
            block, plain = (bytes.fromhex(part) for part in line.rstrip('\n').split(','))
            print('same' if snappy.uncompress(block) == plain else 'differs', snappy.compress(plain).hex())
        """;

    [Fact]
    public async Task Both_understand_each_other()
    {
        var random = new Random(11);
        byte[][] contents = [[], [7], .. Enumerable.Range(0, 60).Select(_ => SnappyTests.Content(random))];
        var input = new StringBuilder();
        foreach (var bytes in contents)
        {
            var output = new byte[Snappy.MaxEncoded(bytes.Length)];
            input.Append(Convert.ToHexString(output, 0, Snappy.Encode(bytes, output))).Append(',').Append(Convert.ToHexString(bytes)).Append('\n');
        }

        var file = Path.GetTempFileName();   // not through its stdin: it answers while it reads, and both pipes would fill
        await File.WriteAllTextAsync(file, input.ToString());
        var said = await RunningAgent.Run(new ProcessStartInfo("/usr/bin/python3", ["-c", peer, file])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        });
        File.Delete(file);

        Assert.Equal((0, ""), (said.ExitCode, said.Errors));
        var answers = said.Output.TrimEnd('\n').Split('\n');
        Assert.Equal(contents.Length, answers.Length);
        foreach (var (bytes, answer) in contents.Zip(answers))
        {
            var parts = answer.Split(' ');
            Assert.Equal("same", parts[0]);
            var block = Convert.FromHexString(parts[1]);
            var unpacked = new byte[Snappy.Measure(block, bytes.Length)!.Value];
            Assert.True(Snappy.TryDecode(block, unpacked, out _) && unpacked.AsSpan().SequenceEqual(bytes), $"{bytes.Length} bytes of Debian's");
        }
    }
}
