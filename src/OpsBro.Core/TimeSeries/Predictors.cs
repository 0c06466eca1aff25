namespace OpsBro.Core.TimeSeries;

/// <summary>Guesses the next whole number from those before. A struct, so that each loop is compiled for its own kind. All sums wrap.</summary>
interface IPredictor
{
    /// <summary>The guess.</summary>
    long Next { get; }

    /// <summary>What it was.</summary>
    void Learn(long value);
}

/// <summary>The running mean: for what jumps about a level. With no shift it is the last number.</summary>
/// <param name="shift">A new number weighs 1 / 2^shift.</param>
struct LevelPredictor(int shift) : IPredictor
{
    long sum;

    /// <inheritdoc/>
    public readonly long Next => sum >> shift;

    /// <inheritdoc/>
    public void Learn(long value) => sum += value - (sum >> shift);
}

/// <summary>The last number and the running mean of the differences: for what grows. With no shift it is the straight line through the last two.</summary>
/// <param name="shift">A new difference weighs 1 / 2^shift.</param>
struct DriftPredictor(int shift) : IPredictor
{
    long last, sum;

    /// <inheritdoc/>
    public readonly long Next => last + (sum >> shift);

    /// <inheritdoc/>
    public void Learn(long value)
    {
        sum += value - last - (sum >> shift);
        last = value;
    }
}

/// <summary>Which predictor a column uses, as its byte says.</summary>
static class PredictorKinds
{
    /// <summary>Greatest shift of a running mean: the low bits.</summary>
    public const int MaxShift = 15;

    /// <summary>The bits of the kind.</summary>
    public const int Mask = 0x30;

    /// <summary><see cref="LevelPredictor"/> with the shift in the low bits; 0 is the last number.</summary>
    public const int Level = 0x00;

    /// <summary><see cref="DriftPredictor"/> with the shift in the low bits.</summary>
    public const int Drift = 0x10;

    /// <summary>The number of the column of newest points in the same slot.</summary>
    public const int Column = 0x20;

    /// <summary>Those that the encoder tries, likely ones first.</summary>
    public static ReadOnlySpan<byte> Tried => [Level, Drift + 4, Drift + 6, Level + 1, Level + 3, Drift, Drift + 2];
}

/// <summary>How quickly the mean of the sizes follows, in the high bits of the predictor's byte: a new size weighs 1/8 to 1/64.</summary>
static class MeanShifts
{
    /// <summary>The bits.</summary>
    public const int Mask = 0xc0;

    /// <summary>1/8.</summary>
    public const int Quick = 0x00;

    /// <summary>1/16.</summary>
    public const int Middle = 0x40;

    /// <summary>1/32.</summary>
    public const int Slow = 0x80;

    /// <summary>The shift.</summary>
    public static int Of(int kind) => 3 + (kind >> 6);
}

/// <summary>Always 0: for differences from another column.</summary>
struct ZeroPredictor : IPredictor
{
    /// <inheritdoc/>
    public readonly long Next => 0;

    /// <inheritdoc/>
    public readonly void Learn(long value)
    {
    }
}
