using System.Buffers.Binary;
using System.Diagnostics;
using OpsBro.Core.TimeSeries;
using OpsBro.Metrics;
using OpsBro.Tests.EndToEnd;

namespace OpsBro.Tests.Killing;

/// <summary>A program that takes metrics in is killed two hundred times, at any moment.</summary>
public sealed class KillTests
{
    const int Children = 4, KillsOfEach = 50;

    /// <summary>What a kill may lose.</summary>
    static readonly TimeSpan mayLose = TimeSpan.FromSeconds(1);

    [Fact]
    public async Task Two_hundred_kills_lose_at_most_the_last_second_and_damage_nothing()
    {
        var children = Enumerable.Range(0, Children).Select(seed => Task.Run(() => Torture(seed))).ToArray();

        var within = (await Task.WhenAll(children)).Sum();

        // a machine that is too busy to write for a second cannot make a liar of the store: what it said is on the disk is checked each time
        Assert.InRange(within, Children * KillsOfEach / 4, Children * KillsOfEach);
    }

    /// <summary>Kills one child again and again; returns how often no point older than a second was missing.</summary>
    static async Task<int> Torture(int seed)
    {
        var directory = Directory.CreateTempSubdirectory("opsbro-kill-").FullName;
        var random = new Random(seed);
        var within = 0;
        for (var kill = 0; kill < KillsOfEach; kill++)
        {
            File.Delete(Path.Join(directory, "diary"));
            var start = new ProcessStartInfo(Environment.ProcessPath!.EndsWith("dotnet", StringComparison.Ordinal) ? Environment.ProcessPath : "dotnet",
                [typeof(StoreChild).Assembly.Location, StoreChild.Verb, directory]);
            start.Environment["DOTNET_TC_QuickJit"] = "1";   // it lives for a moment: most of its time is its start
            using var child = ChildProcess.Start(start);
            var lines = random.Next(1, 150);
            await RunningAgent.Until(() => child.HasExited || Lines(directory).Length >= lines * StoreChild.LineBytes, () => "lines of the child");
            Assert.False(child.HasExited, "the child ended by itself");
            var killed = Stopwatch.GetTimestamp();
            child.Kill();
            await child.WaitForExitAsync();
            if (Check(directory, killed)) within++;
        }
        Directory.Delete(directory, recursive: true);
        return within;
    }

    static byte[] Lines(string directory)
    {
        var file = Path.Join(directory, "diary");
        if (!File.Exists(file)) return [];
        using var diary = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        var bytes = new byte[diary.Length];
        return bytes[..diary.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false)];
    }

    static bool Check(string directory, long killed)
    {
        var (onDisk, old) = (0L, 0L);
        var diary = Lines(directory);
        for (var line = diary.AsSpan(); line.Length >= StoreChild.LineBytes; line = line[StoreChild.LineBytes..])
        {
            onDisk = BinaryPrimitives.ReadInt64LittleEndian(line[8..]);
            var age = Stopwatch.GetElapsedTime(BinaryPrimitives.ReadInt64LittleEndian(line[16..]), killed);
            if (age > mayLose) old = BinaryPrimitives.ReadInt64LittleEndian(line);
        }
        using var store = StoreChild.Open(directory);
        Assert.Empty(Directory.GetFiles(directory, "*.damaged-*"));
        Assert.Equal((0, 0), (store.Status().Damaged, store.Status().Lost));
        Assert.Empty(store.Problems());
        var next = store.Journal.Next;
        Assert.True(next >= onDisk, $"{onDisk} points were on the disk, {next} are there");
        HoldsAll(store, next, StoreChild.Begin(directory));
        return next >= old;
    }

    /// <summary>Every point before the position is there, each once, and none after it.</summary>
    static void HoldsAll(MetricStore store, long next, long begin)
    {
        var slots = (next + StoreChild.Series - 1) / StoreChild.Series;
        foreach (var aspect in new[] { Aspect.Last, Aspect.Count })
        {
            var slices = store.Fetch("kill.*", begin - 10, begin + (slots * 10), aspect).ToDictionary(s => s.Name, s => s.Values);
            for (var k = 0L; k < slots * StoreChild.Series; k++)
            {
                var (series, _, value) = StoreChild.Point(k, begin);
                var there = slices.TryGetValue(series, out var values) ? values[k / StoreChild.Series] : double.NaN;
                var wanted = k >= next ? double.NaN : aspect == Aspect.Count ? 1 : value;
                if (!there.Equals(wanted)) Assert.Fail($"point {k} of {next} is {there} instead of {wanted} ({aspect})");
            }
        }
    }
}
