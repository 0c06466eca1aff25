using System.Numerics;

namespace OpsBro.Core.TimeSeries;

/// <summary>
/// How the doubles of a column become whole numbers: decimals times a power of ten, or the bits themselves in an order in which
/// near doubles are near numbers; from the first one on, in multiples of a common divisor.
/// </summary>
/// <param name="IsBits">The bits, not a decimal.</param>
/// <param name="Exponent">The power of ten of a decimal.</param>
/// <param name="First">The number that 0 stands for.</param>
/// <param name="Divisor">What all distances from it are multiples of.</param>
readonly record struct NumberForm(bool IsBits, int Exponent, long First, long Divisor)
{
    /// <summary>Largest power of ten.</summary>
    public const int MaxExponent = 15;

    /// <summary>Whole numbers beyond it are not exact as doubles.</summary>
    const double MaxExact = 1L << 53;

    /// <summary>Powers of ten.</summary>
    public static readonly double[] Powers = [1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15];

    /// <summary>The whole number that, divided by the power of ten, is this very double; false when there is none.</summary>
    public static bool TryDecimal(double value, int exponent, out long number)
    {
        var scaled = value * Powers[exponent];
        number = 0;
        if (!(Math.Abs(scaled) <= MaxExact)) return false;
        number = (long)Math.Round(scaled);
        return BitConverter.DoubleToInt64Bits(number / Powers[exponent]) == BitConverter.DoubleToInt64Bits(value);
    }

    /// <summary>The bits of a double as a number that grows with it; also the way back.</summary>
    public static long Ordered(long bits) => bits ^ ((bits >> 63) & long.MaxValue);

    /// <summary>The whole number of a double; false when this form has none for it.</summary>
    public bool TryNumber(double value, out long number)
    {
        long whole;
        if (IsBits) whole = Ordered(BitConverter.DoubleToInt64Bits(value));
        else if (!TryDecimal(value, Exponent, out whole))
        {
            number = 0;
            return false;
        }
        var distance = whole - First;
        number = Divisor == 1 ? distance : distance / Divisor;
        return number * Divisor == distance;
    }

    /// <summary>Turns whole numbers into their doubles, in the same memory.</summary>
    public void ToDoubles(Span<long> numbers)
    {
        var values = System.Runtime.InteropServices.MemoryMarshal.Cast<long, double>(numbers);
        var (first, divisor) = (First, Divisor);
        if (IsBits)
        {
            for (var i = 0; i < numbers.Length; i++) numbers[i] = Ordered((numbers[i] * divisor) + first);
            return;
        }
        var power = Powers[Exponent];
        if (Exponent == 0)
        {
            for (var i = 0; i < numbers.Length; i++) values[i] = (numbers[i] * divisor) + first;
            return;
        }
        for (var i = 0; i < numbers.Length; i++) values[i] = ((numbers[i] * divisor) + first) / power;
    }

    /// <summary>Greatest common divisor; of 0 and a number the number.</summary>
    public static ulong CommonDivisor(ulong a, ulong b)
    {
        while (b != 0) (a, b) = (b, a % b);
        return a;
    }

    /// <summary>
    /// The smallest power of ten that makes a double a whole number, looked for from a guess on; -1 when there is none.
    /// </summary>
    public static int ExponentOf(double value, int guess)
    {
        if (TryDecimal(value, guess, out _))
        {
            while (guess > 0 && TryDecimal(value, guess - 1, out _)) guess--;
            return guess;
        }
        for (var e = guess + 1; e <= MaxExponent; e++)
        {
            if (TryDecimal(value, e, out _)) return e;
        }
        for (var e = 0; e < guess; e++)
        {
            if (TryDecimal(value, e, out _)) return e;   // large ones fit with few decimals only
        }
        return -1;
    }
}
