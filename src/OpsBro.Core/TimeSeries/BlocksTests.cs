using OpsBro.Core.TimeSeries;

namespace OpsBro.Tests.TimeSeries;

/// <summary>Runs of slots for tests: of every shape that a series may have.</summary>
static class Blocks
{
    public const int MaxLength = 3000;

    static readonly double[] Odd = [-0.0, 0.0, double.MaxValue, double.MinValue, 1e15 + 0.5, 9007199254740993, 0.1, 1.0 / 3];

    static readonly int[] Steps = [1, 10, 60, 3600];

    public static SlotBlock Of(double[] values, long start = 1_700_000_000, int step = 10)
    {
        var block = new SlotBlock();
        block.Reset(start, step, values.Length);
        for (var i = 0; i < values.Length; i++) block[i] = double.IsNaN(values[i]) ? default : Bucket.Of(values[i]);
        return block;
    }

    public static SlotBlock Random(Random random, int maxLength = MaxLength)
    {
        var values = new double[1 + random.Next(random.Next(3) == 0 ? maxLength : Math.Min(200, maxLength))];
        var (shape, walk) = (random.Next(10), 0.0);
        for (var i = 0; i < values.Length; i++) values[i] = Value(random, random.Next(50) == 0 ? random.Next(10) : shape, ref walk);
        var gaps = random.Next(4) switch { 0 => 0.5, 1 => 0.02, _ => 0 };
        for (var i = 0; i < values.Length; i++) values[i] = random.NextDouble() < gaps ? double.NaN : values[i];
        var s = Steps[random.Next(Steps.Length)];
        var block = Of(values, s * (long)random.Next(-100_000, 100_000_000 / s), s);
        var several = random.Next(3) switch { 0 => 1, 1 => 0.01, _ => 0 };
        for (var i = 0; i < values.Length; i++)
        {
            while (block.Counts[i] > 0 && block.Counts[i] < 6 && random.NextDouble() < several) block.Merge(i, Bucket.Of(Value(random, shape, ref walk)));
        }
        return block;
    }

    public static double Value(Random random, int shape, ref double walk) => shape switch
    {
        0 => 0,
        1 => Math.Round(random.NextDouble() * 100, 2),
        2 => walk += random.Next(1_000_000),
        3 => BitConverter.Int64BitsToDouble(random.NextInt64(long.MinValue, long.MaxValue)) is var any && double.IsFinite(any) ? any : -0.0,
        4 => random.NextDouble(),
        5 => walk += random.Next(-300, 300) * 4096,
        6 => random.Next(20) == 0 ? walk++ : walk,
        7 => double.Epsilon * random.Next(5),
        8 => (random.Next(2) == 0 ? -1 : 1) * Math.Pow(10, random.Next(-300, 300)),
        _ => Odd[random.Next(Odd.Length)],
    };

    public static byte[] Damaged(Random random, byte[] chunk)
    {
        var bytes = chunk.ToArray();
        for (var n = random.Next(1, 4); n > 0; n--)
        {
            var reach = random.Next(3) == 0 ? Math.Min(40, bytes.Length) : bytes.Length;   // the first bytes decide most
            bytes[random.Next(reach)] = (byte)random.Next(256);
        }
        if (random.Next(4) == 0) bytes = bytes[..random.Next(bytes.Length)];
        return random.Next(50) == 0 ? [ChunkCodec.Version, .. Enumerable.Range(0, random.Next(60)).Select(_ => (byte)random.Next(256))] : bytes;
    }
}

/// <summary>The numbers of a host for a day, the mix of the bench's gen_series: one of twenty kinds.</summary>
static class HostSeries
{
    public static SlotBlock Day(int series, int slots = 8640)
    {
        var random = new Random(series + 1);
        var (kind, scale, phase) = (series % 20, 0.3 + (random.NextDouble() * 2), random.NextDouble());
        var (slow, total) = (0.0, Math.Floor(random.NextDouble() * 1e10));
        var values = new double[slots];
        for (var i = 0; i < slots; i++)
        {
            var day = 0.5 + (0.5 * Math.Sin((2 * Math.PI * i / 8640) + (phase * 6)));
            values[i] = Value(random, kind, scale, phase, day, ref slow, ref total);
        }
        return Blocks.Of(values, 1_700_006_400);
    }

    static double Value(Random random, int kind, double scale, double phase, double day, ref double slow, ref double total)
    {
        switch (kind)
        {
            case < 6:
                slow = (0.9 * slow) + (Normal(random) * 2 * scale);
                var level = kind switch { 3 => 80, 0 => 15, 1 => 5, _ => 0.6 };
                return Math.Round(Math.Clamp((level * (0.5 + day)) + (slow * (kind is 2 or 4 or 5 ? 0.15 : 1)), 0, 100), 2);
            case < 8:
                slow += (((0.4 + (1.2 * day)) * scale) + (Math.Abs(Normal(random)) * 0.3) - slow) * (kind == 6 ? 0.15 : 0.03);
                return Math.Round(slow, 2);
            case < 10:
                slow += Normal(random) * 300 * scale;
                return Math.Floor(Math.Max(1000, 400_000 + (300_000 * phase) + (100_000 * day) + slow)) * 4096;
            case 10:
                if (random.NextDouble() < 0.3) slow += Math.Floor(random.NextDouble() * 40 * scale);
                return Math.Floor((20_000_000 * phase) + slow) * 4096;
            case < 15:
                var bytes = (20_000 + (180_000 * day)) * scale * 10 * Math.Exp(0.4 * Normal(random)) * (random.NextDouble() < 0.01 ? 15 : 1);
                return total += kind == 13 && random.NextDouble() < 0.6 ? 0 : Math.Floor(bytes);
            case < 17:
                return total += Math.Floor((150 + (900 * day)) * scale * 10 * Math.Exp(0.15 * Normal(random)));
            case 17:
                if (random.NextDouble() < 0.05) slow += random.NextDouble() < 0.5 ? -0.5 : 0.5;
                return 45 + slow;
            default:
                return kind == 18 ? (Math.Floor(phase * 16) + 1) * 1_073_741_824 : 0;
        }
    }

    static double Normal(Random random)
    {
        var sum = 0.0;
        for (var i = 0; i < 6; i++) sum += random.NextDouble();
        return (sum - 3) * 1.414;
    }
}
