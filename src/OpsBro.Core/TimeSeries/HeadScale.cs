using System.Numerics;

namespace OpsBro.Core.TimeSeries;

/// <summary>
/// The running state of a <see cref="HeadChunk"/>'s bytes, the same when writing and reading: how numbers are scaled, and the one before.
/// The exponent only rises and the shift only falls, so that what was whole stays whole.
/// </summary>
struct HeadScale
{
    /// <summary>Greatest power of ten; what needs more is told by its bits.</summary>
    public const int MaxExponent = 9;

    /// <summary>The shift before the first number.</summary>
    public const int MaxShift = 52;

    /// <summary>The number before, in units of 2^shift / 10^exponent.</summary>
    public long Number;

    /// <summary>Bits of the double before.</summary>
    public long Bits;

    /// <summary>Power of ten.</summary>
    public byte Exponent;

    /// <summary>Low bits that all numbers have 0.</summary>
    public byte Shift;

    /// <summary>The state before the first number.</summary>
    public static HeadScale New => new() { Shift = MaxShift };

    /// <summary>The number of a double in this scale; false when it has none.</summary>
    public readonly bool TryNumber(double value, out long number)
    {
        if (!NumberForm.TryDecimal(value, Exponent, out number) || (number & ((1L << Shift) - 1)) != 0) return false;
        number >>= Shift;
        return true;
    }

    /// <summary>The scale in which a double has a number as those before; false when there is none.</summary>
    public readonly bool TryWiden(double value, out HeadScale wider)
    {
        wider = this;
        var exponent = Math.Max(NumberForm.ExponentOf(value, Exponent), Exponent);
        if (exponent > MaxExponent || !NumberForm.TryDecimal(value, exponent, out var number)) return false;
        if (!wider.TrySet(exponent, 0)) return false;
        var zeros = number == 0 ? MaxShift : BitOperations.TrailingZeroCount(number);
        var before = Number == 0 ? MaxShift : exponent > Exponent ? 0 : Shift;
        wider = this;
        return wider.TrySet(exponent, Math.Min(Math.Min(zeros, before), MaxShift));
    }

    /// <summary>Goes over to another scale; false when the number before does not fit.</summary>
    public bool TrySet(int exponent, int shift)
    {
        if (exponent < Exponent || exponent > MaxExponent || shift > MaxShift) return false;
        var whole = (Int128)Number << Shift;
        for (var e = (int)Exponent; e < exponent; e++) whole *= 10;
        if (Int128.Abs(whole) > 1L << 53) return false;
        if (((long)whole & ((1L << shift) - 1)) != 0) return false;
        (Number, Exponent, Shift) = ((long)whole >> shift, (byte)exponent, (byte)shift);
        return true;
    }

    /// <summary>The double of a number.</summary>
    public readonly double ValueOf(long number) => (number << Shift) / NumberForm.Powers[Exponent];
}
